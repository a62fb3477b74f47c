"""What is announced by the calendar: plans, their rules, and occurrences as the store keeps them.

A plan is approved once as a series; each of its occurrences is a unique row (plan, part, due), written by the
transaction that accepts its alert. So two services, a restart or a clock that jumps say it once or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from broadcaster.model.delivery import Actor


class RoutineCategory(StrEnum):
    """What a plan is about; quiet hours are set by it."""

    CHIME = "chime"
    SCHOOL = "school"
    HEALTH = "health"
    """Heat stroke, photochemical smog, infections."""
    SAFETY = "safety"
    """Fire prevention, fraud, bears, missing persons."""
    UTILITY = "utility"
    """Water and power cuts, closed roads."""
    CIVIC = "civic"
    """Elections, events, offices."""
    DRILL = "drill"
    """Exercises that are announced, J-Alert tests."""
    MEMORIAL = "memorial"
    EVACUATION = "evacuation"
    """The only one that may be said at night unless the city says otherwise."""
    OTHER = "other"


class Weekday(StrEnum):
    """A day of the week, as APScheduler and every crontab write it."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Days(StrEnum):
    """What a kind of day (a holiday, a school day) means to a rule."""

    ANY = "any"
    SKIP = "skip"
    ONLY = "only"


class Late(StrEnum):
    """What becomes of an occurrence that is later than its plan allows: left out, asked about, or said all the same."""

    SKIP = "skip"
    ASK = "ask"
    SEND = "send"


class Part(StrEnum):
    """Which message of a plan an occurrence is."""

    ANNOUNCE = "announce"
    LIFT = "lift"
    """The twin that ends it: lifted, restored, found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When it is said: at `at` of the city's wall clock, on `dates`, or on every day that fits all the rest.

    `days` is a day of the month as APScheduler's cron trigger reads it (`15`, `2nd wed`, `last fri`). `season` holds
    the first and the last day as (month, day), both included; it may run over the new year. `reserve` belongs to a
    single date: the day on which it is said if it was called off on that one.
    """

    at: time
    weekdays: tuple[Weekday, ...] = ()
    months: tuple[int, ...] = ()
    days: str = ""
    season: tuple[tuple[int, int], tuple[int, int]] | None = None
    dates: tuple[date, ...] = ()
    reserve: date | None = None
    holidays: Days = Days.ANY
    school: Days = Days.ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """The message that ends an announcement, `after` it was due."""

    template: str
    after: timedelta
    values: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A series of announcements. Its words are a template with values, or `draft`, a table of the alert file's form.

    `valid` is how long an announcement holds, counted from when it is due; `max_late` how late it may be by itself.
    """

    id: str
    title: str
    category: RoutineCategory
    when: tuple[Rule, ...]
    valid: timedelta
    max_late: timedelta
    late: Late = Late.SKIP
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    draft: Mapping[str, Any] = field(default_factory=dict[str, Any])
    channels: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    lift: Lift | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time a plan comes round, as the calendar has it. `reason` says why it is left out, empty where it is not;
    `detail` belongs to the reason (the holiday's name). `reserve_of` is when the day it stands in for was due.
    """

    plan: str
    due: datetime
    part: Part = Part.ANNOUNCE
    reason: str = ""
    detail: str = ""
    reserve_of: datetime | None = None


class Standing(StrEnum):
    """Where an occurrence stands. The first five may still come to something."""

    PLANNED = "planned"
    """A lift that is not due yet, or a day that was left out and taken back."""
    RELEASED = "released"
    """A person lets it go; it is said at the next turn."""
    HELD = "held"
    """A person is asked: it is late, or the clock jumped over it, or what it would end is over."""
    SUSPENDED = "suspended"
    """It fell into an emergency."""
    FAILED = "failed"
    """It could not be said: a template or a value is wrong."""
    SENT = "sent"
    SKIPPED = "skipped"

    @property
    def open(self) -> bool:
        """Whether it may still come to something."""
        return self not in (Standing.SENT, Standing.SKIPPED)

    @property
    def asks(self) -> bool:
        """Whether it waits for a person."""
        return self in (Standing.HELD, Standing.SUSPENDED, Standing.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceRow:
    """An occurrence as the store has it. `until` is when it is over, said or not; `of` the alert it became, or for a
    lift that has not gone the alert it will end; `by` who decided.
    """

    plan: str
    due: datetime
    part: Part
    state: Standing
    until: datetime
    at: datetime
    reason: str = ""
    detail: str = ""
    of: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A plan as the store has it. `digest` covers plan and words; it speaks only while `approved` is the same one.

    `file` is the name of the file it came from, empty where an officer put it in.
    """

    plan: Plan
    digest: str
    author: Actor
    at: datetime
    file: str = ""
    approved: str = ""
    approver: Actor | None = None
    approved_at: datetime | None = None
    since: datetime | None = None
    """From when on its occurrences are said: its approval, or a restore after that."""
    retired: bool = False

    @property
    def speaks(self) -> bool:
        """Whether its occurrences are said."""
        return not self.retired and bool(self.approved) and self.approved == self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """The city's school calendar. School is on `weekdays` that are no holiday and in no `closed` range (both ends
    included), and on `extra` days. After `until` nobody knows.
    """

    weekdays: tuple[Weekday, ...] = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)
    closed: tuple[tuple[date, date], ...] = ()
    extra: tuple[date, ...] = ()
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours of the city's wall clock in which nothing is said: from `start` up to `end`, over midnight where `end` is
    earlier; the same time twice means never.
    """

    start: time = time(22)
    end: time = time(6)


NEVER_QUIET = Quiet(start=time(0), end=time(0))
