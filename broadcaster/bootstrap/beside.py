"""Looking at an instance beside its running service, or without it: nothing here changes anything."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster import registry
from broadcaster.bootstrap.instance import channels_of, context_of, store_path, stored
from broadcaster.bootstrap.service import announcing_of, watcher_of
from broadcaster.bootstrap.watch import canary_room, looked_at
from broadcaster.clock import SystemClock
from broadcaster.config import Config
from broadcaster.desk import Debrief, Desk, Found, Office, Preview, Records, inspect
from broadcaster.model import Draft, Problem
from broadcaster.ports.channel import Channel
from broadcaster.ports.store import DraftRow, FeedState, Told
from broadcaster.store import sqlite_version

if TYPE_CHECKING:
    from broadcaster.canary import Overview
    from broadcaster.routine import Ahead


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


async def announcements_ahead(config: Config, days: int, plan: str = "") -> tuple[Ahead, ...]:
    """Return what comes by the calendar, beside the running service or without it."""
    from broadcaster.routine import Planning, read_folder  # noqa: PLC0415 - see `announcing_of`

    async with looking(config) as office:
        desk = Desk(office.context, office.channels, office.store, policy=office.policy)
        planning = Planning(announcing_of(config, office.store, desk, office.context.clock))
        return await planning.ahead(days, plan, read_folder(config.routine.folder).plans)


async def tests_ahead(config: Config) -> Overview:
    """Return what the canary watches and when it tests, beside the running service or without it."""
    from broadcaster.canary import Canary  # noqa: PLC0415 - see `announcing_of`

    async with looking(config) as office:
        return await Canary(canary_room(config, office, office.store)).overview()


async def looked(config: Config) -> Sequence[Mapping[str, object]]:
    """Look once at every public address, from this machine."""
    async with looking(config) as office:
        return await looked_at(config, canary_room(config, office, office.store))


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
