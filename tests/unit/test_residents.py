"""What a subscription may hold: each complaint names its person, its field, and shows the value without harm."""

from __future__ import annotations

import pytest

from broadcaster.model import Subscriber
from broadcaster.rules.residents import is_area, problems, shown


def found(*people: Subscriber, areas: tuple[str, ...] = ()) -> list[tuple[str, str, object]]:
    return [(each.code, each.place, each.params["value"]) for each in problems(people, areas)]


def test_good_ones_give_no_problem() -> None:
    people = (
        Subscriber(address="a@example.jp"),
        Subscriber(address="b.c+d@x.example.jp", language="en-GB", areas=("芋窪",)),
    )
    assert found(*people) == found(*people, areas=("芋窪", "蔵敷")) == []


def test_each_problem_has_its_place() -> None:
    people = (
        Subscriber(address="a@example.jp"),
        Subscriber(address="a b@example.jp", language="j", areas=("芋窪", "湖畔", "x\u202ey")),
    )
    assert found(*people, areas=("芋窪",)) == [
        ("subscriber_address", "subscribers[1].address", "a b@example.jp"),
        ("subscriber_language", "subscribers[1].language", "j"),
        ("subscriber_area", "subscribers[1].areas", "湖畔"),
        ("subscriber_area", "subscribers[1].areas", "x?y"),
    ]


@pytest.mark.parametrize(
    ("name", "known", "fits"),
    [
        ("芋窪", (), True),
        ("芋窪", ("芋窪",), True),
        ("芋窪", ("蔵敷",), False),
        ("芋\x1b窪", (), False),
        ("芋\x1b窪", ("芋\x1b窪",), False),
    ],
)
def test_an_area_can_match_or_not(name: str, known: tuple[str, ...], fits: bool) -> None:
    assert is_area(name, known) is fits


@pytest.mark.fault(98)
def test_what_is_shown_is_short_and_does_nothing() -> None:
    assert shown("a\x1b[31m\u202eb\nc") == "a?[31m?b?c"
    assert shown("x" * 100) == "x" * 80
