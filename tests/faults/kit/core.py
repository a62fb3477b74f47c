"""The real core in a process of its own, forked from the nursery.

The process is what `broadcaster core` is, with one thing exchanged: its clock is the kit's. It can be held at its first
step until strace has it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from broadcaster import bootstrap, logs, loops
from broadcaster.bootstrap import instance, service
from broadcaster.config import load_config
from tests.faults.kit.clock import RacingClock
from tests.nursery import Forked


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


class Core(Forked):
    """A started process."""

    def __init__(self, order: Order) -> None:
        super().__init__(live, order, environment=order.environment)


def live(order: Order) -> None:
    """Be the core until told to stop, or killed."""
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
