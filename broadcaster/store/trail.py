"""The audit chain in the store: entries are appended by the transactions they belong to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from functools import partial

from broadcaster import audit
from broadcaster.model import Actor
from broadcaster.ports.store import Entry, Head
from broadcaster.store.base import Part
from broadcaster.store.rows import ms, time_of
from broadcaster.store.transaction import Row, Tx

SERVICE = "service"
"""The actor of what nobody did by hand."""
_PAGE = 1_000


def append(tx: Tx, *, at: datetime, event: str, subject: str, actor: str = SERVICE, **body: object) -> None:
    """Append an entry to the chain, within the caller's transaction."""
    entry = audit.link(head(tx), at=at, actor=actor, event=event, subject=subject, body=body)
    tx.run(
        "trail.append",
        seq=entry.seq,
        at=ms(entry.at),
        actor=entry.actor,
        event=entry.event,
        subject=entry.subject,
        body=entry.body,
        previous=entry.previous,
        hash=entry.hash,
    )
    tx.run("trail.move_head", seq=entry.seq, hash=entry.hash)


def who(actor: Actor) -> str:
    """Return how an actor is written in the chain."""
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

    async def head(self) -> Head:
        """Return the recorded head."""
        return await self._read(head)


def head(tx: Tx) -> Head:
    """Return the recorded head of the chain."""
    row = tx.one("trail.head")
    return audit.START if row is None else Head(seq=row["seq"], hash=row["hash"])


def page(tx: Tx, *, after: int) -> list[Entry]:
    """Return the entries after a number, a page of them."""
    return [_entry(row) for row in tx.all("trail.page", after=after, limit=_PAGE)]


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
