"""The canary, put together: what it tests, where it looks, and by which ways it tells people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from broadcaster import registry
from broadcaster.bootstrap.instance import context_of
from broadcaster.config import Config
from broadcaster.model import NEVER_QUIET, Plan, RoutineCategory
from broadcaster.ports.channel import Notifier

if TYPE_CHECKING:
    from broadcaster.canary import Canary, CanaryStore, Room, Voices, Way
    from broadcaster.config import CanarySettings
    from broadcaster.desk import Office
    from broadcaster.rules.egress import Among
    from broadcaster.upstream import HttpFetcher


RELAY, WEBHOOK = "relay", "webhook"
"""Names of the ways to tell people that are no channels."""


def canary_room(config: Config, office: Office, store: CanaryStore) -> Room:
    """Return what the canary works with. A configuration without `[canary]` gives one that tests nothing."""
    from broadcaster.canary import Room  # noqa: PLC0415 - for few commands
    from broadcaster.config import CanarySettings  # noqa: PLC0415 - see above
    from broadcaster.rules.calendar import Calendar  # noqa: PLC0415 - see above

    settings = config.canary or CanarySettings()
    return Room(
        office=office,
        store=store,
        habits=settings.habits,
        calendar=Calendar(zone=config.city.zone, school=config.school, usual=NEVER_QUIET),
        schedule=_schedule(settings),
        chosen=settings.channels,
        mirrors=tuple((each.channel, each.url) for each in settings.readback.mirrors),
        ways=tuple(_ways_of(settings, office)),
    )


def _ways_of(settings: CanarySettings, office: Office) -> Iterator[str]:
    """Yield the ways to tell people: every channel that can write mail, the relay, the webhook."""
    if settings.alarm.mail_to:
        yield from (name for name, channel in office.channels.items() if isinstance(channel, Notifier))
        if settings.alarm.relay is not None:
            yield RELAY
    if settings.alarm.webhook:
        yield WEBHOOK


def _schedule(settings: CanarySettings) -> Plan | None:
    """Return the tests as a plan of the calendar's, None where none come round."""
    if not settings.when:
        return None
    habits = settings.habits
    return Plan(
        id="canary",
        title="canary",
        category=RoutineCategory.DRILL,
        when=settings.rules,
        valid=habits.answer,
        max_late=habits.late,
    )


@asynccontextmanager
async def canarying(
    config: Config, office: Office, store: CanaryStore, changed: Callable[[], None]
) -> AsyncGenerator[Canary | None, None]:
    """Keep watch meanwhile, where that is configured."""
    if config.canary is None:
        yield None
        return
    from broadcaster.canary import Canary, Runner  # noqa: PLC0415 - for the service only

    room = canary_room(config, office, store)
    async with voices_of(config, config.canary, room) as voices:
        runner = Runner(room, voices, changed)
        running = asyncio.create_task(runner.run())
        try:
            yield Canary(room, runner.test_now)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def voices_of(config: Config, settings: CanarySettings, room: Room) -> AsyncGenerator[Voices, None]:
    """Make what the canary looks and tells with, and let go of it at the end."""
    from broadcaster.canary import Herald, Looker, Voices  # noqa: PLC0415 - for few commands
    from broadcaster.upstream import HttpFetcher  # noqa: PLC0415 - see above

    egress = named_places(config, settings, room)
    async with AsyncExitStack() as stack:
        fetcher = await stack.enter_async_context(HttpFetcher(egress, f"Broadcaster ({config.city.sender})"))
        ways = await _ways(config, settings, room, egress, stack)
        alive = partial(_knock, fetcher, settings.heartbeat) if settings.heartbeat else None
        yield Voices(Looker(fetcher, settings.habits), Herald(ways), alive)


async def _knock(fetcher: HttpFetcher, url: str) -> None:
    await fetcher.get(url)


def named_places(config: Config, settings: CanarySettings, room: Room) -> Among:
    """Return the egress of the canary: exactly what its configuration and its channels name."""
    from broadcaster.config import web_place  # noqa: PLC0415 - for few commands
    from broadcaster.rules.egress import Among, Endpoints  # noqa: PLC0415 - see above

    places = [*settings.endpoints.values(), *(web_place(each.url) for each in room.addresses())]
    return Among(Endpoints(config.mode, config.drill_endpoints), places)


async def _ways(
    config: Config, settings: CanarySettings, room: Room, egress: Among, stack: AsyncExitStack
) -> Mapping[str, Way]:
    """Return the ways to tell people, by name: a channel that can write mail, a relay of its own, a webhook."""
    from broadcaster.canary import Letters, Webhook  # noqa: PLC0415 - for few commands

    alarm, made = settings.alarm, dict[str, "Way"]()
    secret = alarm.webhook_secret.get_secret_value()
    for name in room.ways:
        if name == WEBHOOK:
            mode = config.mode
            made[name] = Webhook(url=alarm.webhook, secret=secret, city=config.city, mode=mode, egress=egress)
            continue
        writer = room.office.channels.get(name) or registry.build("mail", _as_mail(alarm.relay), context_of(config))
        if name == RELAY:
            stack.push_async_callback(writer.close)
        if isinstance(writer, Notifier):
            made[name] = Letters(notifier=writer, addresses=alarm.mail_to, city=config.city, mode=config.mode)
    return made


def _as_mail(relay: Any) -> Any:
    """Return the alarm relay as settings of the mail channel, which knows how to speak to one."""
    table = relay.model_dump() | {"unsubscribe": relay.from_address}
    return registry.settings_model("mail").model_validate(table)


async def looked_at(config: Config, room: Room) -> Sequence[Mapping[str, object]]:
    """Look once at every public address, as residents would. On another machine than the service's nothing is known of
    what was published: then it is judged by its age and its own digests.
    """
    from broadcaster.config import CanarySettings  # noqa: PLC0415 - for few commands

    settings, found = config.canary or CanarySettings(), list[Mapping[str, object]]()
    async with voices_of(config, settings, room) as voices:
        for address in room.addresses():
            hush = await voices.looker.look(address, room.now())
            trouble, params = (hush.code, dict(hush.params)) if hush else ("", {})
            found.append({"url": address.url, "trouble": trouble, "params": params})
    return found
