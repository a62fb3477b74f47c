"""Beginning anew: what a dead process left in `sending` is in doubt, never ready (docs/delivery.md, states)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from broadcaster import failpoints
from broadcaster.model import Attempt, Cost, Delivery, Outcome
from broadcaster.rules import settle
from broadcaster.store import ledger, rows, settling, trail
from broadcaster.store.base import Part
from broadcaster.store.begun import Begun, Run
from broadcaster.store.head import Older
from broadcaster.store.holding import hold_all
from broadcaster.store.recording import write_attempt
from broadcaster.store.rows import ms
from broadcaster.store.transaction import Tx, Value

_LOG = logging.getLogger("broadcaster.store")
_LONGEST_WAIT = timedelta(minutes=15)
"""No recipient waits longer for another try (docs/delivery.md, outcome classes)."""
_STARTS = 3
"""Starts in a row that find the same delivery `sending` before it is taken for what kills us."""


class Recovery(Part):
    """Serves `begin` of `ports.store.Outbox`."""

    async def begin(self, node: str, now: datetime) -> int:
        """Open a new epoch and return it; settle what dead epochs left behind."""
        failpoints.hit("r1")
        older = self._remembered.older
        epoch = await self._write(lambda tx: _begin(tx, self._begun, older, node, now))
        self._remembered.older = None
        failpoints.hit("r4")
        self._begun.sweep()
        return epoch

    async def clock_went_back(self, now: datetime) -> int:
        """Let what was put off by a clock that was ahead wait no longer than was meant; return how many did."""
        return await self._write(lambda tx: _bring_forward(tx, now))


def _begin(tx: Tx, begun: Begun, older: Older | None, node: str, now: datetime) -> int:
    if older is not None:
        _put_back_by_hand(tx, older, now)
    tx.run("outbox.next_epoch")
    epoch = tx.number("outbox.epoch")
    failpoints.hit("r2")
    _bring_forward(tx, now)
    interrupted = [rows.delivery(row) for row in tx.all("outbox.interrupted", epoch=epoch)]
    for delivery in interrupted:
        _recover(tx, begun, delivery, now)
    for row in tx.all("ledger.cut_off", epoch=epoch):
        _recover_recipients(tx, begun, rows.delivery(row), now)
    trail.append(
        tx,
        at=now,
        event="started",
        subject=f"epoch {epoch}",
        node=node,
        interrupted=[delivery.id for delivery in interrupted],
    )
    failpoints.hit("r3")
    return epoch


def _put_back_by_hand(tx: Tx, older: Older, now: datetime) -> None:
    """As after a restore: what this store believes unsent may have gone out."""
    held, doubts = hold_all(tx, trail.SERVICE, now)
    counts = {"held": held, "doubts": doubts, "known": older.known.seq, "found": older.found.seq}
    trail.append_all(tx, [trail.Note(at=now, event="older_store", subject="store", body=counts)])
    _LOG.error(
        "The store is older than what was written here before. What it still had to send is held for a person.",
        extra={"event": "store_older", **counts},
    )


def _bring_forward(tx: Tx, now: datetime) -> int:
    """An emergency accepted while the clock was two hours ahead must not wait for two hours once it is right."""
    moved = 0
    for row in tx.all("outbox.channels"):
        line: dict[str, Value] = {"channel": row["channel"], "now": ms(now)}
        moved += tx.run("outbox.bring_forward_waiting", **line)
        moved += tx.run("outbox.bring_forward_looks", **line)
        moved += tx.run("outbox.bring_forward_readbacks", **line)
    return moved + tx.run("ledger.bring_forward", now=ms(now), latest=ms(now + _LONGEST_WAIT))


def _recover(tx: Tx, begun: Begun, delivery: Delivery, now: datetime) -> None:
    """Its attempt stays as a row: nobody knows what came of it. Of its recipients only those begun are in doubt."""
    write_attempt(tx, delivery, _lost_attempt(tx, delivery, now))
    _recover_recipients(tx, begun, delivery, now)
    tx.run("outbox.count_start", number=delivery.id)
    often = tx.number("outbox.starts", number=delivery.id) >= _STARTS
    settlement = settle.quarantined(delivery, now) if often else settle.recovered(delivery, now)
    settling.apply(tx, delivery, settlement, now)


def _recover_recipients(tx: Tx, begun: Begun, delivery: Delivery, now: datetime) -> None:
    """Whoever was claimed and surely not begun waits again, on record; everybody else who was claimed may have it."""
    noted = begun.read(Run(delivery.id, delivery.epoch, delivery.attempt))
    if noted is not None and (number := ledger.put_back(tx, delivery.id, noted)):
        settling.resolve(tx, delivery.id, now, actor=trail.SERVICE, verb="put_back", why=f"not_begun: {number}")
    ledger.doubt_started(tx, delivery.id, *settle.recipient_in_doubt(delivery.grade, now))


def _lost_attempt(tx: Tx, delivery: Delivery, now: datetime) -> Attempt:
    cost = tx.one("outbox.cost_of", number=delivery.id)
    return Attempt(
        number=delivery.attempt,
        started_at=delivery.updated_at,
        ended_at=now,
        outcome=Outcome.IN_DOUBT,
        reason="restart",
        cost=Cost(posts=0) if cost is None else Cost(posts=cost["posts"], microusd=cost["microusd"]),
    )
