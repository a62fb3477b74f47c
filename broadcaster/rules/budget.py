"""Budgets: how much of each limit is left, and when a message that does not fit may go.

A part of each limit is reserved for grades of WARNING and above, so that routine posts cannot use up what an
emergency needs (a national account ran out two hours after the Noto earthquake, 2024-01-01).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from broadcaster.model import Cost, Grade, Limit, Reading
from broadcaster.ports.store import Spent

RECHECK = timedelta(minutes=15)
"""When nothing tells how long a limit stays used up, and the longest wait before looking again."""
_SOONEST = timedelta(seconds=1)


def left(
    limits: Sequence[Limit], spent: Sequence[Spent], readings: Sequence[Reading], grade: Grade, now: datetime
) -> Mapping[str, int]:
    """Return what remains of each limit for this grade, by name, never below zero.

    A provider's reading wins over our own count until it resets. A reading no limit is configured for counts too.
    """
    said = _valid(readings, now)
    configured = {limit.name for limit in limits}
    remains = {limit.name: _remains(limit, spent, said, now) - _reserved(limit, grade) for limit in limits}
    remains |= {reading.name: reading.remaining for reading in said.values() if reading.name not in configured}
    return {name: max(0, amount) for name, amount in remains.items()}


def decide(  # noqa: PLR0917 (all of them are needed, and the order is that of `left`)
    limits: Sequence[Limit],
    spent: Sequence[Spent],
    readings: Sequence[Reading],
    cost: Cost,
    grade: Grade,
    now: datetime,
) -> datetime | None:
    """Return None if a message of this cost may go now, else when to look again (after `now`, within 15 min).

    A message waits, it does not fail: the window slides, and an officer may raise the limit.
    """
    if cost.posts == 0 and cost.microusd == 0:
        return None
    remains = left(limits, spent, readings, grade, now)
    units = {limit.name: limit.unit for limit in limits}
    short = [name for name, amount in remains.items() if _needed(units.get(name), cost) > amount]
    if not short:
        return None
    return max(_frees(name, limits, spent, _valid(readings, now), now) for name in short)


def resets(limit: Limit, spent: Sequence[Spent], readings: Sequence[Reading], now: datetime) -> datetime | None:
    """Return when this limit next gives anything back; None while nothing of it is used."""
    if reading := _valid(readings, now).get(limit.name):
        return reading.resets_at
    return min((item.at + limit.window for item in _within(limit, spent, now)), default=None)


def merge(known: Iterable[Reading], fresh: Iterable[Reading], now: datetime) -> tuple[Reading, ...]:
    """Return the readings to keep: the newer one of each name, without those that have reset. Within one window what
    remains only falls: of two replies that overtook each other the lower one holds.
    """
    merged: dict[str, Reading] = {}
    for reading in (*known, *fresh):
        before = merged.get(reading.name)
        risen = before and before.resets_at == reading.resets_at and before.remaining < reading.remaining
        merged[reading.name] = before if before and risen else reading
    return tuple(reading for reading in merged.values() if reading.resets_at > now)


def less(readings: Iterable[Reading], limits: Iterable[Limit], booked: Iterable[Spent]) -> tuple[Reading, ...]:
    """Return the readings less what is under way: no reply has counted it yet."""
    units, costs = {limit.name: limit.unit for limit in limits}, [item.cost for item in booked]
    return tuple(
        replace(each, remaining=each.remaining - sum(_needed(units.get(each.name), cost) for cost in costs))
        for each in readings
    )


def window(limits: Sequence[Limit]) -> timedelta:
    """Return how far back spending has to be known."""
    return max((limit.window for limit in limits), default=timedelta(0))


def _needed(unit: str | None, cost: Cost) -> int:
    return cost.microusd if unit == "microusd" else cost.posts


def _reserved(limit: Limit, grade: Grade) -> int:
    return 0 if grade >= Grade.WARNING else limit.reserve


def _valid(readings: Sequence[Reading], now: datetime) -> dict[str, Reading]:
    return {reading.name: reading for reading in readings if reading.resets_at > now}


def _remains(limit: Limit, spent: Sequence[Spent], said: Mapping[str, Reading], now: datetime) -> int:
    if reading := said.get(limit.name):
        return reading.remaining
    return limit.amount - sum(_needed(limit.unit, item.cost) for item in _within(limit, spent, now))


def _within(limit: Limit, spent: Sequence[Spent], now: datetime) -> list[Spent]:
    return [item for item in spent if item.at > now - limit.window]


def _frees(
    name: str, limits: Sequence[Limit], spent: Sequence[Spent], said: Mapping[str, Reading], now: datetime
) -> datetime:
    """When this limit next gives anything back: the provider's reset, or the oldest spending leaving the window."""
    moments = [said[name].resets_at] if name in said else []
    if not moments:
        moments = [
            item.at + limit.window for limit in limits if limit.name == name for item in _within(limit, spent, now)
        ]
    return min(max(min(moments, default=now + RECHECK), now + _SOONEST), now + RECHECK)
