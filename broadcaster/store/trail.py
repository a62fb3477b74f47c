"""The audit chain in the store: entries are appended by the transactions they belong to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from broadcaster import audit
from broadcaster.model import Actor, Alert
from broadcaster.ports.store import Entry, Head, Trace
from broadcaster.store import rows, settling
from broadcaster.store.base import Part
from broadcaster.store.head import head
from broadcaster.store.rows import ms, time_of
from broadcaster.store.transaction import Row, Tx, Value

SERVICE = "service"
"""The actor of what nobody did by hand."""
_PAGE = 1_000
_SLICE = 100
"""Entries a thread takes at a time: some milliseconds, in which it may keep the interpreter from the event loop."""


class Note(NamedTuple):
    """An entry before it has its place in the chain."""

    at: datetime
    event: str
    subject: str
    body: Mapping[str, object]
    actor: str = SERVICE


def append(tx: Tx, *, at: datetime, event: str, subject: str, actor: str = SERVICE, **body: object) -> None:
    """Append an entry to the chain, within the caller's transaction."""
    append_all(tx, [Note(at, event, subject, body, actor)])


def append_all(tx: Tx, notes: Iterable[Note]) -> None:
    """Append entries in their order."""
    last, entries = head(tx), list[dict[str, Value]]()
    for note in notes:
        entry = audit.link(last, at=note.at, actor=note.actor, event=note.event, subject=note.subject, body=note.body)
        entries.append(_values(entry))
        last = Head(seq=entry.seq, hash=entry.hash)
    if entries:
        tx.many("trail.append", entries)
        tx.run("trail.move_head", seq=last.seq, hash=last.hash)


def _values(entry: Entry) -> dict[str, Value]:
    return {
        "seq": entry.seq,
        "at": ms(entry.at),
        "actor": entry.actor,
        "event": entry.event,
        "subject": entry.subject,
        "body": entry.body,
        "previous": entry.previous,
        "hash": entry.hash,
    }


def who(actor: Actor) -> str:
    """Return how an actor is written in the chain."""
    if actor.via:
        return f"{actor.name} (token {actor.via})"
    return actor.name if actor.uid is None else f"{actor.name} (uid {actor.uid})"


class Trail(Part):
    """Serves `ports.store.AuditTrail`."""

    async def note(self, actor: Actor, event: str, subject: str, body: Mapping[str, object], at: datetime) -> None:
        """Append an entry of its own."""

        def work(tx: Tx) -> None:
            append(tx, at=at, event=event, subject=subject, actor=who(actor), **body)

        await self._write(work)

    async def entries(self) -> AsyncIterator[Entry]:
        """Yield all, oldest first, a page at a time."""
        after = 0
        while found := await self._read(partial(page, after=after)):
            for entry in found:
                yield entry
            after = found[-1].seq

    async def walk(self, take: Callable[[Sequence[Entry]], bool]) -> None:
        """Hand all entries to `take`, oldest first and a slice at a time, until it returns False.

        Each slice is read and taken by a reader's thread on a snapshot of its own; the next one is asked for by the
        event loop, after whatever else was ready there.
        """
        after: int | None = 0
        while after is not None:
            after = await self._read(partial(_taken, after=after, take=take))

    async def head(self) -> Head:
        """Return the recorded head."""
        return await self._read(head)

    def remembered(self) -> Head:
        """Return the head that the file beside the store remembers; the start of all chains where it remembers none."""
        return self._remembered.read()

    async def page(self, after: int, limit: int) -> tuple[Entry, ...]:
        """Return the entries that follow a number, oldest first."""
        return tuple(await self._read(partial(page, after=after, limit=limit)))

    async def traces(self, incident: int) -> tuple[Trace, ...]:
        """Return the entries about an incident, oldest first."""
        return await self._read(lambda tx: _traced(tx, tx.all("trail.of_incident", incident=incident)))

    async def about(self, subject: str) -> tuple[Entry, ...]:
        """Return the entries about one thing, e.g. `draft 3`, oldest first."""
        found = await self._read(lambda tx: tx.all("trail.about", subject=subject))
        return tuple(_entry(row) for row in found)

    async def traces_since(self, since: datetime, limit: int) -> tuple[Trace, ...]:
        """Return the newest entries down to a time, at most `limit` of them; oldest first."""
        return await self._read(lambda tx: _since(tx, ms(since), limit))


def page(tx: Tx, *, after: int, limit: int = _PAGE) -> list[Entry]:
    """Return the entries after a number, a page of them."""
    return [_entry(row) for row in tx.all("trail.page", after=after, limit=limit)]


def _taken(tx: Tx, *, after: int, take: Callable[[Sequence[Entry]], bool]) -> int | None:
    """Return where the next slice begins; None at the end, or where no more is wanted."""
    found = page(tx, after=after, limit=_SLICE)
    return found[-1].seq if found and take(found) else None


def _since(tx: Tx, since: int, limit: int) -> tuple[Trace, ...]:
    """Go back from the end: the chain is in the order of time, but for a clock that was put back."""
    found: list[Row] = []
    upto = head(tx).seq
    while upto > 0 and len(found) < limit:
        block = tx.all("trail.newest", upto=upto, limit=min(_PAGE, limit - len(found)))
        recent = [row for row in block if row["at"] >= since]
        found += recent
        if len(recent) < len(block) or not block:
            break
        upto = block[-1]["seq"] - 1
    return _traced(tx, found[::-1])


def _traced(tx: Tx, found: Sequence[Row]) -> tuple[Trace, ...]:
    """Join to each entry the delivery or the alert that its subject names."""
    return tuple(_trace(tx, _entry(row)) for row in found)


def _trace(tx: Tx, entry: Entry) -> Trace:
    kind, _, number = entry.subject.partition(" ")
    if kind == "delivery":
        delivery = settling.fetch(tx, int(number))
        return Trace(entry=entry, delivery=delivery, alert=_alert(tx, delivery.alert))
    return Trace(entry=entry, alert=_alert(tx, entry.subject) if entry.event == "accepted" else None)


def _alert(tx: Tx, identifier: str) -> Alert | None:
    row = tx.one("archive.by_identifier", identifier=identifier)
    return None if row is None else rows.alert(row["body"])


def _entry(row: Row) -> Entry:
    return Entry(
        seq=row["seq"],
        at=time_of(row["at"]),
        actor=row["actor"],
        event=row["event"],
        subject=row["subject"],
        body=row["body"],
        previous=row["previous"],
        hash=row["hash"],
    )
