"""When a plan comes round, and why it is left out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.model import Days, Lift, Occurrence, Part, Plan, Quiet, RoutineCategory, School, Weekday
from broadcaster.rules import recurrence
from broadcaster.rules.calendar import Calendar, holiday, school_day
from tests.unit.plans import CALENDAR, SCHOOL, TOKYO, daily, jst, plan

NEW_YORK = Calendar(zone=ZoneInfo("America/New_York"), usual=Quiet(start=time(0), end=time(0)))
WEEK = tuple(Weekday)


def coming(said: Plan, after: datetime, count: int, calendar: Calendar = CALENDAR) -> list[Occurrence]:
    return list(islice(recurrence.next_occurrences(said, after, calendar), count))


def walls(said: Plan, after: datetime, count: int, calendar: Calendar = CALENDAR) -> list[str]:
    return [f"{each.due.astimezone(calendar.zone):%m-%d %H:%M}" for each in coming(said, after, count, calendar)]


def test_the_chime_changes_with_the_season() -> None:
    winter = daily("16:30", season=((10, 1), (3, 31)))
    summer = daily("17:30", season=((4, 1), (9, 30)))
    assert walls(plan(summer, winter), jst(9, 29, 20), 3) == ["09-30 17:30", "10-01 16:30", "10-02 16:30"]
    assert walls(plan(summer, winter), jst(3, 30, 20, year=2027), 2) == ["03-31 16:30", "04-01 17:30"]


def test_what_is_due_now_is_not_still_to_come() -> None:
    assert walls(plan(), jst(11, 25, 16, 30), 1) == ["11-26 16:30"]
    assert walls(plan(), jst(11, 25, 16, 29), 1) == ["11-25 16:30"]


def test_weekdays_and_days_of_the_month() -> None:
    assert walls(plan(daily("11:00", weekdays=(Weekday.TUE,))), jst(11, 25), 2) == ["12-01 11:00", "12-08 11:00"]
    second = daily("11:00", days="2nd wed", months=(2, 5, 8, 11))
    assert walls(plan(second), jst(11, 25), 2) == ["02-10 11:00", "05-12 11:00"]
    assert walls(plan(daily(days="last")), jst(2, 1, year=2028), 1) == ["02-29 16:30"]


def test_29_february_is_waited_for_and_30_february_is_not() -> None:
    assert walls(plan(daily(days="29", months=(2,))), jst(3, 1, year=2028), 1) == ["02-29 16:30"]
    assert coming(plan(daily(days="30", months=(2,))), jst(3, 1), 1) == []


def test_holidays_are_left_out_by_name_or_are_the_only_days() -> None:
    left = coming(plan(daily("14:30", holidays=Days.SKIP)), jst(11, 22, 20), 2)
    assert [(each.reason, each.detail) for each in left] == [("holiday", "勤労感謝の日"), ("", "")]
    only = coming(plan(daily("10:00", holidays=Days.ONLY)), jst(11, 22, 20), 2)
    assert [each.reason for each in only] == ["", "no_holiday"]
    assert holiday(date(2026, 5, 6)) == "憲法記念日 振替休日"


def test_school_days_follow_weekdays_holidays_closures_and_extra_days() -> None:
    way_home = plan(daily("14:30", school=Days.ONLY), category=RoutineCategory.SCHOOL)
    reasons = {each.due.astimezone(TOKYO).date(): each.reason for each in coming(way_home, jst(11, 20, 20), 140)}
    assert reasons[date(2026, 11, 23)] == "no_school"
    assert reasons[date(2026, 11, 24)] == ""
    assert reasons[date(2026, 11, 28)] == ""
    assert reasons[date(2026, 11, 29)] == "no_school"
    assert reasons[date(2026, 12, 28)] == "no_school"
    assert reasons[date(2027, 4, 1)] == "school_calendar_over"
    assert school_day(SCHOOL, date(2027, 4, 1)) is None
    assert coming(plan(daily(school=Days.SKIP)), jst(11, 24), 1)[0].reason == "school"


def test_nothing_is_said_at_night_but_an_evacuation() -> None:
    rules = tuple(daily(at) for at in ("05:59", "06:00", "21:59", "22:00"))
    reasons = [each.reason for each in coming(plan(*rules), jst(11, 25), 4)]
    assert reasons == ["quiet_hours", "", "", "quiet_hours"]
    orders = plan(*rules, category=RoutineCategory.EVACUATION)
    assert [each.reason for each in coming(orders, jst(11, 25), 4)] == ["", "", "", ""]


def test_a_single_day_has_a_reserve_day() -> None:
    drill = plan(daily("10:00", dates=(date(2026, 12, 6),), reserve=date(2026, 12, 13)))
    first, second = coming(drill, jst(11, 25), 9)
    assert (first.reserve_of, second.reserve_of) == (None, first.due)
    assert coming(drill, jst(12, 6, 10), 9) == [second]


def test_a_plan_begins_and_ends() -> None:
    said = plan(daily(), first=date(2026, 12, 1), last=date(2026, 12, 2))
    assert walls(said, jst(11, 25), 9) == ["12-01 16:30", "12-02 16:30"]
    assert recurrence.first_after(said, jst(12, 2, 16, 30), CALENDAR) is None


def test_a_lift_follows_what_is_not_left_out() -> None:
    smog = plan(daily("11:00", holidays=Days.SKIP), lift=Lift(template="x", after=timedelta(hours=6)))
    found = [
        (each.part, f"{each.due.astimezone(TOKYO):%d %H}", each.reason) for each in coming(smog, jst(11, 22, 9), 5)
    ]
    assert found == [
        (Part.ANNOUNCE, "22 11", ""),
        (Part.LIFT, "22 17", ""),
        (Part.ANNOUNCE, "23 11", "holiday"),
        (Part.ANNOUNCE, "24 11", ""),
        (Part.LIFT, "24 17", ""),
    ]
    assert coming(smog, jst(11, 22, 12), 1)[0].part is Part.LIFT


@pytest.mark.fault(35)
def test_a_time_that_summer_time_leaves_out_is_the_next_valid_one() -> None:
    assert walls(plan(daily("02:30")), datetime(2027, 3, 13, 12, tzinfo=UTC), 3, NEW_YORK) == [
        "03-14 03:30",
        "03-15 02:30",
        "03-16 02:30",
    ]


@pytest.mark.fault(35)
def test_a_time_that_comes_twice_is_said_once() -> None:
    found = coming(plan(daily("01:30")), datetime(2027, 11, 6, 12, tzinfo=UTC), 2, NEW_YORK)
    assert [each.due for each in found] == [
        datetime(2027, 11, 7, 5, 30, tzinfo=UTC),
        datetime(2027, 11, 8, 6, 30, tzinfo=UTC),
    ]


@pytest.mark.fault(35)
@given(
    hours=st.integers(0, 2 * 366 * 24),
    minutes=st.integers(0, 1439),
    zone=st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Europe/London", "Asia/Tokyo"]),
)
@settings(max_examples=60, deadline=None)
def test_looking_in_pieces_finds_what_looking_once_finds(hours: int, minutes: int, zone: str) -> None:
    """However often the alarm clock looks, and wherever summer time falls: each day once, none twice."""
    calendar = Calendar(zone=ZoneInfo(zone))
    said, begin = plan(daily(f"{minutes // 60:02}:{minutes % 60:02}")), jst(1, 1) + timedelta(hours=hours)
    end = begin + timedelta(days=9)
    whole = [each.due for each in recurrence.between(said, begin, end, calendar)]
    pieces: list[datetime] = []
    at = begin
    while at < end:
        step = min(at + timedelta(hours=5, minutes=7), end)
        pieces += [each.due for each in recurrence.between(said, at, step, calendar)]
        at = step
    assert pieces == whole == sorted(set(whole))
    assert len(whole) in (8, 9, 10)


def test_the_end_of_an_interval_belongs_to_it_and_its_beginning_does_not() -> None:
    (found,) = recurrence.between(plan(), jst(11, 25, 16, 30), jst(11, 26, 16, 30), CALENDAR)
    assert (found.due, found.plan, found.part) == (jst(11, 26, 16, 30), "chime", Part.ANNOUNCE)


def test_two_rules_of_one_moment_are_one_announcement_and_one_lift() -> None:
    twice = plan(daily("11:00"), daily("11:00"), lift=Lift(template="x", after=timedelta(hours=6)))
    assert walls(twice, jst(11, 25), 3) == ["11-25 11:00", "11-25 17:00", "11-26 11:00"]


def test_a_lift_comes_before_what_is_announced_at_its_moment() -> None:
    both = plan(daily("11:00"), daily("17:00"), lift=Lift(template="x", after=timedelta(hours=6)))
    found = [(each.part, each.due) for each in coming(both, jst(11, 25, 11), 2)]
    assert found == [(Part.LIFT, jst(11, 25, 17)), (Part.ANNOUNCE, jst(11, 25, 17))]
    assert coming(both, jst(11, 25, 17), 1)[0].due == jst(11, 25, 23), "neither is still to come then"


def test_the_last_announcement_is_lifted_too() -> None:
    once = plan(daily("10:00", dates=(date(2026, 12, 6),)), lift=Lift(template="x", after=timedelta(hours=1)))
    found = [(each.plan, each.part, each.due) for each in coming(once, jst(11, 25), 9)]
    assert found == [("chime", Part.ANNOUNCE, jst(12, 6, 10)), ("chime", Part.LIFT, jst(12, 6, 11))]
    assert coming(once, jst(12, 6, 11), 9) == []


def test_a_season_may_be_one_day() -> None:
    assert walls(plan(daily(season=((11, 26), (11, 26)))), jst(11, 25), 2) == ["11-26 16:30", "11-26 16:30"]


def test_only_a_holiday_has_a_detail() -> None:
    weekday = coming(plan(daily(holidays=Days.ONLY)), jst(11, 24), 1)
    night = coming(plan(daily("23:00")), jst(11, 24), 1)
    free = coming(plan(daily(school=Days.SKIP)), jst(11, 22, 20), 1)
    found = [(each.reason, each.detail) for each in (*weekday, *night, *free)]
    assert found == [("no_holiday", ""), ("quiet_hours", ""), ("", "")]


def test_a_wall_time_is_its_first_moment_and_told_in_utc() -> None:
    found = recurrence.moment_of(datetime(2027, 11, 7, 1, 30, tzinfo=UTC, fold=1), NEW_YORK.zone)
    assert found == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    assert found.tzinfo is UTC, "not the machine's own zone"


def test_quiet_hours_begin_with_their_first_minute_and_end_before_their_last() -> None:
    noon = Calendar(zone=TOKYO, usual=Quiet(start=time(12), end=time(13)))
    moments = [jst(11, 25, hour, minute) for hour, minute in ((11, 59), (12, 0), (12, 59), (13, 0))]
    assert [noon.is_quiet(RoutineCategory.CHIME, each) for each in moments] == [False, True, True, False]


def test_a_closure_and_the_school_calendar_include_their_first_and_last_day() -> None:
    school = School(closed=((date(2026, 12, 1), date(2026, 12, 3)),), until=date(2026, 12, 4))
    assert [school_day(school, date(2026, 12, day)) for day in (1, 3, 4, 5)] == [False, False, True, None]
