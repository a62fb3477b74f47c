"""Processes that may be killed, ready in a tenth of the time: the product's modules are loaded once, in a process from
which all others are forked.

They are as real as any: what they wrote is the kernel's, they die of signals, and their failpoints come from their own
environment. What one does must be a function that a module holds, with arguments that can be pickled.
"""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing import forkserver

LOADED = (
    "tests.faults.kit.core",
    "tests.channels.mailchild",
    "tests.contract.child",
    "tests.upstream.child",
    "tests.routine.child",
    "tests.canary.child",
    "broadcaster.api",
    "uvloop",
    "broadcaster.dispatcher",
    "broadcaster.upstream",
    "feedparser",
    "channels.twitter",
    "channels._x_client",
    "channels.mail",
    "channels.page",
    "channels.feeds",
    "tests.faults.kit.warm",
)
LIMIT_S = 60.0
_PR_SET_PDEATHSIG = 1
_nursery = multiprocessing.get_context("forkserver")
_nursery.set_forkserver_preload(list(LOADED))


class Forked:
    """A process that does `what`; to be made within an event loop."""

    def __init__(self, what: Callable[..., None], *arguments: object, environment: Mapping[str, str] | None = None):
        child = (dict(environment or {}), what, arguments)
        self._process = _nursery.Process(target=_live, args=child, daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(self._process.sentinel, self._end)

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended.done()

    async def ended(self, limit_s: float = LIMIT_S) -> int:
        """Wait for its end; return its exit code, negative for a signal."""
        return await asyncio.wait_for(asyncio.shield(self._ended), limit_s)

    def signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self.alive:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, number)

    def _end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._process.join()
        self._ended.set_result(self._process.exitcode or 0)


async def fate(what: Callable[..., None], *arguments: object, failpoints: str = "") -> int:
    """Have a process do `what`, killed where the failpoints say; return how it ended."""
    return await Forked(what, *arguments, environment={"BROADCASTER_FAILPOINTS": failpoints}).ended()


def _live(environment: Mapping[str, str], what: Callable[..., None], arguments: tuple[object, ...]) -> None:
    _die_with_the_test()
    for name in [name for name in os.environ if name.startswith("BROADCASTER_FAILPOINTS")]:
        del os.environ[name]
    os.environ.update(environment)
    what(*arguments)


def _die_with_the_test() -> None:
    """The nursery ends when nobody holds its line any more, and takes us with it: so we must not hold it ourselves."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    line = forkserver._forkserver._forkserver_alive_fd  # type: ignore[attr-defined]
    if line is not None:
        os.close(line)
