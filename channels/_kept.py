"""Memory from one edition to the next: what the last editions needed, however much that was, and nothing else.

A cache of a fixed size forgets everything at once when the alerts in force are one more than fit, since each edition
asks for all of them in the same order. This one is as large as the editions are, and what leaves them leaves it too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar, TypeVarTuple

Key = TypeVarTuple("Key")
Made = TypeVar("Made")


class Kept(Generic[*Key, Made]):
    """A pure function that is asked again and again. Two threads at once may at worst make something twice."""

    def __init__(self, make: Callable[[*Key], Made]) -> None:
        self._make = make
        self._last: dict[tuple[*Key], Made] = {}
        self._now: dict[tuple[*Key], Made] = {}

    def __call__(self, *key: *Key) -> Made:
        """Return what `make` makes of these values."""
        try:
            return self._now[key]
        except KeyError:
            pass
        try:
            made = self._last[key]
        except KeyError:
            made = self._make(*key)
        self._now[key] = made
        return made

    def turn(self) -> None:
        """An edition is published: forget what neither it nor the one before has asked for. What is only looked at, as
        in a preview, is no edition: it would make all others forget what they need.
        """
        self._last, self._now = self._now, {}
