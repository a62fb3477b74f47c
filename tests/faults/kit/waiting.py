"""Waiting for what other processes do: they tell nobody when they are ready."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any


async def until(
    done: Callable[[], Any], limit_s: float, why: Callable[[], object] = lambda: "", pause_s: float = 0.03
) -> Any:
    """Ask again until it is so. Raise `AssertionError` with `why` after `limit_s` seconds."""
    end = time.monotonic() + limit_s
    while True:
        found = done()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, why()
        await asyncio.sleep(pause_s)
