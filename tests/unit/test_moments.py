"""Times in a text that cannot be meant: told, never refused, each at the minute where it begins to be strange."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcaster.model import Problem
from broadcaster.rules.checks.moments import Moment, problems

CITY = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 6, 20, 14, 30, tzinfo=CITY)
EXPIRES = datetime(2026, 6, 20, 18, 0, tzinfo=CITY)


def told(at: datetime, *, ahead: bool = False, dated: bool = False, now: datetime = NOW) -> list[Problem]:
    moment = Moment(place="slots.time", at=at, ahead=ahead, dated=dated)
    return list(problems([moment], now=now.astimezone(UTC), expires=EXPIRES.astimezone(UTC)))


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW - timedelta(minutes=11), "moment_past"),
        (NOW - timedelta(minutes=10), None),
        (NOW, None),
        (EXPIRES, None),
        (EXPIRES + timedelta(minutes=1), "moment_after_expiry"),
    ],
)
def test_what_is_to_come_comes_before_the_end(at: datetime, code: str | None) -> None:
    assert [each.code for each in told(at, ahead=True, dated=True)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("at", "dated", "code"),
    [
        (NOW + timedelta(minutes=11), True, "moment_ahead"),
        (NOW + timedelta(minutes=10), True, None),
        (NOW - timedelta(hours=14), False, None),  # long ago, but today
        (NOW - timedelta(hours=15), False, "moment_long_ago"),
        (NOW - timedelta(hours=15), True, None),  # the day was typed too
        (NOW - timedelta(days=7), True, None),
    ],
)
def test_what_was_is_not_ahead_nor_an_hour_of_yesterday(at: datetime, dated: bool, code: str | None) -> None:
    assert [each.code for each in told(at, dated=dated)] == ([code] if code else [])


@pytest.mark.parametrize(("hour", "codes"), [(18, []), (17, ["moment_long_ago"])])
def test_an_hour_of_last_evening_is_believed_for_six_hours(hour: int, codes: list[str]) -> None:
    night = datetime(2026, 6, 21, 0, 0, tzinfo=CITY)
    at = datetime(2026, 6, 20, hour, 0, tzinfo=CITY)
    assert [each.code for each in told(at, now=night)] == codes


def test_it_is_told_with_both_times_as_the_city_says_them_and_with_what_may_have_been_meant() -> None:
    late = told(EXPIRES + timedelta(minutes=1), ahead=True)
    params = {"at": "06/20 18:01", "expires": "06/20 18:00"}
    assert late == [Problem(code="moment_after_expiry", place="slots.time", params=params, blocking=False)]
    old = told(datetime(2026, 6, 19, 23, 0, tzinfo=CITY))
    params = {"at": "06/19 23:00", "dated": "2026-06-20T23:00"}
    assert old == [Problem(code="moment_long_ago", place="slots.time", params=params, blocking=False)]
