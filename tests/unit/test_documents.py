"""Values to JSON and back, and the alert files that people write."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster import catalog
from broadcaster.documents import (
    canonical,
    digest,
    draft_from,
    dump,
    dumps,
    load,
    place_of,
    read_draft,
    sketch,
)
from broadcaster.errors import Refused
from broadcaster.model import (
    Alert,
    Category,
    Draft,
    Geocode,
    Kind,
    Limit,
    Message,
    ResponseType,
    Severity,
    Status,
    Text,
)
from tests.unit.drafts import DRAFT, NOW, alert, draft, info
from tests.unit.test_checks import DRAFTS

ALERTS = Path(__file__).parents[1] / "fixtures" / "alerts"
JST = timezone(timedelta(hours=9))

SHORT = """
event = "断水"
headline = "断水しています"
description = "14時05分から水が出ません。"
instruction = "給水車に来てください。"
category = "Infra"
urgency = "Immediate"
severity = "Minor"
certainty = "Observed"
expires = 2026-11-23T20:05:00+09:00
areas = ["芋窪1丁目"]
"""


def refused(text: str, suffix: str = ".toml", now: datetime | None = None) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        read_draft(text, suffix, now=now)
    for problem in caught.value.problems:
        for language in catalog.LANGUAGES:
            assert catalog.say(problem.code, language, **problem.params)
    return [(problem.place, problem.code) for problem in caught.value.problems]


# ------------------------------------------------------------------ values


def test_values_come_back_as_they_were() -> None:
    whole = alert(references=(), level=4, channels=("page",))
    assert load(Alert, dump(whole)) == whole
    message = Message(alert="a", channel="twitter", texts=(Text(language="ja", body="x\n"),))
    assert load(Message, json.loads(json.dumps(dump(message)))) == message
    limit = Limit(name="posts", unit="posts", window=timedelta(minutes=15), amount=3)
    assert load(Limit, dump(limit)) == limit


def test_the_text_of_a_value_says_what_its_document_says() -> None:
    for value in (DRAFT, alert(), Kind.ALL_CLEAR, {"day": NOW, "none": None, "text": "避難\u2028指示"}):
        assert json.loads(dumps(value)) == json.loads(json.dumps(dump(value)))


def test_times_are_iso_8601_with_their_offset() -> None:
    said = draft(info(expires=datetime(2026, 11, 23, 14, 5, tzinfo=JST)))
    assert dump(said)["infos"][0]["expires"] == "2026-11-23T14:05:00+09:00"
    assert dump(DRAFT)["infos"][0]["effective"] == "2026-11-23T05:05:00Z"


def test_the_digest_is_of_the_value_not_of_its_spelling() -> None:
    assert digest(DRAFT) == digest(load(Draft, dump(DRAFT)))
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(DRAFT) != digest(replace(DRAFT, note="x"))
    assert len(digest(())) == 64
    assert canonical({"b": "ä", "a": [1]}) == '{"a":[1],"b":"\\u00e4"}'


def test_nothing_is_converted_and_every_problem_is_told() -> None:
    broken = dump(DRAFT) | {"kind": "shout", "level": "4", "silent": 0}
    with pytest.raises(Refused) as caught:
        load(Draft, broken)
    assert {(p.place, p.code) for p in caught.value.problems} == {
        ("kind", "choice_unknown"),
        ("level", "type_wrong"),
        ("silent", "type_wrong"),
    }
    assert "shout" not in str([problem.params for problem in caught.value.problems])


def test_places_read_like_the_fields_they_name() -> None:
    assert place_of(("infos", 0, "areas", 2, "area_desc")) == "infos[0].areas[2].area_desc"
    assert place_of((), "infos[0]") == "infos[0]"


# ------------------------------------------------------------------ files


def test_the_short_form_is_one_language() -> None:
    said = read_draft(ALERTS / "short.toml")
    assert [each.language for each in said.infos] == ["ja"]
    assert said.kind is Kind.ALERT
    assert said.infos[0].expires == datetime(2026, 11, 23, 20, 5, tzinfo=JST)
    assert [area.area_desc for area in said.infos[0].areas] == ["芋窪1丁目"]


def test_what_all_languages_share_stands_once() -> None:
    said = read_draft(ALERTS / "level4.toml")
    assert [each.language for each in said.infos] == ["ja", "ja-x-easy", "en"]
    assert {each.severity for each in said.infos} == {Severity.EXTREME}
    assert {each.response_type for each in said.infos} == {(ResponseType.EVACUATE,)}
    assert said.infos[0].areas[0].geocodes == (Geocode(value_name="JMA", value="1322000"),)
    assert said.infos[2].areas[1].area_desc == "Imokubo 2-chome"
    assert said.level == 4


def test_cap_s_own_names_are_taken() -> None:
    said = read_draft(ALERTS / "cancel.json")
    assert (said.kind, said.incident, said.status) == (Kind.CANCEL, 14, Status.ACTUAL)
    assert said.infos[0].category == (Category.SAFETY,)
    assert said.infos[0].areas[0].geocodes == (Geocode(value_name="JMA", value="1322000"),)


@pytest.mark.parametrize(
    ("span", "later"),
    [
        ("6h", timedelta(hours=6)),
        ("90m", timedelta(minutes=90)),
        ("1d12h", timedelta(hours=36)),
        ("1h30m", timedelta(minutes=90)),
    ],
)
def test_an_expiry_may_be_a_span(span: str, later: timedelta) -> None:
    text = SHORT.replace("2026-11-23T20:05:00+09:00", f'"{span}"')
    assert read_draft(text, ".toml", now=NOW).infos[0].expires == NOW + later
    assert refused(text) == [("expires", "span_without_start")]
    started = text + "effective = 2026-11-23T14:00:00+09:00"
    assert read_draft(started, ".toml", now=NOW).infos[0].expires == datetime(2026, 11, 23, 14, tzinfo=JST) + later


def test_a_span_may_be_too_long_to_tell() -> None:
    text = SHORT.replace("2026-11-23T20:05:00+09:00", '"999d"')
    late = datetime(9999, 12, 30, tzinfo=UTC)
    assert refused(text, now=late) == [("expires", "time_unreadable")]


def test_a_list_that_no_alert_has_is_refused_as_a_whole() -> None:
    text = "[[infos]]\n" * 101
    assert refused(text) == [("infos", "too_long")]
    assert sketch(text, ".toml", NOW) is None
    assert len(refused("[[infos]]\n" * 100)) == 100 * 9, "what is missing is told for each"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ('"soon"', "time_unreadable"),
        ('""', "time_unreadable"),
        ("5", "time_unreadable"),
        ("14:05:00", "time_unreadable"),
        ("2026-11-23", "time_unreadable"),
        ("2026-11-23T14:05:00", "time_naive"),
        ('"2026-11-23T14:05:00"', "time_naive"),
        ('"0001-01-01T00:00:00+09:00"', "time_unreadable"),
    ],
)
def test_a_time_needs_an_offset(value: str, code: str) -> None:
    assert refused(SHORT.replace("2026-11-23T20:05:00+09:00", value)) == [("expires", code)]


def test_every_problem_is_told_with_its_place() -> None:
    text = """
    kind = "shout"
    level = "4"
    foo = 1
    severity = "severe"
    category = "Met"
    event = "x"
    description = "x"
    instruction = "x"
    certainty = "Likely"
    [[infos]]
    language = 3
    headline = ["x"]
    areas = [{ area_desc = 1, geocodes = { JMA = 5 } }]
    [[infos]]
    expires = 2026-11-23T14:05:00
    """
    assert set(refused(text)) == {
        ("kind", "choice_unknown"),
        ("level", "type_wrong"),
        ("foo", "field_unknown"),
        ("severity", "choice_unknown"),
        ("infos[0].language", "type_wrong"),
        ("infos[0].headline", "type_wrong"),
        ("infos[0].areas[0].area_desc", "type_wrong"),
        ("infos[0].areas[0].geocodes[0].value", "type_wrong"),
        ("infos[1].expires", "time_naive"),
        ("infos[1].headline", "field_missing"),
        ("infos[0].expires", "field_missing"),
        ("infos[0].urgency", "field_missing"),
        ("infos[1].urgency", "field_missing"),
    }


def test_what_is_missing_is_told_for_each_language() -> None:
    text = (
        SHORT.replace('event = "断水"\n', "") + '\n[[infos]]\nlanguage = "ja"\n[[infos]]\nlanguage = "en"\nevent = "x"'
    )
    assert refused(text) == [("infos[0].event", "field_missing")]
    assert ("expires", "field_missing") in refused("")


@pytest.mark.parametrize(
    ("text", "suffix", "code"),
    [
        ("x = ", ".toml", "toml_wrong"),
        ("x = 1\nx = 2", ".toml", "toml_wrong"),
        ("level = " + "9" * 5000, ".toml", "toml_wrong"),
        ("a = " + "[" * 20_000, ".toml", "toml_wrong"),
        ('{"a": 1, "a": 2}', ".json", "file_not_json"),
        ('{"infos": [{"a": 1, "a": 2}]}', ".json", "file_not_json"),
        ('{"level": NaN}', ".json", "file_not_json"),
        ("[" * 100_000, ".json", "file_not_json"),
        ("[]", ".json", "type_wrong"),
        ("null", ".json", "type_wrong"),
        ("", ".json", "file_not_json"),
        ("", ".xml", "file_kind_unknown"),
        ("x" * 1_100_000, ".toml", "file_too_large"),
    ],
)
@pytest.mark.fault(109)
def test_files_that_are_none(text: str, suffix: str, code: str) -> None:
    assert refused(text, suffix) == [("", code)]


def test_files_are_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(SHORT.encode("cp932"))
    with pytest.raises(Refused) as caught:
        read_draft(path)
    assert [problem.code for problem in caught.value.problems] == ["not_utf8"]
    path.write_bytes(b"\xef\xbb\xbf" + SHORT.encode())
    assert read_draft(path) == read_draft("\ufeff" + SHORT, ".toml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        read_draft(tmp_path / "none.toml")
    assert [problem.code for problem in caught.value.problems] == ["file_unreadable"]


def test_kind_and_msg_type_agree() -> None:
    assert read_draft(SHORT + 'msg_type = "Update"', ".toml").kind is Kind.UPDATE
    assert read_draft(SHORT + 'msg_type = "Update"\nkind = "all-clear"', ".toml").kind is Kind.ALL_CLEAR
    assert refused(SHORT + 'msg_type = "Alert"\nkind = "cancel"') == [("msg_type", "msg_type_differs")]


def test_a_draft_s_own_json_reads_back() -> None:
    assert draft_from(dump(DRAFT)) == DRAFT


@pytest.mark.parametrize("incident", [0, -1, True, 1.0, "14", 2**60])
def test_an_incident_is_a_number(incident: Any) -> None:
    with pytest.raises(Refused) as caught:
        draft_from(dump(DRAFT) | {"incident": incident})
    assert [problem.place for problem in caught.value.problems] == ["incident"]


# ------------------------------------------------------------------ any input


@settings(max_examples=80, deadline=None)
@given(DRAFTS)
@pytest.mark.fault(109)
def test_any_draft_comes_back_or_is_refused(said: Draft) -> None:
    """Naive times, negative incidents and broken characters are refused, all else survives both spellings."""
    try:
        again = draft_from(dump(said))
    except Refused:
        return
    assert again == said or any(not each.language for each in said.infos) or not said.infos
    assert read_draft(json.dumps(dump(again)), ".json") == again


NAMES = st.sampled_from(
    ["infos", "info", "areas", "area", "kind", "level", "expires", "language", "category", "geocodes"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.datetimes() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES | st.text(max_size=3), VALUES, max_size=5))
def test_no_table_makes_the_reader_fail(data: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        draft_from(data)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.sampled_from([".toml", ".json"]))
@pytest.mark.fault(109)
def test_no_text_makes_the_reader_fail(text: str, suffix: str) -> None:
    with pytest.raises(Refused):
        read_draft(text, suffix)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60))
@pytest.mark.fault(109)
def test_no_bytes_make_the_reader_fail(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "a.toml"
    path.write_bytes(data)
    with pytest.raises(Refused):
        read_draft(path)


@pytest.mark.parametrize(
    "text",
    ["", "x = [", "infos = 5", "infos = [5, [1]]", "[[infos]]\nareas = 3\n", "expires = 'soon'\n[infos]\n", SHORT],
)
def test_whatever_a_file_holds_a_sketch_can_be_looked_at_or_is_none(text: str) -> None:
    made = sketch(text, ".toml", NOW)
    assert (made is None) == (text == "x = [")
    assert made is None or made.infos
    if text == SHORT:
        assert made == read_draft(SHORT, ".toml", now=NOW)
