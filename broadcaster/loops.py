"""The event loop of the service's processes: uvloop where it is installed, Python's own elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes a loop. uvloop halves what a mail and a request cost; nothing needs it."""
    try:
        import uvloop  # noqa: PLC0415 - optional, and only the service's processes pay for it
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
