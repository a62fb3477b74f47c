"""Writing down who is to get a bulk delivery, a chunk at a time as it is needed, so that accepting an alert for a whole
city is as quick as for nobody. Looking for them is done on a snapshot; the writer only puts the rows in.

First come the incident's earlier recipients who may have got something (every kind that refers; I11), then
subscribers whose wishes match. An address that comes both ways is one row.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace

from broadcaster.model import Kind
from broadcaster.rules.districts import Districts
from broadcaster.store import audience, rows
from broadcaster.store.transaction import Row, Tx

_FOUND = 500
"""Recipients written in one transaction."""
_PAGE = 500
_LOOKED_AT = 20_000
"""Subscribers looked at on one snapshot, where few match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far it has come: the columns of the ledger's row."""

    earlier: int
    after_delivery: int
    after_number: int
    after_subscriber: int
    expanded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """People found from one place to the next."""

    start: Place
    end: Place
    people: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def place(book: Row | None, lease: Row) -> Place:
    """Return where a ledger's row stands; without one, where it begins."""
    if book is None:
        earlier = int(not Kind(lease["kind"]).refers)
        return Place(earlier=earlier, after_delivery=0, after_number=0, after_subscriber=0, expanded=0)
    return Place(
        earlier=book["earlier"],
        after_delivery=book["after_delivery"],
        after_number=book["after_number"],
        after_subscriber=book["after_subscriber"],
        expanded=book["expanded"],
    )


def look(tx: Tx, lease: Row, start: Place, districts: Districts, most: int | None = None) -> Found:
    """Return the next people, on a snapshot; looking at no more than `most`, if given. A test message goes to nobody
    but those it names.
    """
    if Kind(lease["kind"]) is Kind.TEST:
        return Found(start=start, end=replace(start, earlier=1, expanded=1))
    if not start.earlier and Kind(lease["kind"]).refers:
        return _earlier(tx, lease, start, _FOUND if most is None else most)
    said = audience.matter(rows.alert(lease["body"]), districts)
    return _subscribers(tx, said, replace(start, earlier=1), start, most)


def enrol(tx: Tx, delivery: int, lease: Row, found: Found) -> None:
    """Put them in, unless somebody else has done so meanwhile."""
    book = tx.one("ledger.book", delivery=delivery)
    if book is None or place(book, lease) != found.start:
        return
    first = tx.number("ledger.last_number", delivery=delivery) + 1
    added = 0
    if found.people:
        rows = [_row(lease["key"], first + i, *each) for i, each in enumerate(found.people)]
        added = tx.run("ledger.add", delivery=delivery, people=json.dumps(rows))
    end = found.end
    tx.run(
        "ledger.advance",
        delivery=delivery,
        added=added,
        earlier=end.earlier,
        after_delivery=end.after_delivery,
        after_number=end.after_number,
        after_subscriber=end.after_subscriber,
        expanded=end.expanded,
    )


def name(tx: Tx, key: str, people: list[tuple[str, str]]) -> None:
    """Put in the only recipients a new delivery has, by its idempotency key: nobody else is looked for."""
    delivery = tx.number("intake.delivery_number", key=key)
    tx.run("ledger.open", delivery=delivery, earlier=1)
    people_of = json.dumps([_row(key, place, *each) for place, each in enumerate(people, start=1)])
    added = tx.run("ledger.add", delivery=delivery, people=people_of)
    tx.run(
        "ledger.advance",
        delivery=delivery,
        added=added,
        earlier=1,
        after_delivery=0,
        after_number=0,
        after_subscriber=0,
        expanded=1,
    )


def _row(key: str, number: int, address: str, language: str) -> tuple[int, str, str, str]:
    token = hashlib.sha256(f"{key}\n{address}".encode()).hexdigest()[:32]
    return number, address, language, token


def _earlier(tx: Tx, lease: Row, start: Place, size: int) -> Found:
    """One page of one earlier delivery of the incident on this channel; none left: the subscribers are next."""
    number = start.after_delivery
    page = tx.all("ledger.earlier_page", delivery=number, after=start.after_number, limit=size)
    if page:
        people = [(row["address"], row["language"]) for row in page if row["may_have_it"]]
        return Found(start=start, end=replace(start, after_number=page[-1]["number"]), people=people)
    following = tx.number(
        "ledger.next_earlier",
        incident=lease["incident"],
        channel=lease["channel"],
        version=lease["version"],
        after=number,
    )
    end = replace(start, after_delivery=following, after_number=0) if following else replace(start, earlier=1)
    return Found(start=start, end=end)


def _subscribers(tx: Tx, said: audience.Matter, at: Place, start: Place, most: int | None) -> Found:
    people: list[tuple[str, str]] = []
    after = at.after_subscriber
    size, pages = (_PAGE, _LOOKED_AT // _PAGE) if most is None else (most, 1)
    for _ in range(pages):
        page = tx.all("people.page_by_number", after=after, now=rows.ms(said.at), limit=size)
        if not page:
            return Found(start=start, end=replace(at, after_subscriber=after, expanded=1), people=people)
        for row in page:
            after = row["id"]
            if audience.wants(row, said):
                people.append((row["address"], row["language"]))
            if len(people) == _FOUND:
                return Found(start=start, end=replace(at, after_subscriber=after), people=people)
    return Found(start=start, end=replace(at, after_subscriber=after), people=people)
