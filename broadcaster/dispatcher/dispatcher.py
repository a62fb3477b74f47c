"""The dispatcher: recovery, one lane for each channel, and a sweep for what expires while it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from broadcaster.dispatcher.bulk import BulkHandler
from broadcaster.dispatcher.calls import first
from broadcaster.dispatcher.gate import Gate
from broadcaster.dispatcher.messenger import MessengerHandler
from broadcaster.dispatcher.publishing import PublisherHandler
from broadcaster.dispatcher.room import DispatchStore, Room, event_of, log
from broadcaster.dispatcher.worker import LaneWorker
from broadcaster.errors import StoreError
from broadcaster.events import Events
from broadcaster.model import Mode
from broadcaster.ports.channel import BulkMessenger, Channel, Messenger, Publisher
from broadcaster.ports.world import Clock, Entropy
from broadcaster.rules.lane import LaneSettings

SWEEP = 5.0
"""Seconds between looks for deliveries that expired while they waited, on lanes that may be shut."""
JUMP = 5.0
"""Seconds by which the wall clock may run apart from the monotonic one between two of these looks."""


class Dispatcher:
    """Drives every delivery to its end. `lanes` holds settings by channel name; a channel without any gets defaults.

    `run` recovers (a new epoch, every `sending` of a dead one in doubt) and works until `stop`; `wake` says that
    something changed: the desk calls it after each acceptance and decision.
    """

    def __init__(
        self,
        store: DispatchStore,
        channels: Mapping[str, Channel],
        lanes: Mapping[str, LaneSettings],
        *,
        clock: Clock,
        entropy: Entropy,
        events: Events,
        node: str,
        mode: Mode,
    ) -> None:
        self._room = Room(store=store, clock=clock, entropy=entropy, events=events, mode=mode)
        self._node = node
        self._halt = asyncio.Event()
        self._ended = asyncio.Event()
        self._running = False
        self._lost = False
        self._seen = (clock.now(), clock.monotonic())
        self._workers = {
            name: _worker(self._room, channel, lanes.get(name, LaneSettings())) for name, channel in channels.items()
        }

    async def run(self) -> None:
        """Recover, then work until `stop`. Raise `StoreError` if recovery cannot be written, `StoreUnknown` if a claim
        may or may not hold: then the process has to start again.
        """
        self._running = True
        try:
            self._room.epoch = await self._room.store.begin(self._node, self._room.now())
            log.info("The dispatcher works.", extra={"event": "dispatcher_started", "epoch": self._room.epoch})
            await self._work()
        finally:
            self._running = False
            self._ended.set()

    async def _work(self) -> None:
        failed: ExceptionGroup[StoreError] | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                for worker in self._workers.values():
                    tasks.create_task(worker.run())
                tasks.create_task(self._sweep())
        except* StoreError as group:
            failed = group
        if failed is not None:  # raised up there, some Pythons (3.11.2) would put it into a group again
            raise _inmost(failed) from failed

    async def stop(self) -> None:
        """Claim nothing more, let what is under way finish or drop it, and return when all is written: within 10 s."""
        self._room.stopping = True
        self._halt.set()
        for worker in self._workers.values():
            worker.wake()
        if self._running:
            await self._ended.wait()

    def wake(self, channel: str | None = None) -> None:
        """Say that there may be work on this channel, or on any."""
        for name, worker in self._workers.items():
            if channel in (None, name):
                worker.wake()

    async def _sweep(self) -> None:
        while not self._room.stopping:
            now = self._room.now()
            try:
                await self._mind_the_clock(now)
                self._mind_a_lost_clock(now)
                for delivery in await self._room.store.sweep(now, self._room.jumped()):
                    self._room.events.publish(event_of(delivery, now, delivery.state, delivery.reason))
            except StoreError as error:
                log.error("Expired deliveries could not be swept.", extra={"event": "sweep_failed", "code": error.code})
            await first(self._room.clock, self._halt, SWEEP)

    async def _mind_the_clock(self, now: datetime) -> None:
        """Tell when the wall clock was moved. If it went back, nothing that waits may wait longer for it."""
        then, self._seen = self._seen, (now, self._room.clock.monotonic())
        jump = (now - then[0]).total_seconds() - (self._seen[1] - then[1])
        if abs(jump) < JUMP:
            return
        words = {"event": "clock_jumped", "seconds": round(jump, 1)}
        log.warning("The clock was moved by %.0f s.", jump, extra=words)
        if jump < 0 and await self._room.store.clock_went_back(now):
            self.wake()

    def _mind_a_lost_clock(self, now: datetime) -> None:
        """Say once that nothing is sent by a clock that was lost at boot; once it is set, that goes on by itself."""
        if (is_lost := self._room.clock_lost(now)) and not self._lost:
            words = {"event": "clock_lost", "now": now.isoformat()}
            log.error("The clock is before this version was made; nothing is sent by it.", extra=words)
        self._lost = is_lost


def _worker(room: Room, channel: Channel, settings: LaneSettings) -> LaneWorker:
    if isinstance(channel, Publisher):
        gate = Gate(room, channel.name, settings, breaking=PublisherHandler.breaking)
        return LaneWorker(room, channel.name, settings, PublisherHandler(room, channel, settings, gate), gate)
    gate = Gate(room, channel.name, settings)
    if isinstance(channel, BulkMessenger):
        return LaneWorker(room, channel.name, settings, BulkHandler(room, channel, settings, gate), gate)
    if isinstance(channel, Messenger):
        return LaneWorker(room, channel.name, settings, MessengerHandler(room, channel, settings, gate), gate)
    raise TypeError(f"channel {channel.name} neither delivers nor publishes")  # noqa: EM102 (a programmer's mistake)


def _inmost(group: BaseExceptionGroup[StoreError]) -> StoreError:
    """Return the one error of a group that matters: its first."""
    error = group.exceptions[0]
    return _inmost(error) if isinstance(error, BaseExceptionGroup) else error
