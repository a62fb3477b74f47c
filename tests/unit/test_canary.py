"""When a test goes out, what counts as an answer, and when silence is an alarm: the rules alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.errors import EgressRefused
from broadcaster.model import Delivery, Grade, Kind, Mode, Organ, Pulse, State
from broadcaster.rules import canary
from broadcaster.rules.canary import Hush, Shown
from broadcaster.rules.egress import Among, Endpoints
from tests.unit.plans import jst

NOW = jst(11, 25, 10)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PULSE = Pulse(organ=Organ.CHANNEL, name="mail", since=NOW - 24 * HOUR, answered_at=NOW - HOUR)
HUSH = Hush(code="canary_unseen", params={})


def delivery(state: State, at: datetime = NOW, **changes: Any) -> Delivery:
    usual: dict[str, Any] = {
        "id": 1,
        "alert": "x",
        "incident": 0,
        "version": 1,
        "kind": Kind.TEST,
        "grade": Grade.INFORMATION,
        "channel": "mail",
        "target": "canary",
        "key": "k",
        "state": state,
        "attempt": 1,
        "reads": 0,
        "accepted_at": at,
        "due_at": at,
        "expires_at": at + HOUR,
        "stale_at": at + HOUR,
        "updated_at": at,
    }
    return Delivery(**usual | changes)


@pytest.mark.parametrize(
    ("late", "jumped", "emergency", "reason"),
    [
        (timedelta(), False, False, ""),
        (10 * MINUTE, False, False, ""),
        (10 * MINUTE + SECOND, False, False, "too_late"),
        (timedelta(), True, True, "clock_jumped"),
        (timedelta(), False, True, "emergency"),
    ],
)
def test_why_a_test_is_left_out(late: timedelta, jumped: bool, emergency: bool, reason: str) -> None:
    assert canary.left_out(NOW, NOW + late, 10 * MINUTE, jumped=jumped, emergency=emergency) == reason


def test_only_what_was_seen_from_outside_counts_where_that_can_be_seen() -> None:
    told, there = delivery(State.ACCEPTED), delivery(State.CONFIRMED, NOW + MINUTE)
    assert canary.answered([told], readable=False) == NOW
    assert canary.answered([told], readable=True) is None
    assert canary.answered([there], readable=True) == NOW + MINUTE
    assert canary.answered([there, told], readable=True) is None  # every target has to answer
    assert canary.answered([delivery(State.CONFIRMED, unserved=1)], readable=True) is None
    assert canary.answered([], readable=False) is None


def test_what_is_known_of_a_silence() -> None:
    assert canary.why_not([delivery(State.CONFIRMED), delivery(State.ACCEPTED)]) == HUSH
    refused = canary.why_not([delivery(State.CONFIRMED), delivery(State.FAILED, reason="rejected")])
    assert refused == Hush(code="canary_unsaid", params={"state": "failed", "reason": "rejected"})
    assert canary.why_not([delivery(State.RETRY_WAIT)]).params["reason"] == "unknown"
    assert canary.why_not([]).code == "canary_unsayable"


HELD = Shown(number=7, issued_at=NOW - 5 * MINUTE, mode=Mode.LIVE, digest="d")
OLD = {"issued_at": NOW - 11 * MINUTE - 30 * SECOND}


@pytest.mark.parametrize(
    ("changes", "held", "hush"),
    [
        ({}, HELD, None),
        ({"issued_at": NOW - 10 * MINUTE}, HELD, None),
        ({"number": 6}, HELD, Hush(code="canary_behind", params={"number": 6, "held": 7})),
        ({"number": 6, **OLD}, HELD, Hush(code="canary_stale", params={"number": 6, "minutes": 11})),
        ({"number": 8}, HELD, Hush(code="canary_foreign", params={"number": 8, "held": 7})),
        ({"digest": "e"}, HELD, Hush(code="canary_altered", params={"number": 7})),
        ({"intact": False}, HELD, Hush(code="canary_altered", params={"number": 7})),
        ({"mode": Mode.DRILL}, HELD, Hush(code="canary_other_mode", params={"number": 7})),
        ({"number": 6, "digest": "e", "mode": Mode.DRILL}, None, None),
        (OLD, None, Hush(code="canary_stale", params={"number": 7, "minutes": 11})),
        ({"issued_at": NOW + HOUR}, None, None),
    ],
)
def test_what_is_wrong_with_what_the_public_gets(
    changes: dict[str, Any], held: Shown | None, hush: Hush | None
) -> None:
    values = {"number": 7, "issued_at": NOW - 5 * MINUTE, "mode": Mode.LIVE, "digest": "d", **changes}
    assert canary.seen(Shown(**values), held, NOW, 10 * MINUTE) == hush


def test_how_long_an_older_edition_may_still_be_seen() -> None:
    before = Shown(number=6, issued_at=NOW - 9 * MINUTE, mode=Mode.LIVE, digest="c")
    for age, behind in ((canary.PROPAGATION, False), (canary.PROPAGATION + SECOND, True)):
        held = Shown(number=7, issued_at=NOW - age, mode=Mode.LIVE, digest="d")
        assert (canary.seen(before, held, NOW, 10 * MINUTE) is not None) == behind


def test_every_step_of_a_silence_as_it_is_written_down() -> None:
    late = Hush(code="canary_stale", params={"minutes": 11})
    failing = canary.missed(PULSE, late, NOW, MINUTE)
    assert failing == replace(PULSE, failing_since=NOW, reason="canary_stale", params={"minutes": 11})
    assert canary.heard(failing, NOW) == replace(PULSE, answered_at=NOW)
    silent = canary.missed(failing, HUSH, NOW + MINUTE, MINUTE)
    begun: dict[str, Any] = {
        "failing_since": NOW,
        "silent_since": NOW + MINUTE,
        "reason": "canary_unseen",
        "params": {},
    }
    assert silent == replace(PULSE, **begun, alarm_at=NOW + MINUTE)
    assert canary.missed(silent, late, NOW + 2 * MINUTE) == replace(silent, reason=late.code, params=late.params)
    nobody = canary.untold(silent, NOW + MINUTE)
    assert nobody == replace(silent, tries=1, alarm_at=NOW + 2 * MINUTE)
    told = canary.told(nobody, NOW + 2 * MINUTE)
    assert told == replace(silent, alarms=1, tries=0, told_at=NOW + 2 * MINUTE, alarm_at=NOW + 32 * MINUTE)
    back = canary.heard(replace(told, tries=2), NOW + HOUR)
    over: dict[str, Any] = {"answered_at": NOW + HOUR, "told_at": NOW + 2 * MINUTE, "alarm_at": NOW + HOUR}
    assert back == replace(PULSE, **over, alarms=1, lifting=True)
    unsaid = canary.untold(back, NOW + HOUR)
    assert canary.heard(unsaid, NOW + 2 * HOUR) == replace(unsaid, answered_at=NOW + 2 * HOUR)
    lifted = canary.told(unsaid, NOW + 3 * HOUR)
    assert lifted == replace(PULSE, answered_at=NOW + HOUR, told_at=NOW + 3 * HOUR)


def test_an_answer_that_is_told_late_takes_nothing_back() -> None:
    assert canary.heard(PULSE, NOW - 2 * HOUR) == PULSE
    new = replace(PULSE, answered_at=None)
    assert canary.heard(new, NOW) == replace(PULSE, answered_at=NOW)
    quiet = canary.missed(PULSE, HUSH, NOW)
    assert canary.heard(replace(quiet, tries=3), NOW + HOUR) == replace(PULSE, answered_at=NOW + HOUR, tries=3)


def test_silent_again_keeps_the_count_of_its_alarms_only_while_its_end_is_untold() -> None:
    lifting = replace(PULSE, alarms=3, lifting=True, tries=2, told_at=NOW - HOUR, alarm_at=NOW)
    assert canary.missed(lifting, HUSH, NOW) == replace(
        lifting, failing_since=NOW, silent_since=NOW, reason=HUSH.code, lifting=False, tries=0
    )
    assert canary.missed(replace(lifting, lifting=False), HUSH, NOW).alarms == 0


def test_the_last_moments_of_each_wait() -> None:
    silent = canary.missed(PULSE, HUSH, NOW)
    assert canary.tells(silent, NOW)
    assert not canary.tells(silent, NOW - SECOND)
    assert not canary.tells(silent, NOW - canary.LONGEST_AGAIN)
    assert canary.tells(silent, NOW - canary.LONGEST_AGAIN - SECOND)
    assert not canary.tells(PULSE, NOW)
    ahead = replace(PULSE, told_at=NOW + 9 * HOUR)  # by a clock that has gone back since
    assert canary.missed(ahead, HUSH, NOW).alarm_at == NOW + canary.CALM
    for alarms in (4, 5, 15, 16, 17):
        pause = min(canary.AGAIN * 2**alarms, canary.LONGEST_AGAIN)
        assert canary.told(replace(silent, alarms=alarms), NOW).alarm_at == NOW + pause
    for tries in (3, 4, 16, 17):
        pause = min(canary.RETRY * 2**tries, canary.LONGEST_RETRY)
        assert canary.untold(replace(silent, tries=tries), NOW).alarm_at == NOW + pause


def test_a_cache_may_show_the_edition_before_for_a_moment() -> None:
    fresh = Shown(number=7, issued_at=NOW - MINUTE, mode=Mode.LIVE, digest="d")
    before = Shown(number=6, issued_at=NOW - 2 * MINUTE, mode=Mode.LIVE, digest="c")
    assert canary.seen(before, fresh, NOW, 10 * MINUTE) is None


def test_silence_begins_when_failing_has_lasted() -> None:
    failing = canary.missed(PULSE, HUSH, NOW, 3 * MINUTE)
    assert (failing.failing_since, failing.silent, canary.tells(failing, NOW)) == (NOW, False, False)
    assert not canary.missed(failing, HUSH, NOW + 2 * MINUTE, 3 * MINUTE).silent
    silent = canary.missed(failing, HUSH, NOW + 3 * MINUTE, 3 * MINUTE)
    assert silent.silent_since == NOW + 3 * MINUTE
    assert canary.tells(silent, NOW + 3 * MINUTE)
    assert canary.heard(failing, NOW + MINUTE).failing_since is None


def test_an_alarm_is_told_again_with_growing_pauses_and_lifted_once() -> None:
    pulse, told = canary.missed(PULSE, HUSH, NOW), list[datetime]()
    for minute in range(60 * 48):
        now = NOW + minute * MINUTE
        if canary.tells(pulse, now):
            told.append(now)
            pulse = canary.told(pulse, now)
    pauses = [(later - earlier) // MINUTE for earlier, later in pairwise(told)]
    assert pauses == [30, 60, 120, 240, 480, 720, 720]
    back = canary.heard(pulse, NOW + 49 * HOUR)
    assert (back.silent, back.lifting, canary.tells(back, NOW + 49 * HOUR)) == (False, True, True)
    over = canary.told(back, NOW + 49 * HOUR)
    assert (over.lifting, over.alarms, over.alarm_at) == (False, 0, None)


def test_what_reached_nobody_is_tried_again_soon_and_is_no_alarm_told() -> None:
    pulse, tried = canary.missed(PULSE, HUSH, NOW), list[int]()
    for minute in range(60):
        now = NOW + minute * MINUTE
        if canary.tells(pulse, now):
            tried.append(minute)
            pulse = canary.untold(pulse, now)
    assert tried == [0, 1, 3, 7, 15, 30, 45]
    assert pulse.alarms == 0
    assert canary.heard(pulse, NOW + HOUR).alarm_at is None  # nobody heard of it: nobody is told that it is over


def test_what_comes_and_goes_is_told_in_peace() -> None:
    once = canary.told(canary.missed(PULSE, HUSH, NOW), NOW)
    back = canary.told(canary.heard(once, NOW + MINUTE), NOW + MINUTE)
    again = canary.missed(back, HUSH, NOW + 2 * MINUTE)
    assert not canary.tells(again, NOW + 15 * MINUTE)
    assert canary.tells(again, NOW + 16 * MINUTE)


def test_silent_again_before_the_end_was_told_is_the_same_silence() -> None:
    back = canary.heard(canary.told(canary.missed(PULSE, HUSH, NOW), NOW), NOW + HOUR)
    again = canary.missed(back, HUSH, NOW + 2 * HOUR)
    assert (again.lifting, again.alarms, again.silent) == (False, 1, True)


def test_an_alarm_put_off_by_a_clock_that_was_ahead_is_told_at_once() -> None:
    ahead = canary.told(canary.missed(PULSE, HUSH, NOW + 400 * HOUR), NOW + 400 * HOUR)
    assert canary.tells(ahead, NOW)


@given(st.integers(0, 200), st.integers(0, 200))
def test_no_count_is_too_high(alarms: int, tries: int) -> None:
    pulse = Pulse(organ=Organ.CHANNEL, name="m", since=NOW, silent_since=NOW, alarms=alarms, tries=tries)
    for after in (canary.told(pulse, NOW), canary.untold(pulse, NOW)):
        assert after.alarm_at is not None
        assert NOW < after.alarm_at <= NOW + canary.LONGEST_AGAIN


def test_an_alarm_goes_by_another_way_than_the_silent_one() -> None:
    assert canary.ways(["mail", "webhook"], {"mail"}) == ("webhook",)
    assert canary.ways(["mail", "relay"], {"page"}) == ("mail", "relay")
    assert canary.ways(["mail"], {"mail"}) == ("mail",)  # nothing else is left
    assert canary.ways([], {"mail"}) == ()


def test_nobody_is_overdue_for_time_in_which_nobody_listened() -> None:
    day, long_ago = timedelta(days=1), NOW - timedelta(days=9)
    asleep = Pulse(organ=Organ.CHANNEL, name="m", since=long_ago, answered_at=long_ago)
    assert canary.overdue(asleep, NOW, 2 * day, awake=long_ago)
    assert not canary.overdue(asleep, NOW, 2 * day, awake=NOW - day)
    assert not canary.overdue(PULSE, NOW, 2 * day, awake=long_ago)
    assert not canary.overdue(asleep, long_ago + 2 * day, 2 * day, awake=long_ago)
    new = replace(asleep, answered_at=None)
    assert canary.overdue(new, long_ago + 2 * day + SECOND, 2 * day, awake=long_ago)


def test_nothing_is_reached_but_what_is_named() -> None:
    named = Among(Endpoints(Mode.DRILL), [("127.0.0.1", 80), ("city.example.lg.jp", 443)])
    named.check("127.0.0.1", 80)
    for host, port in (("127.0.0.1", 81), ("localhost", 80), ("city.example.lg.jp", 443)):
        with pytest.raises(EgressRefused):
            named.check(host, port)
    Among(Endpoints(Mode.LIVE), [("City.example.lg.jp.", 443)]).check("city.example.lg.jp", 443)
