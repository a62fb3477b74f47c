"""Residents who take mail, and the audit chain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from broadcaster.model import Actor, Alert, Category, Delivery, Severity, Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Subscribers by language and by area; `suppressed` are left alone for a while (`rules.suppression`)."""

    total: int
    suppressed: int = 0
    by_language: Mapping[str, int] = field(default_factory=dict[str, int])
    by_area: Mapping[str, int] = field(default_factory=dict[str, int])


class Register(Protocol):
    """The residents who take mail, as a list to take in and out: one row per address."""

    async def put(self, subscribers: Iterable[Subscriber], actor: Actor, now: datetime) -> tuple[int, int]:
        """Add or replace by address; return (added, changed)."""
        ...

    def all(self) -> AsyncIterator[Subscriber]:
        """Yield every subscriber by address, in pages."""
        ...

    async def stats(self) -> Stats:
        """Count."""
        ...


class Subscribers(Register, Protocol):
    """The register, and who of them an alert concerns."""

    async def remove(self, addresses: Iterable[str], actor: Actor, now: datetime) -> int:
        """Delete; return how many were there."""
        ...

    async def reach(self, alert: Alert) -> int:
        """Count who would get this alert."""
        ...

    async def wanting(
        self, areas: Collection[str], categories: Collection[Category], severity: Severity, now: datetime
    ) -> int:
        """Count the subscribers who want a new alert of this severity for any of these areas and categories."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One link of the audit chain. `hash` covers all other fields and `previous`."""

    seq: int
    at: datetime
    actor: str
    event: str
    subject: str
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the audit chain ends: number and hash of its last entry, recorded apart from the entries."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """An entry of the chain with what it is about, where that is a delivery or an alert."""

    entry: Entry
    delivery: Delivery | None = None
    alert: Alert | None = None


class AuditTrail(Protocol):
    """The hash chain. Most entries are written by the transactions they belong to."""

    async def note(self, actor: Actor, event: str, subject: str, body: Mapping[str, object], at: datetime) -> None:
        """Append an entry of its own."""
        ...

    def entries(self) -> AsyncIterator[Entry]:
        """Yield all, oldest first."""
        ...

    async def walk(self, take: Callable[[Sequence[Entry]], bool]) -> None:
        """Hand all entries to `take`, oldest first and some at a time, until it returns False.

        It is called from another thread, so that the event loop waits for no more than a slice, however long the chain.
        """
        ...

    async def head(self) -> Head:
        """Return the recorded head; seq 0 while nothing is written."""
        ...

    async def page(self, after: int, limit: int) -> tuple[Entry, ...]:
        """Return the entries that follow a number, oldest first."""
        ...

    async def traces(self, incident: int) -> tuple[Trace, ...]:
        """Return the entries about an incident: its alerts, deliveries and submissions; oldest first."""
        ...

    async def about(self, subject: str) -> tuple[Entry, ...]:
        """Return the entries about one thing, e.g. `draft 3`, oldest first."""
        ...

    async def traces_since(self, since: datetime, limit: int) -> tuple[Trace, ...]:
        """Return the newest entries down to a time, at most `limit` of them; oldest first."""
        ...
