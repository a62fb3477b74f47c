"""How a drill went: which steps, by whom, how long each took, and which were never reached."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from broadcaster.desk import happenings
from broadcaster.desk.debrief import Debrief, Mark, Sent, Step, Written, debrief
from broadcaster.desk.happenings import Happening
from broadcaster.model import Kind, State
from tests.contract.values import NOW
from tests.unit.test_happenings import SAID, delivery, trace


def at(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


def accepted(seconds: int, serial: str = "7-1", kind: Kind = Kind.ALERT, by: str = "") -> tuple[Happening, ...]:
    approvals = [{"actor": by, "by": "second_person", "reason": ""}] if by else []
    body: dict[str, Any] = {"serial": serial, "kind": kind.value, "deliveries": [], "superseded": []}
    return happenings.told([trace("accepted", SAID.identifier, seconds, "first", approvals=approvals, **body)])


def confirmed(seconds: int, number: int = 5) -> Happening:
    return Happening(at=at(seconds), code="tried", delivery=number, params={"after": State.CONFIRMED.value})


def steps(found: Debrief) -> list[tuple[str, float | None, float | None]]:
    def seconds(span: timedelta | None) -> float | None:
        return None if span is None else span.total_seconds()

    return [(mark.step.value, seconds(mark.after), seconds(mark.took)) for mark in found.marks]


def test_every_step_counts_from_the_first_and_from_the_one_before() -> None:
    (handed,) = happenings.told([trace("submitted", "submission 3", 90, "first", serial="7-1", digest="d")])
    told = [handed, *accepted(120, by="second"), confirmed(124)]
    drafts = [Written(serial="7-1", who="first", opened_at=at(0), composed_at=at(80))]
    found = debrief(7, told, [Sent(delivery=delivery(), began_at=at(121))], drafts)
    assert steps(found) == [
        ("opened", 0, 0),
        ("composed", 80, 80),
        ("handed_in", 90, 10),
        ("approved", 120, 30),
        ("accepted", 120, 0),
        ("first_byte", 121, 1),
        ("confirmed", 124, 4),
    ]
    assert [mark.who for mark in found.marks[:5]] == ["first", "first", "first", "second", "first"]
    assert (found.incident, found.headline) == (7, SAID.primary.headline)
    assert [mark.channel for mark in found.marks[5:]] == ["mail", "mail"]


def test_what_needs_no_second_person_was_handed_in_as_it_was_accepted() -> None:
    assert steps(debrief(7, accepted(0), [])) == [("handed_in", 0, 0), ("accepted", 0, 0)]


def test_a_correction_and_a_lifting_have_steps_of_their_own() -> None:
    told = [
        *accepted(0),
        *accepted(30, "7-2", Kind.CORRECTION),
        *accepted(50, "7-3", Kind.CANCEL),
        *accepted(90, "7-4", Kind.ALL_CLEAR),
    ]
    reached = [(mark.step, mark.serial) for mark in debrief(7, told, []).marks if mark.step is not Step.HANDED_IN]
    assert reached == [
        (Step.ACCEPTED, "7-1"),
        (Step.CORRECTED, "7-2"),
        (Step.CORRECTED, "7-3"),
        (Step.LIFTED, "7-4"),
    ]


def test_what_was_not_reached_stands_at_the_end_without_a_time() -> None:
    found = debrief(7, accepted(0), [Sent(delivery=delivery(channel="twitter", target="x"))])
    assert found.marks[-2:] == (
        Mark(step=Step.FIRST_BYTE, serial="7-1", channel="twitter", target="x"),
        Mark(step=Step.CONFIRMED, serial="7-1", channel="twitter", target="x"),
    )


def test_nothing_at_all_is_no_step() -> None:
    assert debrief(7, [], []).marks == ()
