"""A bulk messenger's deliveries: one message for each of many recipients, through the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from broadcaster.dispatcher.calls import Flight, first, guarded
from broadcaster.dispatcher.gate import Gate
from broadcaster.dispatcher.messenger import LOOK_S, before_sending, find, not_tried, record_readback, unmarked
from broadcaster.dispatcher.room import Room, about, attempt_of, classified, log
from broadcaster.errors import DeliveryError, Reason
from broadcaster.events import Event, Topic
from broadcaster.failpoints import hit
from broadcaster.model import Delivery, Grade, Message, Outcome, Receipt, Recipient, RecipientState, State
from broadcaster.ports.channel import BulkMessenger, Finder, Handed
from broadcaster.ports.store import RecipientResult, Settlement, Work
from broadcaster.rules import ordering, settle
from broadcaster.rules.lane import LaneSettings

LEAST_PATIENCE = 120.0
"""Seconds without any progress before a run is dropped: more than the 60 s a server may think after a final dot."""
TOLD_EVERY = 0.5
"""Seconds between two progress events of one delivery."""


FIRST_OUT = 0.05
"""Seconds for which further recipients are not claimed because the first is not yet out."""
BREATH = 0.01
"""Seconds until they are claimed then: less than it takes to serve those who were claimed along with the delivery."""


class LedgerOf:
    """The recipients of one delivery, as its channel sees them (`ports.channel.Ledger`).

    It is over when the delivery is overtaken, expired, held or dropped, when the service stops, and when it turns stale
    half way: then the rest goes out under the late mark, in another run.
    """

    def __init__(self, room: Room, gate: Gate, work: Work, flight: Flight, until: datetime) -> None:
        self._room = room
        self._gate = gate
        self._delivery = work.delivery
        self._flight = flight
        self._until = until
        self._ahead = list(work.recipients)
        """Claimed along with the delivery, and not yet handed on."""
        self._open: dict[int, Recipient] = {}
        self._begun: set[int] = set()
        self._says_begun = False
        self._precise = True
        self._first_begun = asyncio.Event()
        self._paused = False
        self._ended = False
        self._served = work.delivery.progress
        self._told = 0.0
        self.moves = 0

    @property
    def grade(self) -> Grade:
        """How urgent this delivery is."""
        return self._delivery.grade

    async def claim(self, limit: int) -> tuple[Recipient, ...]:
        """Mark up to `limit` recipients as started and return them; empty ends the run."""
        now = self._room.now()
        if self._is_over(now):
            return ()
        claimed = self._from_ahead(limit) or await self._further(now, limit)
        self._open |= {row.id: row for row in claimed}
        self.moves += 1
        return claimed

    def _from_ahead(self, limit: int) -> tuple[Recipient, ...]:
        handed, self._ahead = tuple(self._ahead[:limit]), self._ahead[limit:]
        return handed

    async def _further(self, now: datetime, limit: int) -> tuple[Recipient, ...]:
        """Not while the first of those claimed along with the delivery, and other channels' words, are to leave."""
        if self._open and not self._paused:
            self._paused = True
            await first(self._room.clock, self._first_begun, FIRST_OUT)
            await self._room.clock.sleep(BREATH)
        return await self._room.store.claim_recipients(self._delivery.id, self._room.epoch, now, limit)

    @property
    def over(self) -> bool:
        """Whether nobody more may be begun. Asked before every recipient: what takes time is found out elsewhere."""
        flight = self._flight
        return self._ended or self._room.stopping or flight.newer_since is not None or flight.dropped.is_set()

    def _is_over(self, now: datetime) -> bool:
        self._ended = self._ended or now >= self._until
        return self.over

    def begun(self, *recipients: int) -> None:
        """Note that claimed recipients may have it from now on."""
        self._room.store.begun(self._delivery.id, *recipients)
        self._begun.update(recipients)
        self._first_begun.set()
        self._says_begun = True

    async def record(self, results: Sequence[Handed]) -> None:
        """Write results down in one commit."""
        now = self._room.now()
        self._look_whether_told(results)
        await self._write([self._settled(handed, now) for handed in results if handed.recipient in self._open])
        if any(handed.reason is None for handed in results):
            # A run may last for an hour: nobody else may wait for its end to learn that the relay works again.
            self._gate.succeeded()
        self._served += sum(1 for handed in results if handed.reason is None or handed.permanent)
        self._tell_progress(now)

    def _settled(self, handed: Handed, now: datetime) -> RecipientResult:
        delivery, row = self._delivery, self._open[handed.recipient]
        jitter = 0.0 if handed.reason is None else self._room.entropy.jitter()
        return settle.recipient(
            handed, row, grade=delivery.grade, now=now, jitter=jitter, expires_at=delivery.expires_at
        )

    def _look_whether_told(self, results: Sequence[Handed]) -> None:
        """A channel that serves people without saying so before would hide copies after a crash."""
        served = (each.recipient for each in results if each.reason is None or each.maybe_sent)
        if self._precise and not self._begun.issuperset(served):
            self._precise = False
            self._room.store.doubt_all(self._delivery.id)
            log.error("A channel served people unannounced.", extra=about(self._delivery, "channel_unannounced"))

    async def give_back(self, recipients: Sequence[int]) -> None:
        """Return claimed recipients for whom nothing was begun."""
        await self._write(
            [
                RecipientResult(
                    id=number,
                    state=RecipientState.PENDING.value,
                    possible_duplicate=self._open[number].possible_duplicate,
                )
                for number in recipients
                if number in self._open
            ]
        )

    async def close(self) -> None:
        """After the run: whoever was begun and never answered for may have it."""
        ahead = self._from_ahead(len(self._ahead))
        self._open |= {row.id: row for row in ahead}
        await self.give_back([row.id for row in ahead])
        if self._precise and self._says_begun:
            await self.give_back([number for number in self._open if number not in self._begun])
        await self.record([Handed(recipient=number, reason=Reason.UNKNOWN, maybe_sent=True) for number in self._open])

    async def _write(self, results: Sequence[RecipientResult]) -> None:
        """What was sent cannot be taken back: offered to the store until it takes it, or the service stops."""
        if results:
            now = self._room.now()
            store, delivery = self._room.store, self._delivery.id
            holds = await self._room.insist(lambda: store.record_recipients(delivery, self._room.epoch, now, results))
            self._ended = self._ended or not holds or now >= self._until
        for result in results:
            self._open.pop(result.id, None)
            self._begun.discard(result.id)
        self.moves += 1

    def _tell_progress(self, now: datetime) -> None:
        moment = self._room.clock.monotonic()
        if moment - self._told < TOLD_EVERY:
            return
        self._told = moment
        delivery = self._delivery
        self._room.events.publish(
            Event(
                topic=Topic.DELIVERY,
                at=now,
                alert=delivery.alert,
                delivery=delivery.id,
                channel=delivery.channel,
                target=delivery.target,
                state=State.SENDING.value,
                progress=self._served,
                total=delivery.total,
            )
        )


class BulkHandler:
    """Serves one bulk messenger. Doubts live with the recipients, so that a delivery itself is simply resumed."""

    together = False
    early_doubts = True
    recipients = 40
    """Enough for the connections that open at first: everybody else is claimed while these are served."""

    def __init__(self, room: Room, channel: BulkMessenger, settings: LaneSettings, gate: Gate) -> None:
        self._room = room
        self._channel = channel
        self._settings = settings
        self._gate = gate
        self._readable = isinstance(channel, Finder)

    async def serve(self, flight: Flight) -> None:
        """Run through the ledger as far as it goes, and write down what came of it."""
        work, started = flight.works[0], self._room.now()
        message, instead = before_sending(work, started)
        if instead is not None or message is None:
            await not_tried(self._room, self._gate, work, instead or unmarked(work, started))
            return
        flight.begun = True
        delivery = work.delivery
        until = delivery.expires_at if ordering.stale(delivery, started) else delivery.stale_at
        ledger = LedgerOf(self._room, self._gate, work, flight, until)
        try:
            receipt = await self._run(message, delivery, ledger, flight)
        except Exception as error:  # noqa: BLE001 (unforeseen: the ledger knows who has it)
            await self._ended(work, started, ledger, error=error)
        else:
            await self._ended(work, started, ledger, receipt=receipt)

    async def _run(self, message: Message, delivery: Delivery, ledger: LedgerOf, flight: Flight) -> Receipt:
        """Call the channel, dropped when it shows no progress for a while."""
        stuck = asyncio.create_task(self._watch(ledger, flight))
        try:
            call = self._channel.deliver_all(message, delivery.key, ledger)
            lasting = max(1.0, (delivery.expires_at - self._room.now()).total_seconds()) + LEAST_PATIENCE
            return await guarded(call, self._room.clock, lasting, flight.dropped)
        finally:
            stuck.cancel()

    async def _watch(self, ledger: LedgerOf, flight: Flight) -> None:
        seen = -1
        while ledger.moves != seen:
            seen = ledger.moves
            await self._room.clock.sleep(max(LEAST_PATIENCE, self._settings.timeout_s))
        flight.drop()

    async def _ended(
        self,
        work: Work,
        started: datetime,
        ledger: LedgerOf,
        *,
        error: Exception | None = None,
        receipt: Receipt | None = None,
    ) -> None:
        delivery = work.delivery
        await ledger.close()
        hit("w2")
        result = Outcome.ACCEPTED if error is None else classified(error, delivery)
        if error is None:
            self._gate.succeeded(receipt.readings if receipt else ())
        else:
            self._gate.failed(certain(error))
        settlement = await self._settlement(delivery, error, receipt)
        attempt = attempt_of(delivery, started, self._room.now(), result, error=error, ref=delivery.key)
        await self._room.record(delivery, attempt, settlement, self._gate.lane)

    async def _settlement(self, delivery: Delivery, error: Exception | None, receipt: Receipt | None) -> Settlement:
        now = self._room.now()
        tally = await self._room.insist(lambda: self._room.store.tally(delivery.id, now))
        newer = await self._room.newer_exists(delivery)
        done = settle.after_bulk(delivery, tally, now, newer_exists=newer, receipt=receipt, readable=self._readable)
        if done.state is not State.RETRY_WAIT:
            return done
        if self._room.stopping:
            return settle.given_back(now)
        if error is None:
            return done
        jitter = self._room.entropy.jitter()
        return settle.after_failure(delivery, certain(error), now, jitter, newer_exists=newer)

    async def look(self, work: Work) -> None:
        """Resume a delivery whose run was cut off."""
        await resume(self._room, work)

    async def read_back(self, work: Work) -> None:
        """Look whether a monitoring mailbox got it."""
        seconds = min(LOOK_S, self._settings.timeout_s)
        await record_readback(self._room, work, (await find(self._room, self._channel, work, seconds))[0])


async def resume(room: Room, work: Work) -> None:
    """Settle a doubt on a channel that may do it again, with its resolution record."""
    now = room.now()
    newer = work.newer_exists or await room.newer_exists(work.delivery)
    settlement = settle.repeatable(work.delivery, now, newer_exists=newer)
    log.info("A delivery is resumed.", extra={"event": "delivery_resumed", "delivery": work.delivery.id})
    await room.record(work.delivery, attempt_of(work.delivery, now, now, Outcome.NOT_SENT), settlement)


def certain(error: Exception) -> DeliveryError:
    """Return the error as one that leaves no doubt about the delivery as a whole: doing it again does no harm."""
    if isinstance(error, DeliveryError) and error.reason not in (Reason.UNKNOWN, Reason.SERVER_ERROR, Reason.NO_ID):
        readable = Reason.LOST if error.reason is Reason.UNREADABLE else error.reason
        return DeliveryError(
            readable, maybe_sent=False, detail=error.detail, retry_after=error.retry_after, readings=error.readings
        )
    detail = error.detail if isinstance(error, DeliveryError) else type(error).__name__
    return DeliveryError(Reason.LOST, maybe_sent=False, detail=detail)
