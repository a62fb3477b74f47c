"""Reading: snapshots for boards, previews and editions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broadcaster.model import Alert, Attempt, Delivery, Draft, Edition, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert with its deliveries, for boards."""

    alert: Alert
    accepted_at: datetime
    author: str
    approved_by: str
    approved_how: str
    """How it was approved (`ApprovalBy`); empty where it needed nobody."""
    in_force: bool
    deliveries: tuple[Delivery, ...] = ()


class Archive(Protocol):
    """Snapshots."""

    async def alert(self, identifier: str) -> AlertRow:
        """Return one alert by identifier or by serial (`14-2`). Raise `NotFound`."""
        ...

    async def incident(self, number: int) -> tuple[Alert, ...]:
        """Return all versions, oldest first. Raise `NotFound`."""
        ...

    async def prepared(self, identifier: str) -> tuple[Draft, ...]:
        """Return the drafts prepared with an alert."""
        ...

    async def board(self, now: datetime, limit: int = 50) -> tuple[AlertRow, ...]:
        """Return alerts with open deliveries first, then those in force, then the newest."""
        ...

    async def delivery(self, number: int) -> Delivery:
        """Raise `NotFound`."""
        ...

    async def attempts(self, delivery: int) -> tuple[Attempt, ...]:
        """Return every try, oldest first."""
        ...

    async def new_edition(self, now: datetime, mode: Mode) -> Edition:
        """Take the next edition number and the public state of this moment, in one transaction."""
        ...

    async def recent_bodies(self, channel: str, since: datetime) -> tuple[str, ...]:
        """Return bodies that went out or may have, newest first."""
        ...

    async def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Return deliveries by channel and state."""
        ...
