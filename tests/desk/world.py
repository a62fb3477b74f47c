"""A desk over the real store and the real channels; nothing is sent, since no dispatcher runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from argon2.profiles import CHEAPEST

from broadcaster import bootstrap
from broadcaster.clock import SystemClock, SystemEntropy
from broadcaster.config import Config, load_config
from broadcaster.desk import Desk, Handing, Submitted
from broadcaster.forms import Forms
from broadcaster.model import Actor, Alert, Attempt, Draft, Kind, Mode, Outcome, Receipt
from broadcaster.officers import Bureau, Hasher, Officers, instance_key
from broadcaster.ports.channel import Channel
from broadcaster.ports.store import Claim, Work
from broadcaster.rendering import Templates, templates_dir
from broadcaster.routine import Planning
from broadcaster.rules import settle
from broadcaster.store import Store
from broadcaster.upstream import Automatic, Rulebook

OFFICER = Actor(name="duty officer", uid=1001)
SECOND = Actor(name="head of section", uid=1002)
_keys = count(1)

CONFIG = """
mode = "{mode}"
[city]
name = "東大和市"
name_en = "Higashiyamato City"
sender = "bousai.city.example.lg.jp"
public_url = "http://127.0.0.1:8080/"
domains = ["127.0.0.1"]
contact = "防災課 042-000-0000"
areas = ["芋窪", "蔵敷", "奈良橋"]
[channels.twitter]
consumer_key = "a"
consumer_secret = "b"
access_token = "1-c"
access_token_secret = "d"
base_url = "http://127.0.0.1:9"
[channels.mail]
host = "127.0.0.1"
port = 9
tls = "none"
from_address = "bousai@city.example.lg.jp"
unsubscribe = "teishi@city.example.lg.jp"
[channels.page]
[channels.feeds]
"""


class Clock(SystemClock):
    """The real clock, and how far a test has set it forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@dataclass
class World:
    """What a test speaks to."""

    config: Config
    desk: Desk
    store: Store
    clock: Clock
    channels: dict[str, Channel]
    changes: list[int]
    officers: Officers
    planning: Planning
    book: Rulebook
    automatic: Automatic

    async def draft(self, template: str = "flood-level4", earlier: Kind | None = None) -> Draft:
        """Fill a template with its own examples; one that refers gets an alert to refer to."""
        forms = Forms(templates_dir(), Templates(self.config.city.zone))
        now = self.clock.now()
        made = forms.draft(template, forms.examples(template, self.config.city, now), city=self.config.city, now=now)
        if made.kind.refers:
            first = await self.send(await self.draft("heavy-rain-caution"))
            made = replace(made, incident=first.alert.incident)
        return made

    async def send(self, draft: Draft) -> Submitted:
        """Hand it in, and have it approved where it must be."""
        done = await self.desk.submit(draft, handing(), OFFICER)
        if done.submission is None:
            return done
        return await self.desk.approve(done.submission, done.digest, SECOND)

    async def claimed(self, channel: str) -> tuple[Work, ...]:
        """Claim what is due on a channel, as its lane would."""
        return (await self._claimed(channel))[0]

    async def said(self) -> None:
        """Let what waits on X and by mail have been taken by the provider."""
        for channel in ("twitter", "mail"):
            works, epoch = await self._claimed(channel)
            for work in works:
                now, taken = self.clock.now(), Receipt(ref="1")
                attempt = Attempt(number=1, started_at=now, ended_at=now, outcome=Outcome.ACCEPTED, ref="1")
                assert await self.store.record(work.delivery, epoch, attempt, settle.after_success(taken, now))

    async def _claimed(self, channel: str) -> tuple[tuple[Work, ...], int]:
        now = self.clock.now()
        epoch = await self.store.begin("here", now)
        claim = Claim(channel=channel, epoch=epoch, now=now, deadline=now + timedelta(minutes=1), limit=9)
        return await self.store.claim(claim), epoch

    async def alert(self, template: str = "flood-level4") -> Alert:
        """Send a template."""
        return (await self.send(await self.draft(template))).alert


def handing(key: str = "", digest: str = "", draft_id: int | None = None) -> Handing:
    """A new key unless one is given."""
    return Handing(key=key or f"key-{next(_keys)}", digest=digest, draft_id=draft_id)


@asynccontextmanager
async def world(folder: Path, mode: Mode = Mode.DRILL, text: str = CONFIG) -> AsyncIterator[World]:
    """Build it of this configuration."""
    path = folder / "config.toml"
    path.touch(0o600)
    path.write_text(text.format(mode=mode.value), encoding="utf-8")
    config, clock, changes = load_config(path), Clock(), list[int]()
    async with bootstrap.stored(config, read_only=False) as store, bootstrap.channels_of(config) as channels:
        context = replace(bootstrap.context_of(config), clock=clock)
        book = bootstrap.rulebook_of(config)
        desk = Desk(context, channels, store, lambda: changes.append(1), config.policy, automatic=book.digests)
        automatic = Automatic(book, desk, store, clock, lambda: changes.append(1))
        officers = Officers(bureau_of(config, store, clock))
        planning = Planning(bootstrap.announcing_of(config, store, desk, clock), lambda: changes.append(1))
        yield World(config, desk, store, clock, dict(channels), changes, officers, planning, book, automatic)
        officers.close()


def bureau_of(config: Config, store: Store, clock: Clock) -> Bureau:
    """What the officers' room needs, with hashes that cost little and a clock a test can set forward."""
    entropy = SystemEntropy()
    return Bureau(
        store=store,
        key=instance_key(config.data_dir, entropy),
        hasher=Hasher(CHEAPEST),
        clock=clock,
        entropy=entropy,
        mode=config.mode,
        city=config.city.name_en,
        lifetimes=config.lifetimes,
    )
