"""A world for the dispatcher: time that moves only when everything is quiet, the real store, and scripted channels."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from inspect import iscoroutinefunction
from itertools import count
from pathlib import Path
from typing import Any, cast

from broadcaster.dispatcher import Dispatcher, DispatchStore, LaneSettings
from broadcaster.events import Events
from broadcaster.model import (
    Actor,
    Alert,
    Cost,
    Delivery,
    Edition,
    Grade,
    Kind,
    Length,
    Limit,
    Message,
    Mode,
    Receipt,
    Severity,
    State,
    Subscriber,
    Text,
)
from broadcaster.ports.channel import Channel, Composition, Handed, Ledger, Situation
from broadcaster.ports.store import Acceptance, Claim, Decision, Planned, Standby, Verb, Work
from broadcaster.rules import ordering
from broadcaster.store import Store, open_store
from tests.unit.values import NOW, alert

OFFICER = Actor(name="duty officer", uid=1000)
SEVERITY = {
    Grade.EMERGENCY: Severity.EXTREME,
    Grade.WARNING: Severity.SEVERE,
    Grade.INFORMATION: Severity.MINOR,
    Grade.DRILL: Severity.MINOR,
}
_SPINS = 30


class ManualClock:
    """Time stands still until the world is quiet; then it jumps to the next sleeper."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._ticks = 0
        self.ahead = timedelta()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> datetime:
        """As with any clock, no two looks at it are the same, though thousands of them take less than a second."""
        self._ticks += 1
        return NOW + self.ahead + timedelta(seconds=self._passed, microseconds=self._ticks)

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + seconds, next(self._order), waiter))
        await waiter

    def jump(self) -> None:
        """Go to the next sleeper and wake it."""
        while self._sleepers:
            moment, _, waiter = heapq.heappop(self._sleepers)
            if not waiter.done():
                self._passed = max(self._passed, moment)
                waiter.set_result(None)
                return
        raise AssertionError("nothing will ever happen again")

    def skip(self, seconds: float) -> None:
        """Let time pass at once, as if the machine had been away; sleepers wake late."""
        self._passed += seconds


class Chance:
    """No chance at all."""

    def __init__(self) -> None:
        self._tokens = count(1)

    def token(self) -> str:
        return f"{next(self._tokens):032x}"

    def jitter(self) -> float:
        return 0.5


class Watched:
    """The store, with a count of the calls under way. `broken` makes a method raise."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._under_way = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self.broken: dict[str, list[Exception]] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if not iscoroutinefunction(method):
            return method

        async def call(*args: Any, **more: Any) -> Any:
            if self.broken.get(name):
                raise self.broken[name].pop(0)
            with self.under_way():
                return await method(*args, **more)

        return call

    def stand_by(self, channel: str, lane: Standby | None) -> None:
        """What is claimed unasked takes real time too."""
        self._store.stand_by(channel, lane and Minded(lane, self))

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Keep time from jumping meanwhile: something takes real time."""
        self._under_way += 1
        self.idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self.idle.set()


@dataclass(frozen=True)
class Minded:
    """A lane that stands by, and keeps time from jumping until it has what it asked for."""

    lane: Standby
    watched: Watched

    def ask(self) -> Claim | None:
        return self.lane.ask()

    def hand(self, works: Awaitable[tuple[Work, ...]]) -> None:
        self.lane.hand(self._awaited(works))

    async def _awaited(self, works: Awaitable[tuple[Work, ...]]) -> tuple[Work, ...]:
        with self.watched.under_way():
            return await works


Step = Receipt | BaseException | str
"""What a scripted channel does next: answer, fail, or `hang`."""


class Scripted:
    """What all scripted channels share. `script` is used up step by step; then everything succeeds."""

    def __init__(self, name: str, clock: ManualClock, script: Sequence[Step] = ()) -> None:
        self._name = name
        self.clock = clock
        self.script = list(script)
        self.calls: list[tuple[float, Any]] = []
        self.cut = 0

    @property
    def name(self) -> str:
        return self._name

    def targets(self) -> tuple[str, ...]:
        return ("main",)

    async def close(self) -> None:
        self.script.clear()

    def compose(self, said: Alert, situation: Situation) -> Composition:
        return Composition(message=message(said, self._name), length=Length(length=1, limit=280))

    async def act(self, what: Any) -> Receipt:
        self.calls.append((round(self.clock.monotonic(), 2), what))
        step = self.script.pop(0) if self.script else Receipt(ref=f"{self._name}-{len(self.calls)}")
        if step == "hang":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cut += 1
                raise
        if isinstance(step, BaseException):
            raise step
        assert isinstance(step, Receipt)
        return step

    @property
    def moments(self) -> list[float]:
        return [moment for moment, _ in self.calls]


class FakeMessenger(Scripted):
    """A messenger that cannot be looked at."""

    def limits(self) -> tuple[Limit, ...]:
        return ()

    async def deliver(self, said: Message, key: str) -> Receipt:
        return await self.act(said)


class FakeReader(FakeMessenger):
    """A messenger whose provider can be looked at: `found` is the script of the looks, then they find."""

    def __init__(self, name: str, clock: ManualClock, script: Sequence[Step] = (), found: Sequence[Any] = ()) -> None:
        super().__init__(name, clock, script)
        self.found = list(found)
        self.looks: list[float] = []

    async def find(self, said: Message, key: str) -> Receipt | None:
        self.looks.append(round(self.clock.monotonic(), 2))
        step = self.found.pop(0) if self.found else Receipt(ref="seen")
        if isinstance(step, BaseException):
            raise step
        return cast("Receipt | None", step)


class FakePublisher(Scripted):
    """A publisher with two targets, of which each remembers its editions."""

    def __init__(self, name: str, clock: ManualClock, script: Sequence[Step] = ()) -> None:
        super().__init__(name, clock, script)
        self.published: dict[str, list[Edition]] = {"here": [], "mirror": []}
        self.dead: set[str] = set()

    def targets(self) -> tuple[str, ...]:
        return tuple(self.published)

    def render(self, edition: Edition) -> Mapping[str, bytes]:
        return {"index.html": str(edition.number).encode()}

    async def publish(self, edition: Edition, target: str, key: str) -> Receipt:
        if target in self.dead:
            raise OSError(5, "dead")
        await self.act((target, edition.number))
        self.published[target].append(edition)
        return Receipt(ref=str(edition.number), url=f"http://127.0.0.1/{target}")

    async def verify(self, receipt: Receipt) -> bool:
        editions = self.published[receipt.url.rpartition("/")[2]]
        return int(receipt.ref) <= editions[-1].number


class FakeBulk(Scripted):
    """A bulk messenger that serves `batch` recipients a second; `replies` says what an address answers, in turn."""

    def __init__(self, name: str, clock: ManualClock, batch: int = 10) -> None:
        super().__init__(name, clock)
        self.batch = batch
        self.replies: dict[str, list[Handed | BaseException]] = {}
        self.served: list[tuple[str, str]] = []
        self.began = asyncio.Event()

    async def deliver_all(self, said: Message, key: str, ledger: Ledger) -> Receipt:
        receipt = await self.act(said)
        while claimed := await ledger.claim(self.batch):
            self.began.set()
            results = []
            for person in claimed:
                waiting = self.replies.get(person.address)
                reply = waiting.pop(0) if waiting else Handed(recipient=0)
                if isinstance(reply, BaseException):
                    raise reply
                ledger.begun(person.id)
                self.served.append((person.address, said.texts[0].body))
                results.append(
                    Handed(
                        recipient=person.id,
                        reason=reply.reason,
                        maybe_sent=reply.maybe_sent,
                        permanent=reply.permanent,
                    )
                )
            await self.clock.sleep(1.0)
            await ledger.record(results)
        return receipt


def message(said: Alert, channel: str, *, late: bool = True) -> Message:
    words = f"{said.serial} {said.primary.headline}"
    return Message(
        alert=said.identifier,
        channel=channel,
        texts=(Text(language="ja", body=words),),
        late_texts=(Text(language="ja", body=f"(late) {words}"),) if late else (),
        reference=said.serial,
        cost=Cost(posts=1),
    )


class World:
    """One instance: its store, its clock, its channels, and a dispatcher that may be killed and started again."""

    def __init__(self, path: Path, mode: Mode = Mode.LIVE) -> None:
        self.path = path
        self.mode = mode
        self.clock = ManualClock()
        self.store = open_store(path, mode)
        self.watched = Watched(self.store)
        self.events = Events()
        self.channels: dict[str, Channel] = {}
        self.lanes: dict[str, LaneSettings] = {}
        self.dispatcher: Dispatcher | None = None
        self._running: asyncio.Task[None] | None = None

    def add(self, channel: Any, **lane: Any) -> Any:
        self.channels[channel.name] = channel
        self.lanes[channel.name] = LaneSettings(**({"rate_per_s": 1000.0, "burst": 1000} | lane))
        return channel

    def start(self) -> Dispatcher:
        self.dispatcher = Dispatcher(
            cast("DispatchStore", self.watched),
            self.channels,
            self.lanes,
            clock=self.clock,
            entropy=Chance(),
            events=self.events,
            node="one",
            mode=self.mode,
        )
        self._running = asyncio.create_task(self.dispatcher.run())
        return self.dispatcher

    async def kill(self) -> None:
        """End it as a crash would: nothing more is written."""
        assert self._running is not None
        self._running.cancel()
        await asyncio.wait({self._running})
        await self.watched.idle.wait()

    async def stop(self) -> None:
        """End it gracefully, moving time as needed."""
        assert self.dispatcher is not None
        stopping = asyncio.create_task(self.dispatcher.stop())

        async def stopped() -> bool:
            return stopping.done()

        await self.until(stopped)
        assert self._running is not None
        await self._running

    async def close(self) -> None:
        if self._running is not None and not self._running.done():
            await self.kill()
        await self.store.close()

    async def accept(
        self,
        *,
        grade: Grade = Grade.INFORMATION,
        kind: Kind = Kind.ALERT,
        incident: int | None = None,
        only: Sequence[str] = (),
        lasting: float = 7200,
        late: bool = True,
    ) -> tuple[Delivery, ...]:
        """Accept an alert for every channel, and wake the dispatcher."""
        number, version = await self.store.next_serial(incident)
        now = self.clock.now()
        expires = now + timedelta(seconds=lasting)
        said = self.said(number, version, kind=kind, sent=now, severity=SEVERITY[grade], expires=expires)
        names = tuple(only) or tuple(self.channels)
        plan = [
            Planned(
                channel=name,
                target=target,
                grade=grade,
                due_at=now,
                expires_at=expires,
                stale_at=ordering.stale_at(grade, now, expires),
            )
            for name in names
            for target in self.channels[name].targets()
        ]
        acceptance = Acceptance(
            key=f"key-{number}-{version}",
            body_digest="body",
            digest="digest",
            alert=said,
            author=OFFICER,
            at=now,
            messages=tuple(self.words(said, name, late=late) for name in names),
            plan=tuple(plan),
        )
        accepted = await self.store.accept(acceptance)
        if self.dispatcher is not None:
            self.dispatcher.wake()
        return accepted

    def said(self, number: int, version: int, **changes: Any) -> Alert:
        """Return the alert that is accepted; a world with real channels says more."""
        return alert(number, version, **changes)

    def words(self, said: Alert, channel: str, *, late: bool) -> Message:
        """Return what a channel makes of it; a world with real channels asks them."""
        return message(said, channel, late=late)

    async def subscribe(self, number: int) -> None:
        people = [Subscriber(address=f"r{each}@example.jp") for each in range(number)]
        await self.store.put(people, OFFICER, self.clock.now())

    async def decide(self, owed: Delivery, verb: Verb) -> Delivery:
        decision = Decision(verb=verb, actor=OFFICER, at=self.clock.now(), why="asked")
        decided = await self.store.decide(owed.id, decision)
        if self.dispatcher is not None:
            self.dispatcher.wake()
        return decided

    async def quiet(self) -> None:
        """Wait until nothing moves but time."""
        spins = 0
        while spins < _SPINS:
            await asyncio.sleep(0)
            spins += 1
            if not self.watched.idle.is_set():
                await self.watched.idle.wait()
                spins = 0

    async def until(self, done: Callable[[], Awaitable[bool]], *, within: float = 1e5) -> None:
        """Let time pass until it is so."""
        limit = self.clock.monotonic() + within
        while True:
            await self.quiet()
            if await done():
                return
            if self._running is not None and self._running.done():
                self._running.result()
            assert self.clock.monotonic() <= limit, "it never came to be"
            self.clock.jump()

    async def past(self, moment: float) -> None:
        """Let time pass up to exactly this second."""
        waiting = asyncio.create_task(self.clock.sleep(moment - self.clock.monotonic()))

        async def passed() -> bool:
            return waiting.done()

        await self.until(passed)

    async def until_state(self, owed: Delivery, *states: State, within: float = 1e5) -> Delivery:
        """Let time pass until the delivery is in one of these states; return it."""
        found = owed

        async def reached() -> bool:
            nonlocal found
            found = await self.store.delivery(owed.id)
            return found.state in states

        await self.until(reached, within=within)
        return found
