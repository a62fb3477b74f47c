"""Each problem of a draft as a whole: place, what its sentence is filled with, and whether it stops the draft."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from broadcaster.model import Alert, Area, Draft, Geocode, Info, Kind, Mode, Problem, ResponseType, Severity, Status
from tests.unit.drafts import INFO, NOW, alert, draft, found, info, order


def only(said: Draft, code: str, *live: Alert, mode: Mode = Mode.LIVE) -> Problem:
    """Return the one problem of this code."""
    (problem,) = [each for each in found(said, *live, mode=mode) if each.code == code]
    return problem


def english(**changes: Any) -> Info:
    return replace(INFO, language="en", headline="Water cut in Imokubo", **changes)


FORTY = "x" * 40
LATER = NOW + timedelta(hours=73)
PAST = NOW - timedelta(minutes=31)
TABLE: list[tuple[Draft, str, str, dict[str, Any]]] = [
    (Draft(kind=Kind.ALERT, infos=()), "infos_missing", "infos", {}),
    (draft(info(headline="あ" * 201)), "field_too_long", "infos[0].headline", {"length": 201, "limit": 200}),
    (draft(*[INFO] * 21), "too_many", "infos", {"count": 21, "limit": 20}),
    (draft(channels=("x",) * 51), "too_many", "channels", {"count": 51, "limit": 50}),
    (draft(info(category=INFO.category * 13)), "too_many", "infos[0].category", {"count": 13, "limit": 12}),
    (
        draft(info(response_type=(ResponseType.MONITOR,) * 10)),
        "too_many",
        "infos[0].response_type",
        {"count": 10, "limit": 9},
    ),
    (draft(info(areas=(Area(area_desc="芋窪"),) * 501)), "too_many", "infos[0].areas", {"count": 501, "limit": 500}),
    (
        draft(info(areas=(Area(area_desc="芋窪", geocodes=(Geocode(value_name="a", value="b"),) * 51),))),
        "too_many",
        "infos[0].areas[0].geocodes",
        {"count": 51, "limit": 50},
    ),
    (draft(english()), "language_first", "infos[0].language", {"language": "ja"}),
    (draft(INFO, info(language="JA")), "language_twice", "infos[1].language", {"language": "JA"}),
    (draft(INFO, *[info(language="1" * 101)] * 2), "language_twice", "infos[2].language", {"language": "1" * 100}),
    (draft(INFO, info(language="1" * 101)), "language_invalid", "infos[1].language", {"language": "1" * 100}),
    (
        draft(INFO, info(language="zh-hant-tw")),
        "language_case",
        "infos[1].language",
        {"language": "zh-hant-tw", "usual": "zh-Hant-TW"},
    ),
    (draft(info(event=" ")), "text_missing", "infos[0].event", {}),
    (draft(info(headline=" ")), "text_missing", "infos[0].headline", {}),
    (draft(info(description=" ")), "text_missing", "infos[0].description", {}),
    (draft(info(instruction=" ")), "action_missing", "infos[0].instruction", {}),
    (draft(info(category=())), "category_missing", "infos[0].category", {}),
    (draft(info(areas=())), "place_missing", "infos[0].areas", {}),
    (draft(info(areas=(Area(area_desc=" "),))), "place_missing", "infos[0].areas[0].area_desc", {}),
    (
        draft(info(areas=(Area(area_desc="芋窪"), Area(area_desc=f"立川{FORTY * 3}")))),
        "area_unknown",
        "infos[0].areas[1].area_desc",
        {"area": f"立川{FORTY * 3}"[:100], "city": "東大和市"},
    ),
    (draft(info(expires=PAST.replace(tzinfo=None))), "time_naive", "infos[0].expires", {}),
    (draft(info(effective=NOW.replace(tzinfo=None))), "time_naive", "infos[0].effective", {}),
    (draft(info(expires=NOW)), "expiry_past", "infos[0].expires", {"expires": NOW.isoformat()}),
    (draft(info(expires=LATER)), "expiry_far", "infos[0].expires", {"expires": LATER.isoformat(), "hours": 72}),
    (draft(info(effective=None, description="水が出ません")), "time_missing", "infos[0].effective", {}),
    (draft(info(effective=PAST)), "effective_stale", "infos[0].effective", {"effective": PAST.isoformat()}),
    (draft(info(effective=INFO.expires)), "expiry_before_effective", "infos[0].expires", {}),
    (draft(info(headline="断水\x00\x07")), "character_control", "infos[0].headline",
     {"codepoints": "U+0000 (3), U+0007 (4)", "count": 2}),
    (draft(info(headline="\u202e" * 6)), "character_bidi", "infos[0].headline",
     {"codepoints": ", ".join(f"U+202E ({place})" for place in range(1, 6)), "count": 6}),
    (draft(info(headline="断水\u200b")), "character_invisible", "infos[0].headline",
     {"codepoints": "U+200B (3)", "count": 1}),
    (draft(info(headline="断水\ud800")), "character_surrogate", "infos[0].headline",
     {"codepoints": "U+D800 (3)", "count": 1}),
    (draft(info(headline="断水\ue000")), "character_private", "infos[0].headline",
     {"codepoints": "U+E000 (3)", "count": 1}),
    (draft(INFO, english(event="Heаvy")), "character_lookalike", "infos[1].event",
     {"codepoints": "U+0430 (3)", "count": 1}),
    (draft(info(description=f"14時 {{{{ {FORTY} }}}}")), "placeholder_left", "infos[0].description",
     {"found": "{{ " + "x" * 27}),
    (draft(info(description="14時 避難勧告")), "word_abolished", "infos[0].description", {"word": "避難勧告"}),
    (draft(info(description="14時 【訓練】")), "drill_mark_live", "infos[0].description", {"mark": "【訓練】"}),
    (
        draft(info(contact=f"{FORTY * 3}.com")),
        "link_foreign",
        "infos[0].contact",
        {"host": (FORTY * 3)[:100], "allowed": "bosai.example.lg.jp, city.example.lg.jp"},
    ),
    (
        draft(note="bit.ly/x bit.ly/y"),
        "link_shortener",
        "note",
        {"host": "bit.ly", "allowed": "bosai.example.lg.jp, city.example.lg.jp"},
    ),
    (draft(info(web="javascript:alert(1)")), "link_scheme", "infos[0].web", {"scheme": "javascript"}),
    (order(9, "避難指示"), "level_range", "level", {"level": 9}),
    (draft(order(4, "避難指示").infos[0], level=4), "easy_japanese_missing", "infos", {"level": 4}),
    (
        replace(order(4, "避難指示"), infos=(*order(4, "避難指示").infos, english(severity=Severity.MINOR))),
        "level_severity",
        "infos[2].severity",
        {"level": 4, "severity": "Extreme"},
    ),
    (
        replace(order(4, "避難指示"), infos=(info(severity=Severity.EXTREME), order(4, "避難指示").infos[1])),
        "level_name_missing",
        "infos[0].headline",
        {"level": 4, "name": "避難指示"},
    ),
    (draft(info(description="14時 警戒レベル３避難指示")), "level_pair", "infos[0].description",
     {"level": 3, "name": "避難指示"}),
    (draft(info(headline="高齢者等避難のち避難指示")), "level_missing", "level", {"level": 4, "name": "避難指示"}),
    (
        draft(info(headline="警戒レベル三、警戒レベル五"), level=2),
        "level_differs",
        "infos[0].headline",
        {"level": 2, "said": "3, 5"},
    ),
    (
        draft(INFO, english(), info(language="ja-x-easy", headline="警戒レベル4高齢者等避難")),
        "level_pair",
        "infos[2].description",
        {"level": 4, "name": "高齢者等避難"},
    ),
    (
        draft(info(headline="高齢者等避難", event="避難指示"), level=4),
        "level_differs",
        "infos[0].headline",
        {"level": 4, "said": "3"},
    ),
    (draft(kind=Kind.TEST), "test_by_hand", "kind", {}),
    (draft(status=Status.EXERCISE), "status_not_actual", "status", {"status": "Exercise"}),
    (draft(kind=Kind.UPDATE, incident=14), "reference_missing", "incident", {"kind": "update"}),
    (draft(incident=14), "reference_unwanted", "incident", {"kind": "alert"}),
    (draft(INFO, info(language="ja-x-easy", headline="断水は解除")), "lifting_unfounded", "infos[1].headline", {}),
    (draft(info(headline="断水の訂正")), "correction_unfounded", "infos[0].headline", {"word": "訂正"}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "code", "place", "params"), TABLE, ids=[f"{row[1]}-{row[2]}" for row in TABLE])
def test_a_problem_that_stops_it(said: Draft, code: str, place: str, params: dict[str, Any]) -> None:
    assert only(said, code) == Problem(code=code, place=place, params=params)


WARNINGS: list[tuple[Draft, str, str, dict[str, Any]]] = [
    (draft(channels=("mail", "mail")), "channel_twice", "channels", {}),
    (draft(info(description=f"14時 {'●' * 40}")), "placeholder_maybe", "infos[0].description", {"found": "●" * 30}),
    (draft(INFO, english(areas=())), "areas_differ", "infos[1].areas", {"count": 0, "first": 1}),
    (
        draft(INFO, english(severity=Severity.SEVERE)),
        "severity_differs",
        "infos[1].severity",
        {"severity": "Severe", "first": "Minor"},
    ),
    (draft(info(severity=Severity.SEVERE), silent=True), "silent_new", "silent", {}),
    (draft(info(headline="断水の訂正"), kind=Kind.ROUTINE), "correction_unfounded", "infos[0].headline",
     {"word": "訂正"}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "code", "place", "params"), WARNINGS, ids=[row[1] for row in WARNINGS])
def test_a_problem_that_is_only_told(said: Draft, code: str, place: str, params: dict[str, Any]) -> None:
    assert only(said, code) == Problem(code=code, place=place, params=params, blocking=False)


def test_an_incident_that_has_ended() -> None:
    ended = alert(Kind.ALL_CLEAR, version=3)
    told = Problem(code="incident_ended", place="kind", params={"kind": "update", "serial": ended.serial})
    assert only(draft(kind=Kind.UPDATE, incident=14), "incident_ended", alert(), alert(version=2), ended) == told


def test_what_is_a_code_is_no_text_to_be_looked_into() -> None:
    """A language is refused as one; what would be wrong with it as words or as a link is not told besides."""
    wrong = "{{ x }} example.com"
    coded = Area(area_desc="芋窪", geocodes=(Geocode(value_name=wrong, value=wrong),))
    tagged = draft(INFO, english(), info(language=wrong))
    for said in (tagged, draft(channels=(wrong,)), draft(info(areas=(coded,)))):
        assert {"placeholder_left", "link_foreign"}.isdisjoint(each.code for each in found(said))


def every_text(length: int) -> tuple[Draft, dict[str, int]]:
    """Return a draft with each field as long as it may be and `length` more, and by place how long that is."""
    area = Area(
        area_desc="芋" * (200 + length),
        geocodes=(Geocode(value_name="a" * (100 + length), value="b" * (100 + length)),),
    )
    lengths = {
        "event": 100,
        "headline": 200,
        "description": 10_000,
        "instruction": 10_000,
        "web": 500,
        "contact": 500,
        "language": 100,
    }
    first = info(areas=(*INFO.areas, area))
    full = info(**{name: "あ" * (most + length) for name, most in lengths.items()})
    places = {f"infos[1].{name}": most for name, most in lengths.items()} | {
        "infos[0].areas[1].area_desc": 200,
        "infos[0].areas[1].geocodes[0].value_name": 100,
        "infos[0].areas[1].geocodes[0].value": 100,
        "note": 2_000,
        "channels[1]": 100,
    }
    channels = ("x", "c" * (100 + length))
    return draft(first, full, note="n" * (2_000 + length), channels=channels), places


def test_every_text_has_its_length() -> None:
    too_long, places = every_text(1)
    told = {each.place: each.params for each in found(too_long) if each.code == "field_too_long"}
    assert told == {place: {"length": most + 1, "limit": most} for place, most in places.items()}
    as_long, _ = every_text(0)
    assert "field_too_long" not in {each.code for each in found(as_long)}


def test_as_many_as_may_be() -> None:
    coded = Area(area_desc="芋窪", geocodes=(Geocode(value_name="a", value="b"),) * 50)
    full = info(
        category=INFO.category * 12,
        response_type=(ResponseType.MONITOR,) * 9,
        areas=(coded, *[Area(area_desc="芋窪")] * 499),
    )
    assert "too_many" not in {each.code for each in found(draft(full, *[INFO] * 19, channels=("x",) * 50))}
