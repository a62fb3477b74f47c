"""An instance as its configuration says: store, channels, the processes that run it, and its words for a form."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from broadcaster import registry
from broadcaster.clock import SystemClock, SystemEntropy
from broadcaster.config import Config
from broadcaster.forms import Forms
from broadcaster.model import Draft
from broadcaster.ports.channel import Channel
from broadcaster.ports.world import City, Context
from broadcaster.rendering import Templates, templates_dir
from broadcaster.rules.districts import Districts
from broadcaster.rules.egress import Endpoints
from broadcaster.store import FILE, Spare, Store, check_stamp, open_store
from broadcaster.supervisor import Child


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


def set_room_aside(config: Config) -> None:
    """Lay the store's spare room, if the disk has plenty (docs/adr/0035)."""
    Spare(store_path(config)).lay()


def free_bytes(config: Config) -> int:
    """Return how much may still be written where the store lies."""
    return shutil.disk_usage(config.data_dir).free


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


def children(config: Config, held: bytes, trouble: Sequence[str] = ()) -> tuple[Child, ...]:
    """Return what `broadcaster run` supervises; in a drill with stand-ins these too, and what trouble they play.

    `held` is the configuration's text: a child that dies comes back with what it had, not with what somebody is just
    writing into the file.
    """
    given = ("--held", "--config", str(config.path))
    core = Child.python("core", "core", *given, told=held)
    stand_ins = Child.python("stand-ins", "stand-ins", *given, *trouble, told=held)
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
