"""From notices to what has to happen at the desk: once, never back, never wider, never by silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.model import Notice, Subject
from broadcaster.rules.watching import Step, Watch, findings
from broadcaster.upstream import cap, jma
from tests.upstream import wire
from tests.upstream.wire import CITY, item, kind, telegram

RAIN = Watch(name="rain", template="heavy-rain-caution", areas=frozenset({CITY}), codes=frozenset({"03", "43", "33"}))
QUAKE = Watch(
    name="quake",
    template="earthquake-strong",
    areas=frozenset({CITY}),
    types=frozenset({"VXSE51", "VXSE53"}),
    codes=frozenset({"intensity:5-", "intensity:5+"}),
)


def rain(code: str, status: str = "発表", *, type_: str = "VPWW55", minute: int = 5, **head: str) -> Notice:
    reported = f"2026-06-20T14:{minute:02d}:00+09:00"
    return jma.read(telegram(item(kind(code, "大雨", status)), reported=reported, **head), type_, f"{type_}-{minute}")


class Desk:
    """Remembers what a rule knows, as the store does."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.known: Mapping[str, Subject] = {}

    def hear(self, notice: Notice) -> list[Step]:
        found = findings(notice, self.watch, self.known)
        self.known = {**self.known, **{each.key: each.subject for each in found if each.subject}}
        return [each.step for each in found if each.step is not Step.NOTHING]


@pytest.mark.fault(83)
def test_the_same_warning_in_two_telegrams_is_one() -> None:
    desk = Desk(RAIN)
    assert desk.hear(rain("03", type_="VPWW53")) == [Step.DRAFT]
    assert desk.hear(rain("03", type_="VPWW54")) == []
    assert desk.hear(rain("03", type_="VPWW55")) == []
    assert desk.hear(rain("03", "継続", minute=40)) == []


def test_what_grows_is_an_update_of_the_same_thing() -> None:
    desk = Desk(RAIN)
    assert desk.hear(rain("03")) == [Step.DRAFT]
    assert desk.hear(rain("43", minute=20)) == [Step.UPDATE]
    assert desk.hear(rain("33", minute=30)) == [Step.UPDATE]
    assert desk.hear(rain("10", "警報から注意報", minute=50)) == [Step.OVER], "below what the rule watches for"


@pytest.mark.fault(83)
def test_what_comes_late_changes_nothing() -> None:
    desk = Desk(RAIN)
    assert desk.hear(rain("43", minute=20)) == [Step.DRAFT]
    assert desk.hear(rain("03", minute=5)) == []
    assert desk.known["rain"].said == {CITY: "43"}


@pytest.mark.fault(82)
def test_nothing_is_over_because_nobody_speaks_of_it() -> None:
    desk = Desk(RAIN)
    desk.hear(rain("03"))
    others = item(kind("03", "大雨", "解除"), area="1320200", name="立川市")
    assert desk.hear(jma.read(telegram(others, reported="2026-06-20T15:00:00+09:00"), "VPWW55", "x")) == []
    assert not desk.known["rain"].over


def test_a_lifting_is_over_once_and_what_comes_again_is_new() -> None:
    desk = Desk(RAIN)
    desk.hear(rain("03"))
    assert desk.hear(rain("00", "解除", minute=20)) == [Step.OVER]
    assert desk.hear(rain("00", "解除", minute=21)) == []
    assert desk.hear(rain("03", minute=50)) == [Step.DRAFT]


@pytest.mark.fault(84)
def test_a_drill_is_told_and_never_drafted() -> None:
    desk = Desk(RAIN)
    drill = jma.read(telegram(item(kind("33", "大雨特別警報")), status="訓練"), "VPWW54", "x")
    assert desk.hear(drill) == [Step.NOT_LIVE]
    assert desk.known == {}


@pytest.mark.fault(85)
def test_a_correction_of_something_unknown_is_only_told() -> None:
    corrected = jma.read(wire.quake((CITY, "5-"), info_type="訂正"), "VXSE53", "x")
    cancelled = jma.read(telegram(body="<Text>取り消します</Text>", info_type="取消", event_id="E9"), "VXSE51", "y")
    assert [each.step for each in findings(corrected, QUAKE, {})] == [Step.UNKNOWN]
    assert [each.step for each in findings(cancelled, QUAKE, {})] == [Step.UNKNOWN]


def test_a_cancellation_of_something_known_withdraws_it() -> None:
    desk = Desk(QUAKE)
    assert desk.hear(jma.read(wire.quake((CITY, "5-")), "VXSE53", "a")) == [Step.DRAFT]
    taken_back = telegram(
        body="<Text>取り消します</Text>",
        info_type="取消",
        event_id="20260620140501",
        serial="2",
        reported="2026-06-20T14:09:00+09:00",
    )
    assert desk.hear(jma.read(taken_back, "VXSE53", "b")) == [Step.WITHDRAWN]


def test_one_earthquake_in_three_telegrams_is_one() -> None:
    desk = Desk(QUAKE)
    assert desk.hear(jma.read(wire.quake((CITY, "5-"), serial=""), "VXSE51", "a")) == [Step.DRAFT]
    assert desk.hear(jma.read(wire.quake((CITY, "5-"), serial="1"), "VXSE53", "b")) == []
    assert desk.hear(jma.read(wire.quake((CITY, "5+"), serial="2"), "VXSE53", "c")) == [Step.UPDATE]


@pytest.mark.fault(88)
def test_an_area_elsewhere_or_nowhere_never_widens() -> None:
    abroad = jma.read(wire.quake(("0110000", "5-")), "VXSE53", "x")
    assert findings(abroad, QUAKE, {}) == ()
    watch = Watch(name="cap", template="flood-level3", areas=frozenset({"132209"}), types=frozenset({"CAP"}))
    placeless = cap.read(wire.cap(geocodes=()))
    assert [each.step for each in findings(placeless, watch, {})] == [Step.UNPLACED]
    assert [each.step for each in findings(cap.read(wire.cap()), watch, {})] == [Step.DRAFT]


def test_a_telegram_of_another_type_is_no_business_of_the_rule() -> None:
    assert findings(jma.read(wire.quake((CITY, "5-")), "VXSE61", "x"), QUAKE, {}) == ()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["03", "43", "33", "10", "00"]),
        st.sampled_from(["VPWW53", "VPWW54", "VPWW55"]),
        st.integers(0, 59),
    ),
    max_size=12,
)


@given(STEPS)
def test_however_it_comes_each_thing_is_drafted_once_until_it_is_over(steps: list[tuple[str, str, int]]) -> None:
    desk, open_ = Desk(RAIN), False
    for code, type_, minute in steps:
        for step in desk.hear(rain(code, "解除" if code == "00" else "発表", type_=type_, minute=minute)):
            assert step is not Step.DRAFT or not open_
            assert step not in (Step.UPDATE, Step.OVER) or open_
            open_ = {Step.DRAFT: True, Step.OVER: False}.get(step, open_)


@given(STEPS)
def test_said_again_nothing_happens(steps: list[tuple[str, str, int]]) -> None:
    desk = Desk(RAIN)
    for code, type_, minute in steps:
        notice = rain(code, "解除" if code == "00" else "発表", type_=type_, minute=minute)
        desk.hear(notice)
        assert desk.hear(replace(notice, identifier="again")) == []
