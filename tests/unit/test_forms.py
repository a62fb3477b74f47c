"""Every alert template as an officer would use it, and what a form refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment, meta

from broadcaster.errors import NotFound, Refused
from broadcaster.forms import Forms, SlotKind, Template, parse
from broadcaster.forms.template import GIVEN, ISSUED
from broadcaster.model import Alert, Draft, Geocode, Kind, Mode, Severity
from broadcaster.ports.world import City
from broadcaster.rendering import Templates, templates_dir
from broadcaster.rules import checks

NOW = datetime(2026, 7, 1, 5, 5, tzinfo=UTC)
CITY = City(
    name="東大和市",
    name_en="Higashiyamato City",
    sender="city.example",
    zone=ZoneInfo("Asia/Tokyo"),
    public_url="https://emergency.city.example/",
    domains=("emergency.city.example",),
    contact="042-563-2111",
    areas=("芋窪1丁目", "蔵敷2丁目", "奈良橋3丁目"),
    geocodes={"芋窪1丁目": (Geocode(value_name="TOWN", value="001001"),)},
)
LEFTOVERS = re.compile(r"\{\{|\}\}|\{%|None|未入力|○○|XX|避難勧告|Undefined|[ \t]\n|\n\n\n")
FORMS = Forms(templates_dir(), Templates(ZoneInfo("Asia/Tokyo")))
NAMES = FORMS.names()
ORDER = "flood-level4"


def filled(name: str, **more: str) -> Draft:
    values = FORMS.examples(name, CITY, NOW) | more
    return FORMS.draft(name, values, city=CITY, now=NOW, incident=1)


def refused(values: dict[str, str], name: str = ORDER) -> set[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        FORMS.draft(name, values, city=CITY, now=NOW)
    return {(problem.place, problem.code) for problem in caught.value.problems}


def sources(template: Template) -> dict[str, str]:
    return {tag: "\n".join(text for _, text in words) for tag, words in template.text.items()}


def test_all_that_a_city_needs_first_is_there() -> None:
    assert len(FORMS.all()) >= 12
    assert {
        *(f"{hazard}-{what}" for hazard in ("flood", "landslide") for what in ("level3", "level4", "level5", "lifted")),
        *("shelter-opened", "shelter-closed", "earthquake-strong", "heavy-rain-caution", "water-cut", "power-cut"),
        *("missing-person", "missing-person-found", "false-alarm", "headquarters-closed"),
    } <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_slot_is_declared_and_used_in_every_language(name: str) -> None:
    template = FORMS.template(name)
    for language, source in sources(template).items():
        used = meta.find_undeclared_variables(Environment().parse(source))
        assert used - GIVEN <= template.slots.keys(), language
        unused = template.slots.keys() - used - {"areas"}
        assert unused == set() or language != "ja", unused
        assert used & {"areas", "areas_short"}, language


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("with_contact", [True, False])
@pytest.mark.fault(90)
def test_the_examples_render_without_leftovers(name: str, with_contact: bool) -> None:
    city = CITY if with_contact else replace(CITY, contact="", areas=())
    draft = FORMS.draft(name, FORMS.examples(name, city, NOW), city=city, now=NOW, incident=1)
    assert [info.language for info in draft.infos][:3] == ["ja", "ja-x-easy", "en"]
    for info in draft.infos:
        for text in (info.event, info.headline, info.description, info.instruction):
            assert text
            assert text == text.strip()
            assert not LEFTOVERS.search(text), text
            assert all(line for line in text.splitlines())
        assert ("042-563-2111" in info.instruction) == with_contact


@pytest.mark.parametrize("name", NAMES)
def test_required_slots_alone_are_enough(name: str) -> None:
    slots = FORMS.template(name).slots
    needed = {
        key: value for key, value in FORMS.examples(name, CITY, NOW).items() if slots[key.partition(".")[0]].required
    }
    draft = FORMS.draft(name, needed, city=CITY, now=NOW, incident=1)
    for info in draft.infos:
        said = f"{info.headline}\n{info.description}\n{info.instruction}"
        assert not LEFTOVERS.search(said), said
        assert all(said.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_a_headline_fits_a_post_and_names_the_place_or_the_thing(name: str) -> None:
    for info in filled(name).infos:
        assert sum(1 if ord(letter) < 0x1100 else 2 for letter in info.headline) <= 120, info.headline
        assert "\n" not in info.headline
    japanese = filled(name).infos[0]
    assert len(japanese.headline) <= 42
    assert all(area.area_desc in japanese.description for area in japanese.areas)


@pytest.mark.parametrize("name", NAMES)
def test_english_examples_are_english_and_easy_japanese_is_easy(name: str) -> None:
    city = replace(CITY, areas=(), contact="")
    draft = FORMS.draft(name, FORMS.examples(name, city, NOW), city=city, now=NOW, incident=1)
    by_language = {info.language: info for info in draft.infos}
    english = by_language["en"]
    assert not re.search(r"[ぁ-んァ-ヶ一-龠]", english.headline + english.description + english.instruction)
    easy = by_language["ja-x-easy"]
    assert not re.search(r"避難して|危険", easy.headline + easy.instruction)
    sentences = re.split(r"[。\n]", easy.instruction)
    assert all(len(re.sub(r"（[^）]*）", "", sentence)) <= 60 for sentence in sentences), max(sentences, key=len)


@pytest.mark.parametrize("name", [name for name in NAMES if FORMS.template(name).level])
def test_an_order_says_its_level_and_what_to_do_when_moving_is_dangerous(name: str) -> None:
    template, draft = FORMS.template(name), filled(name)
    words = {3: "高齢者等避難", 4: "避難指示", 5: "緊急安全確保"}
    english = {3: "Evacuation of the Elderly, Etc.", 4: "Evacuation Order", 5: "Emergency Safety Measures"}
    level = template.level or 0
    assert draft.level == level
    assert f"警戒レベル{level} {words[level]}" in draft.infos[0].headline
    assert f"警戒レベル{level} {words[level]}" in draft.infos[0].description
    assert f"Level {level}, {english[level]}" in draft.infos[2].headline
    assert template.severity == (Severity.SEVERE if level == 3 else Severity.EXTREME)
    for info, upper in zip(draft.infos, ("2階以上", "2階（かい）より 上", "second floor"), strict=True):
        assert upper in info.instruction


def test_a_draft_carries_time_place_and_codes() -> None:
    draft = filled(ORDER, issued="14:05")
    info = draft.infos[0]
    assert (draft.kind, draft.incident, draft.level) == (Kind.ALERT, 1, 4)
    assert (info.effective, info.expires) == (NOW, NOW + timedelta(hours=12))
    assert info.web == CITY.public_url
    assert [area.area_desc for area in info.areas] == ["芋窪1丁目", "蔵敷2丁目"]
    assert [len(area.geocodes) for area in info.areas] == [1, 0]
    assert info.description.startswith("東大和市です。7月1日14時05分、")
    assert "1,250世帯" in info.description


def test_times_given_win_over_the_template() -> None:
    values = FORMS.examples(ORDER, CITY, NOW)
    begins, ends = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    draft = FORMS.draft(ORDER, values, city=CITY, now=NOW, effective=begins, expires=ends)
    assert {(info.effective, info.expires) for info in draft.infos} == {(begins, ends)}


def test_an_empty_issue_time_is_now() -> None:
    assert "7月1日14時05分" in filled(ORDER, **{ISSUED: ""}).infos[0].description


@pytest.mark.parametrize(
    ("typed", "said"),
    [("14:10", "7月1日14時10分"), ("23:50", "6月30日23時50分"), ("2026-06-30T09:00", "6月30日9時00分")],
)
def test_an_hour_alone_is_the_last_one(typed: str, said: str) -> None:
    assert said in filled(ORDER, issued=typed).infos[0].description


def test_an_hour_of_the_future_is_the_next_one() -> None:
    assert "7月2日5時00分" in filled("heavy-rain-caution", until="5:00").infos[0].description


def test_words_of_one_language_are_for_that_language() -> None:
    draft = filled(ORDER, **{"shelters": "第一小学校", "shelters.en": "First School", "shelters.ja-x-easy": ""})
    said = [info.instruction for info in draft.infos]
    assert "第一小学校" in said[0]
    assert "第一小学校" in said[1]
    assert "First School" in said[2]


def test_many_areas_are_counted_in_the_headline_and_named_in_the_description() -> None:
    info = filled(ORDER, areas="芋窪1丁目、蔵敷2丁目、奈良橋3丁目").infos[0]
    assert "芋窪1丁目、蔵敷2丁目など3地区" in info.headline
    assert "芋窪1丁目、蔵敷2丁目、奈良橋3丁目" in info.description
    assert len(info.areas) == 3


def test_the_whole_city_is_an_explicit_choice() -> None:
    draft = filled(ORDER, areas="東大和市全域")
    assert [info.areas[0].area_desc for info in draft.infos] == [
        "東大和市全域",
        "東大和市の ぜんぶの ところ",
        "all of Higashiyamato City",
    ]


@pytest.mark.fault(90)
def test_everything_wrong_is_said_at_once() -> None:
    values = {
        "areas": "芋窪1丁目、月面",
        "issued": "25:99",
        "river": "空" * 61,
        "households": "多数",
        "reason": "because",
        "colour": "red",
        "river.xx": "x",
    }
    assert refused(values) == {
        ("slots.areas", "slot_area_unknown"),
        ("slots.issued", "slot_not_time"),
        ("slots.river", "slot_too_long"),
        ("slots.households", "slot_not_number"),
        ("slots.reason", "slot_not_choice"),
        ("slots.colour", "slot_unknown"),
        ("slots.river.xx", "slot_unknown"),
        ("slots.shelters", "slot_missing"),
    }


def test_a_block_of_a_listed_town_will_do() -> None:
    city = replace(CITY, areas=("芋窪", "蔵敷"))
    values = FORMS.examples(ORDER, city, NOW) | {"areas": "芋窪1丁目、蔵敷"}
    draft = FORMS.draft(ORDER, values, city=city, now=NOW)
    assert [[len(area.geocodes) for area in info.areas] for info in draft.infos] == [[1, 0]] * 3
    with pytest.raises(Refused):
        FORMS.draft(ORDER, values | {"areas": "上芋窪"}, city=city, now=NOW)


def test_an_empty_area_is_never_everybody() -> None:
    values = FORMS.examples(ORDER, CITY, NOW)
    assert ("slots.areas", "slot_missing") in refused(values | {"areas": "  "})
    assert ("slots.areas", "slot_missing") in refused(values | {"areas": "、, "})


def test_a_translation_may_not_lose_an_area() -> None:
    values = FORMS.examples(ORDER, CITY, NOW) | {"areas.en": "Imokubo 1-chome"}
    assert refused(values) == {("slots.areas.en", "slot_area_count")}


@pytest.mark.fault(90)
def test_what_is_typed_is_never_a_template() -> None:
    draft = filled(ORDER, **{"shelters": "{{ 7*7 }}", "shelters.en": "{{ city }}", "shelters.ja-x-easy": "{% raw %}"})
    assert "{{ 7*7 }}" in draft.infos[0].instruction


@pytest.mark.parametrize("name", ["no-such", "../alerts/flood-level4", "FLOOD", ""])
def test_an_unknown_template_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        FORMS.template(name)


def test_a_wrong_template_is_refused_with_every_problem() -> None:
    source = (templates_dir() / "alerts" / "water-cut.toml").read_text(encoding="utf-8")
    broken = source.replace('kind = "alert"', 'kind = "shout"').replace("validity_hours = 48", "validity_hours = 480")
    with pytest.raises(Refused) as caught:
        parse(broken, "water-cut")
    assert {problem.place for problem in caught.value.problems} == {
        "water-cut.toml: kind",
        "water-cut.toml: validity_hours",
    }


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[text.en]", "[text.fr]", "text is missing in en"),
        ("[slots.supply]", "[slots.city]", "a slot may not be called city"),
        ("[slots.areas]", "[slots.towns]", "said to nowhere"),
        ('en = "urgent works"', 'fr = "travaux"', "slots.reason.choices.works is missing in en"),
    ],
)
@pytest.mark.fault(90)
def test_an_inconsistent_template_is_refused(old: str, new: str, why: str) -> None:
    source = (templates_dir() / "alerts" / "water-cut.toml").read_text(encoding="utf-8")
    with pytest.raises(Refused) as caught:
        parse(source.replace(old, new), "water-cut")
    assert any(why in str(problem.params["why"]) for problem in caught.value.problems)


def test_all_lists_every_broken_file(tmp_path: Path) -> None:
    (tmp_path / "alerts").mkdir()
    (tmp_path / "areas.toml").write_bytes((templates_dir() / "areas.toml").read_bytes())
    for name in ("one", "two"):
        (tmp_path / "alerts" / f"{name}.toml").write_text("not = [toml", encoding="utf-8")
    forms = Forms(tmp_path, Templates(ZoneInfo("Asia/Tokyo")))
    with pytest.raises(Refused) as caught:
        forms.all()
    assert [problem.place for problem in caught.value.problems] == ["one.toml", "two.toml"]


def test_a_form_can_be_built_from_the_declarations() -> None:
    for template in FORMS.all():
        assert {"ja", "en"} <= template.name.keys()
        for slot in template.slots.values():
            assert {"ja", "en"} <= slot.meaning.keys()
            assert (slot.kind is SlotKind.CHOICE) == bool(slot.choices)
            assert all(len(words) <= slot.max_length for words in slot.example.values())


EARLIER = {
    "flood-lifted": "flood-level4",
    "landslide-lifted": "landslide-level4",
    "shelter-closed": "shelter-opened",
    "water-restored": "water-cut",
    "power-restored": "power-cut",
    "missing-person-found": "missing-person",
    "headquarters-closed": "headquarters-opened",
    "false-alarm": "flood-level4",
    "content-correction": "shelter-opened",
}
"""What each template that refers to something refers to, as an officer would use it."""


def accepted(name: str) -> Alert:
    draft = filled(name)
    return Alert(
        identifier="1.1",
        sender=CITY.sender,
        sent=NOW - timedelta(hours=1),
        status=draft.status,
        kind=draft.kind,
        incident=1,
        version=1,
        infos=draft.infos,
        level=draft.level,
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_pass_the_checks_without_a_warning(name: str) -> None:
    draft = filled(name)
    assert draft.kind.refers == (name in EARLIER)
    live = (accepted(EARLIER[name]),) if draft.kind.refers else ()
    draft = replace(draft, incident=1 if live else None)
    assert checks.problems(draft, now=NOW, city=CITY, live=live, mode=Mode.LIVE) == ()


@pytest.mark.parametrize("name", EARLIER)
def test_what_ends_or_corrects_is_refused_when_nothing_is_live(name: str) -> None:
    found = checks.problems(filled(name), now=NOW, city=CITY, live=(), mode=Mode.LIVE)
    assert any(problem.blocking for problem in found)


def test_what_the_city_says_in_latin_letters_stands_in_texts_that_are_not_japanese() -> None:
    latin = {"芋窪": "Imokubo", "蔵敷": "Zoshiki"}
    city = replace(
        CITY, areas=("芋窪", "蔵敷", "湖畔"), areas_en=latin, contact="防災課", contact_en="Disaster Section"
    )
    values = {name: value for name, value in FORMS.examples(ORDER, city, NOW).items() if name != "areas.en"}
    draft = FORMS.draft(ORDER, values | {"areas": "芋窪２丁目、蔵敷、湖畔、芋窪の谷"}, city=city, now=NOW)
    said = {info.language: info for info in draft.infos}
    names = ["Imokubo 2-chome", "Zoshiki", "湖畔", "芋窪の谷"]
    assert [area.area_desc for area in said["en"].areas] == names
    assert ", ".join(names) in said["en"].description
    assert said["en"].contact == "Disaster Section"
    assert "Disaster Section" in said["en"].instruction
    assert said["ja"].areas[0].area_desc == "芋窪２丁目"
    assert said["ja"].contact == said["ja-x-easy"].contact == "防災課"
    own = FORMS.draft(ORDER, values | {"areas": "芋窪", "areas.en": "Imokubo East"}, city=city, now=NOW)
    assert [info.areas[0].area_desc for info in own.infos if info.language == "en"] == ["Imokubo East"]
