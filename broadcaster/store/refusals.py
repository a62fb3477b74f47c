"""Addresses that are refused delivery after delivery: written down where a bulk delivery ends, off its hot path."""

from __future__ import annotations

from datetime import datetime

from broadcaster.model import Delivery, State
from broadcaster.rules import suppression
from broadcaster.rules.suppression import Refusals
from broadcaster.store import trail
from broadcaster.store.rows import maybe_ms, maybe_time, ms, time_of
from broadcaster.store.transaction import Row, Tx

_SERVED = frozenset({State.ACCEPTED, State.FAILED})


def learn(tx: Tx, after: Delivery, at: datetime) -> None:
    """Take from a bulk delivery that has served everybody which addresses it met, and which are none."""
    if after.state not in _SERVED or not after.total:
        return
    tx.run("refusals.forget_served", delivery=after.id)
    rows = tx.all("refusals.failed", delivery=after.id)
    refused = [row for row in rows if suppression.names_the_address(row["code"])]
    believed = suppression.believable(len(refused), after.total)
    suppressed = sum(_refused(tx, row, at) for row in refused) if believed else 0
    if refused:
        subject = f"delivery {after.id}"
        trail.append(
            tx,
            at=at,
            event="addresses_refused",
            subject=subject,
            refused=len(refused),
            believed=believed,
            suppressed=suppressed,
        )


def _refused(tx: Tx, row: Row, at: datetime) -> bool:
    found = tx.one("refusals.of", address=row["address"])
    now = suppression.refused_again(None if found is None else _known(found), row["code"], at)
    tx.run(
        "refusals.put",
        address=row["address"],
        times=now.times,
        first_at=ms(now.first_at),
        last_at=ms(now.last_at),
        code=now.code,
        suppressed_until=maybe_ms(now.suppressed_until),
    )
    return now.suppressed_until is not None


def _known(row: Row) -> Refusals:
    return Refusals(
        times=row["times"],
        first_at=time_of(row["first_at"]),
        last_at=time_of(row["last_at"]),
        code=row["code"],
        suppressed_until=maybe_time(row["suppressed_until"]),
    )
