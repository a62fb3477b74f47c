"""Everything that is wrong with a draft, one rule at a time, and all at once."""

import re
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster import catalog
from broadcaster.model import (
    Area,
    Category,
    Certainty,
    Draft,
    Geocode,
    Info,
    Kind,
    Mode,
    ResponseType,
    Severity,
    Status,
    Urgency,
)
from broadcaster.rules import checks
from broadcaster.rules.checks import links
from broadcaster.rules.checks.texts import Field
from broadcaster.rules.policy import Policy
from channels._links import links as linked
from tests.unit.drafts import CITY, INFO, NOW, alert, codes, draft, found, info, order


def test_a_sound_draft_has_no_problem() -> None:
    assert found(draft()) == ()


@pytest.mark.parametrize(("level", "name"), [(3, "高齢者等避難"), (4, "避難指示"), (5, "緊急安全確保")])
def test_a_sound_order_has_no_problem(level: int, name: str) -> None:
    assert found(order(level, name)) == ()


def test_warnings_come_last_and_every_problem_is_told_at_once() -> None:
    bad = draft(
        info(headline="{{ area }}", description="", instruction=" ", areas=(), expires=NOW - timedelta(minutes=1)),
        info(language="en", severity=Severity.SEVERE, areas=()),
    )
    problems = found(bad)
    assert {"placeholder_left", "text_missing", "action_missing", "place_missing", "expiry_past"} <= {
        p.code for p in problems
    }
    blocking = [problem.blocking for problem in problems]
    assert blocking == sorted(blocking, reverse=True)
    assert not all(blocking)


def test_each_problem_names_its_place() -> None:
    places = {problem.code: problem.place for problem in found(draft(INFO, info(language="en", headline="XX")))}
    assert places == {"placeholder_left": "infos[1].headline"}


def test_every_blank_of_a_text_is_told_and_a_hostile_one_takes_no_time() -> None:
    told = found(draft(info(headline="○○の{{ river }}が{{ river }}、避難人数：未入力")))
    assert [problem.params["found"] for problem in told] == ["○○", "{{ river }}", "未入力"]
    assert len(found(draft(info(description="14:05 " + "".join(f"{{a{'b' * number}}}" for number in range(60)))))) == 10
    before = time.monotonic()
    assert found(draft(info(description="{{" * 4_900)))
    assert time.monotonic() - before < 1


# ------------------------------------------------------------------ form

LONGEST_TAG = "en-x" + "-abcdefg" * 12
"""As long as a tag may be: 100 characters."""


def test_no_text_at_all() -> None:
    assert codes(Draft(kind=Kind.ALERT, infos=())) == {"infos_missing"}


@pytest.mark.parametrize("name", ["event", "headline", "description"])
def test_an_empty_text_is_missing(name: str) -> None:
    assert codes(draft(info(**{name: " \n"}))) >= {"text_missing"}


def test_residents_are_told_what_to_do() -> None:
    assert codes(draft(info(instruction=""))) == {"action_missing"}
    nothing = info(instruction="", response_type=(ResponseType.NONE,))
    assert codes(draft(nothing)) == {"action_missing"}
    assert codes(draft(nothing, kind=Kind.ROUTINE)) == set()


def test_an_empty_area_is_never_widened() -> None:
    assert codes(draft(info(areas=()))) == {"place_missing"}
    assert codes(draft(info(areas=(Area(area_desc=" "),)))) == {"place_missing"}


@pytest.mark.parametrize("name", ["芋窪3丁目", "蔵敷", "東大和市全域", "全域"])
def test_known_areas(name: str) -> None:
    assert codes(draft(info(areas=(Area(area_desc=name),)))) == set()


def test_an_area_of_another_city_is_refused() -> None:
    assert codes(draft(info(areas=(Area(area_desc="錦町"),)))) == {"area_unknown"}
    free = replace(CITY, areas=())
    assert found(draft(info(areas=(Area(area_desc="錦町"),))), city=free) == ()


def test_languages_that_tell_different_things_are_warned_of() -> None:
    english = info(language="en", severity=Severity.SEVERE, areas=(*INFO.areas, Area(area_desc="Zoshiki")))
    problems = found(draft(INFO, english))
    assert {problem.code for problem in problems} == {"areas_differ", "severity_differs"}
    assert not any(problem.blocking for problem in problems)


@pytest.mark.parametrize(
    "tag",
    ["ja-x-easy", "en", "zh-Hant", "pt-BR", "es-419", "sr-Latn-RS", "de-CH-1996", "ja-Latn-hepburn", LONGEST_TAG],
)
def test_languages(tag: str) -> None:
    assert codes(draft(INFO, info(language=tag))) == set()


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("", "language_invalid"),
        ("e", "language_invalid"),
        ("en_GB", "language_invalid"),
        ("英語", "language_invalid"),
        ("en-" + "a" * 9, "language_invalid"),
        ("x" * 200, "language_invalid"),
        ("EN", "language_case"),
        ("zh-hant", "language_case"),
        ("ja", "language_twice"),
        ("JA", "language_twice"),
    ],
)
def test_wrong_languages(tag: str, code: str) -> None:
    assert code in codes(draft(INFO, info(language=tag)))


def test_the_first_language_is_the_primary_one() -> None:
    assert codes(draft(info(language="en"), INFO)) == {"language_first"}


@pytest.mark.parametrize("name", ["event", "headline", "description", "instruction", "web", "contact"])
@pytest.mark.fault(109)
def test_over_long_fields_are_refused_and_not_looked_into(name: str) -> None:
    assert "field_too_long" in codes(draft(info(**{name: "{{" * 5_000_000})))


def test_too_many_parts_are_refused() -> None:
    many = tuple(info(language=f"en-x-a{index}") for index in range(30))
    assert "too_many" in codes(draft(INFO, *many))
    assert "too_many" in codes(draft(info(areas=(Area(area_desc="芋窪"),) * 600)))
    codes_many = (Geocode(value_name="a", value="b"),) * 60
    assert "too_many" in codes(draft(info(areas=(Area(area_desc="芋窪", geocodes=codes_many),))))


def test_a_channel_named_twice_is_a_warning() -> None:
    assert [(p.code, p.blocking) for p in found(draft(channels=("page", "page")))] == [("channel_twice", False)]


# ------------------------------------------------------------------ times


@pytest.mark.parametrize(
    ("hours", "code"),
    [(-1, "expiry_past"), (0, "expiry_past"), (72, None), (72.1, "expiry_far"), (10_000, "expiry_far")],
)
def test_expiry(hours: float, code: str | None) -> None:
    assert codes(draft(info(expires=NOW + timedelta(hours=hours)))) - {"expiry_before_effective"} == (
        {code} if code else set()
    )


def test_a_city_may_be_stricter_about_expiry() -> None:
    strict = Policy(max_validity=timedelta(hours=5))
    problems = checks.problems(draft(), now=NOW, city=CITY, live=(), mode=Mode.LIVE, policy=strict)
    assert [problem.code for problem in problems] == ["expiry_far"]


def test_it_says_when() -> None:
    assert codes(draft(info(effective=None))) == set()
    assert codes(draft(info(effective=None, description="水が出ません。"))) == {"time_missing"}


def test_an_old_time_is_a_leftover() -> None:
    old = info(effective=NOW - timedelta(minutes=31))
    assert codes(draft(old)) == {"effective_stale"}
    assert codes(draft(info(effective=NOW - timedelta(minutes=30)))) == set()


def test_an_update_may_keep_the_time_of_its_order() -> None:
    earlier = alert(sent=NOW - timedelta(hours=10))
    kept = info(effective=NOW - timedelta(hours=10))
    assert codes(draft(kept, kind=Kind.UPDATE, incident=14), earlier) == set()


def test_it_may_not_end_before_it_begins() -> None:
    later = info(effective=NOW + timedelta(hours=7))
    assert codes(draft(later)) == {"expiry_before_effective"}


def test_times_without_an_offset_are_refused() -> None:
    naive = info(expires=INFO.expires.replace(tzinfo=None), effective=NOW.replace(tzinfo=None))
    assert codes(draft(naive)) == {"time_naive"}


# ------------------------------------------------------------------ characters


@pytest.mark.parametrize(
    ("char", "code"),
    [
        ("\x00", "character_control"),
        ("\x1b", "character_control"),
        ("\r", "character_control"),
        ("\t", "character_control"),
        ("\x85", "character_control"),
        ("\u2028", "character_control"),
        ("\u202e", "character_bidi"),
        ("\u2066", "character_bidi"),
        ("\u200b", "character_invisible"),
        ("\u200d", "character_invisible"),
        ("\ufeff", "character_invisible"),
        ("\u00ad", "character_invisible"),
        ("\u3164", "character_invisible"),
        ("\U000e0041", "character_invisible"),
        ("\ue000", "character_private"),
        ("\ud800", "character_surrogate"),
    ],
)
@pytest.mark.fault(93)
@pytest.mark.fault(94)
def test_characters_are_shown_as_code_points(char: str, code: str) -> None:
    for name in ("headline", "description", "contact"):
        problem = next(p for p in found(draft(info(**{name: f"14時 芋窪{char}"}))) if p.code == code)
        assert problem.place == f"infos[0].{name}"
        assert f"U+{ord(char):04X} (" in str(problem.params["codepoints"])
        assert char not in str(problem.params)


def test_lines_may_break_where_there_are_many() -> None:
    assert codes(draft(info(description="14時05分\n断水です。"))) == set()
    assert codes(draft(info(headline="断水\nです"))) == {"character_control"}


def test_emoji_and_wide_spaces_are_characters_like_others() -> None:
    assert codes(draft(info(headline="断水　です ☎️"))) == set()


@pytest.mark.fault(94)
def test_languages_that_need_joiners_may_have_them() -> None:
    assert codes(draft(INFO, info(language="fa", headline="می\u200cشود"))) == set()
    assert codes(draft(INFO, info(language="fa-IR", headline="می\u200cشود"))) == set()
    assert codes(draft(INFO, info(language="en", headline="a\u200cb"))) == {"character_invisible"}


@pytest.mark.fault(94)
def test_places_are_written_in_the_language_of_their_text() -> None:
    joined = "می\u200cشود"
    persian = Area(area_desc=joined, geocodes=(Geocode(value_name=joined, value=joined),))
    assert codes(draft(INFO, info(language="fa", areas=(persian,)))) == set()
    assert codes(draft(INFO, info(language="en", areas=(persian,)))) == {"character_invisible"}


@pytest.mark.fault(94)
@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("Evacuatiоn Order", "U+043E (9)"),
        ("ТОКУО", "U+0422 (1), U+041E (2), U+041A (3), U+0423 (4), U+041E (5)"),
        ("Ο157の食中毒", "U+039F (1)"),
        ("Ηelp", "U+0397 (1)"),
        ("\U0001d5dbelp", "U+1D5DB (1)"),
        ("\U0001d5db\U0001d5d8", "U+1D5DB (1), U+1D5D8 (2)"),
        ("芋窪А地区", "U+0410 (3)"),
    ],
)
def test_letters_that_pass_for_others_are_shown_as_code_points(text: str, points: str) -> None:
    (problem,) = found(draft(info(headline=text)))
    assert (problem.code, problem.params["codepoints"]) == ("character_lookalike", points)


@pytest.mark.fault(94)
@pytest.mark.parametrize("text", ["PM2.5 35μg/m3", "α株", "5Ω", "Ａ地区", "Москва", "ΔΣ", "O157"])
def test_letters_in_their_right_place_are_letters(text: str) -> None:
    assert codes(draft(info(headline=text))) == set()


@pytest.mark.fault(94)
def test_a_language_may_be_written_in_its_own_letters() -> None:
    assert codes(draft(INFO, info(language="ru", headline="Сосна у реки"))) == set()
    assert codes(draft(INFO, info(language="ru-RU", headline="у реки"))) == set()
    assert codes(draft(INFO, info(language="el", headline="ΤΟΚΙΟ"))) == set()
    assert codes(draft(INFO, info(language="ru", headline="Cосна"))) == {"character_lookalike"}
    assert codes(draft(INFO, info(language="en", headline="ΤΟΚΙΟ"))) == {"character_lookalike"}


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    "text",
    [
        "{{ name }}",
        "{{",
        "{% if",
        "${x}",
        "{area}",
        "避難人数:未入力",
        "○○町",
        "〇〇さん",
        "◯◯",
        "XX月XX日",
        "ＸＸ",
        "第xx報",
        "at XX.",
    ],
)
@pytest.mark.fault(90)
def test_blanks_left_to_be_filled(text: str) -> None:
    assert codes(draft(info(headline=text))) == {"placeholder_left"}


@pytest.mark.parametrize(
    "text",
    [
        "XXLサイズの雨具",
        "XXIオリンピック",
        "○×クイズ",
        "第1回○",
        "二〇〇〇年",
        "約一〇〇〇人",
        "Exxon",
        "https://city.example.lg.jp/xx/a",
        "X（旧Twitter）",
    ],
)
def test_what_only_looks_like_a_blank(text: str) -> None:
    assert codes(draft(info(headline=text))) == set()


@pytest.mark.parametrize("text", ["●●重要●●", "△△", "□□", "____", "？？？"])
def test_what_may_be_an_ornament_is_a_warning(text: str) -> None:
    assert [(p.code, p.blocking) for p in found(draft(info(headline=text)))] == [("placeholder_maybe", False)]


@pytest.mark.parametrize(
    "text",
    ["避難勧告", "避難 勧告", "避難（ひなん）勧告（かんこく）", "避難指示（緊急）", "避難準備・高齢者等避難開始"],
)
def test_abolished_words(text: str) -> None:
    assert "word_abolished" in codes(draft(info(description=f"14時05分、{text}を出しました。")))


def test_a_drill_mark_is_for_drills() -> None:
    marked = draft(info(headline="【訓練】断水"))
    assert codes(marked) == {"drill_mark_live"}
    assert codes(marked, mode=Mode.DRILL) == set()


# ------------------------------------------------------------------ levels


@pytest.mark.parametrize("level", [0, 6, -1, 10**30])
def test_there_are_five_levels(level: int) -> None:
    assert codes(draft(level=level)) == {"level_range"}


def test_an_order_cannot_pass_under_a_low_severity() -> None:
    low = order(4, "避難指示")
    low = replace(low, infos=tuple(replace(each, severity=Severity.SEVERE) for each in low.infos))
    assert codes(low) == {"level_severity"}


def test_the_name_of_the_level_is_said() -> None:
    silent = order(4, "避難指示")
    first = replace(silent.infos[0], headline="芋窪1丁目から逃げてください", event="洪水")
    assert codes(replace(silent, infos=(first, silent.infos[1]))) == {"level_name_missing"}


@pytest.mark.parametrize(
    ("level", "headline", "code"),
    [
        (4, "警戒レベル3避難指示", "level_pair"),
        (4, "警戒レベル３　避難指示", "level_pair"),
        (4, "警戒レベル５「避難指示」", "level_differs"),
        (3, "警戒レベル4避難指示", "level_differs"),
        (5, "警戒レベル5避難指示", "level_pair"),
        (None, "警戒レベル4避難指示", "level_missing"),
        (None, "避難指示を出しました", "level_missing"),
    ],
)
def test_number_name_and_words_agree(level: int | None, headline: str, code: str) -> None:
    said = info(headline=headline, severity=Severity.EXTREME)
    assert code in codes(draft(said, replace(said, language="ja-x-easy"), level=level))


@pytest.mark.parametrize(
    "headline",
    [
        "警戒レベル3高齢者等避難を警戒レベル4避難指示に引き上げました",
        "警戒レベル4避難指示（レベル５大雨特別警報が出ています）",
        "警戒レベル４　避難指示",
    ],
)
def test_several_levels_may_be_named(headline: str) -> None:
    said = info(headline=headline, severity=Severity.EXTREME)
    assert codes(draft(said, replace(said, language="ja-x-easy"), level=4)) == set()


def test_an_order_without_easy_japanese_is_refused() -> None:
    alone = order(4, "避難指示")
    problems = found(replace(alone, infos=alone.infos[:1]))
    assert [(problem.code, problem.blocking) for problem in problems] == [("easy_japanese_missing", True)]


def test_without_a_text_only_that_is_told() -> None:
    assert codes(Draft(kind=Kind.ALERT, infos=(), level=4)) == {"infos_missing"}


def test_what_takes_an_order_back_names_it_without_giving_it() -> None:
    wrong = info(headline="警戒レベル4避難指示は誤りでした")
    takes_back = draft(replace(wrong, urgency=Urgency.PAST), kind=Kind.CORRECTION, incident=14)
    assert codes(takes_back, alert()) == set()
    assert codes(replace(takes_back, kind=Kind.UPDATE), alert()) == {"level_missing"}
    assert codes(replace(takes_back, infos=(wrong,)), alert()) == {"level_missing"}
    lifted = draft(info(headline="芋窪の避難指示を解除しました"), kind=Kind.UPDATE, incident=14)
    assert codes(lifted, alert()) == set()


def test_a_notice_may_speak_of_orders() -> None:
    assert codes(draft(info(headline="避難指示についての説明会"), kind=Kind.ROUTINE)) == set()


# ------------------------------------------------------------------ links


@pytest.mark.parametrize(
    "text",
    [
        "https://city.example.lg.jp/a?b=c をご覧ください",
        "詳細はhttps://city.example.lg.jp/aをご覧ください",
        "詳細はcity.example.lg.jpで。",
        "https://www.city.example.lg.jp:443/",
        "bosai@city.example.lg.jp",
        "taro.yamada@city.example.lg.jp",
        "https://bosai.example.lg.jp/",
        "電話042-000-0000（内線12.3）",
        "午後2.5時間、No.5、e.g. a.m. 3.11",
        "第一小.体育館",
        "10.am",
        "https://city.example.lg.jp（市のページ）をご覧ください",
        "https://city.example.lg.jp, https://city.example.lg.jp: (https://city.example.lg.jp)",
        "city.example.lg.jp/a.html?b=example.com",
        "https://city.example.lg.jp/防災.html",
        "bosai.info@city.example.lg.jp",
    ],
)
def test_links_to_the_city(text: str) -> None:
    assert codes(draft(info(description=f"14時05分 {text}"))) == set()


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/",
        "HTTP://EXAMPLE.COM",
        "example.com",
        "ｅｘａｍｐｌｅ．ｃｏｍ",
        "example。com",
        "www.example.com/city.example.lg.jp",
        "//example.com/x",
        "https:/example.com",
        "https:///example.com",
        "https:\\\\example.com",
        "https://city.example.lg.jp@example.com/",
        "https://example.com\\@city.example.lg.jp/",
        "https://city.example.lg.jp.example.com/",
        "https://city.example.lg.jp。example.com/",
        "notcity.example.lg.jp",
        "https://city.example.lg.jp%2f.example.com",
        "https://сity.example.lg.jp/",
        "сity.example.lg.jp",
        "city.example.lg.jр",
        "https://xn--ity-eed.example.lg.jp/",
        "xn--ity-eed.jp",
        "https://192.0.2.1/",
        "ftp://example.com/",
        "someone@example.com",
        "日本語.jp",
        "https://日本語.jp/",
        "https:///",
        "xn--ity-eed。jp",
        "詳細はexample.comへ",
        "逃げて.example.comへ",
        "続く…example.com",
        "example\u2024com",
        "example.com\uc73c\ub85c",
        "example.comя",
        "example.comＡ棟",
        "example.com_",
        "example.com@会場",
        "example.xn--q9jyb4c",
        "пример.рф",
        "3.11/example.com",
        "https://city.example.lg.jp/。申込はexample.comへ",
        "https://city.example.lg.jpをご覧ください。example.comへ",
        "https://city.example.lg.jp/→example.com",
        "https://city.example.lg.jp/^example.com",
        "city.example.lg.jp/aまたexample.comへ",
        "https://…city.example.lg.jp",
        "https://・city.example.lg.jp",
    ],
)
@pytest.mark.fault(95)
def test_links_to_elsewhere(text: str) -> None:
    assert codes(draft(info(description=f"14時05分 {text}"))) - {"character_lookalike"} == {"link_foreign"}


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("Go to example.com.Then wait", ["example.com"]),
        ("詳細はwww.example.com/a、https://example.net:443/へ", ["example.net", "www.example.com"]),
        ("example.com と example.com", ["example.com"]),
        ("example.com:/city.example.lg.jp", ["example.com"]),
        ("example.com_/example.net", ["example.com", "example.net"]),
        ("example.СОМ", ["example.[U+0441][U+043E][U+043C]"]),
        ("сity.jр.then", ["[U+0441]ity.j[U+0440]"]),
    ],
)
@pytest.mark.fault(95)
def test_the_host_is_told_and_nothing_around_it(text: str, hosts: list[str]) -> None:
    told = found(draft(info(contact=text)))
    assert [each.params["host"] for each in told if each.code == "link_foreign"] == hosts


PIECES = [
    *["example.com", "city.example.lg.jp", "www.evil.tokyo", "t.co", "日本語.jp", "https://", "http://", "/", "//"],
    *list(":。、はａ…._-@#?=&%,;~'\"|^`{}[]()「」<>\\→・éя☎　 \n\u200b"),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=7, unique=True).map("".join))
@pytest.mark.fault(95)
def test_what_x_makes_a_link_of_is_looked_at(text: str) -> None:
    problems = links.problems([Field("contact", "contact", text)], CITY)
    told = any(each.code.startswith("link") for each in problems)
    for link in linked(text):
        host = text[link.start : link.end].partition("://")[2] or text[link.start : link.end]
        assert told or re.match(r"([a-z0-9-]+\.)*city\.example\.lg\.jp(?![a-z0-9.@-])", host)


def test_a_sentence_in_cyrillic_or_greek_is_no_address() -> None:
    russian = info(language="ru", description="Вода, еда и т.д. Подробнее: city.example.lg.jp. г.Сочи")
    assert codes(draft(INFO, russian)) == set()
    assert codes(draft(INFO, info(language="el", description="π.χ. νερό, κ.λπ."))) == set()


def test_a_city_names_its_domains_itself() -> None:
    elsewhere = draft(info(contact="example.com"))
    (problem,) = found(elsewhere, city=replace(CITY, public_url=""))
    assert problem.params["allowed"] == "city.example.lg.jp"
    assert found(elsewhere, city=replace(CITY, domains=("example.com",))) == ()
    (short,) = found(draft(info(contact="lin.ee/a")), city=replace(CITY, domains=("lin.ee",)))
    assert short.code == "link_shortener"


def test_lookalikes_are_shown_as_code_points() -> None:
    problem = next(iter(found(draft(info(web="https://сity.example.lg.jp/")))))
    assert problem.params["host"] == "[U+0441]ity.example.lg.jp"


def test_an_address_in_japanese_is_shown_as_it_is() -> None:
    problem = next(iter(found(draft(info(web="https://日本語.jp/")))))
    assert problem.params["host"] == "日本語.jp"


@pytest.mark.fault(95)
def test_short_addresses_are_told_as_such() -> None:
    assert codes(draft(info(contact="bit.ly/abc"))) == {"link_shortener"}
    assert codes(draft(info(contact="https://t.co/x"))) == {"link_shortener"}


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x"])
@pytest.mark.fault(97)
def test_active_links(text: str) -> None:
    assert codes(draft(info(web=text))) == {"link_scheme"}


# ------------------------------------------------------------------ the incident


@pytest.mark.parametrize("kind", [Kind.UPDATE, Kind.CORRECTION, Kind.CANCEL, Kind.ALL_CLEAR])
def test_what_refers_needs_something_to_refer_to(kind: Kind) -> None:
    assert codes(draft(kind=kind)) == {"reference_missing"}
    assert codes(draft(kind=kind, incident=14)) == {"reference_missing"}
    assert codes(draft(kind=kind, incident=14), alert()) == set()


@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.ROUTINE])
def test_what_is_new_refers_to_nothing(kind: Kind) -> None:
    assert codes(draft(kind=kind, incident=14), alert()) == {"reference_unwanted"}


@pytest.mark.parametrize("last", [Kind.CANCEL, Kind.ALL_CLEAR])
def test_after_the_end_only_a_correction_makes_sense(last: Kind) -> None:
    ended = (alert(), alert(last, 2))
    for kind in (Kind.UPDATE, Kind.CANCEL, Kind.ALL_CLEAR):
        assert codes(draft(kind=kind, incident=14), *ended) == {"incident_ended"}
    assert codes(draft(kind=Kind.CORRECTION, incident=14), *ended) == set()


@pytest.mark.parametrize("headline", ["避難を解除しました", "断水（だんすい）は 解除（かいじょ）です", "注意報解除"])
def test_lifting_in_words_needs_an_alert(headline: str) -> None:
    assert codes(draft(info(headline=headline))) == {"lifting_unfounded"}
    assert codes(draft(info(headline=headline), kind=Kind.ROUTINE)) == {"lifting_unfounded"}
    assert codes(draft(info(headline=headline), kind=Kind.ALL_CLEAR, incident=14), alert()) == set()


def test_lifting_in_english_or_by_response_type() -> None:
    assert codes(draft(INFO, info(language="en", headline="The order is lifted"))) == {"lifting_unfounded"}
    assert codes(draft(info(response_type=(ResponseType.ALL_CLEAR,)))) == {"lifting_unfounded"}


@pytest.mark.parametrize(
    "headline", ["解除されるまで外に出ないでください", "通行止めはまだ解除されていません", "解除の見込みは未定です"]
)
def test_what_is_not_lifted_yet(headline: str) -> None:
    assert codes(draft(info(headline=headline))) == set()


@pytest.mark.parametrize(
    "headline", ["14時05分の放送の訂正", "先ほどの放送は誤報です", "避難の取り消し", "取消のお知らせ"]
)
def test_correcting_in_words_needs_an_alert(headline: str) -> None:
    assert codes(draft(info(headline=headline))) == {"correction_unfounded"}
    assert [p.blocking for p in found(draft(info(headline=headline), kind=Kind.ROUTINE))] == [False]
    assert codes(draft(info(headline=headline), kind=Kind.CORRECTION, incident=14), alert()) == set()


def test_a_lifting_may_name_what_it_lifts() -> None:
    lifted = info(headline="警戒レベル4避難指示を解除しました", severity=Severity.SEVERE)
    assert codes(draft(lifted, kind=Kind.ALL_CLEAR, incident=14, level=4), alert()) == set()


@pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST])
def test_a_live_instance_says_only_what_is_meant(status: Status) -> None:
    assert codes(draft(status=status)) == {"status_not_actual"}
    assert codes(draft(status=status), mode=Mode.DRILL) == set()


def test_a_new_grave_alert_that_nobody_hears_is_a_warning() -> None:
    problems = found(replace(order(3, "高齢者等避難"), silent=True))
    assert [(problem.code, problem.blocking) for problem in problems] == [("silent_new", False)]


# ------------------------------------------------------------------ any input

TEXT = st.text(
    st.one_of(st.characters(), st.sampled_from("\u202e\u200b{}○XＸ.。@/\\:解除訂正警戒レベル345避難指示jpcom\ud800")),
    max_size=60,
)
WHEN = st.datetimes(timezones=st.just(NOW.tzinfo) | st.none())
INFOS = st.builds(
    Info,
    language=st.sampled_from(["ja", "en", "JA"]) | TEXT,
    category=st.lists(st.sampled_from(Category), max_size=2).map(tuple),
    event=TEXT,
    headline=TEXT,
    description=TEXT,
    instruction=TEXT,
    expires=WHEN,
    urgency=st.sampled_from(Urgency),
    severity=st.sampled_from(Severity),
    certainty=st.sampled_from(Certainty),
    response_type=st.lists(st.sampled_from(ResponseType), max_size=2).map(tuple),
    effective=st.none() | WHEN,
    web=TEXT,
    contact=TEXT,
    areas=st.lists(st.builds(Area, area_desc=TEXT), max_size=2).map(tuple),
)
DRAFTS = st.builds(
    Draft,
    kind=st.sampled_from(Kind),
    infos=st.lists(INFOS, max_size=3).map(tuple),
    status=st.sampled_from(Status),
    level=st.none() | st.integers(),
    incident=st.none() | st.integers(),
    channels=st.lists(TEXT, max_size=2).map(tuple),
    silent=st.booleans(),
    note=TEXT,
)


@settings(max_examples=150, deadline=None)
@given(DRAFTS, st.booleans(), st.sampled_from(Mode))
def test_no_draft_makes_the_checks_fail_and_each_problem_can_be_said(said: Draft, live: bool, mode: Mode) -> None:
    for problem in found(said, *([alert()] if live else []), mode=mode):
        for language in catalog.LANGUAGES:
            sentence = catalog.say(problem.code, language, **problem.params)
            assert sentence
            assert "\u202e" not in sentence


@pytest.mark.parametrize(
    "piece", ["a.", ".a", "https://", "a@", "[", "○", "解除", "警戒レベル", "（ぁ", "xn--", "。a", "-.", "{{", "{a"]
)
@pytest.mark.fault(109)
def test_no_text_takes_long(piece: str) -> None:
    hostile = draft(info(description=piece * (10_000 // len(piece)), headline=piece * (200 // len(piece))))
    begun = time.thread_time()
    found(hostile)
    assert time.thread_time() - begun < 1
