"""Recording: what came of an attempt, with its audit entry, in one transaction; and what a lane remembers."""

from __future__ import annotations

from datetime import datetime

from broadcaster import failpoints
from broadcaster.model import Attempt, Cost, Delivery, Outcome, State
from broadcaster.ports.store import Lane, Settlement, Spent
from broadcaster.rules import settle
from broadcaster.store import ledger, refusals, rows, settling, trail
from broadcaster.store.base import Part
from broadcaster.store.rows import ms, time_of
from broadcaster.store.transaction import Tx

_RECORDABLE = frozenset({State.SENDING, State.IN_DOUBT, State.ACCEPTED})
_MAY_BE_OUT = frozenset({Outcome.ACCEPTED, Outcome.IN_DOUBT, Outcome.DUPLICATE})
_AGAIN = frozenset({State.READY, State.RETRY_WAIT})


class Recording(Part):
    """Serves what of `ports.store.Outbox` writes results down."""

    async def record(
        self, delivery: Delivery, epoch: int, attempt: Attempt, settlement: Settlement, lane: Lane | None = None
    ) -> bool:
        """Write attempt, settlement, audit entry and lane. False: the lease was lost; the late result is kept."""
        kept = await self._write(lambda tx: _record(tx, delivery, epoch, attempt, settlement, lane))
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
        found = await self._read(lambda tx: tx.all("outbox.spent", channel=channel, since=ms(since)))
        return tuple(
            Spent(at=time_of(row["ended_at"]), cost=Cost(posts=row["posts"], microusd=row["microusd"])) for row in found
        )


def write_attempt(tx: Tx, delivery: Delivery, attempt: Attempt, *, late: bool = False) -> None:
    """Keep an attempt or a look, for ever."""
    tx.run(
        "outbox.insert_attempt",
        delivery=delivery.id,
        channel=delivery.channel,
        number=attempt.number,
        started_at=ms(attempt.started_at),
        ended_at=ms(attempt.ended_at),
        outcome=attempt.outcome.value,
        reason=attempt.reason,
        detail=attempt.detail,
        ref=attempt.ref,
        posts=attempt.cost.posts,
        microusd=attempt.cost.microusd,
        late=int(late),
    )


def _record(  # noqa: PLR0917 (the port's own arguments, in its order)
    tx: Tx, delivery: Delivery, epoch: int, attempt: Attempt, settlement: Settlement, lane: Lane | None
) -> bool:
    now = settling.fetch(tx, delivery.id)
    if lane is not None and epoch == tx.number("outbox.epoch"):
        _save_lane(tx, delivery.channel, lane)
    if _lost(tx, now, delivery, epoch):
        _keep_late(tx, now, delivery, attempt)
        return False
    write_attempt(tx, now, attempt)
    after = settling.apply(tx, now, settlement, attempt.ended_at)
    _resolve(tx, now, attempt, settlement)
    if now.state is State.SENDING:
        tx.run("outbox.calm", number=now.id)
        ledger.doubt_started(tx, now.id, *settle.recipient_in_doubt(now.grade, attempt.ended_at))
        refusals.learn(tx, after, attempt.ended_at)
    _note(tx, now, attempt, after)
    failpoints.hit("w3")
    return True


def _lost(tx: Tx, now: Delivery, seen: Delivery, epoch: int) -> bool:
    """Whether the row has gone on without this caller: another start, another attempt, another state."""
    if epoch != tx.number("outbox.epoch") or now.state is not seen.state or now.state not in _RECORDABLE:
        return True
    return now.state is State.SENDING and (now.epoch != epoch or now.attempt != seen.attempt)


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


def _resolve(tx: Tx, before: Delivery, attempt: Attempt, settlement: Settlement) -> None:
    """No doubt is sent again without a resolution record (I5).

    A publication, or a mail to many whose ledger knows who is in doubt, goes on without the delivery itself being one.
    """
    goes_on = before.state is State.SENDING and attempt.outcome is Outcome.IN_DOUBT
    again = settlement.state in _AGAIN and (goes_on or before.state is State.IN_DOUBT)
    why = settlement.resolution or (("repeatable" if goes_on else settlement.reason) if again else "")
    if why or again:
        settling.resolve(tx, before, attempt.ended_at, actor=trail.SERVICE, verb=settlement.state.value, why=why)


def _note(tx: Tx, before: Delivery, attempt: Attempt, after: Delivery) -> None:
    trail.append(
        tx,
        at=attempt.ended_at,
        event="recorded",
        subject=f"delivery {before.id}",
        attempt=attempt.number,
        outcome=attempt.outcome.value,
        reason=attempt.reason,
        ref=after.ref,
        before=before.state.value,
        after=after.state.value,
        possible_duplicate=after.possible_duplicate,
    )


def _save_lane(tx: Tx, channel: str, lane: Lane) -> None:
    tx.run("outbox.save_lane", channel=channel, body=rows.spelled(lane))
