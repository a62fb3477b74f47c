"""The retry schedule: bounded, spread, obedient to the provider, and never past the expiry."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.rules.retry import LONGEST, next_try
from tests.unit.values import NOW, after, jitters, seconds, wishes

LATER = after(1e6)


@given(st.integers(-5, 10**9), jitters, wishes, seconds(-100, 10**6))
def test_it_lies_between_now_and_the_expiry(attempt: int, jitter: float, wish: float | None, expires: datetime) -> None:
    due = next_try(attempt, NOW, jitter, wish, expires)
    assert NOW <= due <= max(NOW, expires)
    assert due <= after(900)


@given(st.integers(1, 10**6), jitters)
def test_waiting_doubles_up_to_five_minutes(attempt: int, jitter: float) -> None:
    due = next_try(attempt, NOW, jitter, None, LATER)
    ceiling = min(2.0 * 2.0 ** min(attempt - 1, 20), LONGEST)
    assert after(ceiling / 2) <= due <= after(ceiling)


@given(st.floats(1, 900), st.integers(1, 50), jitters)
def test_a_wish_within_bounds_is_honoured_exactly(wish: float, attempt: int, jitter: float) -> None:
    assert next_try(attempt, NOW, jitter, wish, LATER) == after(wish)


@pytest.mark.fault(52)
@pytest.mark.parametrize(
    ("wish", "expected"), [(-5.0, 1), (0.0, 1), (1e9, 900), (float("inf"), 900), (float("-inf"), 1)]
)
def test_an_absurd_wish_is_clamped(wish: float, expected: float) -> None:
    assert next_try(1, NOW, 0.5, wish, LATER) == after(expected)


@pytest.mark.fault(52)
def test_a_wish_that_is_no_number_is_ignored() -> None:
    assert next_try(1, NOW, 0.0, float("nan"), LATER) == next_try(1, NOW, 0.0, None, LATER)


@pytest.mark.fault(50)
def test_chance_spreads_a_herd() -> None:
    assert len({next_try(5, NOW, jitter / 100, None, LATER) for jitter in range(100)}) == 100


def test_recipients_wait_as_greylisting_asks() -> None:
    dues = [
        next_try(attempt, NOW, jitter, None, LATER, first=120.0) for attempt in range(1, 9) for jitter in (0.0, 0.99)
    ]
    assert all(after(60) <= due <= after(300) for due in dues)


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [(-1, 2), (0, 2), (1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 64), (7, 128), (8, 256), (9, 300), (10**9, 300)],
)
def test_the_pauses_by_attempt(attempt: int, seconds: float) -> None:
    assert next_try(attempt, NOW, 0.0, None, LATER) == after(seconds / 2)
    assert next_try(attempt, NOW, 0.5, None, LATER) == after(seconds * 0.75)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 60), (2, 120), (3, 150), (4, 150)])
def test_the_pauses_of_a_recipient(attempt: int, seconds: float) -> None:
    assert next_try(attempt, NOW, 0.0, None, LATER, first=120.0) == after(seconds)


def test_a_longer_first_pause_is_the_longest() -> None:
    assert next_try(3, NOW, 0.0, None, LATER, first=1000.0) == after(500)
