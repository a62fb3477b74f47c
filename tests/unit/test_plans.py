"""Plan files: read strictly, every problem at once with its place; and the samples that come with the program."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster.config import load_city
from broadcaster.documents import dump, load, plan_from, read_plan
from broadcaster.errors import Refused
from broadcaster.forms import Forms
from broadcaster.model import Days, Kind, Late, Lift, Mode, Plan, RoutineCategory, Rule, Weekday
from broadcaster.rendering import Templates, templates_dir
from broadcaster.routine import Script, read_folder
from broadcaster.rules import checks, recurrence, routine
from tests.unit.plans import CALENDAR

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((templates_dir() / "routine").glob("*.toml"))
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SMALL: dict[str, Any] = {
    "title": "夕方のチャイム",
    "category": "chime",
    "template": "evening-chime",
    "valid_minutes": 60,
    "max_late_minutes": 10,
    "when": [{"at": "16:30"}],
}
FULL = """
title = "工事の断水"
category = "utility"
template = "water-cut"
values = { areas = "芋窪" }
channels = ["page", "mail"]
valid_minutes = 240
max_late_minutes = 30
late = "ask"
first = 2026-12-01
last = "2027-03-31"

[lift]
template = "water-restored"
after_minutes = 180
values = { areas = "芋窪", ended = "12:00" }

[[when]]
at = 09:00:00
weekdays = ["mon", "fri"]
months = [12, 1]
days = "1st mon,last fri"
season_from = "12-10"
season_to = "01-20"
holidays = "skip"
school = "only"

[[when]]
at = "8:05"
dates = ["2026-12-06"]
reserve = 2026-12-13
"""


def problems(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        plan_from("chime", {name: value for name, value in (SMALL | changes).items() if value is not None})
    return [(problem.place, problem.code) for problem in caught.value.problems]


def rule(**changes: Any) -> list[tuple[str, str]]:
    return problems(when=[{"at": "16:30"} | changes])


def test_everything_a_plan_may_say_is_read(tmp_path: Path) -> None:
    (tmp_path / "works.toml").write_text(FULL, encoding="utf-8")
    assert read_plan(tmp_path / "works.toml") == Plan(
        id="works",
        title="工事の断水",
        category=RoutineCategory.UTILITY,
        template="water-cut",
        values={"areas": "芋窪"},
        channels=("page", "mail"),
        valid=timedelta(hours=4),
        max_late=timedelta(minutes=30),
        late=Late.ASK,
        first=date(2026, 12, 1),
        last=date(2027, 3, 31),
        lift=Lift(template="water-restored", after=timedelta(hours=3), values={"areas": "芋窪", "ended": "12:00"}),
        when=(
            Rule(
                at=time(9),
                weekdays=(Weekday.MON, Weekday.FRI),
                months=(12, 1),
                days="1st mon,last fri",
                season=((12, 10), (1, 20)),
                holidays=Days.SKIP,
                school=Days.ONLY,
            ),
            Rule(at=time(8, 5), dates=(date(2026, 12, 6),), reserve=date(2026, 12, 13)),
        ),
    )


def test_a_plan_is_kept_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "works.toml").write_text(FULL, encoding="utf-8")
    plan = read_plan(tmp_path / "works.toml")
    assert load(Plan, dump(plan)) == plan


def test_every_problem_is_told_at_once_with_its_place() -> None:
    found = problems(title="", category="bells", valid_minutes=0, when=[{"at": "25:00", "nonsense": 1}], late="maybe")
    assert found == [
        ("title", "too_short"),
        ("category", "choice_unknown"),
        ("when[0].at", "clock_unreadable"),
        ("when[0].nonsense", "field_unknown"),
        ("valid_minutes", "too_small"),
        ("late", "choice_unknown"),
    ]


def test_what_contradicts_itself_is_refused() -> None:
    assert problems(template=None) == [("template", "plan_words")]
    assert problems(draft={"x": 1}) == [("template", "plan_words")]
    assert problems(template=None, draft={"x": 1}, values={"a": "b"}) == [("values", "plan_values_unused")]
    assert problems(first="2027-01-02", last="2027-01-01") == [("last", "plan_ends_first")]
    assert problems(max_late_minutes=60) == [("max_late_minutes", "plan_late_past_valid")]
    assert problems(when=[]) == [("when", "too_short")]
    assert rule(season_from="04-01") == [("when[0].season_to", "plan_season_half")]
    assert rule(season_to="04-01") == [("when[0].season_from", "plan_season_half")]
    assert rule(dates=["2026-12-06"], weekdays=["mon"]) == [("when[0].dates", "plan_dates_alone")]
    assert rule(reserve="2026-12-06") == [("when[0].reserve", "plan_reserve_of_one")]
    assert rule(dates=["2026-12-06"], reserve="2026-12-06") == [("when[0].reserve", "plan_reserve_first")]


@pytest.mark.parametrize("at", ["", "24:00", "7:5", "17:30:30", "-1:00", 5, None, "17時30分"])
def test_a_time_of_day_is_a_time_of_day(at: Any) -> None:
    assert rule(at=at) == [("when[0].at", "clock_unreadable")]


@pytest.mark.parametrize("day", ["2026-13-01", "2026-02-30", "tomorrow", 20261206, datetime(2026, 12, 6, tzinfo=UTC)])
def test_a_day_is_a_day(day: Any) -> None:
    assert rule(dates=[day]) == [("when[0].dates[0]", "day_unreadable")]


@pytest.mark.parametrize("day", ["02-30", "4-1", "13-01", "0401", 401])
def test_a_day_of_the_year_is_one(day: Any) -> None:
    assert rule(season_from=day, season_to="12-31") == [("when[0].season_from", "season_unreadable")]
    plan_from("leap", SMALL | {"when": [{"at": "10:00", "season_from": "02-29", "season_to": "03-01"}]})


@pytest.mark.parametrize("days", ["1st", "0", "32", "6th wed", "wed", "1-5", "*", "1st wed, 2nd wed", "last wednesday"])
def test_days_of_the_month_are_what_the_trigger_reads(days: str) -> None:
    assert rule(days=days) == [("when[0].days", "pattern_mismatch")]


@pytest.mark.parametrize("days", ["1", "31", "last", "1st mon", "5th sun", "2nd wed,4th wed", "15,last fri"])
def test_and_the_trigger_reads_what_is_let_through(days: str) -> None:
    plan = plan_from("x", SMALL | {"when": [{"at": "10:00", "days": days}]})
    assert recurrence.first_after(plan, NOW, CALENDAR) is not None


@pytest.mark.parametrize("name", ["", "Chime", "a/b", "..", "x" * 64, "夕方"])
def test_a_plan_has_a_plain_name(name: str) -> None:
    with pytest.raises(Refused) as caught:
        plan_from(name, SMALL)
    assert [problem.place for problem in caught.value.problems] == ["id"]


def test_one_broken_file_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "works.toml").write_text(FULL, encoding="utf-8")
    (tmp_path / "broken.toml").write_text("title = ", encoding="utf-8")
    (tmp_path / "wrong.toml").write_text('title = "x"', encoding="utf-8")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    folder = read_folder(tmp_path)
    assert [plan.id for plan in folder.plans] == ["works"]
    assert folder.broken == ("broken", "wrong")
    assert {problem.place for problem in folder.problems} == {
        "broken.toml",
        *(f"wrong.toml: {name}" for name in ("category", "when", "valid_minutes", "max_late_minutes")),
    }
    assert read_folder(tmp_path / "nowhere").plans == ()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_samples_can_be_said_as_they_are(path: Path) -> None:
    plan, city = read_plan(path), load_city(ROOT / "config.example.toml")
    script = Script(Forms(templates_dir(), Templates(city.zone)), city)
    coming = recurrence.first_after(plan, NOW, CALENDAR)
    assert coming is not None
    draft = script.announcement(plan, coming, coming)
    found = checks.problems(draft, now=coming, city=city, live=(), mode=Mode.LIVE)
    assert [problem for problem in found if problem.blocking] == []
    assert (draft.kind, routine.too_grave(draft)) == (Kind.ROUTINE, None)
    assert {info.language for info in draft.infos} >= {"ja", "ja-x-easy", "en"}


def test_there_is_a_sample_for_what_a_city_does_first() -> None:
    assert {"evening-chime", "way-home", "jalert-test", "fraud-warning", "memorial"} <= {path.stem for path in SAMPLES}


def test_words_too_grave_for_routine_are_refused() -> None:
    city = load_city(ROOT / "config.example.toml")
    script = Script(Forms(templates_dir(), Templates(city.zone)), city)
    forms, now = script.forms, NOW
    plan = plan_from("x", SMALL | {"template": "flood-level4", "values": forms.examples("flood-level4", city, now)})
    with pytest.raises(Refused, match="routine_grave"):
        script.announcement(plan, now, now)
