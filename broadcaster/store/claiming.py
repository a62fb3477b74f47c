"""Claiming: due deliveries become `sending`, committed before the first byte (docs/delivery.md, states and order)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from broadcaster.model import Delivery, State
from broadcaster.ports.store import Claim, Due, Settlement, Standby, Work
from broadcaster.rules import ordering
from broadcaster.rules.ordering import Move
from broadcaster.store import ledger, rows, settling, trail
from broadcaster.store.base import Part
from broadcaster.store.engine import Following
from broadcaster.store.rows import ms, time_of
from broadcaster.store.transaction import Gathered, Tx, listed

_LOG = logging.getLogger("broadcaster.store")
_SETTLED = 300
"""A claim ends at most this many that are over; the rest waits for the next one, so that the writer is not held up."""
_ALONG = 100
"""Deliveries claimed along with one; a target with more waiting gets another edition right after."""
_PAGE = 200


class Claiming(Part):
    """Serves what of `ports.store.Outbox` hands out work."""

    def stand_by(self, channel: str, lane: Standby | None) -> None:
        """Let this lane's claim follow each acceptance for its channel at once; None: no lane any more."""
        self._lanes.pop(channel, None)
        if lane is not None:
            self._lanes[channel] = lane

    def _following(self, channels: Iterable[str]) -> Sequence[Following]:
        lanes = (lane for channel, lane in self._lanes.items() if channel in set(channels))
        return [each for lane in lanes if (each := self._asked(lane))]

    def _asked(self, lane: Standby) -> Following | None:
        """What goes wrong in a lane must not cost the acceptance: the lane claims by itself then."""
        works: asyncio.Future[tuple[Work, ...]] = asyncio.get_running_loop().create_future()
        try:
            claim = lane.ask()
            if claim is None:
                return None
            lane.hand(works)
        except Exception as error:  # noqa: BLE001 (logged; whatever it was, the acceptance goes on)
            _LOG.error("A lane cannot follow an acceptance.", exc_info=error, extra={"event": "standby_failed"})
            return None
        return Following(self._claim, claim, works)

    async def claim(self, claim: Claim) -> tuple[Work, ...]:
        """Turn due deliveries into `sending`, committed, and return them."""
        return await self._write_together(self._claim, claim)

    def _claim(self, tx: Tx, claims: Sequence[Claim]) -> Sequence[tuple[Work, ...]]:
        """One after the other: a lane may ask twice, and the second must not be given what the first was."""
        epoch = tx.number("outbox.epoch")
        # If a later process has begun, this one could not record what it sends.
        return [self._taken(tx, claim) if claim.epoch == epoch else () for claim in claims]

    def _taken(self, tx: Tx, claim: Claim) -> tuple[Work, ...]:
        works = _Claimer(tx, claim).take()
        if not claim.recipients:
            return works
        first = partial(ledger.first, tx, now=claim.now, most=claim.recipients, districts=self._districts)
        return tuple(replace(work, recipients=first(work.delivery, self._begun)) for work in works)

    async def doubts(self, channel: str, now: datetime, limit: int) -> tuple[Work, ...]:
        """Return `in_doubt` deliveries whose look is due."""
        return await self._read(lambda tx: _works(tx, "outbox.doubts", channel, now, limit))

    async def unconfirmed(self, channel: str, now: datetime, limit: int) -> tuple[Work, ...]:
        """Return `accepted` deliveries whose read-back is due, for a day from their acceptance."""
        return await self._read(lambda tx: _works(tx, "outbox.unconfirmed", channel, now, limit))

    async def next_due(self, channel: str) -> Due:
        """Return when this channel next has something due."""
        return await self._read(lambda tx: _next_due(tx, channel))

    async def sweep(self, now: datetime, jumped: timedelta = timedelta()) -> tuple[Delivery, ...]:
        """Settle what has expired while it waited, on all channels, not by a jump alone; return what changed."""
        swept: list[Delivery] = []
        while page := await self._write(lambda tx: _sweep(tx, now, jumped)):
            swept += page
        return tuple(swept)


class _Claimer:
    """One claim: goes down the grades until it has enough."""

    def __init__(self, tx: Tx, claim: Claim) -> None:
        self._tx = tx
        self._claim = claim
        self._taken: dict[int, Work] = {}
        self._heads = 0
        self._settled = 0
        self._at, self._deadline = time_of(ms(claim.now)), time_of(ms(claim.deadline))
        """As the store keeps them."""

    def take(self) -> tuple[Work, ...]:
        claim = self._claim
        reserved_only = int(claim.reserved_only)
        due = self._tx.numbers("outbox.grades", channel=claim.channel, now=ms(claim.now), reserved_only=reserved_only)
        for grade in due:
            while self._wants() and self._page(grade):
                pass
        return tuple(self._taken.values())

    def _wants(self) -> bool:
        return self._heads < self._claim.limit and self._settled < _SETTLED

    def _page(self, grade: int) -> bool:
        """Work through some candidates; return whether there may be more."""
        claim, before = self._claim, self._heads + self._settled
        size = min(_PAGE, claim.limit - self._heads)
        page = self._tx.numbers(
            "outbox.candidates",
            channel=claim.channel,
            grade=grade,
            now=ms(claim.now),
            reserved_only=int(claim.reserved_only),
            limit=size,
        )
        if claim.together:
            for number in page:
                self._heads += self._head(number)
        else:
            self._heads += self._try(page)
        return len(page) == size and self._heads + self._settled > before

    def _head(self, number: int) -> int:
        """Take one, and what may go along with it. It may have gone along with an earlier one already."""
        started = self._try([number])
        if started:
            claim, target = self._claim, self._taken[number].delivery.target
            self._try(
                self._tx.numbers("outbox.along", channel=claim.channel, target=target, now=ms(claim.now), limit=_ALONG)
            )
        return started

    def _try(self, candidates: Sequence[int]) -> int:
        """Start them, or settle those that are over; return how many were started."""
        begun: dict[tuple[int, str], int] = {}
        starting: list[Work] = []
        for known in _facts(self._tx, [number for number in candidates if number not in self._taken]):
            started = self._started(known)
            step = self._step(started, known, begun.get((started.incident, started.target), 0))
            if step.move is Move.START:
                begun[started.incident, started.target] = started.version
                starting.append(_work(known, started))
            elif step.move is Move.SETTLE and step.state is not None:
                _end(self._tx, rows.delivery_of(known), step.state, step.reason, self._claim.now)
                self._settled += 1
        self._start(starting)
        return len(starting)

    def _started(self, known: Gathered) -> Delivery:
        """Return a candidate as it will be once it is started."""
        return rows.delivery_of(
            known,
            state=State.SENDING,
            attempt=known["attempt"] + 1,
            reads=0,
            epoch=self._claim.epoch,
            deadline=self._deadline,
            updated_at=self._at,
        )

    def _step(self, delivery: Delivery, known: Gathered, begun: int) -> ordering.Step:
        """Decide. `begun` is the version that this very claim starts on the same incident and target, if any."""
        newest = max(known["newest_started"] or 0, begun)
        beside = bool(known["sending_beside"]) or begun > 0
        claim = self._claim
        latest = known["latest"] or None
        return ordering.step(delivery, claim.now, newest or None, latest, beside, jumped=claim.jumped)

    def _start(self, works: Sequence[Work]) -> None:
        if not works:
            return
        numbers = [work.delivery.id for work in works]
        self._tx.run(
            "outbox.start",
            numbers=listed(numbers),
            epoch=self._claim.epoch,
            deadline=ms(self._deadline),
            now=ms(self._at),
        )
        self._taken.update(zip(numbers, works, strict=True))


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


def _sweep(tx: Tx, now: datetime, jumped: timedelta) -> list[Delivery]:
    swept: list[Delivery] = []
    for channel in tx.all("outbox.channels"):
        over = tx.all("outbox.over", channel=channel["channel"], now=ms(now - jumped), limit=_SETTLED)
        swept += [_expire(tx, rows.delivery(row), now) for row in over]
    return swept


def _works(tx: Tx, name: str, channel: str, now: datetime, limit: int) -> tuple[Work, ...]:
    found = _facts(tx, tx.numbers(name, channel=channel, now=ms(now), limit=limit))
    return tuple(_work(known, rows.delivery_of(known)) for known in found)


def _facts(tx: Tx, numbers: Sequence[int]) -> list[Gathered]:
    """Return what there is to know of each, in this order."""
    found = {known["id"]: known for known in tx.gathered("outbox.facts", numbers=listed(numbers))} if numbers else {}
    return [found[number] for number in numbers]


def _work(known: Gathered, delivery: Delivery) -> Work:
    message = None if known["body"] is None else rows.message(known["body"])
    return Work(delivery=delivery, message=message, newer_exists=known["latest"] > delivery.version)


def _next_due(tx: Tx, channel: str) -> Due:
    row = tx.one("outbox.next_due", channel=channel)
    moments = dict(zip(row.keys(), row, strict=True)) if row else {}
    return Due(
        work=_soonest(moments, "waiting", "expiry"),
        look=_soonest(moments, "doubt", "readback"),
    )


def _soonest(moments: Mapping[str, int | None], *names: str) -> datetime | None:
    known = [at for name in names if (at := moments.get(name)) is not None]
    return time_of(min(known)) if known else None
