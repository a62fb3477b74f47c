"""What the routine rooms share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broadcaster.desk import Desk
from broadcaster.ports.store import Archive, RoutineBook
from broadcaster.ports.world import Clock
from broadcaster.routine.script import Script
from broadcaster.rules.calendar import Calendar


class RoutineStore(RoutineBook, Archive, Protocol):
    """All that routine announcements ask of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The collaborators of whoever deals with plans."""

    store: RoutineStore
    desk: Desk
    script: Script
    calendar: Calendar
    clock: Clock

    def now(self) -> datetime:
        """Return the wall clock."""
        return self.clock.now()
