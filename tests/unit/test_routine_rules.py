"""What becomes of an occurrence that comes up, and who lets a series speak."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from broadcaster.model import (
    Actor,
    Draft,
    Grade,
    Kind,
    Late,
    Limit,
    Mode,
    Problem,
    RoutineCategory,
    Severity,
    Standing,
    Urgency,
)
from broadcaster.rules import budget, lane, routine, timekeeping
from broadcaster.rules.timekeeping import Tick
from tests.unit.plans import CALENDAR, jst, plan
from tests.unit.values import NOW, after, alert, info

DUE = jst(11, 25, 16, 30)
MINUTE = timedelta(minutes=1)


def judged(late: Late = Late.SKIP, minutes: float = 0, **coming: Any) -> tuple[Standing | None, str]:
    said = plan(late=late)
    now = DUE + minutes * MINUTE
    verdict = routine.judge(said, routine.Coming(due=DUE, until=DUE + said.valid, now=now, **coming), CALENDAR)
    return verdict.state, verdict.reason


def test_up_to_its_limit_it_is_said_whatever_the_plan_wants_after() -> None:
    assert {judged(late, minutes) for late in Late for minutes in (0, 9, 10)} == {(None, "")}


def test_past_its_limit_the_plan_decides_and_past_its_validity_nobody() -> None:
    assert judged(Late.SKIP, 11) == (Standing.SKIPPED, "too_late")
    assert judged(Late.ASK, 11) == (Standing.HELD, "late")
    assert judged(Late.SEND, 59) == (None, "")
    assert {judged(late, 60, released=True) for late in Late} == {(Standing.SKIPPED, "too_late")}


def test_an_emergency_comes_before_a_persons_word_and_both_before_lateness() -> None:
    assert judged(emergency=True) == (Standing.SUSPENDED, "emergency")
    assert judged(released=True, emergency=True) == (Standing.SUSPENDED, "emergency")
    assert judged(released=True, minutes=50) == (None, "")


@pytest.mark.fault(33)
def test_what_the_clock_was_set_over_is_held() -> None:
    assert judged(jumped=True) == (Standing.HELD, "clock_jumped")
    assert judged(Late.SEND, 30, jumped=True) == (Standing.HELD, "clock_jumped")
    assert judged(jumped=True, minutes=61) == (Standing.SKIPPED, "clock_jumped")


def test_nothing_is_said_into_the_night() -> None:
    said = plan(late=Late.SEND, valid=timedelta(hours=12))
    coming = routine.Coming(due=DUE, until=DUE + said.valid, now=jst(11, 25, 22, 1), released=True)
    assert routine.judge(said, coming, CALENDAR).reason == "quiet_hours"


def test_level_three_and_whatever_is_extreme_silence_routine_and_its_retraction_does_not() -> None:
    assert routine.suspends(alert(level=3))
    assert routine.suspends(alert(severity=Severity.EXTREME))
    assert not routine.suspends(alert(level=2, severity=Severity.SEVERE))
    assert not routine.suspends(alert(kind=Kind.ROUTINE, severity=Severity.EXTREME))
    assert not routine.suspends(alert(infos=(info(urgency=Urgency.PAST, severity=Severity.EXTREME),)))


def test_a_series_takes_a_second_person_where_it_is_live() -> None:
    author, other = Actor(name="duty-a"), Actor(name="duty-b")
    assert routine.may_approve(author, other, Mode.LIVE)
    assert not routine.may_approve(author, author, Mode.LIVE)
    assert not routine.may_approve(author, replace(other, via="token"), Mode.DRILL)
    assert routine.may_approve(author, author, Mode.DRILL)


def test_words_as_grave_as_an_order_are_no_routine() -> None:
    quiet = Draft(kind=Kind.ROUTINE, infos=(info(severity=Severity.MINOR),))
    assert routine.too_grave(quiet) is None
    assert routine.too_grave(replace(quiet, infos=(info(severity=Severity.SEVERE),)))
    assert routine.too_grave(replace(quiet, level=1))


def test_routine_never_touches_what_is_kept_for_emergencies() -> None:
    """The gravest that may be routine finds the reserve closed, of budgets and of the lane."""
    limit = Limit(name="day", unit="posts", window=timedelta(days=1), amount=10, reserve=10)
    grade = Grade.of(Severity.MODERATE, Mode.LIVE)
    assert budget.left([limit], [], [], grade, NOW) == {"day": 0}
    assert budget.left([limit], [], [], Grade.WARNING, NOW) == {"day": 10}
    assert not lane.reserved(Kind.ROUTINE, grade)


@pytest.mark.fault(33)
def test_a_jump_is_what_the_steady_clock_did_not_see() -> None:
    start = Tick(wall=NOW, steady=100.0)
    assert timekeeping.jump_between(start, Tick(wall=after(60), steady=160.0)) == timedelta()
    assert timekeeping.jump_between(start, Tick(wall=after(65), steady=160.0)) == timedelta()
    assert timekeeping.jump_between(start, Tick(wall=after(66), steady=160.0)) == timedelta(seconds=6)
    assert timekeeping.jump_between(start, Tick(wall=after(-3600), steady=110.0)) == timedelta(seconds=-3610)


@pytest.mark.fault(39)
def test_a_clock_before_this_version_is_lost() -> None:
    assert timekeeping.lost(timekeeping.RELEASED - MINUTE)
    assert not timekeeping.lost(timekeeping.RELEASED)


def test_at_night_an_evacuation_is_said_and_the_rest_left_out() -> None:
    night = routine.Coming(due=DUE, until=DUE + timedelta(hours=12), now=jst(11, 25, 22, 1), released=True)
    assert routine.judge(plan(), night, CALENDAR) == routine.Verdict(state=Standing.SKIPPED, reason="quiet_hours")
    assert routine.judge(plan(category=RoutineCategory.EVACUATION), night, CALENDAR) == routine.SAY


def test_words_too_grave_are_told_at_their_severity() -> None:
    grave = Draft(kind=Kind.ROUTINE, infos=(info(severity=Severity.SEVERE),))
    assert routine.too_grave(grave) == Problem(code="routine_grave", place="severity")
