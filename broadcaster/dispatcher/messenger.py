"""A messenger's deliveries: one alert, one message, one call; and looking up what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from broadcaster.dispatcher.calls import Flight, guarded
from broadcaster.dispatcher.gate import Gate
from broadcaster.dispatcher.room import Room, attempt_of, classified
from broadcaster.errors import DeliveryError, Reason, StoreError
from broadcaster.failpoints import hit
from broadcaster.model import NO_COST, Cost, Delivery, Kind, Message, Outcome, Receipt, State
from broadcaster.ports.channel import Finder, Messenger, Metered, Rehearsing
from broadcaster.ports.store import Settlement, Spent, Work
from broadcaster.rules import budget, ordering, settle
from broadcaster.rules.lane import LaneSettings

LOOK_S = 8.0
"""Seconds one look may take: two of them, 5 and 15 s into a doubt, leave an emergency its 30 s."""

BOOKED_WAIT = timedelta(seconds=2)
"""When a delivery that only calls still under way keep from its budget asks again."""


class MessengerHandler:
    """Serves one messenger. It knows the order of things; `broadcaster.rules` decides."""

    together = False
    early_doubts = False
    recipients = 0

    def __init__(self, room: Room, channel: Messenger, settings: LaneSettings, gate: Gate) -> None:
        self._room = room
        self._channel = channel
        self._settings = settings
        self._gate = gate
        self._booked: dict[int, Spent] = {}
        self._booking = asyncio.Lock()
        self._foreseen: asyncio.Task[tuple[Spent, ...]] | None = None
        self._limits = channel.limits() if isinstance(channel, Metered) else ()
        rehearsal = channel.rehearsal() if isinstance(channel, Rehearsing) else None
        self._rehearsed = rehearsal.voice if rehearsal else None

    def _voice(self, delivery: Delivery) -> Messenger | None:
        """Return who says it: a test message never leaves by the voice that residents hear."""
        return self._rehearsed if delivery.kind is Kind.TEST else self._channel

    def foresee(self) -> None:
        """Ask what was spent while a claim is on its way, so that nothing waits for that afterwards."""
        self._forget()
        if self._limits:
            since = self._room.now() - budget.window(self._limits)
            self._foreseen = asyncio.create_task(self._room.store.spent(self._channel.name, since))
            self._foreseen.add_done_callback(_looked_at)

    def _forget(self) -> None:
        """What was asked before something was recorded counts no more."""
        if self._foreseen is not None:
            self._foreseen.cancel()
            self._foreseen = None

    async def serve(self, flight: Flight) -> None:
        """Send the one delivery of this flight, and write down what came of it."""
        work, started = flight.works[0], self._room.now()
        message, instead = before_sending(work, started)
        if instead is None:
            async with self._booking:  # one asks after the other: nobody books, sends and is recorded while one reads
                instead = await self._budgeted(work, started)
        if instead is not None or message is None:
            await not_tried(self._room, self._gate, work, instead or unmarked(work, started))
            return
        flight.begun = True
        try:
            await self._send(flight, message, started)
        finally:
            self._booked.pop(work.delivery.id, None)
            self._forget()

    async def _send(self, flight: Flight, message: Message, started: datetime) -> None:
        delivery = flight.works[0].delivery
        voice = self._voice(delivery)
        try:
            receipt = await self._said(voice, message, flight)
        except Exception as error:  # noqa: BLE001 (unforeseen means in doubt, and is logged with its traceback)
            hit("w2")
            await self._failed(delivery, started, error, message.cost)
            return
        hit("w2")
        now = self._room.now()
        if delivery.kind is Kind.TEST:
            self._gate.not_needed()  # another account: what it is told says nothing of the one residents read
        else:
            self._gate.succeeded(receipt.readings)
        attempt = attempt_of(delivery, started, now, Outcome.ACCEPTED, ref=receipt.ref, cost=message.cost)
        settlement = settle.after_success(receipt, now, readable=isinstance(voice, Finder))
        await self._room.record(delivery, attempt, settlement, self._gate.lane)

    async def _said(self, voice: Messenger | None, message: Message, flight: Flight) -> Receipt:
        """Say it once. Raise `DeliveryError`, also where no test endpoint is configured any more."""
        if voice is None:
            raise DeliveryError(Reason.REJECTED, maybe_sent=False, detail="no test endpoint")
        call = voice.deliver(message, flight.works[0].delivery.key)
        receipt = await guarded(call, self._room.clock, self._settings.timeout_s, flight.dropped)
        if not receipt.ref:
            raise DeliveryError(Reason.NO_ID, maybe_sent=True, readings=receipt.readings)
        return receipt

    async def _failed(self, delivery: Delivery, started: datetime, error: Exception, cost: Cost) -> None:
        if delivery.kind is Kind.TEST:
            self._gate.not_needed()
        else:
            self._gate.failed(error)
        await record_failure(self._room, self._gate, delivery, started, error, cost)

    async def _budgeted(self, work: Work, now: datetime) -> Settlement | None:
        """Book the cost, or return the settlement of a delivery that has to wait for its budget."""
        if work.message is None or not (self._limits or self._gate.lane.readings):
            return None
        booked, spent = tuple(self._booked.values()), await self._spent(now)
        # What was recorded meanwhile is counted twice rather than not at all; hence the second, shorter question.
        until = self._wait_until(work, spent, booked, now)
        if until is not None and self._wait_until(work, spent, (), now) is None:
            until = now + BOOKED_WAIT
        if until is not None:
            return settle.postponed(work.delivery, until, Reason.QUOTA.value)
        self._booked[work.delivery.id] = Spent(at=now, cost=work.message.cost)
        return None

    async def _spent(self, now: datetime) -> tuple[Spent, ...]:
        """Return what was foreseen for the first that asks, else ask."""
        foreseen, self._foreseen = self._foreseen, None
        if foreseen is not None:
            with suppress(StoreError):
                return await foreseen
        since = now - budget.window(self._limits)
        return await self._room.insist(lambda: self._room.store.spent(self._channel.name, since))

    def _wait_until(
        self, work: Work, spent: Sequence[Spent], booked: Sequence[Spent], now: datetime
    ) -> datetime | None:
        cost = work.message.cost if work.message else NO_COST
        said = budget.less(self._gate.lane.readings, self._limits, booked)
        return budget.decide(self._limits, (*spent, *booked), said, cost, work.delivery.grade, now)

    async def look(self, work: Work) -> None:
        """Look up a doubt, and settle it by the policy of its grade."""
        started = self._room.now()
        found, failed = await self._find(work)
        now, newer = self._room.now(), work.newer_exists or await self._room.newer_exists(work.delivery)
        settlement = settle.after_look(work.delivery, found, failed, now, newer_exists=newer)
        result = Outcome.ACCEPTED if found else Outcome.IN_DOUBT if failed else Outcome.NOT_SENT
        attempt = attempt_of(work.delivery, started, now, result, error=failed, ref=found.ref if found else "")
        await self._room.record(work.delivery, attempt, settlement)

    async def read_back(self, work: Work) -> None:
        """Look whether what was accepted can be seen from outside."""
        await record_readback(self._room, work, (await self._find(work))[0])

    async def _find(self, work: Work) -> tuple[Receipt | None, DeliveryError | None]:
        return await find(self._room, self._voice(work.delivery), work, min(LOOK_S, self._settings.timeout_s))


def _looked_at(task: asyncio.Task[tuple[Spent, ...]]) -> None:
    """Whoever needs the answer asks again where it failed; for asyncio nobody has to."""
    if not task.cancelled():
        task.exception()


def before_sending(work: Work, now: datetime) -> tuple[Message | None, Settlement | None]:
    """Return the message as it may go out now, or what becomes of the delivery instead.

    Past stale only the marked texts may go (I7). An emergency that sat through an outage may have to wait.
    """
    delivery, message = work.delivery, work.message
    if ordering.waits_for_keypress(delivery, now, newer_exists=work.newer_exists):
        return None, settle.waiting_for_keypress()
    if message is None or not ordering.stale(delivery, now):
        return message, None
    if not message.late_texts:
        return None, unmarked(work, now)
    return replace(message, texts=message.late_texts), None


def unmarked(work: Work, now: datetime) -> Settlement:
    """Return the failure of a stale message whose mark does not fit: refused, never cut."""
    error = DeliveryError(Reason.STALE_UNMARKED, maybe_sent=False)
    return settle.after_failure(work.delivery, error, now, 0.0, newer_exists=work.newer_exists)


async def not_tried(room: Room, gate: Gate, work: Work, settlement: Settlement) -> None:
    """Write down a delivery that was claimed but not sent."""
    now = room.now()
    gate.not_needed()
    await room.give_back(work)
    result = Outcome.FAILED if settlement.state is State.FAILED else Outcome.NOT_SENT
    attempt = replace(attempt_of(work.delivery, now, now, result), reason=settlement.reason)
    await room.record(work.delivery, attempt, settlement, gate.lane)


async def record_failure(  # noqa: PLR0917 (one failure has this many sides)
    room: Room, gate: Gate, delivery: Delivery, started: datetime, error: Exception, cost: Cost
) -> None:
    """Write down a failed attempt with what follows from it."""
    result, now = classified(error, delivery), room.now()
    newer = await room.newer_exists(delivery)
    settlement = settle.after_failure(delivery, error, now, room.entropy.jitter(), newer_exists=newer)
    await room.record(
        delivery, attempt_of(delivery, started, now, result, error=error, cost=cost), settlement, gate.lane
    )


async def find(room: Room, channel: object, work: Work, seconds: float) -> tuple[Receipt | None, DeliveryError | None]:
    """Return (receipt, None) if it is there, (None, None) if it is absent, (None, error) if that cannot be told."""
    if not isinstance(channel, Finder) or work.message is None:
        return None, DeliveryError(Reason.UNKNOWN, maybe_sent=True, detail="no read access")
    never = Flight((work,)).dropped
    try:
        return await guarded(channel.find(work.message, work.delivery.key), room.clock, seconds, never), None
    except DeliveryError as error:
        return None, error
    except Exception as error:  # noqa: BLE001 (a look that breaks tells nothing)
        classified(error, work.delivery)
        return None, DeliveryError(Reason.UNKNOWN, maybe_sent=True, detail=type(error).__name__)


async def record_readback(room: Room, work: Work, receipt: Receipt | None) -> None:
    """Write down one read-back."""
    now = room.now()
    settlement = settle.after_readback(work.delivery, receipt, now)
    ref = work.delivery.ref if receipt is None else receipt.ref
    seen = attempt_of(work.delivery, now, now, Outcome.ACCEPTED, ref=ref)
    await room.record(work.delivery, replace(seen, reason="" if receipt else "not_seen"), settlement)
