"""From a plan file to a plan: strictly, with every problem and its place at once.

One TOML file is one plan; its name without `.toml` is the plan's id. Its words are a `template` with `values`, or a
`[draft]` in the form of an alert file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, ValidationError
from pydantic_core import PydanticCustomError

from broadcaster.documents.files import document
from broadcaster.documents.values import dump, validation_problems
from broadcaster.errors import Refused
from broadcaster.model import Days, Late, Lift, Plan, Problem, RoutineCategory, Rule, Weekday

LONGEST_VALID = 72 * 60
"""Minutes: no alert holds longer than three days."""
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DAY_OF_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_LEAP_YEAR = 2028
_ONE = r"(?:[1-9]|[12][0-9]|3[01]|last|(?:1st|2nd|3rd|4th|5th|last) (?:mon|tue|wed|thu|fri|sat|sun))"
_DAYS = f"^{_ONE}(,{_ONE})*$"
"""What APScheduler's cron trigger reads as a day of the month."""


def read_plan(source: Path) -> Plan:
    """Return the plan in a file. Raise `Refused` with every problem."""
    return plan_from(source.stem, document(source, source.suffix))


def plan_table(source: Path) -> tuple[str, dict[str, Any]]:
    """Return a plan file's name and table, once it is known to be right. Raise `Refused` with every problem."""
    table = document(source, source.suffix)
    plan_from(source.stem, table)
    return source.stem, table


def plan_from(name: str, data: Mapping[str, Any]) -> Plan:
    """Return the plan a table holds. Raise `Refused` with every problem and its place."""
    try:
        file = _File.model_validate({"id": name, **data})
    except ValidationError as error:
        raise Refused(validation_problems(error)) from None
    if problems := tuple(_contradictions(file)):
        raise Refused(problems)
    return _plan(file)


def _clock(value: object) -> object:
    """Take `17:30` as text or as TOML's own local time."""
    if isinstance(value, str) and (found := _CLOCK.fullmatch(value)):
        return time(int(found[1]), int(found[2]))
    if isinstance(value, time) and value.tzinfo is None and not value.second:
        return value
    raise PydanticCustomError("say.clock_unreadable", "no time of day")


def _day(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else _plain(value)
    except ValueError:
        raise PydanticCustomError("say.day_unreadable", "no day") from None


def _plain(value: object) -> date:
    if type(value) is not date:
        raise ValueError
    return value


def _day_of_year(value: object) -> object:
    found = _DAY_OF_YEAR.fullmatch(value) if isinstance(value, str) else None
    try:
        day = date(_LEAP_YEAR, int(found[1]), int(found[2])) if found else None
    except ValueError:
        day = None
    if day is None:
        raise PydanticCustomError("say.season_unreadable", "no day of the year")
    return day.month, day.day


Clock = Annotated[Any, BeforeValidator(_clock)]
Day = Annotated[Any, BeforeValidator(_day)]
DayOfYear = Annotated[Any, BeforeValidator(_day_of_year)]
Minutes = Annotated[int, Field(ge=0, le=LONGEST_VALID, strict=True)]
Id = Annotated[StrictStr, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleTable(_Part):
    """One `[[when]]`: a rule as people write it."""

    at: Clock
    weekdays: tuple[Weekday, ...] = ()
    months: tuple[Annotated[int, Field(ge=1, le=12, strict=True)], ...] = ()
    days: Annotated[StrictStr, Field(pattern=_DAYS)] = ""
    season_from: DayOfYear = None
    season_to: DayOfYear = None
    dates: tuple[Day, ...] = ()
    reserve: Day = None
    holidays: Days = Days.ANY
    school: Days = Days.ANY

    def rule(self) -> Rule:
        """Return it as the rules take it."""
        given = self.model_dump(exclude={"season_from", "season_to"})
        return Rule(**given, season=(self.season_from, self.season_to) if self.season_from else None)


class _Lift(_Part):
    template: StrictStr
    after_minutes: Annotated[int, Field(ge=1, le=LONGEST_VALID, strict=True)]
    values: dict[str, StrictStr] = {}

    def lift(self) -> Lift:
        return Lift(template=self.template, after=timedelta(minutes=self.after_minutes), values=self.values)


class _File(_Part):
    id: Id
    title: Annotated[StrictStr, Field(min_length=1, max_length=100)]
    category: RoutineCategory
    when: tuple[RuleTable, ...]
    valid_minutes: Annotated[int, Field(ge=1, le=LONGEST_VALID, strict=True)]
    max_late_minutes: Minutes
    late: Late = Late.SKIP
    template: StrictStr = ""
    values: dict[str, StrictStr] = {}
    draft: dict[str, Any] = {}
    channels: tuple[StrictStr, ...] = ()
    first: Day = None
    last: Day = None
    lift: _Lift | None = None


def _contradictions(file: _File) -> Iterator[Problem]:
    if bool(file.template) == bool(file.draft):
        yield Problem(code="plan_words", place="template")
    if file.values and file.draft:
        yield Problem(code="plan_values_unused", place="values")
    if file.first and file.last and file.last < file.first:
        yield Problem(code="plan_ends_first", place="last")
    if file.max_late_minutes >= file.valid_minutes:
        yield Problem(code="plan_late_past_valid", place="max_late_minutes")
    if not file.when:
        yield Problem(code="too_short", place="when", params={"bound": 1})
    for index, rule in enumerate(file.when):
        for code, name in rule_contradictions(rule):
            yield Problem(code=code, place=f"when[{index}].{name}")


def rule_contradictions(rule: RuleTable) -> Iterator[tuple[str, str]]:
    """Yield what does not go together: a code of the catalogue, and the key it is about."""
    if bool(rule.season_from) != bool(rule.season_to):
        yield "plan_season_half", "season_from" if rule.season_to else "season_to"
    if rule.dates and (rule.weekdays or rule.months or rule.days or rule.season_from):
        yield "plan_dates_alone", "dates"
    if rule.reserve and len(rule.dates) != 1:
        yield "plan_reserve_of_one", "reserve"
    elif rule.reserve and rule.reserve <= rule.dates[0]:
        yield "plan_reserve_first", "reserve"


def _plan(file: _File) -> Plan:
    names = {"id", "title", "category", "late", "template", "values", "draft", "channels", "first", "last"}
    lift = file.lift
    return Plan(
        **{name: getattr(file, name) for name in names},
        when=tuple(rule.rule() for rule in file.when),
        valid=timedelta(minutes=file.valid_minutes),
        max_late=timedelta(minutes=file.max_late_minutes),
        lift=None if lift is None else lift.lift(),
    )


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return a plan as the table of its file: what `plan_from` reads, without what is as a new plan has it."""
    lift = plan.lift
    table: dict[str, Any] = {
        "title": plan.title,
        "category": plan.category.value,
        "valid_minutes": _minutes(plan.valid),
        "max_late_minutes": _minutes(plan.max_late),
        "late": plan.late.value,
        "first": plan.first and plan.first.isoformat(),
        "last": plan.last and plan.last.isoformat(),
        "channels": list(plan.channels),
        "template": plan.template,
        "values": dict(plan.values),
        "when": [_when(rule) for rule in plan.when],
        "lift": lift and {"template": lift.template, "after_minutes": _minutes(lift.after), "values": {**lift.values}},
        "draft": dump(plan.draft),
    }
    return {key: value for key, value in table.items() if value or key == "max_late_minutes"}


def _when(rule: Rule) -> dict[str, Any]:
    first, last = ((f"{month:02d}-{day:02d}" for month, day in rule.season)) if rule.season else ("", "")
    table: dict[str, Any] = {
        "at": f"{rule.at:%H:%M}",
        "weekdays": [day.value for day in rule.weekdays],
        "months": list(rule.months),
        "days": rule.days,
        "season_from": first,
        "season_to": last,
        "dates": [day.isoformat() for day in rule.dates],
        "reserve": rule.reserve and rule.reserve.isoformat(),
        "holidays": "" if rule.holidays is Days.ANY else rule.holidays.value,
        "school": "" if rule.school is Days.ANY else rule.school.value,
    }
    return {key: value for key, value in table.items() if value}


def _minutes(length: timedelta) -> int:
    return round(length / timedelta(minutes=1))
