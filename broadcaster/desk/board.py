"""What an officer looks at: all alerts with their deliveries, what waits for a person, and the channels' health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from broadcaster.desk.presence import Present
from broadcaster.desk.values import Office
from broadcaster.model import UPSTREAM, Attempt, Grade, Limit, Mode, OccurrenceRow, Problem, Pulse, Reading
from broadcaster.ports.channel import BulkMessenger, Channel, Metered, Publisher
from broadcaster.ports.store import AlertRow, Breaking, DraftRow, RoutineBook, Spent, Stop, Submission, Told
from broadcaster.rules import automatic, breakglass, budget, feeds, pace

HEARD = timedelta(hours=6)
"""How long the board shows what a feed has said that nothing is done about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One limit of a channel. `left` is what ordinary messages may still use, `left_grave` what an emergency may;
    `resets_at` when it next gives something back, None while nothing is used. `unit` is `posts` or `microusd`.
    """

    name: str
    unit: str
    amount: int
    reserve: int
    left: int
    left_grave: int
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """A channel as its lane remembers it. `down` is why its breaker is open, empty when it is not; `failures` in a row
    count towards opening it. `target_s`: within so many seconds of acceptance a delivery should have arrived
    (a mail: at half of its recipients).
    """

    channel: str
    down: str = ""
    until: datetime | None = None
    failures: int = 0
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    target_s: float = 0.0
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """A watched feed. `trouble` is empty while it speaks, else a code of the catalogue that `params` fill."""

    feed: str
    read_at: datetime | None = None
    newest_at: datetime | None = None
    trouble: str = ""
    params: Mapping[str, str | float] = field(default_factory=dict[str, str | float])
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """A submission that goes out at `due_at` without a second person, unless somebody stops it."""

    submission: int
    by: str
    reason: str
    started_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Automatic:
    """What may be said without a person: each rule with its state (`rules.automatic.state`), and whether all of it is
    stopped. No rules: nothing ever is.
    """

    rules: Mapping[str, str] = field(default_factory=dict[str, str])
    stop: Stop | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The whole board at one moment."""

    mode: Mode
    now: datetime
    city: str
    city_en: str
    zone: str
    """The city's time zone by its IANA name: in it people read times."""
    page: str
    rows: tuple[AlertRow, ...]
    waiting: tuple[Submission, ...]
    channels: tuple[ChannelState, ...]
    officers: tuple[Present, ...] = ()
    """Who follows the board now."""
    feeds: tuple[FeedHealth, ...] = ()
    heard: tuple[Told, ...] = ()
    """What watched feeds have said lately that nothing is done about by itself."""
    proposed: tuple[DraftRow, ...] = ()
    """Open drafts that watched feeds have brought."""
    breakable: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """From when the glass may be broken, by the number of the submission that waits; others never."""
    breaking: tuple[Countdown, ...] = ()
    """Countdowns that run: each may be stopped by any officer until it is due."""
    routine: tuple[OccurrenceRow, ...] = ()
    """Announcements by the calendar that wait for a person: held, suspended by an emergency, or impossible to say."""
    plans: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the plans of `routine` are called, by id."""
    canary: tuple[Pulse, ...] = ()
    """How each channel and public address that is watched is: when it last answered, and whether it is silent."""
    automatic: Automatic = field(default_factory=Automatic)
    wrong: tuple[Problem, ...] = ()
    """What is wrong with files that are read while the service runs; what was in force before stays so."""
    disk: tuple[Problem, ...] = ()
    """That the disk has little room left, and what is not taken because of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One alert with every attempt of its deliveries, by delivery."""

    mode: Mode
    now: datetime
    city: str
    city_en: str
    zone: str
    row: AlertRow
    attempts: Mapping[str, tuple[Attempt, ...]]


async def board(office: Office, limit: int, officers: tuple[Present, ...] = ()) -> Board:
    """Take the board now."""
    now, store, city = office.now(), office.store, office.context.city
    breakings = await store.breakings()  # before what waits: a countdown carried out in between is seen as over
    counts, waiting = await store.counts(), await store.submissions()
    routine = tuple(row for row in await store.open_occurrences() if row.state.asks)
    return Board(
        mode=office.mode,
        now=now,
        city=city.name,
        city_en=city.name_en,
        zone=city.zone.key,
        page=city.public_url,
        rows=await store.board(now, limit),
        waiting=waiting,
        channels=tuple(
            [await _state(office, channel, counts.get(name, {}), now) for name, channel in office.channels.items()]
        ),
        officers=officers,
        feeds=tuple([await _feed(office, name, silent, now) for name, silent in office.feeds.items()]),
        heard=await store.told(now - HEARD) if office.feeds else (),
        proposed=tuple([each for each in await store.drafts() if each.author == UPSTREAM]) if office.feeds else (),
        breakable=_breakable(office, waiting),
        breaking=tuple(_countdown(each) for each in breakings),
        routine=routine,
        plans=await _titles(store, {row.plan for row in routine}),
        canary=await store.pulses(),
        automatic=await _automatic(office),
    )


async def _titles(store: RoutineBook, plans: set[str]) -> Mapping[str, str]:
    return {row.plan.id: row.plan.title for row in await store.plans() if row.plan.id in plans} if plans else {}


async def _automatic(office: Office) -> Automatic:
    digests = office.automatic()
    if not digests:
        return Automatic()
    consents = {each.rule: each for each in await office.store.consents()}
    states = {rule: automatic.state(digest, consents.get(rule)) for rule, digest in digests.items()}
    return Automatic(rules=states, stop=await office.store.automatic_stop())


def _breakable(office: Office, waiting: Sequence[Submission]) -> Mapping[str, datetime]:
    offered = {str(each.id): breakglass.offered_at(office.mode, each.acceptance, office.policy) for each in waiting}
    return {number: at for number, at in offered.items() if at is not None}


def _countdown(breaking: Breaking) -> Countdown:
    return Countdown(
        submission=breaking.submission,
        by=breaking.actor.name,
        reason=breaking.reason,
        started_at=breaking.started_at,
        due_at=breaking.due_at,
    )


async def report(office: Office, identifier: str) -> Report:
    """Take one alert's part of the board, with every try. Raise `NotFound`."""
    row = await office.store.alert(identifier)
    attempts = {str(each.id): await office.store.attempts(each.id) for each in row.deliveries}
    city = office.context.city
    return Report(
        mode=office.mode,
        now=office.now(),
        city=city.name,
        city_en=city.name_en,
        zone=city.zone.key,
        row=row,
        attempts=attempts,
    )


async def _feed(office: Office, name: str, silent_after: timedelta, now: datetime) -> FeedHealth:
    state = await office.store.feed(name)
    wrong = feeds.trouble(state, silent_after, now)
    known = FeedHealth(feed=name, read_at=state.read_at, newest_at=state.newest_at)
    return known if wrong is None else replace(known, trouble=wrong.code, params=wrong.params, since=wrong.since)


async def _state(office: Office, channel: Channel, counts: Mapping[str, int], now: datetime) -> ChannelState:
    lane = await office.store.lane(channel.name)
    breaker, limits = lane.breaker, channel.limits() if isinstance(channel, Metered) else ()
    spent = await office.store.spent(channel.name, now - budget.window(limits)) if limits else ()
    opened = breaker.opened_at is not None
    return ChannelState(
        channel=channel.name,
        down=breaker.reason if opened else "",
        until=breaker.open_until if opened else None,
        failures=breaker.failures,
        counts=counts,
        target_s=_target(channel).total_seconds(),
        budgets=_budgets(limits, spent, lane.readings, now),
    )


def _target(channel: Channel) -> timedelta:
    if isinstance(channel, Publisher):
        return pace.PUBLISHED
    return pace.HALF_SERVED if isinstance(channel, BulkMessenger) else pace.SAID


def _budgets(
    limits: Sequence[Limit], spent: Sequence[Spent], readings: Sequence[Reading], now: datetime
) -> tuple[Budget, ...]:
    left = budget.left(limits, spent, readings, Grade.INFORMATION, now)
    grave = budget.left(limits, spent, readings, Grade.EMERGENCY, now)
    return tuple(
        Budget(
            name=limit.name,
            unit=limit.unit,
            amount=limit.amount,
            reserve=limit.reserve,
            left=left[limit.name],
            left_grave=grave[limit.name],
            resets_at=budget.resets(limit, spent, readings, now),
        )
        for limit in limits
    )
