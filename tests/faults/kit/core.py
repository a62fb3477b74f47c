"""The real core in a process of its own, ready in a tenth of a second: its modules are loaded once, then it is forked.

The process is what `broadcaster core` is, with one thing exchanged: its clock is the kit's. It reads its failpoints
from the environment, dies of signals, and can be held at its first step until strace has it.
"""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from typing import Any
from unittest.mock import patch

from broadcaster import bootstrap, logs, loops
from broadcaster.bootstrap import instance, service
from broadcaster.config import load_config
from tests.faults.kit.clock import RacingClock

LOADED = (
    "tests.faults.kit.core",
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
_PR_SET_PDEATHSIG = 1
_nursery = multiprocessing.get_context("forkserver")
_nursery.set_forkserver_preload(list(LOADED))


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a process is to be. `held`: it stops itself at its first step, until it gets SIGCONT."""

    config: Path
    log: Path
    clock: Path
    origin: float
    speed: float
    environment: Mapping[str, str] = field(default_factory=dict)
    held: bool = False

    @property
    def names_down(self) -> Path:
        """While this file exists, no name resolves."""
        return self.clock.with_name("names-down")


class Core:
    """A started process."""

    def __init__(self, order: Order) -> None:
        self._process = _nursery.Process(target=live, args=(order,), daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(self._process.sentinel, self._end)

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended.done()

    async def ended(self, limit_s: float = 30.0) -> int:
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


def live(order: Order) -> None:
    """Be the core until told to stop, or killed."""
    _die_with_the_test()
    for name in [name for name in os.environ if name.startswith("BROADCASTER_FAILPOINTS")]:
        del os.environ[name]
    os.environ.update(order.environment)
    _write_to(order.log)
    if order.held:
        os.kill(os.getpid(), signal.SIGSTOP)
    clock = RacingClock(order.clock, order.origin, order.speed)
    looked_up = patch.object(socket, "getaddrinfo", partial(_look_up, order.names_down, socket.getaddrinfo))
    with ExitStack() as exchanged:
        exchanged.enter_context(looked_up)
        for room in (instance, service):
            exchanged.enter_context(patch.object(room, "SystemClock", lambda: clock))
        config = load_config(order.config)
        logs.configure(config.logging.level, config.secrets)
        with asyncio.Runner(loop_factory=loops.loop_factory()) as runner:
            runner.run(bootstrap.core(config))
    sys.stdout.flush()


def _die_with_the_test() -> None:
    """The nursery ends when nobody holds its line any more, and takes us with it: so we must not hold it ourselves."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    line = forkserver._forkserver._forkserver_alive_fd  # type: ignore[attr-defined]
    if line is not None:
        os.close(line)


def _look_up(down: Path, really: Callable[..., Any], host: Any, *more: Any, **others: Any) -> Any:
    """Look a name up, unless the test says that no name server answers. Addresses need none."""
    if down.exists() and not str(host).replace(".", "").isdecimal():
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return really(host, *more, **others)


def _write_to(log: Path) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
