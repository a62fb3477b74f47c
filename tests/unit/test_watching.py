"""What a notice means under one rule, and what becomes of the draft: each case with all that is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.model import Actor, Change, Notice, Place, Subject, Warned
from broadcaster.ports.store import DraftRow, DraftState
from broadcaster.rules.watching import Act, Finding, Step, Watch, act, findings

NOON = datetime(2026, 6, 20, 3, 0, tzinfo=UTC)
CITY, NEXT, ELSEWHERE = "1322000", "1322100", "1320200"
WATCH = Watch(name="rain", template="heavy-rain-caution", areas=frozenset({CITY, NEXT}), codes=frozenset({"03", "43"}))
ALL = Watch(name="any", template="heavy-rain-caution", areas=frozenset({CITY}))


def warned(code: str, area: str = CITY, *, ended: bool = False) -> Warned:
    return Warned(code=code, name="大雨", place=Place(code=area, name="東大和市"), ended=ended)


LIFTED = warned("", ended=True)


def notice(
    *warnings: Warned,
    change: Change = Change.ISSUED,
    event: str = "",
    after: int = 0,
    serial: int = 0,
    live: bool = True,
) -> Notice:
    return Notice(
        identifier="telegram",
        type="VPWW55",
        live=live,
        change=change,
        sender="気象庁",
        reported_at=NOON + timedelta(minutes=after),
        event_id=event,
        serial=serial,
        warnings=warnings,
    )


def known(said: Mapping[str, str], key: str = "rain", *, watch: Watch = WATCH, serial: int = 0) -> Subject:
    return Subject(watch=watch.name, key=key, serial=serial, reported_at=NOON, said=said)


def after(found: Finding) -> tuple[Step, str, Mapping[str, str] | None]:
    """Return a finding without what is the same in each, after looking at that."""
    assert found.subject is None or found.subject.key == found.key
    return found.step, found.key, None if found.subject is None else found.subject.said


IN_FORCE, OVER = known({CITY: "03"}), known({})
CORRECTED, CANCELLED = Change.CORRECTED, Change.CANCELLED


@pytest.mark.fault(83)
@pytest.mark.parametrize(
    ("heard", "before", "found"),
    [
        (notice(warned("03")), None, (Step.DRAFT, {CITY: "03"})),
        (notice(warned("03")), IN_FORCE, (Step.NOTHING, {CITY: "03"})),
        (notice(warned("43")), IN_FORCE, (Step.UPDATE, {CITY: "43"})),
        (
            notice(warned("03", NEXT)),
            IN_FORCE,
            (Step.UPDATE, {CITY: "03", NEXT: "03"}),
        ),  # the same minute, another area
        (notice(warned("10")), IN_FORCE, (Step.OVER, {})),
        (notice(warned("03", ended=True)), IN_FORCE, (Step.OVER, {})),
        (notice(LIFTED), IN_FORCE, (Step.OVER, {})),
        (notice(LIFTED), None, None),
        (notice(warned("10")), None, None),
        (notice(warned("03", ELSEWHERE)), None, None),
        (notice(warned("03", ELSEWHERE)), IN_FORCE, None),
        (notice(LIFTED), OVER, None),
        (notice(LIFTED, change=CORRECTED), OVER, None),
        (notice(warned("03")), OVER, (Step.DRAFT, {CITY: "03"})),
        (notice(warned("03"), change=CORRECTED), None, (Step.UNKNOWN, {CITY: "03"})),
        (notice(warned("03"), change=CORRECTED), OVER, (Step.DRAFT, {CITY: "03"})),
        (notice(warned("03"), change=CORRECTED), IN_FORCE, (Step.UPDATE, {CITY: "03"})),  # its words may be others
        (notice(warned("03"), change=CANCELLED), IN_FORCE, (Step.WITHDRAWN, {})),
        (notice(warned("03"), change=CANCELLED), OVER, (Step.UNKNOWN, None)),
        (notice(warned("03"), change=CANCELLED), None, (Step.UNKNOWN, None)),
        (notice(warned("43"), change=CANCELLED, after=-1), IN_FORCE, None),
        (notice(warned("43"), after=-1), IN_FORCE, None),
        (notice(warned("43"), live=False), IN_FORCE, (Step.NOT_LIVE, None)),
    ],
)
def test_what_a_notice_means(
    heard: Notice, before: Subject | None, found: tuple[Step, Mapping[str, str] | None] | None
) -> None:
    expected = [] if found is None else [(found[0], "rain", found[1])]
    assert [after(each) for each in findings(heard, WATCH, {"rain": before} if before else {})] == expected


def test_what_is_remembered_is_the_rule_the_serial_and_the_time() -> None:
    (found,) = findings(notice(warned("03"), event="E1", after=2, serial=4), WATCH, {})
    at = NOON + timedelta(minutes=2)
    assert found.subject == Subject(watch="rain", key="VPWW:E1", serial=4, reported_at=at, said={CITY: "03"})


@pytest.mark.parametrize(
    ("heard", "serial", "step"),
    [
        (notice(warned("43"), event="E1", serial=2), 2, Step.UPDATE),
        (notice(warned("43"), event="E1", serial=1), 2, None),
        (notice(warned("43"), event="E1", serial=1, after=1), 2, Step.UPDATE),
        (notice(event="E1", change=CANCELLED), 2, Step.WITHDRAWN),  # without a serial
        (notice(event="E1", change=CANCELLED, serial=9, after=-1), 2, None),
        (notice(warned("43", ELSEWHERE), event="E1", serial=3), 2, None),
        (notice(warned("43"), event="E2", change=CANCELLED), 2, Step.UNKNOWN),
        (notice(warned("33"), event="E1", live=False), 2, Step.NOT_LIVE),
        (notice(warned("33", ELSEWHERE), event="E1", live=False), 2, None),
    ],
)
def test_an_event_is_known_by_its_number_and_counts_its_serials(heard: Notice, serial: int, step: Step | None) -> None:
    found = findings(heard, WATCH, {"VPWW:E1": known({CITY: "03"}, "VPWW:E1", serial=serial)})
    assert [(each.step, each.key) for each in found] == ([] if step is None else [(step, f"VPWW:{heard.event_id}")])


@pytest.mark.fault(88)
def test_what_names_no_area_is_told_under_its_own_name() -> None:
    assert findings(notice(warned("03", "")), WATCH, {}) == (Finding(step=Step.UNPLACED, key="telegram"),)
    assert findings(notice(), WATCH, {}) == ()


def test_a_rule_without_codes_hears_every_hazard_and_its_end() -> None:
    heard = findings(notice(warned("03"), warned("14")), ALL, {})
    assert [after(each) for each in heard] == [(Step.DRAFT, "14", {CITY: "14"}), (Step.DRAFT, "rain", {CITY: "03"})]
    said = {each.key: each.subject for each in heard if each.subject}
    event = known({CITY: "51"}, "VTSE:E1", watch=ALL)
    ended = findings(notice(LIFTED, after=5), ALL, {**said, event.key: event})
    assert [after(each) for each in ended] == [(Step.OVER, "14", {}), (Step.OVER, "rain", {})]
    eased = findings(notice(warned("03"), warned("14", ended=True), after=5), ALL, said)
    assert [after(each) for each in eased] == [(Step.OVER, "14", {}), (Step.NOTHING, "rain", {CITY: "03"})]


def test_a_rule_with_codes_hears_its_own_hazards_only() -> None:
    watch = Watch(name="two", template="heavy-rain-caution", areas=frozenset({CITY}), codes=frozenset({"03", "18"}))
    said = {"rain": known({CITY: "03"}, watch=watch), "flood": known({CITY: "18"}, "flood", watch=watch)}
    assert [each.key for each in findings(notice(warned("03"), warned("15")), watch, {})] == ["rain"]
    assert [after(each) for each in findings(notice(warned("03", ended=True)), watch, said)] == [
        (Step.OVER, "rain", {})
    ]
    assert [each.step for each in findings(notice(LIFTED), watch, said)] == [Step.OVER, Step.OVER]


@pytest.mark.parametrize(
    ("heard", "found"),
    [
        (notice(warned("03"), change=CANCELLED), [(Step.WITHDRAWN, "rain")]),
        (notice(warned("03", ended=True), change=CANCELLED), [(Step.WITHDRAWN, "rain")]),
        (notice(warned("15"), change=CANCELLED), []),
        (notice(warned("15"), live=False), []),
        (notice(warned("03"), warned("15"), live=False), [(Step.NOT_LIVE, "rain")]),
    ],
)
def test_what_is_taken_back_or_meant_as_a_drill_touches_no_other_hazard(
    heard: Notice, found: list[tuple[Step, str]]
) -> None:
    watch = Watch(name="two", template="heavy-rain-caution", areas=frozenset({CITY}), codes=frozenset({"03", "18"}))
    said = {"rain": known({CITY: "03"}, watch=watch), "flood": known({CITY: "18"}, "flood", watch=watch)}
    assert [(each.step, each.key) for each in findings(heard, watch, said)] == found


@pytest.mark.parametrize(
    ("types", "heard"),
    [
        (set[str](), True),
        ({"VPWW55"}, True),
        ({"VPWW"}, True),
        ({"VXSE53", "VPWW55"}, True),
        ({"VPWW54"}, False),
        ({"VXSE"}, False),
    ],
)
def test_a_type_is_listened_to_by_its_name_or_its_kind(types: set[str], heard: bool) -> None:
    watch = Watch(name="w", template="heavy-rain-caution", areas=frozenset({CITY}), types=frozenset(types))
    assert bool(findings(notice(warned("03")), watch, {})) is heard


OPEN, USED, DROPPED = DraftState.OPEN, DraftState.USED, DraftState.DROPPED


def draft(state: DraftState, editors: int = 1) -> DraftRow:
    people = tuple(Actor(name=f"duty-{number}") for number in range(editors))
    return DraftRow(
        id=1,
        version=editors,
        state=state,
        title="大雨",
        author=people[0],
        editors=people,
        updated_at=NOON,
        updated_by=people[-1],
        body={},
    )


@pytest.mark.parametrize(
    ("before", "drafted", "updated", "over", "withdrawn"),
    [
        (None, Act.OPEN, Act.OPEN, Act.TELL, Act.TELL),
        (draft(DROPPED), Act.OPEN, Act.OPEN, Act.TELL, Act.TELL),
        (draft(OPEN), Act.OPEN, Act.REPLACE, Act.DROP, Act.DROP),
        (draft(OPEN, 2), Act.OPEN, Act.TELL, Act.TELL, Act.TELL),
        (draft(USED), Act.OPEN, Act.FOLLOW, Act.TELL, Act.RETRACT),
        (draft(USED, 2), Act.OPEN, Act.FOLLOW, Act.TELL, Act.RETRACT),
    ],
)
def test_what_a_person_has_in_hand_is_never_taken_out_of_it(
    before: DraftRow | None, drafted: Act, updated: Act, over: Act, withdrawn: Act
) -> None:
    steps = (Step.DRAFT, Step.UPDATE, Step.OVER, Step.WITHDRAWN)
    assert [act(step, before) for step in steps] == [drafted, updated, over, withdrawn]
    told = (Step.UNKNOWN, Step.UNPLACED, Step.NOT_LIVE, Step.NOTHING)
    assert [act(step, before) for step in told] == [Act.TELL, Act.TELL, Act.TELL, Act.NONE]
