"""A service with a canary, before real providers on loopback: X with a test account, relay and mailbox, a public
address that a test may spoil, and whoever is told of silence.

With a `HandClock` nothing is delivered but by `deliver`, which settles what is due as the dispatcher's own rules would;
`delivering` drives the real dispatcher by the real clock.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from broadcaster import bootstrap
from broadcaster.bootstrap.service import dispatcher_of
from broadcaster.canary import Canary, Room, Runner, Voices
from broadcaster.clock import SystemClock
from broadcaster.config import Config, load_config
from broadcaster.demo.pop3 import Pop3Provider
from broadcaster.demo.smtp import SmtpProvider
from broadcaster.demo.x import XProvider
from broadcaster.desk import Desk
from broadcaster.events import Events
from broadcaster.model import Actor, Attempt, Mode, Organ, Outcome, Pulse, Receipt, Sounding, State, Subscriber
from broadcaster.ports.store import AlertRow, Claim
from broadcaster.rules import settle
from broadcaster.store import Store
from tests.routine.house import HandClock
from tests.unit.plans import TOKYO, jst

DUTY = Actor(name="duty-a")
MONITOR, RESIDENT, OFFICER = "monitor@city.example", "sakura@residents.example", "duty@city.example"
SECRET = "wh-not-to-be-seen"
START, LONG_AGO, FRESH = jst(11, 25, 9, 50), jst(1, 1), timedelta(minutes=5)

CONFIG = """
mode = "{mode}"
[city]
name = "見本市"
name_en = "Sample City"
sender = "sample-city.example"
public_url = "{public}"
domains = ["127.0.0.1"]
contact = "防災課 042-000-0000"
[channels.twitter]
{x}
[channels.twitter.canary]
{tests}
[channels.mail]
host = "127.0.0.1"
port = {smtp}
tls = "none"
from_address = "bosai@sample-city.example"
unsubscribe = "teishi@sample-city.example"
canary = ["{monitor}"]
[channels.mail.readback]
host = "127.0.0.1"
port = {pop3}
tls = "none"
username = "{monitor}"
password = "p"
[channels.page]
[channels.feeds]
[canary]
{more}
[[canary.when]]
at = "{at}"
[canary.alarm]
mail_to = ["{officer}"]
webhook = "{hook}"
webhook_secret = "{secret}"
{tail}
"""

Spoil = Callable[[web.Request], web.StreamResponse | None]


class Public:
    """The public address: what the service published, unless `spoil` answers instead."""

    def __init__(self, folder: Path) -> None:
        self.roots = {"feeds": folder / "data/feeds/public", "": folder / "data/page/public"}
        self.spoil: Spoil = lambda _: None
        self.statuses: list[int] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        spoilt = self.spoil(request)
        if spoilt is not None:
            return spoilt
        head, _, rest = request.path.removeprefix("/").partition("/")
        path = self.roots["feeds"] / rest if head == "feeds" else self.roots[""] / request.path.removeprefix("/")
        if not path.is_file():
            return web.Response(status=404)
        etag = f'"{hash(path.read_bytes())}"'
        if request.headers.get("If-None-Match") == etag:
            self.statuses.append(304)
            return web.Response(status=304, headers={"ETag": etag})
        self.statuses.append(200)
        return web.Response(body=path.read_bytes(), headers={"ETag": etag})


@dataclass
class Hook:
    """Who is told by webhook, and how it answers."""

    status: int = 204
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list[tuple[dict[str, str], bytes]])

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Take one piece of news."""
        self.told.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status)

    @property
    def news(self) -> list[dict[str, Any]]:
        """What was told, oldest first."""
        return [json.loads(body) for _, body in self.told]


class Server:
    """One handler on a free port of this machine."""

    def __init__(self, answer: Callable[[web.Request], Any]) -> None:
        self._answer = answer
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


@dataclass
class House:
    """One service and its surroundings."""

    config: Config
    clock: Any
    store: Store
    desk: Desk
    room: Room
    voices: Voices
    runner: Runner
    public: Public
    hook: Hook
    x: XProvider
    smtp: SmtpProvider
    changes: list[int] = field(default_factory=list[int])
    epoch: int = 0
    fresh: bool = True
    """Whether the pages are published anew every few minutes, as they are while the service runs."""
    published: datetime = LONG_AGO

    def restarted(self) -> None:
        """Begin anew, as a process would."""
        self.runner = Runner(self.room, self.voices, lambda: self.changes.append(1))

    async def until(self, moment: datetime, pace: float = 400.0) -> None:
        """Let time pass up to a moment, with a turn at each step."""
        while True:
            if self.fresh and self.clock.wall - self.published >= FRESH:
                await self.publish()
            pause = await self.runner.safe_turn()
            left = (moment - self.clock.wall).total_seconds()
            if left <= 0:
                return
            self.clock.go(min(max(pause, pace), left))

    async def deliver(self, *silent: str) -> None:
        """Settle what is due on every channel but these, as confirmed from outside."""
        self.epoch = self.epoch or await self.store.begin("here", self.clock.now())
        for name in self.room.office.channels:
            if name not in silent:
                await self._deliver(name)

    async def _deliver(self, channel: str) -> None:
        now = self.clock.now()
        claim = Claim(channel=channel, epoch=self.epoch, now=now, deadline=now + timedelta(minutes=1), limit=50)
        for work in await self.store.claim(claim):
            attempt = Attempt(number=1, started_at=now, ended_at=now, outcome=Outcome.ACCEPTED, ref="1")
            done = settle.after_success(Receipt(ref="1"), now)
            assert await self.store.record(work.delivery, self.epoch, attempt, done)
            there = replace(work.delivery, state=State.ACCEPTED)
            assert await self.store.record(
                there, self.epoch, attempt, settle.after_readback(there, Receipt(ref="1"), now)
            )

    async def pulses(self) -> dict[str, Pulse]:
        """How each channel and address is: a channel by its name, addresses as `page` and `feeds` would be read."""
        found = await self.store.pulses()
        return {
            each.name if each.organ is Organ.CHANNEL else f"@{each.name[len(self.config.city.public_url) :]}": each
            for each in found
        }

    async def soundings(self) -> list[Sounding]:
        """Every test there was."""
        return list(await self.store.soundings(self.clock.now() - timedelta(days=400)))

    async def confirmed(self, identifier: str) -> AlertRow:
        """Wait until every delivery of a message is seen from outside."""
        while True:
            row = await self.store.alert(identifier)
            if all(each.state is State.CONFIRMED for each in row.deliveries):
                return row
            await asyncio.sleep(0.02)

    async def publish(self) -> None:
        """Put the public state of this moment where residents find it."""
        self.published = self.clock.now()
        for name in ("page", "feeds"):
            channel: Any = self.room.office.channels[name]
            await channel.publish(await self.store.new_edition(self.clock.now(), self.config.mode), "local", "k")


@asynccontextmanager
async def house(
    folder: Path, clock: HandClock | None = None, *, mode: Mode = Mode.LIVE, more: str = "", x: str = "", tail: str = ""
) -> AsyncIterator[House]:
    """Build it. Without a clock of its own it goes by the real one, and plans its daily test for half a day later.
    `more` are lines of `[canary]`, `x` of X, `tail` further tables.
    """
    at = "10:00" if clock else f"{SystemClock().now().astimezone(TOKYO) + timedelta(hours=12):%H:%M}"
    public, hook = Public(folder), Hook()
    async with AsyncExitStack() as stack:
        start = stack.enter_async_context
        where, told = await start(Server(public.answer)), await start(Server(hook.answer))
        account, smtp = await start(XProvider()), await start(SmtpProvider())
        pop3 = await start(Pop3Provider(smtp.mailboxes, {MONITOR: "p"}))
        config = _config(
            folder,
            mode=mode.value,
            public=where.url,
            hook=told.url,
            smtp=smtp.port,
            pop3=pop3.port,
            x=_table(account.settings()) + x,
            tests=_table(account.test_keys),
            more=more,
            at=at,
            tail=tail,
        )
        store = await start(bootstrap.stored(config, read_only=False))
        channels = await start(bootstrap.channels_of(config))
        made = clock or SystemClock()
        desk = Desk(replace(bootstrap.context_of(config), clock=made), channels, store, policy=config.policy)
        room = bootstrap.canary_room(config, desk.office, store)
        assert config.canary is not None
        voices = await start(bootstrap.voices_of(config, config.canary, room))
        here = House(config, made, store, desk, room, voices, Runner(room, voices), public, hook, account, smtp)
        here.restarted()
        await store.put([Subscriber(address=RESIDENT)], DUTY, made.now())
        yield here


@asynccontextmanager
async def delivering(here: House) -> AsyncIterator[Canary]:
    """Drive the real dispatcher meanwhile."""
    dispatcher = dispatcher_of(here.config, here.store, here.room.office.channels, Events())
    running = asyncio.create_task(dispatcher.run())
    here.runner = Runner(here.room, here.voices, dispatcher.wake)
    try:
        yield Canary(here.room, here.runner.test_now)
    finally:
        await dispatcher.stop()
        await running


def _config(folder: Path, **values: Any) -> Config:
    path = folder / "config.toml"
    path.touch(0o600)
    path.write_text(CONFIG.format(monitor=MONITOR, officer=OFFICER, secret=SECRET, **values), "utf-8")
    return load_config(path)


def _table(values: dict[str, str]) -> str:
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items())
