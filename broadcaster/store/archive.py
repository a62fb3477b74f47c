"""Reading: snapshots for boards, previews and editions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from broadcaster.errors import NotFound
from broadcaster.model import Alert, Attempt, Delivery, Draft, Edition, Message, Mode, PlannedTest
from broadcaster.ports.store import AlertRow, Head, Past, Resolution
from broadcaster.rules import force, routine
from broadcaster.store import canary, rows, settling
from broadcaster.store.base import Part
from broadcaster.store.head import head
from broadcaster.store.rows import ms, time_of
from broadcaster.store.transaction import Row, Tx, Value

_SERIAL = re.compile(r"(\d{1,9})-(\d{1,9})")
_END = 2**63 - 1
"""Behind every row."""
SHOWN_FOR = timedelta(days=7)
"""How long after its expiry an incident is still shown among those that ended."""


class Snapshots(Part):
    """Serves `ports.store.Archive`."""

    async def alert(self, identifier: str) -> AlertRow:
        """Return one alert by identifier or by serial (`14-2`); its expiry is for the caller to judge."""
        row, deliveries = await self._read(lambda tx: _find(tx, identifier))
        return rows.alert_row(row, deliveries)

    async def incident(self, number: int) -> tuple[Alert, ...]:
        """Return all versions, oldest first. Raise `NotFound`."""
        found = await self._read(lambda tx: tx.all("archive.versions", incident=number))
        if not found:
            raise NotFound("incident_not_found", incident=number)
        return tuple(rows.alert(row["body"]) for row in found)

    async def messages(self, identifier: str) -> tuple[Message, ...]:
        """Return what each channel says or said for an alert, as it was frozen. Raise `NotFound`."""
        return await self._read(lambda tx: _messages(tx, identifier))

    async def history(self, now: datetime, before: int | None = None, limit: int = 50) -> Past:
        """Return all alerts page by page, newest first."""
        return await self._read(lambda tx: _history(tx, now, before, limit))

    async def resolutions(self, incident: int) -> tuple[Resolution, ...]:
        """Return what was decided about the deliveries of an incident, oldest first."""
        found = await self._read(lambda tx: tx.all("archive.resolutions", incident=incident))
        return tuple(_resolution(row) for row in found)

    async def prepared(self, identifier: str) -> tuple[Draft, ...]:
        """Return the drafts prepared with an alert. Raise `NotFound`."""
        row = await self._read(lambda tx: tx.one("archive.prepared", identifier=identifier))
        if row is None:
            raise NotFound("alert_not_found", alert=identifier)
        return rows.read(tuple[Draft, ...], row["prepared"])

    async def board(self, now: datetime, limit: int = 50) -> tuple[AlertRow, ...]:
        """Return alerts with open deliveries first, then those in force, then the newest."""
        return await self._read(lambda tx: _board(tx, now, limit))

    async def delivery(self, number: int) -> Delivery:
        """Return one. Raise `NotFound`."""
        return await self._read(lambda tx: settling.fetch(tx, number))

    async def attempts(self, delivery: int) -> tuple[Attempt, ...]:
        """Return every try, oldest first."""
        found = await self._read(lambda tx: tx.all("archive.attempts", delivery=delivery))
        return tuple(rows.attempt(row) for row in found)

    async def new_edition(self, now: datetime, mode: Mode) -> Edition:
        """Take the next edition number and the public state of this moment, in one transaction."""
        taken = await self._write(lambda tx: _take_edition(tx, now))
        in_force, ended = force.partition(map(rows.alert, taken.bodies), now)
        return Edition(
            number=taken.number,
            issued_at=now,
            mode=mode,
            in_force=in_force,
            ended=ended,
            chain=f"{taken.head.seq}:{taken.head.hash}",
            tested=taken.tested,
            planned=() if any(map(routine.suspends, in_force)) else taken.planned,
        )

    async def recent_bodies(self, channel: str, since: datetime) -> tuple[str, ...]:
        """Return bodies that went out or may have, newest first."""
        found = await self._read(lambda tx: tx.all("archive.recent_bodies", channel=channel, since=ms(since)))
        return tuple(text.body for row in found for text in rows.message(row["body"]).texts)

    async def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Return deliveries by channel and state."""
        found: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for row in await self._read(lambda tx: tx.all("archive.counts")):
            found[row["channel"]][row["state"]] = row["number"]
        return dict(found)


def _find(tx: Tx, identifier: str) -> tuple[Row, list[Row]]:
    row = tx.one("archive.by_identifier", identifier=identifier)
    if row is None and (serial := _SERIAL.fullmatch(identifier)):
        row = tx.one("archive.by_serial", incident=int(serial[1]), version=int(serial[2]))
    if row is None:
        raise NotFound("alert_not_found", alert=identifier)
    return row, tx.all("archive.deliveries", alert=row["id"])


def _board(tx: Tx, now: datetime, limit: int) -> tuple[AlertRow, ...]:
    chosen = dict.fromkeys(_numbers(tx, "archive.open_alerts", limit=limit))
    if len(chosen) < limit:
        chosen |= dict.fromkeys(_numbers(tx, "glass.unreviewed"))
        chosen |= dict.fromkeys(_numbers(tx, "archive.alerts_in_force", now=ms(now), limit=limit))
        chosen |= dict.fromkeys(_numbers(tx, "archive.newest_alerts", limit=limit))
    return tuple(_row(tx, number, now) for number in islice(chosen, limit))


def _numbers(tx: Tx, name: str, **values: Value) -> list[int]:
    """Return numbers of alerts, newest first."""
    return sorted((int(row["id"]) for row in tx.all(name, **values)), reverse=True)


def _row(tx: Tx, number: int, now: datetime) -> AlertRow:
    row = tx.one("archive.by_number", number=number)
    if row is None:
        raise NotFound("alert_not_found", alert=str(number))
    return rows.alert_row(row, tx.all("archive.deliveries", alert=number), now)


class _Taken(NamedTuple):
    """What an edition is made of."""

    number: int
    head: Head
    bodies: list[str]
    tested: Alert | None
    planned: tuple[PlannedTest, ...]


def _take_edition(tx: Tx, now: datetime) -> _Taken:
    since = now - SHOWN_FOR
    tx.run("archive.next_edition")
    return _Taken(
        number=tx.number("archive.edition"),
        head=head(tx),
        bodies=[row["body"] for row in tx.all("archive.public", since=ms(since))],
        tested=canary.newest(tx, since),
        planned=canary.planned(tx, now),
    )


def _messages(tx: Tx, identifier: str) -> tuple[Message, ...]:
    if tx.one("archive.by_identifier", identifier=identifier) is None:
        raise NotFound("alert_not_found", alert=identifier)
    return tuple(rows.message(row["body"]) for row in tx.all("archive.messages", identifier=identifier))


def _history(tx: Tx, now: datetime, before: int | None, limit: int) -> Past:
    """One more than is asked for tells whether there is a next page."""
    found = _numbers(tx, "archive.history", before=_END if before is None else before, limit=limit + 1)
    shown = found[:limit]
    return Past(rows=tuple(_row(tx, number, now) for number in shown), before=shown[-1] if shown != found else None)


def _resolution(row: Row) -> Resolution:
    return Resolution(
        delivery=rows.delivery(row),
        at=time_of(row["resolved_at"]),
        actor=row["resolved_by"],
        verb=row["resolved_verb"],
        why=row["resolved_why"],
    )
