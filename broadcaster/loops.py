"""What the service's processes run on: uvloop as event loop where it is installed, and a garbage collector that keeps
out of the way.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes a loop. uvloop halves what a mail and a request cost; nothing needs it."""
    try:
        import uvloop  # noqa: PLC0415 - optional, and only the service's processes pay for it
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def spare_what_stays() -> None:
    """Take all that is loaded by now out of the garbage collector's rounds. It stays as long as the process, and each
    full round walked through all of it: for 50 to 70 ms nothing else happened, whatever had just been accepted.
    """
    gc.collect()
    gc.freeze()
