"""How much one rendering may use, and the count while it runs.

A template is a program. It is stopped by counting, not by a watchdog from outside: Python cannot be interrupted safely
in the middle of a call, so nothing that could run or grow without bound is left between two counts (see sandbox.py).
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass

from broadcaster.errors import RenderingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most one rendering may give (UTF-8 bytes) and use (seconds of processor time of its thread)."""

    size: int
    cpu_s: float


TEXT = Bounds(size=64 * 1024, cpu_s=0.1)
"""For messages: what a person reads on a phone is a hundredth of it."""
PAGE = Bounds(size=2 * 1024 * 1024, cpu_s=2.0)
"""For whole pages with all alerts and languages."""

_LOOK = 16
"""Steps between two looks at the clock of the thread: one look costs as much as several steps."""

CURRENT: ContextVar[Meter | None] = ContextVar("meter", default=None)


class Meter:
    """Counts one rendering. Each method raises `RenderingError` once a bound is passed."""

    def __init__(self, template: str, bounds: Bounds) -> None:
        self._template, self._bounds = template, bounds
        self._end = time.thread_time() + bounds.cpu_s
        self._written = self._steps = 0
        self._most = 4 * bounds.size

    def tick(self) -> None:
        """Called in each turn of a loop, each call and each filter."""
        self._steps += 1
        if self._steps % _LOOK == 0 and time.thread_time() > self._end:
            raise RenderingError("template_time", template=self._template, seconds=self._bounds.cpu_s)

    def hold(self, length: int) -> None:
        """Called before or after a value of `length` is made: none is longer than the whole result may be."""
        if length > self._bounds.size:
            raise RenderingError("template_size", template=self._template, bytes=self._bounds.size)

    def write(self, length: int) -> None:
        """Called with everything that is written, into captured blocks too (which may then be written again)."""
        self._written += length
        if self._written > self._most:
            self.hold(self._written // 4)
        self.tick()


def tick() -> None:
    """Count one step of the rendering under way, if there is one."""
    if meter := CURRENT.get():
        meter.tick()


def hold(length: int) -> None:
    """Refuse a value of this length if it is longer than the rendering under way allows."""
    if meter := CURRENT.get():
        meter.hold(length)
