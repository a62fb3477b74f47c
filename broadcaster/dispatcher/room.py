"""What all lanes share: the store, the clock, the epoch, and writing down what came of an attempt."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from broadcaster.errors import DeliveryError, Reason, StoreError, StoreUnknown
from broadcaster.events import Event, Events, Topic
from broadcaster.failpoints import hit
from broadcaster.model import NO_COST, Attempt, Cost, Delivery, Mode, Outcome, RecipientState, State
from broadcaster.ports.store import Archive, Lane, Outbox, RecipientBook, RecipientResult, Settlement, Work
from broadcaster.ports.world import Clock, Entropy
from broadcaster.rules import outcome, timekeeping
from broadcaster.rules.timekeeping import Tick

T = TypeVar("T")

log = logging.getLogger("broadcaster.dispatcher")

DOUBTED_S = 600.0
"""Seconds for which a wall clock that was set ahead is not believed where it would end something."""
STORE_PAUSE = 1.0
"""Seconds before a result that the store did not take is offered again."""


class DispatchStore(Outbox, RecipientBook, Archive, Protocol):
    """All that the dispatcher asks of the store."""


@dataclass(slots=True, kw_only=True)
class Room:
    """The collaborators of every lane. `epoch` is set by recovery; `stopping` when the service is to end."""

    store: DispatchStore
    clock: Clock
    entropy: Entropy
    events: Events
    mode: Mode
    epoch: int = 0
    stopping: bool = False
    seen: Tick | None = None
    ahead: timedelta = timedelta()
    ahead_since: float = 0.0

    def now(self) -> datetime:
        """Return the wall clock, and notice where it was set: every lane looks at it before it claims."""
        this = Tick(wall=self.clock.now(), steady=self.clock.monotonic())
        moved = timekeeping.jump_between(self.seen, this) if self.seen else timedelta()
        self.seen = this
        if moved:
            self.ahead, self.ahead_since = max(timedelta(), self.jumped() + moved), this.steady
        return this.wall

    def jumped(self) -> timedelta:
        """Return by how much the wall clock has lately been set ahead: for ten minutes nothing expires by that alone,
        so that a clock that is wrong for a moment costs no message.
        """
        return self.ahead if self.clock.monotonic() - self.ahead_since < DOUBTED_S else timedelta()

    def clock_lost(self, now: datetime) -> bool:
        """Whether nothing may be sent by this clock: a live message would tell a wrong time, and hold for ever."""
        return self.mode is Mode.LIVE and timekeeping.lost(now)

    async def newer_exists(self, delivery: Delivery) -> bool:
        """Whether the desk has accepted a newer version of this delivery's incident by now."""
        versions = await self.insist(lambda: self.store.incident(delivery.incident))
        return any(alert.version > delivery.version for alert in versions)

    async def give_back(self, work: Work) -> None:
        """Let the recipients who were claimed along with a delivery wait again: nothing was begun for any of them."""
        if work.recipients:
            now, number, state = self.now(), work.delivery.id, RecipientState.PENDING.value
            unserved = [
                RecipientResult(id=row.id, state=state, possible_duplicate=row.possible_duplicate)
                for row in work.recipients
            ]
            await self.insist(lambda: self.store.record_recipients(number, self.epoch, now, unserved))

    async def insist(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the store something without which a result cannot be settled, as often as it takes. Raise `StoreError`
        only while stopping.
        """
        while True:
            try:
                return await ask()
            except StoreError as error:
                log.warning("The store does not answer.", extra={"event": "store_failed", "code": error.code})
                if self.stopping:
                    raise
                await self.clock.sleep(STORE_PAUSE)

    async def record(
        self, delivery: Delivery, attempt: Attempt, settlement: Settlement, lane: Lane | None = None
    ) -> bool:
        """Write down what came of an attempt, as often as it takes; return False if the lease was lost.

        What the provider did cannot be taken back, so a full disk must not lose it: the result is kept in memory and
        offered again. Raise `StoreError` only while stopping; the row is then still `sending`, and the next
        start takes it for a doubt.
        """
        while True:
            try:
                kept = await self.store.record(delivery, self.epoch, attempt, settlement, lane)
                break
            except StoreError as error:
                log.warning("A result could not be saved yet.", extra=about(delivery, "record_failed", code=error.code))
                if self.stopping:
                    raise
                await self.clock.sleep(STORE_PAUSE)
                if isinstance(error, StoreUnknown) and await self._is_recorded(delivery):
                    kept = True
                    break
        hit("w4")
        self.tell(delivery, settlement, kept=kept)
        return kept

    async def _is_recorded(self, delivery: Delivery) -> bool:
        """After a commit that raised: whether it holds all the same."""
        try:
            held = await self.store.delivery(delivery.id)
        except StoreError:
            return False
        return (held.state, held.reads, held.updated_at) != (delivery.state, delivery.reads, delivery.updated_at)

    def tell(self, delivery: Delivery, settlement: Settlement, *, kept: bool = True) -> None:
        """Say on log and event stream what became of a delivery."""
        if not kept:
            log.warning("A result came after its lease was lost.", extra=about(delivery, "late_result"))
        words = about(delivery, "delivery_settled", state=settlement.state.value, reason=settlement.reason)
        log.info("A delivery is now %s.", settlement.state.value, extra=words)
        self.events.publish(event_of(delivery, self.now(), settlement.state, settlement.reason))


def event_of(delivery: Delivery, at: datetime, state: State, reason: str = "") -> Event:
    """Return the event that a delivery changed."""
    return Event(
        topic=Topic.DELIVERY,
        at=at,
        alert=delivery.alert,
        delivery=delivery.id,
        channel=delivery.channel,
        target=delivery.target,
        state=state.value,
        reason=reason,
        progress=delivery.progress,
        total=delivery.total,
    )


def about(delivery: Delivery, event: str, **more: str | float) -> Mapping[str, str | float]:
    """Return the fields of a log line about a delivery."""
    return {
        "event": event,
        "alert": delivery.alert,
        "delivery": delivery.id,
        "channel": delivery.channel,
        "target": delivery.target,
        **more,
    }


def attempt_of(
    delivery: Delivery,
    started: datetime,
    ended: datetime,
    result: Outcome,
    *,
    error: BaseException | None = None,
    ref: str = "",
    cost: Cost = NO_COST,
) -> Attempt:
    """Return the row kept of one try or look. It costs only where the provider has it or may have it."""
    reason, detail = _said(error)
    return Attempt(
        number=delivery.attempt,
        started_at=started,
        ended_at=ended,
        outcome=result,
        reason=reason,
        detail=detail,
        ref=ref,
        cost=cost if result in (Outcome.ACCEPTED, Outcome.IN_DOUBT) else NO_COST,
    )


def _said(error: BaseException | None) -> tuple[str, str]:
    """What may be kept of an error: a channel's own words, of anything else only its type (it may hold a secret)."""
    if isinstance(error, DeliveryError):
        return error.reason.value, error.detail
    return ("", "") if error is None else (Reason.UNKNOWN.value, type(error).__name__)


def classified(error: BaseException, delivery: Delivery) -> Outcome:
    """Return the class of an error, and log what nobody foresaw with its traceback."""
    if not isinstance(error, DeliveryError):
        log.error("A channel raised something unforeseen.", exc_info=error, extra=about(delivery, "channel_error"))
    return outcome.classify(error)
