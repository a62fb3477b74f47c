"""A publisher's deliveries: whatever edition is current fulfils them all; and keeping what the public sees fresh."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta

from broadcaster.dispatcher.bulk import certain, resume
from broadcaster.dispatcher.calls import Flight, guarded
from broadcaster.dispatcher.gate import Gate
from broadcaster.dispatcher.messenger import LOOK_S, record_failure, record_readback
from broadcaster.dispatcher.room import Room, attempt_of, classified, log
from broadcaster.errors import DeliveryError, EgressRefused
from broadcaster.failpoints import hit
from broadcaster.model import NO_COST, Outcome, Receipt
from broadcaster.ports.channel import Publisher, Verifier
from broadcaster.ports.store import Work
from broadcaster.rules import settle
from broadcaster.rules.lane import LaneSettings


class PublisherHandler:
    """Serves one publisher.

    It has no breaker: one dead mirror must not keep the others from being written, and each delivery waits longer by
    itself. Every publication is of the state of that moment, so nothing stale goes out; a target that holds a
    higher edition keeps it.
    """

    together = True
    breaking = False
    early_doubts = True
    recipients = 0

    def __init__(self, room: Room, channel: Publisher, settings: LaneSettings, gate: Gate) -> None:
        self._room = room
        self._channel = channel
        self._settings = settings
        self._gate = gate
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._fresh_until: dict[str, datetime] = {}
        self._born = room.now()
        self.refreshing = False
        self._readable = isinstance(channel, Verifier)

    async def serve(self, flight: Flight) -> None:
        """Publish the current edition to the one target of this flight, and write every delivery down."""
        started = self._room.now()
        target = flight.works[0].delivery.target
        flight.begun = True
        try:
            receipt = await self._publish(target, flight.works[0].delivery.key, flight)
        except Exception as error:  # noqa: BLE001 (idempotent: whatever it was, it is done again)
            hit("w2")
            await self._failed(flight, started, error)
            return
        hit("w2")
        now = self._room.now()
        self._gate.succeeded()
        for work in flight.works:
            attempt = attempt_of(work.delivery, started, now, Outcome.ACCEPTED, ref=receipt.ref)
            settlement = settle.after_success(receipt, now, readable=self._readable)
            await self._room.record(work.delivery, attempt, settlement, self._gate.lane)

    async def _failed(self, flight: Flight, started: datetime, error: Exception) -> None:
        classified(error, flight.works[0].delivery)
        sure = error if isinstance(error, EgressRefused) else certain(error)
        for work in flight.works:
            await record_failure(self._room, self._gate, work.delivery, started, sure, NO_COST)

    async def _publish(self, target: str, key: str, flight: Flight) -> Receipt:
        """Take a new edition and put it there, one at a time for each target."""
        async with self._turns[target]:
            now = self._room.now()
            edition = await self._room.store.new_edition(now, self._room.mode)
            call = self._channel.publish(edition, target, key)
            receipt = await guarded(call, self._room.clock, self._settings.timeout_s, flight.dropped)
        ends = [alert.expires for alert in edition.in_force if alert.expires > now]
        ends += [test.ends for test in edition.planned if test.ends > now]
        self._fresh_until[target] = min([*ends, now + self._refresh])
        return receipt

    @property
    def _refresh(self) -> timedelta:
        return timedelta(seconds=self._settings.refresh_s)

    def refresh_due(self) -> datetime:
        """Return when the first target needs a new edition: an alert ends, or its age becomes too great. A target
        never published since the start needs one now: alerts may have ended while the service was away.
        """
        return min(self._due_of(target) for target in self._channel.targets())

    def _due_of(self, target: str) -> datetime:
        until, now = self._fresh_until.get(target, self._born), self._room.now()
        return until if until <= now + self._refresh else now - self._refresh  # the clock has gone back since

    async def refresh(self) -> None:
        """Publish anew to every target that needs it. No delivery hangs on it, so a failure waits for the next time."""
        self.refreshing = True
        try:
            await self._refresh_due_targets(self._room.now())
        finally:
            self.refreshing = False

    async def _refresh_due_targets(self, now: datetime) -> None:
        for target in [target for target in self._channel.targets() if self._due_of(target) <= now]:
            self._fresh_until[target] = now + self._refresh
            try:
                await self._publish(target, self._room.entropy.token(), Flight(()))
            except Exception as error:  # noqa: BLE001 (the last good edition stays; the next refresh tries again)
                words = {"event": "refresh_failed", "channel": self._channel.name, "target": target}
                log.warning("A publication could not be refreshed: %s", type(error).__name__, extra=words)

    async def look(self, work: Work) -> None:
        """Publish again what may have been published."""
        await resume(self._room, work)

    async def read_back(self, work: Work) -> None:
        """Look at it through the residents' own address."""
        await record_readback(self._room, work, await self._verified(work))

    async def _verified(self, work: Work) -> Receipt | None:
        receipt = Receipt(ref=work.delivery.ref, url=work.delivery.url)
        if not isinstance(self._channel, Verifier):
            return None
        seconds = min(LOOK_S, self._settings.timeout_s)
        try:
            call = self._channel.verify(receipt)
            return receipt if await guarded(call, self._room.clock, seconds, asyncio.Event()) else None
        except DeliveryError:
            return None
        except Exception as error:  # noqa: BLE001 (a look that breaks tells nothing)
            classified(error, work.delivery)
            return None
