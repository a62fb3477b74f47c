"""Writing what becomes of a delivery. `rules` decides; here it is put into the row, with its resolution record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from broadcaster.errors import NotFound
from broadcaster.model import Delivery
from broadcaster.ports.store import Settlement
from broadcaster.store import rows
from broadcaster.store.rows import maybe_ms, ms
from broadcaster.store.transaction import Tx, Value


def fetch(tx: Tx, number: int) -> Delivery:
    """Return the delivery as it is now. Raise `NotFound`."""
    row = tx.one("settling.fetch", number=number)
    if row is None:
        raise NotFound("delivery_not_found", delivery=number)
    return rows.delivery(row)


def apply(tx: Tx, before: Delivery, settlement: Settlement, at: datetime) -> Delivery:
    """Write it and return the delivery as it is then."""
    apply_all(tx, [(before.id, settlement, at)])
    return fetch(tx, before.id)


def apply_all(tx: Tx, settlements: Iterable[tuple[int, Settlement, datetime]]) -> None:
    """Write what becomes of several deliveries, each by its number, at its moment."""
    tx.many("settling.apply", (_values(*each) for each in settlements))


def _values(number: int, settlement: Settlement, at: datetime) -> dict[str, Value]:
    duplicate = settlement.possible_duplicate
    return {
        "number": number,
        "state": settlement.state.value,
        "due_at": maybe_ms(settlement.due_at),
        "reads": settlement.reads,
        "doubt_since": maybe_ms(settlement.doubt_since),
        "ref": settlement.ref,
        "url": settlement.url,
        "reason": settlement.reason,
        "detail": settlement.detail,
        "possible_duplicate": None if duplicate is None else int(duplicate),
        "unserved": settlement.unserved,
        "burned": 0 if settlement.burn_attempt else 1,
        "at": ms(at),
    }


def resolve(tx: Tx, delivery: int, at: datetime, *, actor: str, verb: str, why: str) -> None:
    """Write down who or what decided, and why (docs/delivery.md, states)."""
    tx.run("settling.resolve", delivery=delivery, at=ms(at), actor=actor, verb=verb, why=why)
