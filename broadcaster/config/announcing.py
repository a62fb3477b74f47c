"""`[routine]` and `[school]`: when announcements by the calendar are made, and when not."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from broadcaster.model import NEVER_QUIET, Quiet, RoutineCategory, School, Weekday


def _hours(text: str) -> str:
    try:
        _quiet(text)
    except ValueError:
        raise PydanticCustomError("say.hours_unreadable", "no hours") from None
    return text


def _quiet(text: str) -> Quiet:
    """Return the hours `22:00-06:00` stands for, none for an empty text. Raise `ValueError`."""
    if not text:
        return NEVER_QUIET
    start, end = (time.fromisoformat(part) for part in text.split("-"))
    return Quiet(start=start, end=end)


def _days(text: str) -> str:
    try:
        first, last = _range(text)
    except ValueError:
        first, last = date.max, date.min
    if last < first:
        raise PydanticCustomError("say.days_unreadable", "no range of days")
    return text


def _range(text: str) -> tuple[date, date]:
    """Return the first and last day of `2026-12-26..2027-01-07`, or twice the one of `2026-12-26`."""
    first, _, last = text.partition("..")
    return date.fromisoformat(first), date.fromisoformat(last or first)


Hours = Annotated[str, AfterValidator(_hours)]
DayRange = Annotated[str, AfterValidator(_days)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RoutineSettings(_Table):
    """`[routine]`: announcements by the calendar."""

    folder: Path = Path("routine")
    """Where the plan files are: one TOML file, one plan."""
    quiet: Hours = "22:00-06:00"
    quiet_of: dict[RoutineCategory, Hours] = {RoutineCategory.EVACUATION: ""}
    """Quiet hours of categories that have their own; empty: none."""

    def hours(self) -> tuple[Quiet, dict[RoutineCategory, Quiet]]:
        """Return the usual quiet hours, and those of categories that have their own."""
        return _quiet(self.quiet), {category: _quiet(text) for category, text in self.quiet_of.items()}


class SchoolSettings(_Table):
    """`[school]`: the city's school calendar."""

    weekdays: tuple[Weekday, ...] = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)
    closed: tuple[DayRange, ...] = ()
    extra: tuple[date, ...] = ()
    until: date | None = None

    def school(self) -> School:
        """Return it as the rules take it."""
        closed = tuple(_range(text) for text in self.closed)
        return School(weekdays=self.weekdays, closed=closed, extra=self.extra, until=self.until)
