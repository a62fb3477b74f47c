"""When one person may send alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broadcaster.model import Actor, Mode, Severity
from broadcaster.ports.store import Breaking
from broadcaster.rules import breakglass
from broadcaster.rules.policy import Policy
from tests.contract.values import acceptance
from tests.unit.values import NOW, alert


def test_the_glass_opens_three_minutes_after_what_is_extreme_was_handed_in() -> None:
    waiting = acceptance(alert(severity=Severity.EXTREME))
    assert breakglass.offered_at(Mode.LIVE, waiting) == waiting.at + timedelta(minutes=3)


@pytest.mark.parametrize("severity", [each for each in Severity if each is not Severity.EXTREME])
def test_for_anything_less_it_never_opens(severity: Severity) -> None:
    assert breakglass.offered_at(Mode.LIVE, acceptance(alert(severity=severity, level=4))) is None


def test_nor_where_nobody_has_to_approve() -> None:
    extreme = acceptance(alert(severity=Severity.EXTREME))
    assert breakglass.offered_at(Mode.DRILL, extreme, Policy(rehearsed=False)) is None
    assert breakglass.offered_at(Mode.DRILL, extreme, Policy(rehearsed=True)) is not None


def test_a_countdown_missed_by_more_than_five_minutes_sends_nothing() -> None:
    breaking = Breaking(
        submission=1, actor=Actor(name="duty-a"), reason="alone", digest="d", started_at=NOW, due_at=NOW
    )
    assert not breakglass.late(breaking, NOW + timedelta(minutes=5))
    assert breakglass.late(breaking, NOW + timedelta(minutes=5, seconds=1))


def test_whoever_broke_it_does_not_look_at_it_afterwards() -> None:
    assert breakglass.may_review(Actor(name="duty-a"), Actor(name="duty-b"))
    assert not breakglass.may_review(Actor(name="duty-a"), Actor(name="duty-a"))
