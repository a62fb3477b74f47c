"""Memory from one edition to the next: what the last editions needed, however much that was, and nothing else.

A cache of a fixed size forgets everything at once when the alerts in force are one more than fit, since each edition
asks for all of them in the same order. This one is as large as the editions are, and what leaves them leaves it too.
What is rendered only to be looked at (a preview) is kept too, up to a limit: what an officer looks at and then sends is
public the sooner for it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar, TypeVarTuple

Key = TypeVarTuple("Key")
Made = TypeVar("Made")
_KEEPING: ContextVar[bool] = ContextVar("keeping", default=False)
_SPARE = 500
"""Things of previews that are kept from one edition to the next, besides all that the editions need."""


@contextmanager
def keeping() -> Generator[None]:
    """Within this an edition is made to be published: all that it needs is kept."""
    token = _KEEPING.set(True)
    try:
        yield
    finally:
        _KEEPING.reset(token)


class Kept(Generic[*Key, Made]):
    """A pure function that is asked again and again. Two threads at once may at worst make something twice."""

    def __init__(self, make: Callable[[*Key], Made]) -> None:
        self._make = make
        self._last: dict[tuple[*Key], Made] = {}
        self._now: dict[tuple[*Key], Made] = {}
        self._looked_at = 0

    def __call__(self, *key: *Key) -> Made:
        """Return what `make` makes of these values."""
        try:
            return self._now[key]
        except KeyError:
            pass
        needed = _KEEPING.get()
        try:
            made = self._last[key]
        except KeyError:
            made = self._make(*key)
            self._looked_at += not needed
            needed = needed or self._looked_at <= _SPARE
        if needed:
            self._now[key] = made
        return made

    def turn(self) -> None:
        """An edition is published: forget what neither it nor the one before has asked for."""
        self._last, self._now = self._now, {}
        self._looked_at = 0
