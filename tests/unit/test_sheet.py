"""Sheets: what is typed becomes the draft it says, and every problem is told beside its field."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.documents import LARGEST
from broadcaster.errors import NotFound, Refused
from broadcaster.model import EASY_JAPANESE, Category, Kind, Mode, ResponseType, Severity
from broadcaster.sheet import FIELDS, LONGEST_PASTE, Frame, Press, Sheet, Wording, clean, from_json, of_alert, to_json
from tests.unit.drafts import INFO, alert
from tests.unit.test_forms import CITY, FORMS, NAMES, NOW

PRESS = Press(forms=FORMS, city=CITY, mode=Mode.LIVE)
ORDER = Sheet(
    template="flood-level4",
    areas=("芋窪1丁目", "蔵敷2丁目"),
    slots={"river": "空堀川", "reason": "leak", "shelters": "第三小学校"},
)
FREE = Sheet(
    areas=("芋窪1丁目",),
    texts={
        "ja": Wording(
            event="高潮", headline="芋窪1丁目で水が増えています", description="14時現在です。", instruction="離れて。"
        )
    },
)


def told(sheet: Sheet, **more: Any) -> dict[str, str]:
    return {problem.place: problem.code for problem in PRESS.problems(sheet, NOW, **more) if problem.blocking}


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_makes_the_very_draft_its_template_makes(name: str) -> None:
    examples = FORMS.examples(name, CITY, NOW)
    areas = tuple(examples.pop("areas").split("、"))
    sheet = Sheet(template=name, areas=areas, slots=examples, incident=1 if FORMS.template(name).kind.refers else None)
    direct = FORMS.draft(name, {**examples, "areas": "、".join(areas)}, city=CITY, now=NOW, incident=sheet.incident)
    assert PRESS.draft(sheet, NOW) == direct


def test_a_new_sheet_asks_for_all_that_is_needed_and_nothing_else() -> None:
    assert told(Sheet(template="flood-level4")) == {
        "areas": "slot_missing",
        "slots.river": "slot_missing",
        "slots.reason": "slot_missing",
        "slots.shelters": "slot_missing",
    }
    assert told(ORDER) == {}


CUT = Sheet(template="water-cut", areas=("芋窪1丁目",), hours=6)


@pytest.mark.parametrize(
    ("slot", "typed", "code"),
    [
        ("until", "19:00", None),
        ("until", "23:00", "moment_after_expiry"),
        ("until", "2026-07-01T20:04", None),
        ("until", "2026-07-01T20:06", "moment_after_expiry"),
        ("until", "2026-07-01T13:50", "moment_past"),
        ("until", "2026-07-01T13:56", None),
        ("until.en", "23:00", "moment_after_expiry"),
        ("began", "13:30", None),
        ("began", "23:00", "moment_long_ago"),
        ("began", "00:30", None),
        ("began", "2026-06-24T23:00", None),
        ("began", "2026-07-01T23:00", "moment_ahead"),
        ("issued", "14:14", None),
        ("until", "soon", None),
        ("until", "0001-01-01T00:00+14:00", None),
    ],
)
def test_a_time_on_the_wrong_side_of_now_or_after_the_end_is_told_beside_its_field(
    slot: str, typed: str, code: str | None
) -> None:
    found = [each for each in PRESS.problems(CUT.slot(slot, typed), NOW) if each.code.startswith("moment_")]
    told = [(each.place, each.code, each.blocking) for each in found]
    assert told == ([(f"slots.{slot}", code, False)] if code else [])


def test_what_is_told_of_a_time_says_how_it_was_read() -> None:
    sheet = CUT.slot("began", "23:00").slot("until", "23:00")
    told = {each.code: each.params for each in PRESS.problems(sheet, NOW) if each.code.startswith("moment_")}
    assert told == {
        "moment_long_ago": {"at": "06/30 23:00", "dated": "2026-07-01T23:00"},
        "moment_after_expiry": {"at": "07/01 23:00", "expires": "07/01 20:05"},
    }


def test_every_problem_is_told_at_once_beside_its_field() -> None:
    bad = replace(
        ORDER,
        areas=("立川",),
        slots={"river": "空堀\u202e川", "shelters": "http://evil.example/", "households": "many", "reason": "none"},
        hours=100,
        languages=("ja", "en"),
        texts={"en": Wording(headline="Level 4 \u200b")},
        note="未入力",
    )
    assert told(bad) == {
        "areas": "slot_area_unknown",
        "slots.river": "character_bidi",
        "slots.shelters": "link_foreign",
        "slots.households": "slot_not_number",
        "slots.reason": "slot_not_choice",
        "hours": "expiry_far",
        "languages": "easy_japanese_missing",
        "texts.en.headline": "character_invisible",
        "note": "placeholder_left",
    }


@pytest.mark.parametrize(("level", "severity"), [(4, Severity.EXTREME), (5, Severity.EXTREME)])
def test_easy_japanese_is_demanded_of_orders_in_free_text_too(level: int, severity: Severity) -> None:
    name = {4: "避難指示", 5: "緊急安全確保"}[level]
    words = replace(FREE.texts["ja"], headline=f"【警戒レベル{level} {name}】芋窪1丁目")
    order = replace(FREE, frame=Frame(level=level, severity=severity), texts={"ja": words})
    assert told(order) == {"languages": "easy_japanese_missing"}
    both = replace(order, languages=("ja", EASY_JAPANESE), texts={"ja": words, EASY_JAPANESE: words})
    assert told(both) == {}


def test_names_in_japanese_letters_are_told_to_be_put_in_other_letters() -> None:
    found = [each for each in PRESS.problems(ORDER, NOW) if each.code == "slot_untranslated"]
    assert [each.place for each in found] == ["slots.river.en", "slots.shelters.en"]
    assert not any(each.blocking for each in found)
    done = ORDER.slot("river.en", "the Karabori River").slot("shelters.en", "Dai-san School")
    assert PRESS.problems(done, NOW) == ()


def test_free_words_take_the_place_of_the_templates() -> None:
    said = PRESS.draft(ORDER.text("ja", "headline", "【警戒レベル4 避難指示】今すぐ"), NOW)
    usual = PRESS.draft(ORDER, NOW)
    assert said.infos[0].headline == "【警戒レベル4 避難指示】今すぐ"
    assert replace(said.infos[0], headline=usual.infos[0].headline) == usual.infos[0]
    assert said.infos[1:] == usual.infos[1:]


def test_free_text_is_said_in_its_own_frame() -> None:
    draft = PRESS.draft(replace(FREE, languages=("ja", "en"), slots={"areas.en": "Imokubo 1"}, hours=3), NOW)
    assert [info.language for info in draft.infos] == ["ja", "en"]
    assert [area.area_desc for info in draft.infos for area in info.areas] == ["芋窪1丁目", "Imokubo 1"]
    assert draft.infos[0].areas[0].geocodes == CITY.geocodes["芋窪1丁目"]
    assert (draft.infos[0].expires - NOW).total_seconds() == 3 * 3600
    assert told(FREE) == {}
    assert "texts.en.headline" in told(replace(FREE, languages=("ja", "en")))


def test_japanese_is_always_said_and_first() -> None:
    assert PRESS.languages(replace(ORDER, languages=("en",))) == ("ja", "en")
    assert PRESS.languages(ORDER) == ("ja", EASY_JAPANESE, "en")
    assert PRESS.languages(replace(FREE, languages=("en", "ja"))) == ("ja", "en")


def test_the_words_of_a_new_alert_become_an_update_where_they_follow_one() -> None:
    first = alert(sent=NOW)
    sheet = ORDER.following(first, Kind.UPDATE)
    assert (sheet.of, sheet.incident) == (first.identifier, 14)
    assert PRESS.kind(sheet) is Kind.UPDATE
    assert PRESS.kind(replace(ORDER, of=first.identifier)) is Kind.UPDATE
    assert PRESS.kind(Sheet(template="flood-lifted", of="x")) is Kind.ALL_CLEAR
    assert PRESS.kind(ORDER) is Kind.ALERT
    assert told(sheet, live=(first,)) == {}
    assert told(Sheet(template="flood-lifted"))["of"] == "reference_missing"


def test_an_alert_without_a_sheet_is_said_again_as_it_was() -> None:
    english = replace(INFO, language="en", headline="No water", areas=(replace(INFO.areas[0], area_desc="Imokubo 1"),))
    first = alert(infos=(INFO, english), level=None)
    sheet = of_alert(first, Kind.UPDATE)
    draft = PRESS.draft(sheet, INFO.effective or NOW)
    assert draft.kind is Kind.UPDATE
    assert draft.incident == first.incident
    for said, meant in zip(draft.infos, first.infos, strict=True):
        assert [getattr(said, name) for name in FIELDS] == [getattr(meant, name) for name in FIELDS]
        assert [area.area_desc for area in said.areas] == [area.area_desc for area in meant.areas]
        assert (said.category, said.severity, said.expires) == (meant.category, meant.severity, meant.expires)


def test_the_title_is_what_a_person_knows_it_by() -> None:
    assert ORDER.title == "flood-level4 芋窪1丁目、蔵敷2丁目"
    assert FREE.title == "芋窪1丁目で水が増えています"
    assert Sheet().title == ""
    assert Sheet().blank
    assert not ORDER.blank


def test_an_unknown_template_is_said_to_be_none() -> None:
    with pytest.raises(NotFound, match="template_not_found"):
        PRESS.problems(Sheet(template="nothing"), NOW)


@pytest.mark.parametrize(
    ("data", "place", "code"),
    [
        ({"templat": "x"}, "templat", "field_unknown"),
        ({"hours": "6"}, "hours", "type_wrong"),
        ({"areas": "芋窪"}, "areas", "type_wrong"),
        ({"kind": "rumour"}, "kind", "choice_unknown"),
        ({"texts": {"ja": {"head": "x"}}}, "texts.ja.head", "field_unknown"),
        ({"frame": {"severity": "Huge"}}, "frame.severity", "choice_unknown"),
        ([], "", "type_wrong"),
        ({"note": "x" * LARGEST}, "body", "file_too_large"),
    ],
)
@pytest.mark.fault(109)
def test_what_is_no_sheet_is_refused(data: object, place: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        from_json(data)
    assert [(problem.place, problem.code) for problem in caught.value.problems] == [(place, code)]


WORDS = st.text(max_size=30)
TAGS = st.sampled_from(["ja", "ja-x-easy", "en", "zh"])
SHEETS = st.builds(
    Sheet,
    template=st.sampled_from(["", *NAMES]),
    frame=st.builds(
        Frame,
        category=st.lists(st.sampled_from(Category), max_size=3).map(tuple),
        response_type=st.lists(st.sampled_from(ResponseType), max_size=2).map(tuple),
        severity=st.sampled_from(Severity),
        level=st.none() | st.integers(-1, 7),
    ),
    kind=st.none() | st.sampled_from(Kind),
    of=WORDS,
    incident=st.none() | st.integers(1, 99),
    areas=st.lists(st.sampled_from(["芋窪1丁目", "蔵敷2丁目", "立川", ""]) | WORDS, max_size=4).map(tuple),
    slots=st.dictionaries(st.sampled_from(["river", "river.en", "reason", "issued", "until", "x", "areas.en"]), WORDS),
    hours=st.integers(-5, 100) | st.just(10**15),
    languages=st.lists(TAGS, max_size=4).map(tuple),
    texts=st.dictionaries(TAGS, st.builds(Wording, headline=WORDS, description=WORDS)),
    note=WORDS,
)


@given(SHEETS)
def test_a_sheet_survives_being_kept(sheet: Sheet) -> None:
    assert from_json(to_json(sheet)) == sheet


@given(SHEETS)
@pytest.mark.fault(90)
@pytest.mark.fault(93)
def test_whatever_a_sheet_holds_it_is_either_told_or_pressed(sheet: Sheet) -> None:
    blocking = [problem for problem in PRESS.problems(sheet, NOW) if problem.blocking]
    try:
        draft = PRESS.draft(sheet, NOW)
    except Refused:
        assert blocking
    else:
        assert draft.infos[0].language == "ja"
        assert not any("{{" in text or "None" in text for info in draft.infos for text in (info.headline,)) or blocking


# ------------------------------------------------------------------ what is typed


@given(st.text(), st.booleans(), st.sampled_from(["ja", "en"]))
@pytest.mark.fault(93)
@pytest.mark.fault(94)
def test_what_is_cleaned_is_seen_composed_and_clean_for_good(raw: str, lines: bool, language: str) -> None:
    done = clean(raw, lines=lines, language=language)
    assert unicodedata.is_normalized("NFC", done.text)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Co") for char in done.text if char != "\n")
    assert lines or "\n" not in done.text
    again = clean(done.text, lines=lines, language=language)
    assert (again.text, again.removed) == (done.text, ())


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"])))
@pytest.mark.fault(92)
def test_nothing_that_is_seen_is_ever_cut(raw: str) -> None:
    assert clean(raw).text == unicodedata.normalize("NFC", raw)


@pytest.mark.parametrize(
    ("raw", "language", "text"),
    [
        ("か\u3099わ", "ja", "がわ"),
        ("第三小学校\n第五中学校\n", "ja", "第三小学校、第五中学校"),
        ("第三小学校\r\n\r\n  第五中学校", "ja", "第三小学校、第五中学校"),
        ("危険です。\n逃げて。", "ja", "危険です。逃げて。"),
        ("Dai-san\nDai-go", "en", "Dai-san, Dai-go"),
        ("Go.\nNow", "en", "Go. Now"),
        ("a\tb", "en", "a b"),
        ("the ", "en", "the "),
    ],
)
def test_lines_become_a_list_or_sentences(raw: str, language: str, text: str) -> None:
    assert clean(raw, language=language).text == text


@pytest.mark.fault(93)
@pytest.mark.fault(94)
def test_what_is_taken_out_is_named_once() -> None:
    done = clean("a\u202eb\x1b[31m\x00c\u202e\u2066")
    assert done.text == "ab[31mc"
    assert done.removed == ("U+202E", "U+001B", "U+0000", "U+2066")
    assert clean("x\u200dy").removed == ()


@pytest.mark.fault(109)
def test_a_wrong_clipboard_is_refused_whole() -> None:
    with pytest.raises(ValueError, match="longer"):
        clean("x" * (LONGEST_PASTE + 1))
