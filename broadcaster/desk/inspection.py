"""`broadcaster check`: whether it would work, without saying anything to anybody."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from broadcaster.desk.values import Office
from broadcaster.model import Grade, Limit, Mode
from broadcaster.ports.channel import Channel, Checker, Finding, Metered
from broadcaster.rules import budget, space, timekeeping

LONGEST_LOG = 64 << 20
"""Bytes of the store's log; it is taken in after each commit unless somebody still reads what was before."""
_SLACK = timedelta(minutes=1)
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding, and which channel it is about; empty: the instance."""

    channel: str
    finding: Finding


async def inspect(office: Office, data_dir: Path, sqlite: str, disabled: Sequence[str] = ()) -> tuple[Found, ...]:
    """Look at the instance, then at each channel in turn. Posts nothing, raises for nothing."""
    about = (await _clock(office), _disk(data_dir), *logs_of(data_dir), _version(sqlite))
    found = [Found(channel="", finding=each) for each in about]
    for name, channel in office.channels.items():
        found += [Found(channel=name, finding=each) for each in await _channel(office, name, channel)]
    return (*found, *(Found(channel=name, finding=Finding(code="channel_disabled", ok=True)) for name in disabled))


async def _clock(office: Office) -> Finding:
    now = office.now()
    rows = await office.store.board(now, 50)
    newest = max((row.accepted_at for row in rows), default=timekeeping.RELEASED)
    said = f"{now.astimezone(office.context.city.zone):%Y-%m-%d %H:%M:%S %Z}"
    sane = not timekeeping.lost(now) and now + _SLACK >= newest
    return Finding(code="clock_sane" if sane else "clock_wrong", ok=sane, params={"now": said})


def _disk(data_dir: Path) -> Finding:
    place = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    params: dict[str, str | int | float] = {"free_gb": round(free / 1e9, 1), "place": str(data_dir)}
    return Finding(code="disk_free" if free >= space.LITTLE else "disk_full", ok=free >= space.LITTLE, params=params)


def logs_of(data_dir: Path) -> list[Finding]:
    """A write-ahead log that keeps growing has a reader that never ends: another program that left the store open."""
    sizes = ((path.name, path.stat().st_size) for path in data_dir.glob("*-wal"))
    return [
        Finding(code="log_long", ok=False, params={"file": name, "size_mb": size // 1_000_000, "place": str(data_dir)})
        for name, size in sizes
        if size > LONGEST_LOG
    ]


def _version(sqlite: str) -> Finding:
    return Finding(code="sqlite_version", ok=True, params={"version": sqlite})


async def _channel(office: Office, name: str, channel: Channel) -> list[Finding]:
    targets = ", ".join(channel.targets())
    found = [Finding(code="channel_configured", ok=True, params={"targets": targets})]
    if isinstance(channel, Checker):
        found += await channel.check()
    if isinstance(channel, Metered):
        found += await _budgets(office, name, channel.limits())
    return found


async def _budgets(office: Office, name: str, limits: Sequence[Limit]) -> list[Finding]:
    now, store = office.now(), office.store
    spent, lane = await store.spent(name, now - budget.window(limits)), await store.lane(name)
    grade = Grade.INFORMATION if office.mode is Mode.LIVE else Grade.DRILL
    left = budget.left(limits, spent, lane.readings, grade, now)
    grave = budget.left(limits, spent, lane.readings, Grade.EMERGENCY, now)
    return [_budget(limit, left.get(limit.name, 0), grave.get(limit.name, 0)) for limit in limits]


def _budget(limit: Limit, left: int, grave: int) -> Finding:
    money = limit.unit == "microusd"
    shown = [amount / _MICRO if money else amount for amount in (left, grave, limit.amount)]
    figures = dict(zip(("left", "grave", "amount"), shown, strict=True))
    params: dict[str, str | int | float] = {"name": limit.name, "unit": "USD" if money else limit.unit, **figures}
    return Finding(code="budget_left" if left > 0 else "budget_gone", ok=left > 0, params=params)
