"""What people decide about one delivery, field by field; what is possible in which state stands in test_settle."""

from __future__ import annotations

from typing import Any

import pytest

from broadcaster.errors import Conflict
from broadcaster.model import Actor, Delivery, Grade, State
from broadcaster.ports.store import Decision, Settlement, Verb
from broadcaster.rules import deciding
from tests.unit.values import NOW, after, delivery


def decision(verb: Verb) -> Decision:
    return Decision(verb=verb, actor=Actor(name="duty officer"), at=after(60), why="asked by telephone")


def decided(owed: Delivery, verb: Verb, *, newer: bool = False) -> Settlement:
    return deciding.decided(owed, decision(verb), newer_exists=newer)


def refusal(owed: Delivery, verb: Verb, *, newer: bool = False) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Conflict) as raised:
        decided(owed, verb, newer=newer)
    return raised.value.code, dict(raised.value.params)


def by_person(state: State, verb: Verb, *, duplicate: bool | None = None) -> Settlement:
    return Settlement(
        state=state,
        due_at=after(60),
        reason=verb.value,
        detail="asked by telephone",
        possible_duplicate=duplicate,
        resolution=f"{verb.value}: asked by telephone",
    )


@pytest.mark.parametrize(
    ("state", "verb", "becomes"),
    [
        (State.FAILED, Verb.RESEND, State.READY),
        (State.HELD, Verb.RELEASE, State.READY),
        (State.READY, Verb.HOLD, State.HELD),
        (State.RETRY_WAIT, Verb.HOLD, State.HELD),
        (State.IN_DOUBT, Verb.HOLD, State.NEEDS_HUMAN),
        (State.NEEDS_HUMAN, Verb.HOLD, State.NEEDS_HUMAN),
        (State.READY, Verb.DROP, State.CANCELLED),
        (State.FAILED, Verb.DROP, State.CANCELLED),
    ],
)
def test_what_a_decision_writes(state: State, verb: Verb, becomes: State) -> None:
    assert decided(delivery(state=state), verb) == by_person(becomes, verb)


def test_only_what_goes_out_again_after_a_doubt_may_be_there_twice() -> None:
    unsure = delivery(state=State.IN_DOUBT, doubt_since=NOW)
    assert decided(unsure, Verb.RESEND) == by_person(State.READY, Verb.RESEND, duplicate=True)
    assert decided(unsure, Verb.HOLD) == by_person(State.NEEDS_HUMAN, Verb.HOLD)
    assert decided(unsure, Verb.DROP) == by_person(State.CANCELLED, Verb.DROP)


@pytest.mark.parametrize(("state", "verb"), [(State.FAILED, Verb.RESEND), (State.HELD, Verb.RELEASE)])
def test_what_is_over_or_overtaken_says_so(state: State, verb: Verb) -> None:
    assert refusal(delivery(state=state, expires_at=after(60)), verb) == ("delivery_expired", {"delivery": 7})
    assert refusal(delivery(state=state), verb, newer=True) == ("delivery_overtaken", {"delivery": 7})


def test_what_is_impossible_says_why() -> None:
    told = {"delivery": 7, "verb": "release", "state": "sending"}
    assert refusal(delivery(), Verb.RELEASE) == ("decision_impossible", told)
    drill = delivery(state=State.IN_DOUBT, doubt_since=NOW, grade=Grade.DRILL)
    assert refusal(drill, Verb.RESEND) == ("drill_never_resent", {"delivery": 7})


def test_a_mail_to_one_resident_has_a_ledger_too() -> None:
    assert decided(delivery(total=1), Verb.HOLD) == by_person(State.HELD, Verb.HOLD)
    assert decided(delivery(total=1), Verb.DROP) == by_person(State.CANCELLED, Verb.DROP)


def test_what_is_left_at_that_keeps_what_is_known_of_it() -> None:
    partly = delivery(state=State.ACCEPTED, total=9, unserved=3, reads=2, reason="partly", detail="6 accepted")
    assert decided(partly, Verb.DROP) == Settlement(
        state=State.ACCEPTED,
        reads=2,
        reason="partly",
        detail="6 accepted",
        unserved=0,
        resolution="drop: asked by telephone",
    )


ASKED = {Verb.RESEND, Verb.HOLD, Verb.DROP}
OFFERED: dict[State, set[Verb]] = {
    State.READY: {Verb.HOLD, Verb.DROP},
    State.RETRY_WAIT: ASKED,
    State.IN_DOUBT: ASKED,
    State.NEEDS_HUMAN: ASKED,
    State.FAILED: {Verb.RESEND, Verb.DROP},
    State.HELD: {Verb.RESEND, Verb.RELEASE, Verb.DROP},
}
"""What the desk offers for a messenger's delivery that was in doubt; for all other states nothing."""


@pytest.mark.parametrize("state", State)
def test_what_the_desk_offers(state: State) -> None:
    usual = OFFERED.get(state, set())
    assert deciding.offered(state, bulk=False, unserved=False, doubted=True) == usual
    sure = {Verb.RELEASE} if state is State.NEEDS_HUMAN else set()
    assert deciding.offered(state, bulk=False, unserved=False, doubted=False) == usual | sure
    under_way = {Verb.HOLD, Verb.DROP} if state is State.SENDING else set()
    assert deciding.offered(state, bulk=True, unserved=False, doubted=True) == usual | under_way
    partly = {Verb.RESEND, Verb.DROP} if state in (State.ACCEPTED, State.CONFIRMED) else set()
    assert deciding.offered(state, bulk=False, unserved=True, doubted=True) == usual | partly
