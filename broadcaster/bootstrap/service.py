"""The core, put together: desk, its API, dispatcher, officers, calendar and watched feeds, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from broadcaster import loops
from broadcaster.bootstrap.instance import channels_of, context_of, free_bytes, stored
from broadcaster.bootstrap.reloading import Reloader, reloading
from broadcaster.bootstrap.watch import canarying
from broadcaster.clock import SystemClock, SystemEntropy
from broadcaster.config import Config
from broadcaster.desk import Desk
from broadcaster.forms import Forms
from broadcaster.ports.channel import Channel
from broadcaster.ports.world import Clock
from broadcaster.rendering import Templates, templates_dir
from broadcaster.store import Store

if TYPE_CHECKING:
    from broadcaster.dispatcher import Dispatcher
    from broadcaster.events import Events
    from broadcaster.officers import Officers
    from broadcaster.routine import Planning, Room, RoutineStore, Runner
    from broadcaster.upstream import Automatic, Rulebook, Watcher


async def core(config: Config) -> None:
    """Run the core until SIGTERM or SIGINT: desk, its API, dispatcher, alarm clock, countdowns and watched feeds."""
    from broadcaster.api import Rooms, application, serve  # noqa: PLC0415 - aiohttp is for the service only
    from broadcaster.events import Event, Events, Topic  # noqa: PLC0415 - see above

    clock, events = SystemClock(), Events()
    async with stored(config, read_only=False) as store, channels_of(config) as channels:
        dispatcher = dispatcher_of(config, store, channels, events)

        def changed() -> None:
            dispatcher.wake()
            events.publish(Event(topic=Topic.ALERT, at=clock.now()))

        book = rulebook_of(config)
        desk = desk_of(config, store, channels, changed, book)
        automatic = automatic_of(book, desk, store, changed)
        alarm, planning = calendar_of(config, store, desk, changed)
        reloader = Reloader(config=config, planning=planning, book=book, desk=desk, clock=clock)
        watch = canarying(config, desk.office, store, changed)
        await reloader.begin()
        async with officers_of(config, store) as officers, watch as canary:
            rooms = Rooms(
                desk=desk,
                events=events,
                officers=officers,
                planning=planning,
                automatic=automatic,
                canary=canary,
                reload=reloader.reload,
            )
            serving = serve(application(rooms), config.socket, config.socket_group)
            async with serving, watching(config, store, changed, automatic) as reloader.watcher, reloading(reloader):
                loops.spare_what_stays()
                await _until_told(dispatcher, alarm, desk)


def dispatcher_of(config: Config, store: Store, channels: Mapping[str, Channel], events: Events) -> Dispatcher:
    """Make who delivers, with each channel's lane as it is configured."""
    from broadcaster.dispatcher import Dispatcher  # noqa: PLC0415 - for the service only

    return Dispatcher(
        store,
        channels,
        {name: channel.lane for name, channel in config.channels.items()},
        clock=SystemClock(),
        entropy=SystemEntropy(),
        events=events,
        node=socket.gethostname(),
        mode=config.mode,
    )


def rulebook_of(config: Config) -> Rulebook:
    """Return the rules over watched feeds, with what fills their templates."""
    from broadcaster.sheet import Press  # noqa: PLC0415 - for the service only
    from broadcaster.upstream import Rulebook  # noqa: PLC0415 - see above

    forms = Forms(templates_dir(), Templates(config.city.zone))
    press = Press(forms=forms, city=config.city, mode=config.mode, policy=config.policy)
    return Rulebook(watches=config.watches, press=press, total=config.automatic)


def automatic_of(book: Rulebook, desk: Desk, store: Store, changed: Callable[[], None]) -> Automatic:
    """Make who decides what may be said without a person."""
    from broadcaster.upstream import Automatic  # noqa: PLC0415 - for the service only

    return Automatic(book, desk, store, desk.office.context.clock, changed)


def desk_of(
    config: Config, store: Store, channels: Mapping[str, Channel], changed: Callable[[], None], book: Rulebook
) -> Desk:
    """Make the desk."""
    silences = {feed.name: timedelta(minutes=feed.silent_after_minutes) for feed in config.feeds}
    return Desk(
        context_of(config),
        channels,
        store,
        changed,
        config.policy,
        feeds=silences,
        automatic=book.digests,
        notice_to=config.notice_to,
        free=partial(free_bytes, config),
    )


def calendar_of(config: Config, store: Store, desk: Desk, changed: Callable[[], None]) -> tuple[Runner, Planning]:
    """Make the alarm clock of routine announcements and the room in which they are planned."""
    from broadcaster.routine import Planning, Runner, Shelf  # noqa: PLC0415 - for the service only

    announcing = announcing_of(config, store, desk, SystemClock())
    alarm = Runner(announcing, changed)

    def planned() -> None:
        alarm.wake()
        changed()

    planning = Planning(announcing, planned, Shelf(config.routine.folder))
    return alarm, planning


def announcing_of(config: Config, store: RoutineStore, desk: Desk, clock: Clock) -> Room:
    """Return what routine announcements work with: the city's calendar, and the words of its plans."""
    from broadcaster.routine import Room, Script  # noqa: PLC0415 - calendars and triggers are for few commands
    from broadcaster.rules.calendar import Calendar  # noqa: PLC0415 - see above

    usual, own = config.routine.hours()
    calendar = Calendar(zone=config.city.zone, school=config.school, usual=usual, quiet=own)
    script = Script(Forms(templates_dir(), Templates(config.city.zone)), config.city)
    return Room(store=store, desk=desk, script=script, calendar=calendar, clock=clock)


@asynccontextmanager
async def watching(
    config: Config, store: Store, changed: Callable[[], None], automatic: Automatic | None = None
) -> AsyncGenerator[Watcher, None]:
    """Watch the configured feeds meanwhile."""
    async with watcher_of(config, store, changed, automatic) as watcher:
        running = asyncio.create_task(watcher.run())
        try:
            yield watcher
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def watcher_of(
    config: Config, store: Store, changed: Callable[[], None], automatic: Automatic | None = None
) -> AsyncGenerator[Watcher, None]:
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
            automatic=automatic,
        )


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
    await asyncio.wait({running, ringing, counting, waiting}, return_when=asyncio.FIRST_COMPLETED)
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
