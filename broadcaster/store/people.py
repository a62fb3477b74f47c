"""Residents who take mail, one row per address."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from broadcaster.model import Actor, Alert, Category, Severity, Subscriber
from broadcaster.ports.store import Stats
from broadcaster.rules.districts import Districts
from broadcaster.store import audience, trail
from broadcaster.store.base import Part
from broadcaster.store.rows import ms
from broadcaster.store.transaction import Row, Tx

T = TypeVar("T")
_CHUNK = 500
"""Rows written in one transaction, so that an import of a whole city holds nobody up."""
_PAGE = 2_000
_SEVERITIES = tuple(Severity)


class People(Part):
    """Serves `ports.store.Subscribers`."""

    async def put(self, subscribers: Iterable[Subscriber], actor: Actor, now: datetime) -> tuple[int, int]:
        """Add or replace by address; return (added, changed). Written in chunks, each with its audit entry."""
        added = changed = 0
        for chunk in _chunks(subscribers):
            more_added, more_changed = await self._write(partial(_put, chunk=chunk, actor=actor, now=now))
            added, changed = added + more_added, changed + more_changed
        return added, changed

    async def remove(self, addresses: Iterable[str], actor: Actor, now: datetime) -> int:
        """Delete; return how many were there."""
        removed = 0
        for chunk in _chunks(addresses):
            removed += await self._write(partial(_remove, chunk=chunk, actor=actor, now=now))
        return removed

    async def all(self) -> AsyncIterator[Subscriber]:
        """Yield every subscriber by address, in pages."""
        after = ""
        while page := await self._read(partial(_page, after=after)):
            for subscriber in page:
                yield subscriber
            after = page[-1].address

    async def stats(self) -> Stats:
        """Count."""
        return await self._read(_stats)

    async def reach(self, alert: Alert) -> int:
        """Count who would get this alert: subscribers, and for kinds that refer the incident's earlier recipients."""
        return await self._read(lambda tx: count_reach(tx, alert, self._districts))

    async def wanting(
        self, areas: Collection[str], categories: Collection[Category], severity: Severity, now: datetime
    ) -> int:
        """Count the subscribers who want a new alert of this severity for any of these areas and categories."""
        said = audience.about(self._districts.concerned(areas), categories, severity, now)
        return await self._read(lambda tx: sum(1 for _ in _wanting(tx, said)))


def count_reach(tx: Tx, alert: Alert, districts: Districts) -> int:
    """Count without writing anything down. An address that comes both ways is counted once."""
    wanting = _wanting(tx, audience.matter(alert, districts))
    if not alert.kind.refers:
        return sum(1 for _ in wanting)
    earlier = {row["address"].lower() for row in tx.all("ledger.all_earlier", incident=alert.incident)}
    return len(earlier) + sum(1 for address in wanting if address not in earlier)


def _wanting(tx: Tx, said: audience.Matter) -> Iterator[str]:
    """Yield the addresses whose wishes match, in lower case."""
    after = 0
    while page := tx.all("people.page_by_number", after=after, now=ms(said.at), limit=_PAGE):
        yield from (row["address"].lower() for row in page if audience.wants(row, said))
        after = page[-1]["id"]


def _put(tx: Tx, *, chunk: list[Subscriber], actor: Actor, now: datetime) -> tuple[int, int]:
    added = changed = 0
    for subscriber in chunk:
        before = tx.one("people.subscriber", address=subscriber.address)
        if before is not None and _subscriber(before) == subscriber:
            continue
        _write(tx, subscriber)
        tx.run("refusals.forget", address=subscriber.address)  # a sign of life
        added, changed = added + (before is None), changed + (before is not None)
    if added or changed:
        body = {"added": added, "changed": changed}
        trail.append(tx, at=now, event="subscribers_put", subject="subscribers", actor=trail.who(actor), **body)
    return added, changed


def _write(tx: Tx, subscriber: Subscriber) -> None:
    tx.run(
        "people.put",
        address=subscriber.address,
        language=subscriber.language,
        areas=json.dumps(subscriber.areas, ensure_ascii=False),
        categories=json.dumps([category.value for category in subscriber.categories]),
        gravity=audience.GRAVITY[subscriber.min_severity],
    )


def _remove(tx: Tx, *, chunk: list[str], actor: Actor, now: datetime) -> int:
    removed = 0
    for address in chunk:
        removed += tx.run("people.remove", address=address)
        tx.run("refusals.forget", address=address)
    if removed:
        trail.append(
            tx, at=now, event="subscribers_removed", subject="subscribers", actor=trail.who(actor), removed=removed
        )
    return removed


def _page(tx: Tx, *, after: str) -> list[Subscriber]:
    return [_subscriber(row) for row in tx.all("people.page", after=after, limit=_PAGE)]


def _subscriber(row: Row) -> Subscriber:
    return Subscriber(
        address=row["address"],
        language=row["language"],
        areas=tuple(json.loads(row["areas"])),
        categories=tuple(Category(name) for name in json.loads(row["categories"])),
        min_severity=_SEVERITIES[row["gravity"]],
    )


def _stats(tx: Tx) -> Stats:
    languages = {row["name"]: row["number"] for row in tx.all("people.by_language")}
    areas = {row["name"]: row["number"] for row in tx.all("people.by_area")}
    suppressed = tx.number("refusals.suppressed")
    return Stats(total=sum(languages.values()), suppressed=suppressed, by_language=languages, by_area=areas)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
