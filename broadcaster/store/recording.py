"""Recording: what came of an attempt, with its audit entry, in one transaction; and what a lane remembers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from broadcaster import failpoints
from broadcaster.errors import NotFound
from broadcaster.model import Attempt, Cost, Delivery, Grade, Outcome, State
from broadcaster.ports.store import Lane, Settlement, Spent
from broadcaster.rules import settle
from broadcaster.store import ledger, refusals, rows, settling, trail
from broadcaster.store.base import Part
from broadcaster.store.rows import ms, time_of
from broadcaster.store.transaction import Gathered, Tx, Value, listed

_RECORDABLE = frozenset({State.SENDING, State.IN_DOUBT, State.ACCEPTED})
_MAY_BE_OUT = frozenset({Outcome.ACCEPTED, Outcome.IN_DOUBT, Outcome.DUPLICATE})
_AGAIN = frozenset({State.READY, State.RETRY_WAIT})


class Recording(Part):
    """Serves what of `ports.store.Outbox` writes results down."""

    async def record(
        self, delivery: Delivery, epoch: int, attempt: Attempt, settlement: Settlement, lane: Lane | None = None
    ) -> bool:
        """Write attempt, settlement, audit entry and lane. False: the lease was lost; the late result is kept."""
        kept = await self._write_together(_record, _Result(delivery, epoch, attempt, settlement, lane))
        if delivery.state is State.SENDING:
            self._begun.close(delivery.id)
        return kept

    async def lane(self, channel: str) -> Lane:
        """Return what the lane remembers."""
        row = await self._read(lambda tx: tx.one("outbox.lane", channel=channel))
        return Lane() if row is None else rows.read(Lane, row["body"])

    async def save_lane(self, channel: str, lane: Lane) -> None:
        """Remember it."""
        await self._write(lambda tx: _save_lane(tx, channel, lane))

    async def spent(self, channel: str, since: datetime) -> tuple[Spent, ...]:
        """Return the costs of attempts that reached, or may have reached, the provider."""
        found = await self._read(lambda tx: tx.gathered("outbox.spent", channel=channel, since=ms(since)))
        return tuple(
            Spent(at=time_of(row["ended_at"]), cost=Cost(posts=row["posts"], microusd=row["microusd"])) for row in found
        )


class _Before(NamedTuple):
    """What a result is held against: a delivery as it is now, in part, since a whole one takes long to make."""

    id: int
    channel: str
    state: State
    epoch: int
    attempt: int
    ref: str
    possible_duplicate: bool
    total: int
    grade: Grade


class _Result(NamedTuple):
    """What one caller brings: the delivery as it was claimed or looked at, and what came of it."""

    seen: Delivery
    epoch: int
    attempt: Attempt
    settlement: Settlement
    lane: Lane | None


def write_attempt(tx: Tx, delivery: Delivery, attempt: Attempt, *, late: bool = False) -> None:
    """Keep an attempt or a look, for ever."""
    tx.run("outbox.insert_attempt", **_attempt_values(delivery.id, delivery.channel, attempt, late=late))


def _attempt_values(delivery: int, channel: str, attempt: Attempt, *, late: bool = False) -> dict[str, Value]:
    return {
        "delivery": delivery,
        "channel": channel,
        "number": attempt.number,
        "started_at": ms(attempt.started_at),
        "ended_at": ms(attempt.ended_at),
        "outcome": attempt.outcome.value,
        "reason": attempt.reason,
        "detail": attempt.detail,
        "ref": attempt.ref,
        "posts": attempt.cost.posts,
        "microusd": attempt.cost.microusd,
        "late": int(late),
    }


def _record(tx: Tx, results: Sequence[_Result]) -> Sequence[bool]:
    return [kept for run in _runs(results) for kept in _record_run(tx, run)]


def _runs(results: Sequence[_Result]) -> Iterator[Sequence[_Result]]:
    """Cut where a delivery comes again: what was first must be written first."""
    start, known = 0, set[int]()
    for place, result in enumerate(results):
        if result.seen.id in known:
            yield results[start:place]
            start, known = place, set()
        known.add(result.seen.id)
    yield results[start:]


def _record_run(tx: Tx, run: Sequence[_Result]) -> list[bool]:
    """Write down results of different deliveries: a statement for all of them, not one for each."""
    epoch, now = tx.number("outbox.epoch"), _now(tx, run)
    lanes = {result.seen.channel: result.lane for result in run if result.lane and result.epoch == epoch}
    for channel, lane in lanes.items():
        _save_lane(tx, channel, lane)
    kept = [not _lost(before, result, epoch) for before, result in zip(now, run, strict=True)]
    good = [pair for pair, fine in zip(zip(now, run, strict=True), kept, strict=True) if fine]
    _write(tx, good)
    for result, fine in zip(run, kept, strict=True):
        if not fine:
            _keep_late(tx, settling.fetch(tx, result.seen.id), result.seen, result.attempt)
    return kept


def _now(tx: Tx, run: Sequence[_Result]) -> list[_Before]:
    """Return the deliveries as they are now. Raise `NotFound`."""
    found = map(_before, tx.gathered("settling.before", numbers=listed(result.seen.id for result in run)))
    now = {each.id: each for each in found}
    missing = [result.seen.id for result in run if result.seen.id not in now]
    if missing:
        raise NotFound("delivery_not_found", delivery=missing[0])
    return [now[result.seen.id] for result in run]


def _before(row: Gathered) -> _Before:
    return _Before(
        row["id"],
        row["channel"],
        State(row["state"]),
        row["epoch"],
        row["attempt"],
        row["ref"],
        bool(row["possible_duplicate"]),
        row["total"],
        Grade(row["grade"]),
    )


def _write(tx: Tx, good: Sequence[tuple[_Before, _Result]]) -> None:
    tx.many("outbox.insert_attempt", (_attempt_values(now.id, now.channel, result.attempt) for now, result in good))
    settling.apply_all(tx, ((now.id, result.settlement, result.attempt.ended_at) for now, result in good))
    sent = [(now, result) for now, result in good if now.state is State.SENDING]
    if sent:
        tx.run("outbox.calm", numbers=listed(now.id for now, _ in sent))
    for now, result in good:
        _resolve(tx, now, result.attempt, result.settlement)
    for now, result in sent:
        if now.total:  # it has recipients
            ledger.doubt_started(tx, now.id, *settle.recipient_in_doubt(now.grade, result.attempt.ended_at))
            refusals.learn(tx, settling.fetch(tx, now.id), result.attempt.ended_at)
    trail.append_all(tx, [_note(now, result) for now, result in good])
    failpoints.hit("w3", len(good))


def _lost(now: _Before, result: _Result, epoch: int) -> bool:
    """Whether the row has gone on without this caller: another start, another attempt, another state."""
    if result.epoch != epoch or now.state is not result.seen.state or now.state not in _RECORDABLE:
        return True
    return now.state is State.SENDING and (now.epoch != result.epoch or now.attempt != result.seen.attempt)


def _keep_late(tx: Tx, now: Delivery, seen: Delivery, attempt: Attempt) -> None:
    """A late result may mean that the provider has it twice. A bulk delivery's ledger knows better."""
    write_attempt(tx, now, attempt, late=True)
    flagged = attempt.outcome in _MAY_BE_OUT and seen.state is not State.ACCEPTED and not now.total
    if flagged:
        tx.run("outbox.flag", number=now.id)
    trail.append(
        tx,
        at=attempt.ended_at,
        event="late",
        subject=f"delivery {now.id}",
        attempt=attempt.number,
        outcome=attempt.outcome.value,
        ref=attempt.ref,
        state=now.state.value,
        flagged=flagged,
    )


def _resolve(tx: Tx, before: _Before, attempt: Attempt, settlement: Settlement) -> None:
    """No doubt is sent again without a resolution record (I5).

    A publication, or a mail to many whose ledger knows who is in doubt, goes on without the delivery itself being one.
    """
    goes_on = before.state is State.SENDING and attempt.outcome is Outcome.IN_DOUBT
    again = settlement.state in _AGAIN and (goes_on or before.state is State.IN_DOUBT)
    why = settlement.resolution or (("repeatable" if goes_on else settlement.reason) if again else "")
    if why or again:
        settling.resolve(tx, before.id, attempt.ended_at, actor=trail.SERVICE, verb=settlement.state.value, why=why)


def _note(before: _Before, result: _Result) -> trail.Note:
    attempt, settlement = result.attempt, result.settlement
    duplicate = settlement.possible_duplicate
    body: dict[str, object] = {
        "attempt": attempt.number,
        "outcome": attempt.outcome.value,
        "reason": attempt.reason,
        "ref": before.ref if settlement.ref is None else settlement.ref,
        "before": before.state.value,
        "after": settlement.state.value,
        "possible_duplicate": before.possible_duplicate if duplicate is None else duplicate,
    }
    return trail.Note(attempt.ended_at, "recorded", f"delivery {before.id}", body)


def _save_lane(tx: Tx, channel: str, lane: Lane) -> None:
    tx.run("outbox.save_lane", channel=channel, body=rows.spelled(lane))
