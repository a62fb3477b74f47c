"""What the audit chain tells of an incident, as lines in the order of time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from broadcaster.audit import START, link
from broadcaster.desk import happenings
from broadcaster.model import Delivery, Grade, Kind, State
from broadcaster.ports.store import Resolution, Tally, Trace
from tests.contract.values import NOW, alert, attempt

SAID = alert(7, 1)


def delivery(**changes: object) -> Delivery:
    values: dict[str, object] = {
        "id": 5, "alert": SAID.identifier, "incident": 7, "version": 1, "kind": Kind.ALERT, "grade": Grade.EMERGENCY,
        "channel": "mail", "target": "subscribers", "key": "k", "state": State.READY, "attempt": 1, "reads": 0,
        "accepted_at": NOW, "due_at": NOW, "expires_at": NOW, "stale_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return Delivery(**(values | changes))  # type: ignore[arg-type]


def trace(event: str, subject: str, seconds: int = 0, actor: str = "service", **body: object) -> Trace:
    entry = link(START, at=NOW + timedelta(seconds=seconds), actor=actor, event=event, subject=subject, body=body)
    about = delivery() if subject.startswith("delivery") else None
    return Trace(entry=entry, delivery=about, alert=SAID if about or event == "accepted" else None)


def recorded(before: State, after: State, **more: object) -> Trace:
    body: dict[str, Any] = {
        "attempt": 1,
        "outcome": "accepted",
        "reason": "",
        "ref": "",
        "possible_duplicate": False,
        **more,
    }
    return trace("recorded", "delivery 5", before=before.value, after=after.value, **body)


def test_an_acceptance_tells_its_approvals_first() -> None:
    body: dict[str, Any] = {
        "serial": "7-1", "kind": "alert", "digest": "d", "superseded": [],
        "deliveries": ["twitter/x", "page/a", "page/b"],
        "approvals": [{"actor": "second", "by": "break_glass", "reason": "nobody answers"}],
    }  # fmt: skip
    first, second = happenings.told([trace("accepted", SAID.identifier, actor="first", **body)])
    assert (first.code, first.who, first.params["reason"]) == ("approved_break_glass", "second", "nobody answers")
    assert (second.code, second.who, second.serial, second.params["channels"]) == (
        "accepted", "first", "7-1", "twitter, page",
    )  # fmt: skip
    assert second.headline == SAID.primary.headline


def test_tries_and_looks_are_told_apart_and_looks_without_news_left_out() -> None:
    lines = happenings.told(
        [
            recorded(State.SENDING, State.IN_DOUBT, outcome="in_doubt"),
            recorded(State.IN_DOUBT, State.IN_DOUBT, outcome="in_doubt"),
            recorded(State.IN_DOUBT, State.ACCEPTED),
            recorded(State.ACCEPTED, State.ACCEPTED, reason="not_seen"),
            recorded(State.ACCEPTED, State.CONFIRMED),
        ]
    )
    assert [(line.code, line.params["after"]) for line in lines] == [
        ("tried", "in_doubt"), ("looked", "in_doubt"), ("looked", "accepted"), ("looked", "confirmed"),
    ]  # fmt: skip
    assert all(line.who == "" and line.serial == "7-1" and line.channel == "mail" for line in lines)


def test_what_is_handed_back_has_the_serial_it_was_handed_in_under() -> None:
    lines = happenings.told(
        [
            trace("submitted", "submission 3", actor="first", serial="7-2", digest="d"),
            trace("returned", "submission 3", 1, actor="second", reason="a typo"),
        ]
    )
    assert [(line.code, line.serial, line.who) for line in lines] == [
        ("submitted", "7-2", "first"),
        ("returned", "7-2", "second"),
    ]


def test_an_event_of_another_room_is_told_with_its_values() -> None:
    (line,) = happenings.told([trace("something_new", "submission 3", actor="first", due="soon", parts=[1])])
    assert (line.code, dict(line.params)) == ("something_new", {"due": "soon", "subject": "submission 3"})


def test_other_records_fill_in_what_the_chain_does_not_say() -> None:
    def resolution(actor: str) -> Resolution:
        return Resolution(delivery=delivery(), at=NOW, actor=actor, verb="ready", why="absent")

    assert [line.code for line in happenings.decided([resolution("service"), resolution("officer")])] == ["resolved"]
    tries = [(delivery(), attempt(delivery(), reason="restart")), (delivery(), attempt(delivery()))]
    assert [line.code for line in happenings.interrupted(tries)] == ["interrupted"]
    tally = Tally(
        total=10, accepted=6, failed=1, pending=1, retry=1, in_doubt=0, unknown=1, possible_duplicates=2,
    )  # fmt: skip
    (line,) = happenings.counted([(delivery(), tally)])
    assert (line.params["accepted"], line.params["open"], line.params["unknown"]) == (6, 2, 1)


def test_lines_are_in_the_order_of_time_then_of_the_chain() -> None:
    late, early = trace("held", "x", 9), trace("held", "y", 1)
    beside = happenings.counted([(delivery(updated_at=NOW + timedelta(seconds=1)), Tally(
        total=1, accepted=1, failed=0, pending=0, retry=0, in_doubt=0, unknown=0, possible_duplicates=0,
    ))])  # fmt: skip
    ordered = happenings.ordered([*happenings.told([late, early]), *beside])
    assert [line.code for line in ordered] == ["held", "counted", "held"]


def test_news_leave_out_what_simply_arrived_and_who_came_and_went() -> None:
    lines = happenings.told(
        [
            trace("session_began", "officer duty-a", actor="duty-a"),
            recorded(State.SENDING, State.ACCEPTED),
            recorded(State.ACCEPTED, State.CONFIRMED),
            recorded(State.IN_DOUBT, State.ACCEPTED, possible_duplicate=True),
            recorded(State.SENDING, State.FAILED, outcome="failed"),
        ]
    )
    assert [line.params["after"] for line in happenings.news(lines)] == ["accepted", "failed"]
