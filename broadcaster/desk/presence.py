"""Who sits at the desk: an officer is present while a program of theirs follows the board."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """An officer who is there. `name` is the person's id, `display` is shown, `since` the first of their boards."""

    name: str
    display: str
    since: datetime


class Presence:
    """The officers who are there now. `changed` is called when somebody comes or goes."""

    def __init__(self, now: Callable[[], datetime], changed: Callable[[], None]) -> None:
        self._now = now
        self._changed = changed
        self._seats: dict[int, Present] = {}
        self._next = 0

    @property
    def officers(self) -> tuple[Present, ...]:
        """Return each person once, longest present first."""
        first: dict[str, Present] = {}
        for each in sorted(self._seats.values(), key=lambda seat: seat.since):
            first.setdefault(each.name, each)
        return tuple(first.values())

    @contextmanager
    def sitting(self, name: str, display: str = "") -> Generator[None, None, None]:
        """Count a person as present within the block."""
        self._next += 1
        seat = self._next
        self._seats[seat] = Present(name=name, display=display or name, since=self._now())
        self._changed()
        try:
            yield
        finally:
            del self._seats[seat]
            self._changed()
