"""What a watched feed says, in one form whatever its own is, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadcaster.model.delivery import Actor

UPSTREAM = Actor(name="upstream")
"""Who opens a draft that no person has opened. It is no person: whoever sends the draft is its author."""


class Change(StrEnum):
    """What a notice does to what was said before."""

    ISSUED = "issued"
    """JMA 発表, CAP Alert and Update."""
    CORRECTED = "corrected"
    """JMA 訂正."""
    CANCELLED = "cancelled"
    """JMA 取消, CAP Cancel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An area as its source names it. One code may have several names; only the code is ever compared."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """One area, warned of one thing. `code` is the source's own (`03`, `5-`, `52`); `ended` where the source lifts it.

    An ended one without a code ends whatever that source had said for the area.
    """

    code: str
    name: str
    place: Place
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One document of a feed. `live` only where its source says outright that it is meant (JMA 通常, CAP Actual).

    `event_id` ties the documents of one event together, and `serial` counts them: empty and 0 where none is given.
    """

    identifier: str
    type: str
    """The telegram's type, e.g. `VPWW55`; `CAP` for CAP 1.2."""
    live: bool
    change: Change
    sender: str
    reported_at: datetime
    event_id: str = ""
    serial: int = 0
    headline: str = ""
    title: str = ""
    web: str = ""
    expires_at: datetime | None = None
    occurred_at: datetime | None = None
    """When what it speaks of happened: of an earthquake, where that is told."""
    references: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a rule knows of one thing: `said` is the code in force by area code; empty once it is over."""

    watch: str
    key: str
    serial: int
    reported_at: datetime
    said: Mapping[str, str]

    @property
    def over(self) -> bool:
        """Whether the source warns of it nowhere here any more."""
        return not self.said
