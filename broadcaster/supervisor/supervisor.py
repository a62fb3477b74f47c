"""Starts the children, starts a dead one again, and ends them together.

One task per child, so that the death or the crash loop of one touches no other. Children have process groups of their
own: what a terminal sends (Ctrl-C, hang-up) reaches the supervisor alone, which then tells each child once.

First SIGTERM or SIGINT: each child gets SIGTERM and has `grace_s` to finish (docs/delivery.md: a dispatcher stops
claiming and finishes or gives up within 10 s), then SIGKILL. Second one: SIGKILL at once. SIGHUP: nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_LOG = logging.getLogger(__name__)
_GUARD = str(Path(__file__).with_name("guard.py"))
_FORCED = 1


@dataclass(frozen=True, slots=True)
class Child:
    """One process: a name for the log, its whole command line, and what it reads from standard input at each start."""

    name: str
    argv: tuple[str, ...]
    told: bytes = field(default=b"", repr=False)

    @classmethod
    def python(cls, name: str, *arguments: str, told: bytes = b"") -> Child:
        """Return a child that runs `python -m broadcaster ARGUMENTS`."""
        return cls(name, (sys.executable, "-m", "broadcaster", *arguments), told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How soon a dead child is started again, in seconds.

    One that lived `healthy_s` begins anew with the first delay; one that keeps dying waits longer each time, up to the
    last: a crash loop must not eat the machine that the other child needs.
    """

    delays_s: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 1.5, 5.0, 10.0, 30.0)
    healthy_s: float = 10.0
    grace_s: float = 10.0

    def delay(self, deaths: int) -> float:
        """Return the wait after this many quick deaths in a row, at least 1."""
        return self.delays_s[min(deaths, len(self.delays_s)) - 1]


class Supervisor:
    """See the module. `run` returns once all children are gone."""

    def __init__(self, children: Sequence[Child], pace: Pace | None = None) -> None:
        self._children = tuple(children)
        self._pace = pace or Pace()
        self._running = dict[str, asyncio.subprocess.Process]()
        self._stopping = asyncio.Event()
        self._forced = False

    async def run(self) -> int:
        """Run the children until told to stop. Return 0, or 1 if one had to be killed."""
        self._listen()
        async with asyncio.TaskGroup() as group:
            for child in self._children:
                group.create_task(self._keep(child))
            await self._stopping.wait()
            await self._end()
        _LOG.info("stopped", extra={"event": "supervisor_stopped", "forced": self._forced})
        return _FORCED if self._forced else 0

    def stop(self) -> None:
        """End everything: gracefully at the first call, at once at the second."""
        if self._stopping.is_set():
            self._kill()
        self._stopping.set()

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, _hang_up)

    async def _keep(self, child: Child) -> None:
        deaths = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            await self._live(child)
            if self._stopping.is_set():
                return
            lived = time.monotonic() - began
            deaths = 1 if lived >= self._pace.healthy_s else deaths + 1
            await self._pause(child, self._pace.delay(deaths), lived)

    async def _live(self, child: Child) -> None:
        """Start the child and wait for its end, however it comes."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                _GUARD,
                str(os.getpid()),
                *child.argv,
                stdin=asyncio.subprocess.PIPE if child.told else asyncio.subprocess.DEVNULL,
                process_group=0,
            )
        except OSError as error:  # no memory, no process table entry: try again like a death
            _LOG.error("could not start", extra=_about(child, "child_not_started", reason=str(error.strerror)))
            return
        self._running[child.name] = process
        _LOG.info("started", extra=_about(child, "child_started", pid=process.pid))
        if self._stopping.is_set():
            _signal(process, signal.SIGKILL)  # told to stop while it was starting: it has done nothing yet
        await _tell(process, child.told)
        code = await process.wait()
        del self._running[child.name]
        level = logging.INFO if self._stopping.is_set() else logging.ERROR
        _LOG.log(level, "ended", extra=_about(child, "child_ended", pid=process.pid, exit_code=code))

    async def _pause(self, child: Child, seconds: float, lived: float) -> None:
        extra = _about(child, "child_restarting", in_s=seconds, lived_s=round(lived, 1))
        _LOG.warning("starting it again", extra=extra)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _end(self) -> None:
        """Ask every child to finish; kill what is left after the time of grace."""
        _LOG.info("stopping", extra={"event": "supervisor_stopping"})
        for process in self._running.values():
            _signal(process, signal.SIGTERM)
        waits = [process.wait() for process in self._running.values()]
        if waits:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*waits), self._pace.grace_s)
        self._kill()

    def _kill(self) -> None:
        for name, process in self._running.items():
            if process.returncode is None:
                self._forced = True
                _LOG.warning("killed", extra={"event": "child_killed", "child": name, "pid": process.pid})
                _signal(process, signal.SIGKILL)


def run(children: Sequence[Child], pace: Pace | None = None) -> int:
    """Supervise until SIGTERM or SIGINT; return the exit code."""

    async def main() -> int:
        return await Supervisor(children, pace).run()

    return asyncio.run(main())


def _hang_up() -> None:
    _LOG.info("the terminal is gone; the service goes on", extra={"event": "hang_up_ignored"})


async def _tell(process: asyncio.subprocess.Process, told: bytes) -> None:
    """Hand it over on standard input; one that has died already is seen by its end."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.write(told)
            await process.stdin.drain()
            process.stdin.close()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Tell the child; SIGKILL goes to its whole group, so that nothing it started stays behind."""
    with suppress(ProcessLookupError):
        if number is signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def _about(child: Child, event: str, **more: object) -> dict[str, object]:
    return {"event": event, "child": child.name, **more}
