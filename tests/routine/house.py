"""A service whose clock a test owns: its alarm clock is asked turn by turn, what it accepts is claimed as lanes do."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from broadcaster import bootstrap
from broadcaster.config import Config, load_config
from broadcaster.desk import Desk
from broadcaster.forms import Forms
from broadcaster.model import (
    Actor,
    Alert,
    Attempt,
    Mode,
    OccurrenceRow,
    Outcome,
    Plan,
    PlanRow,
    Receipt,
    Standing,
)
from broadcaster.ports.store import Claim
from broadcaster.ports.world import Clock
from broadcaster.rendering import Templates, templates_dir
from broadcaster.routine import Planning, Room, Runner
from broadcaster.routine.runner import HEARTBEAT
from broadcaster.rules import settle
from broadcaster.store import Store
from tests.desk.world import CONFIG, handing
from tests.unit.plans import jst

DUTY_A, DUTY_B = Actor(name="duty-a"), Actor(name="duty-b")
START = jst(11, 25, 12)
SCHOOL = """
[school]
closed = ["2026-12-26..2027-01-07"]
extra = ["2026-11-28"]
until = "2027-03-31"
"""


class HandClock:
    """Time stands still until a test moves it; sleeping moves it."""

    def __init__(self, start: datetime = START) -> None:
        self.wall = start
        self.steady = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    async def sleep(self, seconds: float) -> None:
        self.go(max(seconds, 0.001))
        await asyncio.sleep(0)

    def go(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds

    def jump(self, by: timedelta) -> None:
        """Set the wall clock."""
        self.wall += by


@dataclass
class House:
    """One service. `said` is what went out, by channel."""

    config: Config
    clock: HandClock
    store: Store
    desk: Desk
    room: Room
    runner: Runner
    planning: Planning
    said: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    epoch: int = 0
    others: list[Runner] = field(default_factory=list[Runner])
    """The alarm clocks of further services over the same store."""
    delivering: bool = False
    news: bool = False
    """Whether the desk has accepted something since it was last delivered."""

    def restarted(self) -> None:
        """Begin anew, as a process would: nothing is remembered but by the store."""
        self.runner = Runner(self.room)
        self.planning = Planning(self.room, self.runner.wake)

    async def approved(self, plan: Plan) -> PlanRow:
        """Put a plan in, and have it approved."""
        row = await self.planning.put(plan, DUTY_A)
        return await self.planning.approve(plan.id, row.digest, DUTY_B)

    async def until(self, moment: datetime) -> None:
        """Let time pass, and the alarm clock ring, up to a moment, which is looked at too."""
        while True:
            pauses = [await each._safe_turn() for each in (*self.others, self.runner)]
            pause = min(pauses)
            if self.news and self.delivering:
                self.news = False
                await self.deliver()
            left = (moment - self.clock.wall).total_seconds()
            if left <= 0:
                return
            if pause == HEARTBEAT:  # nothing but the clock is looked at in between
                following = min(each._next for each in (*self.others, self.runner))
                pause = max(pause, (following - self.clock.wall).total_seconds())
            self.clock.go(min(max(pause, 0.001), left))

    async def rows(self) -> list[OccurrenceRow]:
        """Every occurrence there is."""
        week = timedelta(days=400)
        return list(await self.store.occurrences(self.clock.wall - week, self.clock.wall + week))

    async def states(self) -> list[tuple[str, str]]:
        """State and reason of every occurrence, by due time."""
        return [(row.state.value, row.reason) for row in await self.rows()]

    async def alerts(self) -> list[Alert]:
        """Every alert accepted, oldest first."""
        past = await self.store.history(self.clock.now(), None, 500)
        return [row.alert for row in reversed(past.rows)]

    async def emergency(self, template: str = "flood-level4") -> Alert:
        """Accept an order at once."""
        forms = Forms(templates_dir(), Templates(self.config.city.zone))
        now, city = self.clock.now(), self.config.city
        draft = forms.draft(template, forms.examples(template, city, now), city=city, now=now)
        done = await self.desk.submit(draft, handing(), DUTY_A)
        if done.submission is not None:
            done = await self.desk.approve(done.submission, done.digest, DUTY_B)
        return done.alert

    async def deliver(self) -> None:
        """Claim what is due on every channel and settle it as accepted, by the dispatcher's own rules."""
        self.epoch = self.epoch or await self.store.begin("here", self.clock.now())
        self.clock.go(2)
        for channel in self.room.desk._office.channels:
            await self._deliver(channel)

    async def _deliver(self, channel: str) -> None:
        now = self.clock.now()
        claim = Claim(channel=channel, epoch=self.epoch, now=now, deadline=now + timedelta(minutes=1), limit=50)
        for work in await self.store.claim(claim):
            done = settle.after_success(Receipt(ref="1"), now, readable=False)
            attempt = Attempt(number=1, started_at=now, ended_at=now, outcome=Outcome.ACCEPTED, ref="1")
            assert await self.store.record(work.delivery, self.epoch, attempt, done)
            self.said[channel, work.delivery.alert] += 1


def config_of(folder: Path, mode: Mode = Mode.LIVE) -> Config:
    """A configuration with a school calendar; nothing it names can be reached."""
    path = folder / "config.toml"
    path.touch(0o600)
    path.write_text(
        CONFIG.format(mode=mode.value).replace("[channels.twitter]", f"{SCHOOL}[channels.twitter]"), "utf-8"
    )
    return load_config(path)


@asynccontextmanager
async def house(folder: Path, clock: HandClock | None = None, mode: Mode = Mode.LIVE) -> AsyncIterator[House]:
    """Build it."""
    config, clock = config_of(folder, mode), clock or HandClock()
    async with bootstrap.stored(config, read_only=False) as store, bootstrap.channels_of(config) as channels:
        made = built(config, clock, store, dict(channels))
        yield made


def built(config: Config, clock: Clock, store: Store, channels: dict[str, Any]) -> House:
    """Put it together over an open store."""
    assert isinstance(clock, HandClock)

    def changed() -> None:
        made.news = True

    desk = Desk(replace(bootstrap.context_of(config), clock=clock), channels, store, changed, config.policy)
    room = bootstrap.announcing_of(config, store, desk, clock)
    made = House(config, clock, store, desk, room, Runner(room), Planning(room))
    made.restarted()
    return made


def by_plan(rows: list[OccurrenceRow], state: Standing) -> Counter[str]:
    """How many of each plan's occurrences stand so."""
    return Counter(row.plan for row in rows if row.state is state)
