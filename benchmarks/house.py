"""A whole core in this process: the real store, desk, dispatcher and channels, as `broadcaster.bootstrap` joins them.

What a benchmark measures is what the service does; only the sockets in front of the desk are left out, and lanes and
budgets are set so wide that none of them paces the benchmark.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from broadcaster import loops
from broadcaster.clock import SystemClock, SystemEntropy
from broadcaster.desk import Desk, Handing, Submitted
from broadcaster.dispatcher import Dispatcher, LaneSettings
from broadcaster.events import Event, Events, Topic
from broadcaster.forms import Forms
from broadcaster.model import Actor, Alert, Draft, Message, Mode, Receipt, Subscriber
from broadcaster.officers import Bureau, Hasher, Officers, instance_key
from broadcaster.ports.channel import BulkMessenger, Channel, Composition, Ledger, Situation
from broadcaster.ports.store import Limits
from broadcaster.ports.world import City, Context
from broadcaster.registry import build, settings_model
from broadcaster.rendering import Templates, templates_dir
from broadcaster.routine import Planning, Room, Script
from broadcaster.rules.calendar import Calendar
from broadcaster.rules.egress import Endpoints
from broadcaster.sheet import Press
from broadcaster.store import Store, open_store
from broadcaster.upstream import Automatic, Rulebook
from channels.twitter import Settings, Twitter

OFFICER = Actor(name="duty officer", uid=1000)
WIDE = LaneSettings(concurrency=8, rate_per_s=1e6, burst=10**6, refresh_s=3600)
CITY = City(
    name="見本市",
    name_en="Sample City",
    sender="sample-city.example",
    zone=ZoneInfo("Asia/Tokyo"),
    public_url="http://127.0.0.1:9/",
    domains=("127.0.0.1",),
    contact="見本市 防災課 042-000-0000",
    fallback="FM 77.7 MHz",
    areas=("中央", "芋窪", "蔵敷"),
)
RESIDENT = Subscriber(address="resident@residents.example", language="ja")


class SecondX(Twitter):
    """X once more under another name, so that there are two accounts."""

    name = "twitter2"

    def compose(self, alert: Alert, situation: Situation) -> Composition:
        return _renamed(super().compose(alert, situation), self.name)


class SecondMail:
    """Mail once more under another name, through another relay."""

    name = "mail2"

    def __init__(self, mail: BulkMessenger) -> None:
        self._mail = mail
        self.close, self.targets = mail.close, mail.targets

    def compose(self, alert: Alert, situation: Situation) -> Composition:
        return _renamed(self._mail.compose(alert, situation), self.name)

    async def deliver_all(self, message: Message, key: str, ledger: Ledger) -> Receipt:
        return await self._mail.deliver_all(message, key, ledger)


def _renamed(made: Composition, name: str) -> Composition:
    return replace(made, message=None if made.message is None else replace(made.message, channel=name))


def context(folder: Path) -> Context:
    """What channels are given, in drill mode: nothing but this machine is reached."""
    return Context(
        mode=Mode.DRILL,
        city=CITY,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        egress=Endpoints(Mode.DRILL),
        renderer=Templates(CITY.zone),
        state_dir=folder,
    )


def channel(name: str, around: Context, **settings: object) -> Channel:
    """One channel of ours, built through the registry."""
    return build(name, settings_model(name).model_validate(settings), around)


def twitter_settings(port: int) -> dict[str, object]:
    """X on a port of this machine, with budgets that never run out."""
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "bench")
    wide = {"posts_per_15_min": 10**9, "posts_per_24_h": 10**9, "money_microusd": 10**15}
    return {**keys, **wide, "base_url": f"http://127.0.0.1:{port}"}


def mail_settings(port: int) -> dict[str, object]:
    """Mail through a relay on a port of this machine."""
    return {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "from_address": "bousai@sample-city.example",
        "unsubscribe": "unsubscribe@sample-city.example",
    }


def four(around: Context, ports: tuple[int, ...]) -> dict[str, Channel]:
    """Two accounts of X and two mail relays, in the order of `sinks("x", "x", "smtp", "smtp")`."""
    second = SecondX(Settings.model_validate(twitter_settings(ports[1])), around)
    mail = channel("mail", around, **mail_settings(ports[3]))
    assert isinstance(mail, BulkMessenger)
    made: tuple[Channel, ...] = (
        channel("twitter", around, **twitter_settings(ports[0])),
        second,
        channel("mail", around, **mail_settings(ports[2])),
        SecondMail(mail),
    )
    return {each.name: each for each in made}


@dataclass
class House:
    """The running core."""

    store: Store
    desk: Desk
    dispatcher: Dispatcher
    events: Events
    context: Context
    officers: Officers
    planning: Planning
    automatic: Automatic

    async def send(self, draft: Draft) -> tuple[float, float, Submitted]:
        """Hand in a draft; return when it was handed in, when the desk said accepted, and its answer."""
        handing = Handing(key=secrets.token_hex(16))
        begun = time.monotonic()
        done = await self.desk.submit(draft, handing, OFFICER)
        return begun, time.monotonic(), done

    async def update(self, identifier: str, draft: Draft) -> tuple[float, float, Submitted]:
        """Hand in the next version."""
        handing = Handing(key=secrets.token_hex(16))
        begun = time.monotonic()
        done = await self.desk.update(identifier, draft, handing, OFFICER)
        return begun, time.monotonic(), done


def draft(number: int, template: str = "flood-level4") -> Draft:
    """The sample alert in its languages, with words that differ from one to the next (X refuses equal ones)."""
    now = SystemClock().now()
    forms = Forms(templates_dir(), Templates(CITY.zone))
    made = forms.draft(template, forms.examples(template, CITY, now), city=CITY, now=now)
    infos = tuple(replace(info, headline=f"{info.headline} {number}") for info in made.infos)
    return replace(made, infos=infos)


@asynccontextmanager
async def house(
    folder: Path,
    make: Callable[[Context], Mapping[str, Channel]],
    lanes: Mapping[str, LaneSettings] | None = None,
    *,
    dispatching: bool = True,
) -> AsyncGenerator[House, None]:
    """Run a core with these channels; one subscriber takes mail. Without `dispatching` nothing is sent."""
    around, clock, events = context(folder), SystemClock(), Events()
    store = open_store(folder / "broadcaster.db", Mode.DRILL)
    channels = make(around)
    dispatcher = Dispatcher(
        store,
        channels,
        lanes or dict.fromkeys(channels, WIDE),
        clock=clock,
        entropy=SystemEntropy(),
        events=events,
        node="bench",
        mode=Mode.DRILL,
    )

    def changed() -> None:
        dispatcher.wake()
        events.publish(Event(topic=Topic.ALERT, at=clock.now()))

    desk = Desk(around, channels, store, changed)
    entropy = SystemEntropy()
    key = instance_key(folder, entropy)
    bureau = Bureau(
        store=store, key=key, hasher=Hasher(), clock=clock, entropy=entropy, mode=Mode.DRILL, city=CITY.name_en
    )
    officers = Officers(bureau)
    await desk.put_subscribers([RESIDENT], OFFICER)
    forms = Forms(templates_dir(), Templates(CITY.zone))
    script = Script(forms, CITY)
    press = Press(forms=forms, city=CITY, mode=Mode.DRILL)
    book = Rulebook(watches=(), press=press, total=Limits(per_hour=1, per_day=1))
    room = Room(store=store, desk=desk, script=script, calendar=Calendar(zone=CITY.zone), clock=clock)
    running = [asyncio.create_task(dispatcher.run())] if dispatching else []
    loops.spare_what_stays()
    try:
        yield House(
            store, desk, dispatcher, events, around, officers, Planning(room), Automatic(book, desk, store, clock)
        )
    finally:
        await dispatcher.stop()
        await asyncio.gather(*running)
        for each in channels.values():
            await each.close()
        officers.close()
        await store.close()
