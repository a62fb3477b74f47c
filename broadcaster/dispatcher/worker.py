"""One lane: claims what is due on one channel and lets its handler serve it. A lane shares nothing with the others but
the store, so that a channel that hangs or is flooded changes no other channel's latency.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from broadcaster.dispatcher.calls import Flight, first
from broadcaster.dispatcher.gate import Gate
from broadcaster.dispatcher.messenger import MessengerHandler
from broadcaster.dispatcher.publishing import PublisherHandler
from broadcaster.dispatcher.room import Room, attempt_of, event_of, log
from broadcaster.errors import StoreError, StoreUnknown
from broadcaster.failpoints import hit
from broadcaster.model import Outcome, State
from broadcaster.ports.store import Claim, Work
from broadcaster.rules import ordering, settle
from broadcaster.rules.lane import LaneSettings

FALLBACK = 30.0
"""Seconds between looks at the store when neither an event nor a due time wakes the lane."""
SOONEST = 0.02
"""Seconds a lane waits at least, whatever the due times say: a mistake in them must not become a busy loop. So long it
leaves the processor to what has just taken off, too.
"""
LATEST = 1.0
"""Seconds for which all else may be put off by deliveries that take off one after the other."""
RETRY = 1.0
"""Seconds before looking again at something due that could not be started, and after the store failed."""
LOOKS = 4
"""Doubts and read-backs under way at once; they take no slot from deliveries."""
LEASE = timedelta(minutes=10)
"""Longest a lease is asked for beyond the time limit of a call; with one machine only a restart ends it early."""
STOP_GRACE = 8.0
"""Seconds deliveries have to finish when the service stops; then they are dropped, so that all is over within 10 s."""
_EARLY = timedelta(days=1)


class Handler(Protocol):
    """What serves one kind of channel."""

    @property
    def together(self) -> bool:
        """Whether one call fulfils all due deliveries of a target."""
        ...

    @property
    def early_doubts(self) -> bool:
        """Whether a doubt needs no waiting, since doing it again does no harm."""
        ...

    @property
    def recipients(self) -> int:
        """How many recipients are claimed along with a delivery; 0 where it has none."""
        ...

    async def serve(self, flight: Flight) -> None:
        """Deliver, and write down what came of it."""
        ...

    async def look(self, work: Work) -> None:
        """Look up one doubt, and write down what came of it."""
        ...

    async def read_back(self, work: Work) -> None:
        """Look for something accepted from outside, and write it down."""
        ...


class LaneWorker:
    """Runs one lane until it is stopped."""

    def __init__(self, room: Room, channel: str, settings: LaneSettings, handler: Handler, gate: Gate) -> None:
        self._room = room
        self._channel = channel
        self._settings = settings
        self._handler = handler
        self._gate = gate
        self._woken = asyncio.Event()
        self._noticed = True
        self._put_off: float | None = None
        self._flights: set[Flight] = set()
        self._looked_at: set[int] = set()
        self._helpers: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Something changed outside: there may be work, or what is under way may be overtaken."""
        self._noticed = True
        self._woken.set()

    async def run(self) -> None:
        """Work until `room.stopping`. Raise `StoreUnknown` if a claim may or may not hold: only a restart, with its
        recovery, can tell what was claimed.
        """
        await self._room.insist(self._gate.load)
        async with asyncio.TaskGroup() as tasks:
            while not self._room.stopping:
                self._woken.clear()
                pause = await self._safe_turn(tasks)
                await first(self._room.clock, self._woken, pause)
            await self._drain()

    async def _safe_turn(self, tasks: asyncio.TaskGroup) -> float:
        try:
            return await self._turn(tasks)
        except StoreUnknown:
            raise
        except StoreError as error:
            words = {"event": "lane_store_failed", "channel": self._channel, "code": error.code}
            log.error("The lane of %s cannot reach the store.", self._channel, extra=words)
        except Exception as error:  # noqa: BLE001 (a lane never dies: whatever it was, it is logged and tried again)
            words = {"event": "lane_error", "channel": self._channel}
            log.error("The lane of %s stumbled.", self._channel, exc_info=error, extra=words)
        return RETRY

    async def _turn(self, tasks: asyncio.TaskGroup) -> float:
        """Claim what was just accepted, then look at everything else; return how many seconds to wait unless woken."""
        if self._room.clock_lost(self._room.now()):
            return FALLBACK
        noticed, self._noticed = self._noticed, False
        if noticed:
            await self._notice_newer()
        self._drop_overtaken()
        if noticed and await self._start_work(tasks) and self._can_wait():
            return SOONEST
        self._put_off = None
        return await self._look_round(tasks)

    def _can_wait(self) -> bool:
        """Whether all else may wait until what has taken off is out."""
        now = self._room.clock.monotonic()
        self._put_off = now if self._put_off is None else self._put_off
        return now - self._put_off < LATEST

    async def _look_round(self, tasks: asyncio.TaskGroup) -> float:
        """Start what is due. One question tells that nothing is: a lane is woken by the end of each of its flights."""
        due = await self._room.store.next_due(self._channel)
        is_due = due is not None and due <= self._room.now()
        if is_due:
            await self._start_work(tasks)
        if is_due or self._handler.early_doubts:
            await self._start_looks(tasks)
            due = await self._room.store.next_due(self._channel)
        self._start_refresh(tasks)
        return self._pause(due)

    # ------------------------------------------------------------ deliveries

    async def _start_work(self, tasks: asyncio.TaskGroup) -> bool:
        """Claim for the free slots, then for the reserved one; return whether anything took off. One token is one call,
        whatever it fulfils.
        """
        begun = False
        for reserved in (False, True):
            free = self._gate.room_for(len(self._flights), reserved=reserved)
            if free == 0 or self._room.stopping:
                continue
            works = await self._claim(free, reserved_only=reserved)
            self._take_off(tasks, [Flight(group) for group in self._grouped(works)])
            begun = begun or bool(works)
            if not reserved and len(works) < free:
                break  # nothing else is due, reserved or not
        return begun

    def _take_off(self, tasks: asyncio.TaskGroup, flights: Sequence[Flight]) -> None:
        if flights:
            self._gate.started(len(flights))
        for flight in flights:
            self._flights.add(flight)
            tasks.create_task(self._serve(flight))

    async def _claim(self, limit: int, *, reserved_only: bool) -> tuple[Work, ...]:
        now = self._room.now()
        if isinstance(self._handler, MessengerHandler):
            self._handler.foresee()
        hit("w0")
        works = await self._room.store.claim(
            Claim(
                channel=self._channel,
                epoch=self._room.epoch,
                now=now,
                deadline=now + timedelta(seconds=self._settings.timeout_s) + LEASE,
                limit=limit,
                reserved_only=reserved_only,
                together=self._handler.together,
                recipients=self._handler.recipients,
                jumped=self._room.jumped(),
            )
        )
        if works:
            hit("w1")
        for work in works:
            self._room.events.publish(event_of(work.delivery, now, State.SENDING))
        return works

    def _grouped(self, works: Sequence[Work]) -> list[list[Work]]:
        if not self._handler.together:
            return [[work] for work in works]
        groups: defaultdict[str, list[Work]] = defaultdict(list)
        for work in works:
            groups[work.delivery.target].append(work)
        return list(groups.values())

    async def _serve(self, flight: Flight) -> None:
        try:
            if self._room.stopping or flight.dropped.is_set():
                await self._give_back(flight)
            else:
                await self._handler.serve(flight)
        except StoreError as error:
            words = {"event": "result_lost", "channel": self._channel, "code": error.code}
            log.error("A result could not be saved; the next start treats it as in doubt.", extra=words)
        except Exception as error:  # noqa: BLE001 (our own mistake must not leave a delivery `sending` for ever)
            log.error("Serving a delivery failed.", exc_info=error, extra={"event": "serve_failed"})
            await self._in_doubt(flight, error)
        finally:
            self._flights.discard(flight)
            self._woken.set()

    async def _give_back(self, flight: Flight) -> None:
        now = self._room.now()
        for work in flight.works:
            await self._room.give_back(work)
            attempt = attempt_of(work.delivery, now, now, Outcome.NOT_SENT)
            await self._room.record(work.delivery, attempt, settle.given_back(now))

    async def _in_doubt(self, flight: Flight, error: Exception) -> None:
        now = self._room.now()
        for work in flight.works:
            attempt = attempt_of(work.delivery, now, now, Outcome.IN_DOUBT, error=error)
            settlement = settle.after_failure(work.delivery, error, now, 0.0, newer_exists=work.newer_exists)
            await self._room.record(work.delivery, attempt, settlement)

    async def _notice_newer(self) -> None:
        """Mark the flights that a newer version has overtaken; a bulk run stops claiming by this alone."""
        now = self._room.now()
        for flight in [each for each in self._flights if each.newer_since is None]:
            for work in flight.works:
                if await self._room.newer_exists(work.delivery):
                    flight.newer_since = now

    def _drop_overtaken(self) -> None:
        """After its 10 s an older version's connection is closed (order 3), so that the newer one can go."""
        now = self._room.now()
        for flight in self._flights:
            if ordering.must_yield(now, flight.newer_since):
                flight.drop()

    # ------------------------------------------------------------ looks

    async def _start_looks(self, tasks: asyncio.TaskGroup) -> None:
        now, store = self._room.now(), self._room.store
        limit = LOOKS + len(self._looked_at)
        early = now + _EARLY if self._handler.early_doubts else now
        for work in await store.doubts(self._channel, early, limit):
            self._look(tasks, work, self._handler.look)
        for work in await store.unconfirmed(self._channel, now, limit):
            self._look(tasks, work, self._handler.read_back)

    def _look(self, tasks: asyncio.TaskGroup, work: Work, how: Any) -> None:
        number = work.delivery.id
        if number not in self._looked_at and len(self._looked_at) < LOOKS:
            self._looked_at.add(number)
            self._help(tasks, self._looking(work, how))

    async def _looking(self, work: Work, how: Any) -> None:
        try:
            await how(work)
        finally:
            self._looked_at.discard(work.delivery.id)

    def _start_refresh(self, tasks: asyncio.TaskGroup) -> None:
        handler = self._handler
        if (
            isinstance(handler, PublisherHandler)
            and not (handler.refreshing or self._flights)
            and handler.refresh_due() <= self._room.now()
        ):
            self._help(tasks, handler.refresh())

    def _help(self, tasks: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
        task = tasks.create_task(self._helping(work))
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)

    async def _helping(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 (a look that fails is looked at again)
            log.error("A look failed.", exc_info=error, extra={"event": "look_failed", "channel": self._channel})
            await self._room.clock.sleep(RETRY)
        finally:
            self._woken.set()

    # ------------------------------------------------------------ waiting and stopping

    def _pause(self, due: datetime | None) -> float:
        """Return the seconds until something is due."""
        now = self._room.now()
        moments = [now + timedelta(seconds=FALLBACK)]
        if due is not None:
            moments.append(due if due > now else self._gate.next_chance(now + timedelta(seconds=RETRY)))
        moments += [each.newer_since + ordering.OVERTAKEN_GRACE for each in self._flights if each.newer_since]
        if isinstance(self._handler, PublisherHandler):
            moments.append(self._handler.refresh_due())
        return max(SOONEST, (min(moments) - now).total_seconds())

    async def _drain(self) -> None:
        """Let what is under way finish for a while, then drop it; looks are simply abandoned."""
        for task in self._helpers:
            task.cancel()
        until = self._room.clock.monotonic() + STOP_GRACE
        while self._flights and (left := until - self._room.clock.monotonic()) > 0:
            self._woken.clear()
            await first(self._room.clock, self._woken, left)
        for flight in self._flights:
            flight.drop()
