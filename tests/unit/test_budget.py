"""Budgets: the reserve is for warnings and above, and the provider's own figure wins."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.model import Cost, Grade, Limit, Reading
from broadcaster.ports.store import Spent
from broadcaster.rules import budget
from tests.unit.values import NOW, after, grades, readings

POSTS = Limit(name="quarter", unit="posts", window=timedelta(minutes=15), amount=10, reserve=3)
MONEY = Limit(name="money", unit="microusd", window=timedelta(days=1), amount=1_000_000, reserve=200_000)
ONE = Cost(posts=1, microusd=15_000)


def spent(*ages: float) -> list[Spent]:
    return [Spent(at=after(-age), cost=ONE) for age in ages]


limits = st.lists(
    st.builds(
        Limit,
        name=st.sampled_from(["quarter", "day", "money"]),
        unit=st.sampled_from(["posts", "microusd"]),
        window=st.integers(60, 86400).map(lambda s: timedelta(seconds=s)),
        amount=st.integers(0, 100_000),
        reserve=st.integers(0, 50),
    ),
    max_size=3,
    unique_by=lambda limit: limit.name,
)
history = st.lists(st.integers(0, 90_000), max_size=20).map(lambda ages: spent(*ages))


def test_routine_posts_cannot_touch_the_reserve() -> None:
    past = spent(*range(7))
    assert budget.left([POSTS], past, [], Grade.INFORMATION, NOW) == {"quarter": 0}
    assert budget.left([POSTS], past, [], Grade.WARNING, NOW) == {"quarter": 3}
    assert budget.decide([POSTS], past, [], ONE, Grade.INFORMATION, NOW) is not None
    assert budget.decide([POSTS], past, [], ONE, Grade.EMERGENCY, NOW) is None


def test_money_is_counted_in_its_own_unit() -> None:
    assert budget.left([MONEY], spent(10, 20), [], Grade.EMERGENCY, NOW) == {"money": 970_000}


def test_the_window_slides_and_says_when_it_gives_way() -> None:
    past = spent(*range(100, 107))
    assert budget.decide([POSTS], past, [], ONE, Grade.INFORMATION, NOW) == after(900 - 106)
    assert budget.decide([POSTS], past, [], ONE, Grade.INFORMATION, after(900 - 106)) is None


def test_a_reading_wins_until_it_resets() -> None:
    said = [Reading(name="quarter", remaining=0, resets_at=after(120))]
    assert budget.decide([POSTS], [], said, ONE, Grade.EMERGENCY, NOW) == after(120)
    assert budget.decide([POSTS], [], said, ONE, Grade.EMERGENCY, after(120)) is None
    generous = [Reading(name="quarter", remaining=50, resets_at=after(120))]
    assert budget.left([POSTS], spent(*range(10)), generous, Grade.EMERGENCY, NOW) == {"quarter": 50}


def test_of_two_replies_in_one_window_the_lower_figure_holds() -> None:
    low, high = (Reading(name="quarter", remaining=number, resets_at=after(120)) for number in (5, 6))
    assert budget.merge([low], [high], NOW) == (low,)
    assert budget.merge([high], [low], NOW) == (low,)
    later = Reading(name="quarter", remaining=10, resets_at=after(900))
    assert budget.merge([low], [later], NOW) == (later,)


def test_spending_has_to_be_known_as_far_back_as_the_longest_window() -> None:
    assert budget.window([POSTS, MONEY]) == timedelta(days=1)
    assert budget.window([]) == timedelta(0)


@pytest.mark.parametrize("cost", [Cost(posts=1, microusd=0), Cost(posts=0, microusd=1)])
def test_whatever_costs_anything_waits(cost: Cost) -> None:
    nothing = [replace(POSTS, amount=0, reserve=0), replace(MONEY, amount=0, reserve=0)]
    assert budget.decide(nothing, [], [], cost, Grade.EMERGENCY, NOW) == NOW + budget.RECHECK, "nothing tells how long"


def test_it_looks_again_in_a_second_at_the_soonest() -> None:
    said = [Reading(name="quarter", remaining=0, resets_at=after(0.2))]
    assert budget.decide([POSTS], [], said, ONE, Grade.EMERGENCY, NOW) == after(1)


def test_a_limit_only_the_provider_knows_counts_too() -> None:
    said = [Reading(name="app_day", remaining=0, resets_at=after(60))]
    assert budget.decide([POSTS], [], said, ONE, Grade.EMERGENCY, NOW) == after(60)


def test_what_costs_nothing_always_goes() -> None:
    assert budget.decide([POSTS], spent(*range(10)), [], Cost(posts=0), Grade.DRILL, NOW) is None


@given(limits, history, st.lists(readings, max_size=3), grades)
def test_never_negative_and_never_less_for_the_graver(
    some: list[Limit], past: list[Spent], said: list[Reading], grade: Grade
) -> None:
    left = budget.left(some, past, said, grade, NOW)
    gravest = budget.left(some, past, said, Grade.EMERGENCY, NOW)
    assert all(0 <= amount <= gravest[name] for name, amount in left.items())


@given(limits, history, st.lists(readings, max_size=3), grades)
def test_it_waits_exactly_when_something_is_short_and_looks_again_soon(
    some: list[Limit], past: list[Spent], said: list[Reading], grade: Grade
) -> None:
    until = budget.decide(some, past, said, ONE, grade, NOW)
    left = budget.left(some, past, said, grade, NOW)
    units = {limit.name: limit.unit for limit in some}
    short = any(amount < (ONE.microusd if units.get(name) == "microusd" else 1) for name, amount in left.items())
    assert (until is not None) == short
    assert until is None or NOW < until <= NOW + budget.RECHECK


@given(st.lists(readings, max_size=5), st.lists(readings, max_size=5), st.integers(-900, 900).map(after))
def test_merging_keeps_the_newest_of_each_name_that_still_holds_and_within_a_window_the_lowest(
    old: list[Reading], new: list[Reading], now: datetime
) -> None:
    kept = budget.merge(old, new, now)
    assert len({reading.name for reading in kept}) == len(kept)
    assert all(reading.resets_at > now for reading in kept)
    said = [*old, *new]
    last = {reading.name: reading for reading in said}
    for reading in kept:
        assert reading.resets_at == last[reading.name].resets_at
        assert reading.remaining <= last[reading.name].remaining
        assert reading in said


def test_what_is_under_way_is_not_in_the_providers_figure_yet() -> None:
    said = [Reading(name="quarter", remaining=5, resets_at=after(120))]
    assert budget.less(said, [POSTS], spent(1, 2)) == (Reading(name="quarter", remaining=3, resets_at=after(120)),)
    money = [Reading(name="money", remaining=40_000, resets_at=after(120))]
    assert budget.less(money, [MONEY], spent(1))[0].remaining == 25_000


def test_a_limit_gives_back_when_its_oldest_spending_leaves_the_window_or_the_provider_says_so() -> None:
    assert budget.resets(POSTS, [], [], NOW) is None
    assert budget.resets(POSTS, spent(20, 1000, 60), [], NOW) == after(15 * 60 - 60)
    said = Reading(name="quarter", remaining=4, resets_at=after(77))
    assert budget.resets(POSTS, spent(20), [said], NOW) == after(77)
    assert budget.resets(MONEY, spent(20), [said], NOW) == after(86400 - 20)
