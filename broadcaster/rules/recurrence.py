"""When a plan comes round: APScheduler's cron trigger walks the wall calendar, the rest is the city's.

The trigger is asked in UTC standing for the wall clock, and each wall time is then found in the city's zone as RFC 5545
3.3.5 says: a time that summer time leaves out is taken with the offset before it (02:30 becomes 03:30), one that comes
twice is the first. So every wall time is one moment, whatever the zone does.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from broadcaster.model import Days, Occurrence, Part, Plan, Rule
from broadcaster.rules.calendar import Calendar, holiday, school_day

_WIDEST_SHIFT = timedelta(days=1)
"""No zone has ever moved its clocks by more (Samoa left out one day)."""
_FAR = timedelta(days=366 * 9)
"""29 February may be eight years away; what does not come round within nine never does."""
_TICK = timedelta(microseconds=1)


def next_occurrences(plan: Plan, after: datetime, calendar: Calendar) -> Iterator[Occurrence]:
    """Yield what comes after this moment, soonest first, with why it is left out where the calendar says so. A lift
    follows each announcement that is not left out.
    """
    lifted = plan.lift.after if plan.lift else timedelta()
    announced = heapq.merge(*(_of_rule(plan, rule, after - lifted, calendar) for rule in plan.when), key=_order)
    pending: list[datetime] = []
    last: datetime | None = None
    for each in announced:
        while pending and pending[0] <= each.due:
            yield _lifting(plan, pending.pop(0))
        if each.due != last and each.due > after:
            yield each
        if plan.lift and not each.reason and each.due != last:
            pending.append(each.due + lifted)
        last = each.due
    yield from (_lifting(plan, due) for due in pending)


def between(plan: Plan, after: datetime, until: datetime, calendar: Calendar) -> Iterator[Occurrence]:
    """Yield what comes after one moment, up to and including another."""
    for each in next_occurrences(plan, after, calendar):
        if each.due > until:
            return
        yield each


def first_after(plan: Plan, after: datetime, calendar: Calendar) -> datetime | None:
    """Return when the plan next comes round, left out or not; None if never again."""
    return next((each.due for each in next_occurrences(plan, after, calendar)), None)


@lru_cache(maxsize=256)
def trigger(rule: Rule) -> CronTrigger:
    """Return the rule's trigger over the wall calendar. Raise `ValueError` where `days` cannot be read."""
    return CronTrigger(
        month=",".join(map(str, rule.months)) or "*",
        day=rule.days or "*",
        day_of_week=",".join(rule.weekdays) or "*",
        hour=rule.at.hour,
        minute=rule.at.minute,
        second=0,
        timezone=UTC,
    )


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the one moment this wall time stands for (RFC 5545 3.3.5), in UTC."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _of_rule(plan: Plan, rule: Rule, after: datetime, calendar: Calendar) -> Iterator[Occurrence]:
    start = after.astimezone(calendar.zone).replace(tzinfo=UTC, fold=0) - _WIDEST_SHIFT
    for wall in _walls(rule, start):
        due = moment_of(wall, calendar.zone)
        if plan.last is not None and wall.date() > plan.last:
            return
        if due > after and (plan.first is None or wall.date() >= plan.first):
            reason, detail = _left_out(plan, rule, wall, due, calendar)
            yield Occurrence(
                plan=plan.id, due=due, reason=reason, detail=detail, reserve_of=_reserved(rule, wall, calendar.zone)
            )


def _walls(rule: Rule, start: datetime) -> Iterator[datetime]:
    """Yield the wall times after this one on which the rule comes round, its season kept."""
    if rule.dates:
        days = sorted({*rule.dates, *filter(None, [rule.reserve])})
        yield from (datetime.combine(day, rule.at, UTC) for day in days if datetime.combine(day, rule.at, UTC) > start)
        return
    wall = start
    while (found := trigger(rule).get_next_fire_time(None, wall + _TICK)) is not None and found - start < _FAR:
        wall = found
        if _in_season(rule, wall.date()):
            yield wall


def _in_season(rule: Rule, day: date) -> bool:
    if rule.season is None:
        return True
    (first, last), this = rule.season, (day.month, day.day)
    return first <= this <= last if first <= last else this >= first or this <= last


def _left_out(plan: Plan, rule: Rule, wall: datetime, due: datetime, calendar: Calendar) -> tuple[str, str]:
    """Return why the calendar leaves it out, and the detail of that; two empty texts where it does not."""
    feast = holiday(wall.date())
    if rule.holidays is Days.SKIP and feast:
        return "holiday", feast
    if rule.holidays is Days.ONLY and not feast:
        return "no_holiday", ""
    if reason := _school(rule.school, school_day(calendar.school, wall.date())):
        return reason, feast
    return ("quiet_hours", "") if calendar.is_quiet(plan.category, due) else ("", "")


def _school(wanted: Days, school: bool | None) -> str:
    if wanted is Days.ANY:
        return ""
    if school is None:
        return "school_calendar_over"
    if wanted is Days.ONLY:
        return "" if school else "no_school"
    return "school" if school else ""


def _reserved(rule: Rule, wall: datetime, zone: ZoneInfo) -> datetime | None:
    if rule.reserve is None or wall.date() != rule.reserve:
        return None
    return moment_of(datetime.combine(rule.dates[0], rule.at, UTC), zone)


def _lifting(plan: Plan, due: datetime) -> Occurrence:
    return Occurrence(plan=plan.id, due=due, part=Part.LIFT)


def _order(occurrence: Occurrence) -> datetime:
    return occurrence.due
