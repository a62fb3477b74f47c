"""Rows to values of the model and back. Times are whole milliseconds of UTC in the store, aware datetimes here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from broadcaster import documents
from broadcaster.model import Alert, Attempt, Cost, Delivery, Grade, Kind, Message, Outcome, State
from broadcaster.ports.store import AlertRow, ApprovalBy
from broadcaster.store.transaction import Row

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_KINDS, _STATES = ({each.value: each for each in words} for words in (Kind, State))
_GRADES = {int(grade): grade for grade in Grade}
_AS_THEY_ARE = (
    *("id", "incident", "version", "channel", "target", "key", "attempt", "reads", "epoch", "ref", "url", "reason"),
    *("detail", "progress", "total", "unserved"),
)
"""Columns of a delivery that are its fields."""


def ms(at: datetime) -> int:
    """Return milliseconds since 1970, rounded down."""
    return (at - _EPOCH) // _MS


@lru_cache(maxsize=4096)
def time_of(milliseconds: int) -> datetime:
    """Return the aware time. Kept, since all deliveries of an alert share theirs."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def maybe_ms(at: datetime | None) -> int | None:
    """Return milliseconds, or None for None."""
    return None if at is None else ms(at)


def maybe_time(milliseconds: int | None) -> datetime | None:
    """Return the aware time, or None for None."""
    return None if milliseconds is None else time_of(milliseconds)


def spelled(value: object) -> str:
    """Return the value as the store keeps it."""
    return documents.dumps(value).decode()


def read(cls: type[T], text: str) -> T:
    """Return what `spelled` was given."""
    return documents.loads(cls, text)


@lru_cache(maxsize=512)
def alert(text: str) -> Alert:
    """Return an alert; they never change, and boards and editions read the same ones again and again."""
    return read(Alert, text)


@lru_cache(maxsize=512)
def message(text: str) -> Message:
    """Return a frozen message."""
    return read(Message, text)


def delivery(row: Row) -> Delivery:
    """Return a delivery from a row of its table."""
    return delivery_of(dict(zip(row.keys(), row, strict=True)))  # by name once: each look-up searches all its columns


def delivery_of(told: Mapping[str, Any], **changes: Any) -> Delivery:
    """Return a delivery from what its table's columns say, with these fields otherwise."""
    values: dict[str, Any] = {name: told[name] for name in _AS_THEY_ARE}
    values.update(
        alert=told["identifier"],
        kind=_KINDS[told["kind"]],
        grade=_GRADES[told["grade"]],
        state=_STATES[told["state"]],
        accepted_at=time_of(told["accepted_at"]),
        due_at=time_of(told["due_at"]),
        expires_at=time_of(told["expires_at"]),
        stale_at=time_of(told["stale_at"]),
        updated_at=time_of(told["updated_at"]),
        deadline=maybe_time(told["deadline"]),
        doubt_since=maybe_time(told["doubt_since"]),
        possible_duplicate=bool(told["possible_duplicate"]),
        reached_at=maybe_time(told["reached_at"]),
    )
    values.update(changes)
    return Delivery(**values)


def attempt(row: Row) -> Attempt:
    """Return an attempt."""
    return Attempt(
        number=row["number"],
        started_at=time_of(row["started_at"]),
        ended_at=time_of(row["ended_at"]),
        outcome=Outcome(row["outcome"]),
        reason=row["reason"],
        detail=row["detail"],
        ref=row["ref"],
        cost=Cost(posts=row["posts"], microusd=row["microusd"]),
    )


def alert_row(row: Row, deliveries: Sequence[Row], now: datetime | None = None) -> AlertRow:
    """Return an alert with its deliveries. Whether it is in force is told for `now`, else without regard to expiry."""
    said = alert(row["body"])
    lasting = now is None or said.expires > now
    return AlertRow(
        alert=said,
        accepted_at=time_of(row["accepted_at"]),
        author=row["author"],
        approved_by=row["approved_by"],
        approved_how=row["approved_how"],
        unreviewed=row["approved_how"] == ApprovalBy.BREAK_GLASS.value and not row["reviewed"],
        in_force=bool(row["newest"]) and not said.kind.ends and lasting,
        area="、".join(area.area_desc for area in said.primary.areas),
        level=said.level,
        expires=said.expires,
        deliveries=tuple(delivery(each) for each in deliveries),
    )
