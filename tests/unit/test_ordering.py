"""Order and expiry: I6 and I7 as properties of one pure step."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.model import Delivery, Grade, Kind, State
from broadcaster.rules import ordering
from broadcaster.rules.ordering import START, WAIT, Move, step
from tests.unit.values import NOW, after, deliveries, delivery, grades, seconds

waiting = deliveries(st.sampled_from([State.READY, State.RETRY_WAIT]))
versions = st.none() | st.integers(1, 6)


@given(waiting, versions, versions, st.booleans())
def test_what_starts_is_in_time_newest_and_alone(
    owed: Delivery, started: int | None, accepted: int | None, sibling: bool
) -> None:
    decided = step(owed, NOW, started, accepted, sibling)
    may = owed.expires_at > NOW and max(started or 0, accepted or 0) <= owed.version and not sibling
    assert (decided.move is Move.START) == may


@given(waiting, versions, versions, st.booleans())
def test_what_is_over_is_settled_and_a_doubt_is_not_forgotten(
    owed: Delivery, started: int | None, accepted: int | None, sibling: bool
) -> None:
    decided = step(owed, NOW, started, accepted, sibling)
    if decided.move is not Move.SETTLE:
        assert decided.state is None
        return
    assert decided.state is not None
    assert decided.state.settled
    assert decided.reason == ("expired" if owed.expires_at <= NOW else "superseded")
    assert decided.state.value.startswith("closed_") == (owed.doubt_since is not None)
    assert decided.state.value.endswith("expired") == (owed.expires_at <= NOW)


def test_its_own_earlier_attempt_does_not_stop_it() -> None:
    assert step(delivery(version=2), NOW, 2, 2, False) == START


def test_an_older_sibling_under_way_makes_it_wait() -> None:
    assert step(delivery(version=2), NOW, 1, 2, True) == WAIT


def test_expiry_is_the_first_moment_at_which_nothing_starts() -> None:
    owed = delivery(expires_at=after(10))
    assert step(owed, after(9.999), None, 2, False).move is Move.START
    assert step(owed, after(10), None, 2, False).state is State.EXPIRED


@pytest.mark.parametrize(
    ("grade", "minutes"), [(Grade.EMERGENCY, 10), (Grade.WARNING, 30), (Grade.INFORMATION, 120), (Grade.DRILL, 120)]
)
def test_the_default_of_stale_depends_on_the_grade(grade: Grade, minutes: int) -> None:
    assert ordering.stale_at(grade, NOW, after(7200)) == NOW + timedelta(minutes=minutes)


@given(grades, seconds(0, 10**6))
def test_nothing_turns_stale_after_its_expiry(grade: Grade, expires: datetime) -> None:
    assert NOW <= ordering.stale_at(grade, NOW, expires) <= expires


def test_stale_begins_exactly_then() -> None:
    owed = delivery(stale_at=after(60))
    assert not ordering.stale(owed, after(59.999))
    assert ordering.stale(owed, after(60))


def test_an_emergency_goes_by_itself_after_an_outage_while_its_incident_is_open() -> None:
    owed = delivery(grade=Grade.EMERGENCY, kind=Kind.UPDATE, due_at=NOW)
    assert not ordering.waits_for_keypress(owed, after(3600), newer_exists=False)


def test_an_emergency_waits_after_an_outage_when_its_incident_is_closed_or_something_is_newer() -> None:
    clear = delivery(grade=Grade.EMERGENCY, kind=Kind.ALL_CLEAR, due_at=NOW)
    assert not ordering.waits_for_keypress(clear, after(300), newer_exists=False)
    assert ordering.waits_for_keypress(clear, after(301), newer_exists=False)
    first = delivery(grade=Grade.EMERGENCY, due_at=NOW)
    assert ordering.waits_for_keypress(first, after(301), newer_exists=True)


@given(waiting)
def test_only_emergencies_wait_for_a_key(owed: Delivery) -> None:
    if owed.grade is not Grade.EMERGENCY:
        assert not ordering.waits_for_keypress(owed, NOW, newer_exists=True)


def test_an_older_version_has_ten_seconds() -> None:
    assert not ordering.must_yield(after(100), None)
    assert not ordering.must_yield(after(9.9), NOW)
    assert ordering.must_yield(after(10), NOW)
