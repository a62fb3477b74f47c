"""Whether something arrives in time, and when somebody is asked if it still holds."""

from datetime import timedelta

import pytest

from broadcaster.model import State
from broadcaster.rules.pace import ASKED_BEFORE, Pace, pace, still_valid
from tests.unit.values import NOW, after, delivery

TARGET = timedelta(seconds=30)


@pytest.mark.parametrize(
    ("state", "reached", "now", "wanted"),
    [
        (State.SENDING, None, 30, Pace.UNDER_WAY),
        (State.SENDING, None, 31, Pace.LATE),
        (State.NEEDS_HUMAN, None, 31, Pace.LATE),
        (State.ACCEPTED, 30, 9999, Pace.IN_TIME),
        (State.CONFIRMED, 31, 9999, Pace.LATE),
        (State.SENDING, 10, 9999, Pace.IN_TIME),
        (State.SUPERSEDED, None, 9999, Pace.OVER),
        (State.FAILED, None, 1, Pace.OVER),
    ],
)
def test_a_delivery_is_held_to_its_target(state: State, reached: float | None, now: float, wanted: Pace) -> None:
    owed = delivery(state=state, accepted_at=NOW, reached_at=None if reached is None else after(reached))
    assert pace(owed, TARGET, after(now)) is wanted


def test_it_is_asked_in_the_last_quarter_of_an_hour() -> None:
    end = NOW + ASKED_BEFORE
    assert not still_valid(end + timedelta(seconds=1), NOW)
    assert still_valid(end, NOW)
    assert still_valid(NOW + timedelta(seconds=1), NOW)
    assert not still_valid(NOW, NOW)
