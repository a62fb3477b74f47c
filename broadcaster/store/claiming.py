"""Claiming: due deliveries become `sending`, committed before the first byte (docs/delivery.md, states and order)."""

from __future__ import annotations

from datetime import datetime

from broadcaster.model import Delivery, Grade, State
from broadcaster.ports.store import Claim, Settlement, Work
from broadcaster.rules import ordering
from broadcaster.rules.ordering import Move
from broadcaster.store import rows, settling, trail
from broadcaster.store.base import Part
from broadcaster.store.rows import ms, time_of
from broadcaster.store.transaction import Tx, Value

_SETTLED = 300
"""A claim ends at most this many that are over; the rest waits for the next one, so that the writer is not held up."""
_ALONG = 100
"""Deliveries claimed along with one; a target with more waiting gets another edition right after."""
_PAGE = 200


class Claiming(Part):
    """Serves what of `ports.store.Outbox` hands out work."""

    async def claim(self, claim: Claim) -> tuple[Work, ...]:
        """Turn due deliveries into `sending`, committed, and return them."""
        return await self._write(lambda tx: _Claimer(tx, claim).take())

    async def doubts(self, channel: str, now: datetime, limit: int) -> tuple[Work, ...]:
        """Return `in_doubt` deliveries whose look is due."""
        return await self._read(lambda tx: _works(tx, "outbox.doubts", channel, now, limit))

    async def unconfirmed(self, channel: str, now: datetime, limit: int) -> tuple[Work, ...]:
        """Return `accepted` deliveries whose read-back is due, for a day from their acceptance."""
        return await self._read(lambda tx: _works(tx, "outbox.unconfirmed", channel, now, limit))

    async def next_due(self, channel: str) -> datetime | None:
        """Return when this channel next has something due."""
        return await self._read(lambda tx: _next_due(tx, channel))

    async def sweep(self, now: datetime) -> tuple[Delivery, ...]:
        """Settle what has expired while it waited, on all channels; return what changed."""
        swept: list[Delivery] = []
        while page := await self._write(lambda tx: _sweep(tx, now)):
            swept += page
        return tuple(swept)


class _Claimer:
    """One claim: goes down the grades until it has enough."""

    def __init__(self, tx: Tx, claim: Claim) -> None:
        self._tx = tx
        self._claim = claim
        self._taken: list[Work] = []
        self._heads = 0
        self._settled = 0

    def take(self) -> tuple[Work, ...]:
        if self._claim.epoch != self._tx.number("outbox.epoch"):
            return ()  # a later process has begun: what this one sends it could not record
        for grade in sorted(Grade, reverse=True):
            while self._wants() and self._page(grade):
                pass
        return tuple(self._taken)

    def _wants(self) -> bool:
        return self._heads < self._claim.limit and self._settled < _SETTLED

    def _page(self, grade: Grade) -> bool:
        """Work through some candidates; return whether there may be more."""
        claim, before = self._claim, self._heads + self._settled
        size = min(_PAGE, claim.limit - self._heads)
        page = self._tx.all(
            "outbox.candidates",
            channel=claim.channel,
            grade=int(grade),
            now=ms(claim.now),
            reserved_only=int(claim.reserved_only),
            limit=size,
        )
        for row in page:
            self._head(rows.delivery(row))
        return len(page) == size and self._heads + self._settled > before

    def _head(self, candidate: Delivery) -> None:
        """Take one, and what may go along with it. It may have gone along with an earlier one already."""
        if any(work.delivery.id == candidate.id for work in self._taken) or not self._try(candidate):
            return
        self._heads += 1
        if self._claim.together:
            for row in self._tx.all(
                "outbox.along",
                channel=candidate.channel,
                target=candidate.target,
                now=ms(self._claim.now),
                limit=_ALONG,
            ):
                self._try(rows.delivery(row))

    def _try(self, candidate: Delivery) -> bool:
        """Start it, or settle it where it is over; return whether it was started."""
        step = _step(self._tx, candidate, self._claim.now)
        if step.move is Move.START:
            self._taken.append(self._start(candidate))
            return True
        if step.move is Move.SETTLE and step.state is not None:
            _end(self._tx, candidate, step.state, step.reason, self._claim.now)
            self._settled += 1
        return False

    def _start(self, candidate: Delivery) -> Work:
        self._tx.run(
            "outbox.start",
            number=candidate.id,
            epoch=self._claim.epoch,
            deadline=ms(self._claim.deadline),
            now=ms(self._claim.now),
        )
        return _work(self._tx, settling.fetch(self._tx, candidate.id))


def _step(tx: Tx, delivery: Delivery, now: datetime) -> ordering.Step:
    line: dict[str, Value] = {"incident": delivery.incident, "channel": delivery.channel, "target": delivery.target}
    return ordering.step(
        delivery,
        now,
        tx.number("outbox.newest_started", **line) or None,
        tx.number("intake.latest_version", incident=delivery.incident) or None,
        tx.number("outbox.sending_beside", number=delivery.id, **line) > 0,
    )


def _end(tx: Tx, delivery: Delivery, state: State, reason: str, now: datetime) -> Delivery:
    ended = settling.apply(tx, delivery, Settlement(state=state, reason=reason), now)
    trail.append(
        tx,
        at=now,
        event="ended",
        subject=f"delivery {delivery.id}",
        before=delivery.state.value,
        after=state.value,
    )
    return ended


def _expire(tx: Tx, delivery: Delivery, now: datetime) -> Delivery:
    return _end(tx, delivery, ordering.closed(delivery, State.EXPIRED), "expired", now)


def _sweep(tx: Tx, now: datetime) -> list[Delivery]:
    swept: list[Delivery] = []
    for channel in tx.all("outbox.channels"):
        over = tx.all("outbox.over", channel=channel["channel"], now=ms(now), limit=_SETTLED)
        swept += [_expire(tx, rows.delivery(row), now) for row in over]
    return swept


def _works(tx: Tx, name: str, channel: str, now: datetime, limit: int) -> tuple[Work, ...]:
    found = tx.all(name, channel=channel, now=ms(now), limit=limit)
    return tuple(_work(tx, rows.delivery(row)) for row in found)


def _work(tx: Tx, delivery: Delivery) -> Work:
    row = tx.one("outbox.message", alert=delivery.alert, channel=delivery.channel)
    newest = tx.number("intake.latest_version", incident=delivery.incident)
    message = None if row is None else rows.message(row["body"])
    return Work(delivery=delivery, message=message, newer_exists=newest > delivery.version)


def _next_due(tx: Tx, channel: str) -> datetime | None:
    found = [
        tx.one("outbox.next_waiting", channel=channel, reserved=reserved, grade=int(grade))
        for grade in Grade
        for reserved in (0, 1)
    ]
    found += [tx.one(f"outbox.next_{what}", channel=channel) for what in ("look", "readback", "expiry")]
    moments = [row["value"] for row in found if row is not None]
    return time_of(min(moments)) if moments else None
