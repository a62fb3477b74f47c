"""What kind of day it is: Japanese holidays, school days, quiet hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import jpholiday

from broadcaster.model import NEVER_QUIET, Quiet, RoutineCategory, School, Weekday

_WEEK = tuple(Weekday)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The city's days. `quiet` holds the categories whose quiet hours are not `usual`."""

    zone: ZoneInfo
    school: School = field(default_factory=School)
    usual: Quiet = field(default_factory=Quiet)
    quiet: Mapping[RoutineCategory, Quiet] = field(default_factory=lambda: {RoutineCategory.EVACUATION: NEVER_QUIET})

    def hours(self, category: RoutineCategory) -> Quiet:
        """Return the quiet hours of a category."""
        return self.quiet.get(category, self.usual)

    def is_quiet(self, category: RoutineCategory, moment: datetime) -> bool:
        """Return whether nothing of this category is said at this moment."""
        hours, wall = self.hours(category), moment.astimezone(self.zone).time()
        if hours.start <= hours.end:
            return hours.start <= wall < hours.end
        return wall >= hours.start or wall < hours.end


def holiday(day: date) -> str:
    """Return the name of a holiday by Japanese law (as jpholiday has it), substitutes included; empty for none."""
    return jpholiday.is_holiday_name(day) or ""


def school_day(school: School, day: date) -> bool | None:
    """Return whether there is school; None after the end of the calendar: then nobody knows, and nothing is guessed."""
    if school.until is not None and day > school.until:
        return None
    if day in school.extra:
        return True
    closed = any(first <= day <= last for first, last in school.closed)
    return _WEEK[day.weekday()] in school.weekdays and not closed and not holiday(day)
