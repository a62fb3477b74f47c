"""Reading: snapshots for boards, previews and editions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broadcaster.model import Alert, Attempt, Delivery, Draft, Edition, Message, Mode


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
    area: str
    """The places of the authoritative language, in one line."""
    level: int | None
    expires: datetime
    """When the earliest of its languages ends."""
    unreviewed: bool = False
    """Whether it went out by break-glass and no approver has looked at it since."""
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Alerts in the order of their acceptance, newest first. `before` asks for the next page; None where none is."""

    rows: tuple[AlertRow, ...]
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Who or what decided about a delivery, and why (delivery.md, states). The service is an `actor` too."""

    delivery: Delivery
    at: datetime
    actor: str
    verb: str
    why: str


class Archive(Protocol):
    """Snapshots."""

    async def alert(self, identifier: str) -> AlertRow:
        """Return one alert by identifier or by serial (`14-2`). Raise `NotFound`."""
        ...

    async def incident(self, number: int) -> tuple[Alert, ...]:
        """Return all versions, oldest first. Raise `NotFound`."""
        ...

    async def messages(self, identifier: str) -> tuple[Message, ...]:
        """Return what each channel says or said for an alert, as it was frozen. Raise `NotFound`."""
        ...

    async def history(self, now: datetime, before: int | None = None, limit: int = 50) -> Past:
        """Return all alerts page by page, newest first."""
        ...

    async def resolutions(self, incident: int) -> tuple[Resolution, ...]:
        """Return what was decided about the deliveries of an incident, oldest first."""
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
