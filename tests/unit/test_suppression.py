"""When an address is left alone: only what names the address counts, only in a row, only over a week."""

from __future__ import annotations

import pytest

from broadcaster.rules.suppression import LASTS, OVER, Refusals, believable, names_the_address, refused_again
from tests.unit.values import NOW


@pytest.mark.parametrize("code", ["550 5.1.1", "553 5.1.2", "501 5.1.3", "551 5.1.6", "556 5.1.10", "550 5.2.1"])
def test_codes_that_name_the_address(code: str) -> None:
    assert names_the_address(code)


@pytest.mark.parametrize(
    "code", ["550", "550 5.0.0", "552 5.2.2", "550 5.7.1", "450 4.1.1", "550 5.1.11", "550 5.1.1 x", "x550 5.1.1", ""]
)
def test_codes_that_do_not(code: str) -> None:
    assert not names_the_address(code)


@pytest.mark.parametrize(
    ("refused", "total", "believed"),
    [(1, 1, True), (20, 20, True), (21, 20, False), (21, 209, False), (21, 210, True), (22, 210, False)],
)
def test_too_many_at_once_are_the_relays_fault(refused: int, total: int, believed: bool) -> None:
    assert believable(refused, total) is believed


def test_the_first_refusal_is_only_noted() -> None:
    assert refused_again(None, "550 5.1.1", NOW) == Refusals(times=1, first_at=NOW, last_at=NOW, code="550 5.1.1")


def test_it_takes_three_in_a_row_and_a_week() -> None:
    second = refused_again(refused_again(None, "a", NOW), "b", NOW + OVER)
    assert (second.times, second.first_at, second.last_at, second.code) == (2, NOW, NOW + OVER, "b")
    assert second.suppressed_until is None, "twice is not enough, however long ago"
    third = refused_again(second, "c", NOW + OVER)
    assert (third.times, third.suppressed_until) == (3, NOW + OVER + LASTS)
    assert refused_again(third, "d", NOW + OVER * 2).suppressed_until == NOW + OVER * 2 + LASTS


def test_three_within_a_day_are_not_enough() -> None:
    found = None
    for _ in range(5):
        found = refused_again(found, "a", NOW + OVER * 0.999)
        found = Refusals(times=found.times, first_at=NOW, last_at=found.last_at, code=found.code)
        assert found.suppressed_until is None
    assert refused_again(found, "a", NOW + OVER * 0.999).suppressed_until is None
