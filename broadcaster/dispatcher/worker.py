"""One lane: claims what is due on one channel and lets its handler serve it. A lane shares nothing with the others but
the store, so that a channel that hangs or is flooded changes no other channel's latency.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Coroutine, Sequence
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
        self._claiming = False
        self._handed = False
        self._tasks = asyncio.TaskGroup()
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
        async with self._tasks:
            self._room.store.stand_by(self._channel, self)
            try:
                while not self._room.stopping:
                    self._woken.clear()
                    pause = await self._safe_turn()
                    await first(self._room.clock, self._woken, pause)
            finally:
                self._room.store.stand_by(self._channel, None)
            await self._drain()

    # ------------------------------------------------------------ standing by

    def ask(self) -> Claim | None:
        """Return what is free, unless a claim is on its way already."""
        if self._claiming or self._room.stopping or self._room.clock_lost(self._room.now()):
            return None
        for reserved in (False, True):
            if free := self._gate.room_for(len(self._flights), reserved=reserved):
                return self._wish(free, reserved_only=reserved)
        return None

    def hand(self, works: Awaitable[tuple[Work, ...]]) -> None:
        """Let what the writer claimed after an acceptance take off, whatever this lane is about."""
        self._tasks.create_task(self._serve_handed(works))
        self._claiming = True

    async def _serve_handed(self, works: Awaitable[tuple[Work, ...]]) -> None:
        try:
            self._handed = self._take_off(await works)
        except StoreUnknown:
            raise
        except Exception as error:  # noqa: BLE001 (a lane never dies)
            self._stumbled(error)
        finally:
            self._claiming = False

    # ------------------------------------------------------------ turns

    async def _safe_turn(self) -> float:
        try:
            return await self._turn()
        except StoreUnknown:
            raise
        except Exception as error:  # noqa: BLE001 (a lane never dies: whatever it was, it is logged and tried again)
            self._stumbled(error)
        return RETRY

    def _stumbled(self, error: Exception) -> None:
        words = {"event": "lane_error", "channel": self._channel}
        if isinstance(error, StoreError):
            words = {"event": "lane_store_failed", "channel": self._channel, "code": error.code}
            log.error("The lane of %s cannot reach the store.", self._channel, extra=words)
        else:
            log.error("The lane of %s stumbled.", self._channel, exc_info=error, extra=words)

    async def _turn(self) -> float:
        """Claim what was just accepted, then look at everything else; return how many seconds to wait unless woken."""
        if self._room.clock_lost(self._room.now()):
            return FALLBACK
        noticed, self._noticed = self._noticed, False
        if noticed:
            await self._notice_newer()
        self._drop_overtaken()
        if noticed and await self._take_up() and self._can_wait():
            return SOONEST
        self._put_off = None
        return await self._look_round()

    def _can_wait(self) -> bool:
        """Whether all else may wait until what has taken off is out."""
        now = self._room.clock.monotonic()
        self._put_off = now if self._put_off is None else self._put_off
        return now - self._put_off < LATEST

    async def _take_up(self) -> bool:
        """Return whether anything takes off: handed over with its acceptance, or claimed now."""
        handed, self._handed = self._handed or self._claiming, False
        return handed or await self._start_work()

    async def _look_round(self) -> float:
        """Start what is due. One question tells that nothing is: a lane is woken by the end of each of its flights. An
        acceptance that comes meanwhile goes before all further ones.
        """
        due = await self._room.store.next_due(self._channel)
        if self._is_due(due.work):
            await self._start_work()
        if not self._claiming and (self._is_due(due.look) or self._handler.early_doubts):
            await self._start_looks()
        if self._claiming:
            return SOONEST
        if self._is_due(due.first) or self._handler.early_doubts:
            due = await self._room.store.next_due(self._channel)
        self._start_refresh()
        return self._pause(due.first)

    def _is_due(self, moment: datetime | None) -> bool:
        return moment is not None and moment <= self._room.now()

    # ------------------------------------------------------------ deliveries

    async def _start_work(self) -> bool:
        """Claim for the free slots, then for the reserved one; return whether anything took off. One token is one call,
        whatever it fulfils.
        """
        begun = False
        for reserved in (False, True):
            free = self._gate.room_for(len(self._flights), reserved=reserved)
            if free == 0 or self._claiming or self._room.stopping:
                continue
            works = await self._claim(self._wish(free, reserved_only=reserved))
            begun = self._take_off(works) or begun
            if not reserved and len(works) < free:
                break  # nothing else is due, reserved or not
        return begun

    async def _claim(self, claim: Claim) -> tuple[Work, ...]:
        self._claiming = True
        try:
            return await self._room.store.claim(claim)
        finally:
            self._claiming = False

    def _wish(self, limit: int, *, reserved_only: bool) -> Claim:
        now = self._room.now()
        if isinstance(self._handler, MessengerHandler):
            self._handler.foresee()
        hit("w0")
        return Claim(
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

    def _take_off(self, works: Sequence[Work]) -> bool:
        """Begin to serve what was claimed, if anything was."""
        if not works:
            return False
        hit("w1")
        for work in works:
            self._room.events.publish(event_of(work.delivery, work.delivery.updated_at, State.SENDING))
        flights = [Flight(group) for group in self._grouped(works)]
        self._gate.started(len(flights))
        for flight in flights:
            self._flights.add(flight)
            self._tasks.create_task(self._serve(flight))
        return True

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

    async def _start_looks(self) -> None:
        now, store = self._room.now(), self._room.store
        under_way = frozenset(self._looked_at)  # they may be written down since, and what is read is older than that
        limit = LOOKS + len(under_way)
        early = now + _EARLY if self._handler.early_doubts else now
        for work in await store.doubts(self._channel, early, limit):
            self._look(work, self._handler.look, under_way)
        for work in await store.unconfirmed(self._channel, now, limit):
            self._look(work, self._handler.read_back, under_way)

    def _look(self, work: Work, how: Any, under_way: frozenset[int]) -> None:
        number = work.delivery.id
        if number not in self._looked_at | under_way and len(self._looked_at) < LOOKS:
            self._looked_at.add(number)
            self._help(self._looking(work, how))

    async def _looking(self, work: Work, how: Any) -> None:
        try:
            await how(work)
        finally:
            self._looked_at.discard(work.delivery.id)

    def _start_refresh(self) -> None:
        handler = self._handler
        if (
            isinstance(handler, PublisherHandler)
            and not (handler.refreshing or self._flights)
            and handler.refresh_due() <= self._room.now()
        ):
            self._help(handler.refresh())

    def _help(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(self._helping(work))
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
