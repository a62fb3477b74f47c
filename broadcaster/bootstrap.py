"""The composition root: the only place that knows concrete classes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster import registry
from broadcaster.clock import SystemClock, SystemEntropy
from broadcaster.config import Config
from broadcaster.desk import Debrief, Desk, Found, Office, Preview, Records, inspect
from broadcaster.forms import Forms
from broadcaster.model import Draft, Problem
from broadcaster.ports.channel import Channel
from broadcaster.ports.store import DraftRow, FeedState, Told
from broadcaster.ports.world import City, Clock, Context
from broadcaster.rendering import Templates, templates_dir
from broadcaster.rules.districts import Districts
from broadcaster.rules.egress import Endpoints
from broadcaster.store import FILE, Store, check_stamp, open_store, sqlite_version
from broadcaster.supervisor import Child

if TYPE_CHECKING:
    from broadcaster.dispatcher import Dispatcher
    from broadcaster.officers import Officers
    from broadcaster.routine import Ahead, Room, RoutineStore, Runner
    from broadcaster.upstream import Watcher


def context_of(config: Config) -> Context:
    """Return what channels get besides their settings."""
    return Context(
        mode=config.mode,
        city=config.city,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        egress=Endpoints(config.mode, config.drill_endpoints),
        renderer=Templates(config.city.zone),
        state_dir=config.data_dir,
    )


@asynccontextmanager
async def channels_of(config: Config) -> AsyncGenerator[Mapping[str, Channel], None]:
    """Build every configured channel, and let go of them at the end."""
    channels = registry.build_all(config.channels.values(), context_of(config))
    try:
        yield channels
    finally:
        for channel in channels.values():
            await channel.close()


def store_path(config: Config) -> Path:
    """Return where the instance's store is."""
    return config.data_dir / FILE


def refuse_other_mode(config: Config) -> None:
    """Raise `WrongMode` if the instance's store was made for the other mode: live and drill never change places.

    Whatever else is wrong with the store is for the core to say, while the residents' page goes on being served.
    """
    check_stamp(store_path(config), config.mode)


@asynccontextmanager
async def stored(config: Config, *, read_only: bool) -> AsyncGenerator[Store, None]:
    """Open the instance's store, and close it at the end."""
    districts = Districts.of(config.city)
    store = open_store(store_path(config), config.mode, read_only=read_only, districts=districts)
    try:
        yield store
    finally:
        await store.close()


def filled(config: Config, template: str, values: Mapping[str, str] | None = None) -> Draft:
    """Return the draft an alert template makes of these values, or of its own examples. Raise as `filled_for`."""
    return filled_for(config.city, template, values)


def filled_for(city: City, template: str, values: Mapping[str, str] | None = None) -> Draft:
    """Return the draft for this city. Raise `Refused`, `NotFound`, `RenderingError`."""
    forms = Forms(templates_dir(), Templates(city.zone))
    now = SystemClock().now()
    given = forms.examples(template, city, now) if values is None else values
    return forms.draft(template, given, city=city, now=now)


def children(config: Config, trouble: Sequence[str] = ()) -> tuple[Child, ...]:
    """Return what `broadcaster run` supervises; in a drill with stand-ins these too, and what trouble they play."""
    core = Child.python("core", "core", "--config", str(config.path))
    stand_ins = Child.python("stand-ins", "stand-ins", "--config", str(config.path), *trouble)
    return core, *_pages(config), *([stand_ins] if config.stand_ins else [])


def _pages(config: Config) -> tuple[Child, ...]:
    """Return the residents' servers. They are told all by options: they read no secret."""
    server = config.page_server
    if not server.enabled:
        return ()
    roots = [f"--root={prefix}={folder}" for prefix, folder in published(config).items()]
    options = {
        "host": server.host,
        "port": server.port,
        "max-age": server.max_age_s,
        "connections": server.connections,
        "per-address": server.per_address,
        "log-level": config.logging.level,
    }
    told = [f"--{name}={value}" for name, value in options.items()]
    if server.workers == 1 or server.port == 0:
        return (Child.python("pages", "pages", *roots, *told),)
    names = (f"pages-{number}" for number in range(1, server.workers + 1))
    return tuple(Child.python(name, "pages", *roots, *told, "--reuse-port") for name in names)


def published(config: Config) -> Mapping[str, Path]:
    """Return the published directories by the path residents reach them under."""
    found = {}
    for name, prefix in (("page", "/"), ("feeds", "/feeds/")):
        if channel := config.channels.get(name):
            found[prefix] = config.data_dir / name / getattr(channel.settings, "directory", "public")
    return found


async def core(config: Config) -> None:
    """Run the core until SIGTERM or SIGINT: desk, its API, and the dispatcher."""
    from broadcaster.api import Rooms, application, serve  # noqa: PLC0415 - aiohttp is for the service only
    from broadcaster.dispatcher import Dispatcher  # noqa: PLC0415 - see above
    from broadcaster.events import Event, Events, Topic  # noqa: PLC0415 - see above
    from broadcaster.routine import Planning, Runner, read_folder  # noqa: PLC0415 - see above

    clock, events = SystemClock(), Events()
    async with stored(config, read_only=False) as store, channels_of(config) as channels:
        dispatcher = Dispatcher(
            store,
            channels,
            {name: channel.lane for name, channel in config.channels.items()},
            clock=clock,
            entropy=SystemEntropy(),
            events=events,
            node=socket.gethostname(),
            mode=config.mode,
        )

        def changed() -> None:
            dispatcher.wake()
            events.publish(Event(topic=Topic.ALERT, at=clock.now()))

        silences = {feed.name: timedelta(minutes=feed.silent_after_minutes) for feed in config.feeds}
        desk = Desk(
            context_of(config), channels, store, changed, config.policy, feeds=silences, notice_to=config.notice_to
        )
        async with officers_of(config, store) as officers:
            announcing = announcing_of(config, store, desk, clock)
            alarm = Runner(announcing, changed)

            def planned() -> None:
                alarm.wake()
                changed()

            planning = Planning(announcing, planned)
            await planning.refresh(read_folder(config.routine.folder))
            rooms = Rooms(desk=desk, events=events, officers=officers, planning=planning)
            serving = serve(application(rooms), config.socket, config.socket_group)
            async with serving, watching(config, store, changed):
                await _until_told(dispatcher, alarm, desk)


def announcing_of(config: Config, store: RoutineStore, desk: Desk, clock: Clock) -> Room:
    """Return what routine announcements work with: the city's calendar, and the words of its plans."""
    from broadcaster.routine import Room, Script  # noqa: PLC0415 - calendars and triggers are for few commands
    from broadcaster.rules.calendar import Calendar  # noqa: PLC0415 - see above

    usual, own = config.routine.hours()
    calendar = Calendar(zone=config.city.zone, school=config.school, usual=usual, quiet=own)
    script = Script(Forms(templates_dir(), Templates(config.city.zone)), config.city)
    return Room(store=store, desk=desk, script=script, calendar=calendar, clock=clock)


@asynccontextmanager
async def watching(config: Config, store: Store, changed: Callable[[], None]) -> AsyncGenerator[None, None]:
    """Watch the configured feeds meanwhile."""
    async with watcher_of(config, store, changed) as watcher:
        running = asyncio.create_task(watcher.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def watcher_of(config: Config, store: Store, changed: Callable[[], None]) -> AsyncGenerator[Watcher, None]:
    """Make who watches the configured feeds, and let go of its connections at the end."""
    from broadcaster.upstream import Feed, HttpFetcher, Watcher  # noqa: PLC0415 - for the service only

    context = context_of(config)
    feeds = [
        Feed(
            name=feed.name,
            url=feed.url,
            kind=feed.kind,
            every_s=feed.every_s,
            backlog=timedelta(minutes=feed.backlog_minutes),
            fingerprint=feed.fingerprint,
            hosts=frozenset(feed.hosts),
        )
        for feed in config.feeds
    ]
    async with HttpFetcher(context.egress, f"Broadcaster ({config.city.sender})") as fetcher:
        yield Watcher(
            feeds,
            config.watches,
            fetcher,
            store,
            clock=context.clock,
            entropy=context.entropy,
            zone=config.city.zone,
            changed=changed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a first reading of the configured feeds would bring."""

    feeds: tuple[FeedState, ...]
    drafts: tuple[DraftRow, ...]
    told: tuple[Told, ...]


async def glanced(config: Config) -> Glance:
    """Read every configured feed once, into a store that is thrown away: nothing is drafted."""
    with tempfile.TemporaryDirectory(prefix="broadcaster-") as folder:
        home = replace(config, data_dir=Path(folder))
        async with stored(home, read_only=False) as store, watcher_of(config, store, lambda: None) as watcher:
            await watcher.poll_all()
            told = await store.told(SystemClock().now() - timedelta(days=1))
            return Glance(feeds=await store.feeds(), drafts=await store.drafts(), told=told)


@asynccontextmanager
async def officers_of(config: Config, store: Store) -> AsyncGenerator[Officers, None]:
    """Make the officers' room, with the instance's key; the key is made where there is none. Raise `ConfigError`."""
    from broadcaster.officers import Bureau, Hasher, Officers, instance_key  # noqa: PLC0415 - for the service only

    entropy = SystemEntropy()
    bureau = Bureau(
        store=store,
        key=instance_key(config.data_dir, entropy, expected=await store.has_officers()),
        hasher=Hasher(),
        clock=SystemClock(),
        entropy=entropy,
        mode=config.mode,
        city=config.city.name_en,
        lifetimes=config.lifetimes,
    )
    officers = Officers(bureau)
    try:
        yield officers
    finally:
        officers.close()


async def _until_told(dispatcher: Dispatcher, alarm: Runner, desk: Desk) -> None:
    """Drive dispatcher, alarm clock and countdowns; the first signal drains, a second one ends the process at once."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _tell, told)
    running, waiting = asyncio.create_task(dispatcher.run()), asyncio.create_task(told.wait())
    ringing, counting = asyncio.create_task(alarm.run()), asyncio.create_task(desk.glass.run())
    await asyncio.wait({running, counting, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, counting):
        task.cancel()
    alarm.stop()
    await ringing
    await dispatcher.stop()
    await running
    with contextlib.suppress(asyncio.CancelledError):
        await counting


def _tell(told: asyncio.Event) -> None:
    """From now on either signal ends the process, whichever came first."""
    told.set()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


@asynccontextmanager
async def looking(config: Config) -> AsyncGenerator[Office, None]:
    """Return an office for looking only, beside the running service or without it: the store is read, never written.

    An instance that has never run has no store yet; then an empty one in a temporary folder stands for it.
    """
    with contextlib.ExitStack() as stack:
        home = config
        if not store_path(config).exists():
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="broadcaster-"))
            home = replace(config, data_dir=Path(folder))
        async with stored(home, read_only=home is config) as store, channels_of(config) as channels:
            yield Office(context=context_of(config), channels=channels, store=store, policy=config.policy)


async def debriefed(config: Config) -> tuple[Debrief, ...]:
    """Return how the last incidents went, step by step."""
    async with looking(config) as office:
        return await Records(office).debriefs()


async def announcements_ahead(config: Config, days: int, plan: str = "") -> tuple[Ahead, ...]:
    """Return what comes by the calendar, beside the running service or without it."""
    from broadcaster.routine import Planning, read_folder  # noqa: PLC0415 - see `announcing_of`

    async with looking(config) as office:
        desk = Desk(office.context, office.channels, office.store, policy=office.policy)
        planning = Planning(announcing_of(config, office.store, desk, office.context.clock))
        return await planning.ahead(days, plan, read_folder(config.routine.folder).plans)


async def previewed(config: Config, draft: Draft) -> Preview:
    """Show what would go out. Raise `NotFound` for the incident.

    A channel that is named but not enabled yet shows what it would say, with a warning that it says nothing.
    """
    async with looking(config) as office, samples(config, draft.channels) as idle:
        channels = {**office.channels, **idle}
        shown = await Desk(office.context, channels, office.store, policy=office.policy).preview(draft)
        warnings = [
            Problem(code="channel_idle", place=f"channels.{name}", params={"channel": name}, blocking=False)
            for name in idle
        ]
        return replace(shown, problems=(*shown.problems, *warnings))


@asynccontextmanager
async def samples(config: Config, names: Sequence[str]) -> AsyncGenerator[Mapping[str, Channel], None]:
    """Make those of these channels that are not enabled, as far as they can be without a configuration."""
    context = context_of(config)
    made = {name: registry.sample(name, context) for name in names if name not in config.channels}
    found = {name: channel for name, channel in made.items() if channel is not None}
    try:
        yield found
    finally:
        for channel in found.values():
            await channel.close()


async def inspected(config: Config) -> tuple[Found, ...]:
    """Look at instance and channels."""
    async with looking(config) as office:
        return await inspect(office, config.data_dir, sqlite_version(), config.disabled)
