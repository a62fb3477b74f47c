"""What residents read: order, completeness, marks, words, size, validity."""

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.errors import RenderingError
from broadcaster.forms import Forms
from broadcaster.model import Alert, Category, Edition, Ending, Info, Kind, Mode, Severity
from broadcaster.rendering import Templates, templates_dir
from channels._text import DRILL_MARK, clean
from channels._words import WRITTEN, phrasebook
from channels.page import Page, Settings
from tests.channels.editions import CITY, alert, busy, edition, ended, info
from tests.channels.kit import NOW, TOKYO

PACKET = 14_000
TEMPLATES = Templates(TOKYO)


def page(**changes: object) -> Page:
    return Page(Settings.model_validate(changes), CITY, TEMPLATES)


def rendered(one: Edition, **changes: object) -> dict[str, str]:
    return {path: data.decode() for path, data in page(**changes).render(one).items()}


def words_of(html: str) -> str:
    """Return what a person reads, furigana left out."""
    text = re.sub(r"<(rt|rp)>.*?</\1>|<style>.*?</style>|<head>.*?</head>", "", html, flags=re.DOTALL)
    text = re.sub(r"</?(time|a|ruby|strong|span)\b[^>]*>", "", text)
    text = re.sub(r"<[^>]+>", " ", text)
    for name, char in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(name, char)
    return " ".join(text.split())


def in_order(text: str, *parts: str) -> bool:
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


class TestOrder:
    def test_what_to_do_comes_before_everything_else_that_is_said(self) -> None:
        html = words_of(rendered(edition(alert()))["index.html"])
        assert in_order(
            html,
            "警戒レベル４",
            "すぐにすること",
            "危険な場所から全員避難してください",
            "洪水のおそれ 全員避難",
            "対象の地域 芋窪1丁目",
            "理由・状況",
            "いつまで 11月24日2時05分まで",
            "問い合わせ 防災安全課",
            "発表 11月23日13時45分 第14-1報",
        )

    def test_alerts_keep_the_order_of_the_edition_and_those_that_are_over_follow_folded(self) -> None:
        html = rendered(busy())["index.html"]
        assert in_order(html, 'id="a14-1"', 'id="a15-2"', 'id="a16-1"', 'id="a17-1"', 'id="a18-1"', "<details")
        over = html[html.index('<section class="past"') :]
        assert over.count("<details") == 4
        assert "open" not in re.findall(r"<details[^>]*>", over)[0]

    def test_a_lifting_is_news_even_while_folded(self) -> None:
        html = rendered(busy())["index.html"]
        first = re.findall(r"<summary>.*?</summary>", html, flags=re.DOTALL)[0]
        assert "解除" in first
        assert "芋窪1丁目の避難指示を解除しました" in first

    def test_an_alert_that_ran_out_is_not_called_lifted(self) -> None:
        over = ended(alert(), Ending.EXPIRED)
        assert "期限切れ（解除の発表ではありません）" in rendered(edition(over=(over,)))["index.html"]


class TestCompleteness:
    def test_all_in_force_stand_there_whatever_the_count(self) -> None:
        many = [alert(number) for number in range(1, 301)]
        files = rendered(edition(*many), history=0)
        assert all(f'id="a{number}-1"' in files["index.html"] for number in range(1, 301))
        assert all(f"alerts/{number}-1.html" in files for number in range(1, 301))

    def test_the_history_is_capped(self) -> None:
        over = tuple(ended(alert(number), at=NOW - timedelta(minutes=number)) for number in range(1, 31))
        html = rendered(edition(over=over), history=5)["index.html"]
        assert html.count("<details") == 5
        assert "第1-1報" in html
        assert "第6-1報" not in html

    @pytest.mark.parametrize("language", ["en", "zh", "fr"])
    def test_an_alert_without_a_language_stands_on_its_page_in_japanese_and_says_so(self, language: str) -> None:
        html = rendered(edition(alert(infos=(info("ja"),))), languages=(language,))[f"{language}.html"]
        assert f'<html lang="{language}"' in html
        assert '<section class="other" lang="ja">' in html
        assert "危険な場所から全員避難してください" in html
        assert phrasebook(TEMPLATES)[language].only in html

    def test_readers_of_other_languages_get_easy_japanese_and_their_own_word_for_the_level(self) -> None:
        html = rendered(edition(alert()), languages=("zh",))["zh.html"]
        assert in_order(words_of(html), "東大和市", "警戒级别4 避难指示", "此信息目前只有日语", "みんな すぐに")
        assert '<section class="other easy" lang="ja-x-easy">' in html

    def test_languages_of_alerts_get_pages_by_themselves_and_link_to_each_other(self) -> None:
        files = rendered(edition(alert(infos=(info("ja"), replace(info("en"), language="zh-Hant")))))
        assert {"index.html", "en.html", "zh-Hant.html", "index.txt", "en.txt", "zh-Hant.txt"} <= set(files)
        for name in ("index.html", "en.html", "zh-Hant.html"):
            assert '<link rel="alternate" hreflang="zh-Hant" href="zh-Hant.html">' in files[name]
        assert '<a href="en.html" lang="en" hreflang="en">English</a>' in files["index.html"]

    def test_the_japanese_page_has_easy_japanese_with_readings_as_ruby(self) -> None:
        html = rendered(edition(alert()))["index.html"]
        assert 'lang="ja-x-easy"' in html
        assert "<ruby>逃げて<rp>（</rp><rt>にげて</rt><rp>）</rp></ruby> ください" in html
        assert "ja-x-easy.html" not in rendered(edition(alert()))

    def test_the_page_of_one_alert_has_all_its_languages(self) -> None:
        text = words_of(rendered(edition(alert()))["alerts/14-1.html"])
        assert in_order(text, "危険な場所から全員避難", "みんな すぐに", "leave dangerous places now")

    def test_plain_text_says_the_same(self) -> None:
        text = rendered(busy())["index.txt"]
        for line in info("ja").instruction.split("\n"):
            assert line in text
        assert "芋窪1丁目の避難指示を解除しました" in text
        assert "11月23日14時05分現在（第42版）" in text

    @pytest.mark.parametrize("mode", Mode)
    def test_in_plain_text_each_alert_that_is_over_has_a_line_of_its_own(self, mode: Mode) -> None:
        folded = rendered(busy(mode))["index.txt"].partition("終わった情報")[2]
        lines = [line for line in folded.splitlines() if re.search(r"第[0-9]+-[0-9]+報", line)]
        assert len(lines) == len(busy().ended)
        assert all(len(re.findall(r"第[0-9]+-[0-9]+報", line)) == 1 for line in lines)
        assert not any("https://" in line for line in lines)


class TestAge:
    def test_it_says_when_it_was_made_and_where_to_look_once_it_is_old(self) -> None:
        for name, html in rendered(busy(), older_than_minutes=45).items():
            if name.endswith(".html"):
                assert "45" in html
                assert "エフエム 80.0 MHz" in words_of(html)
            if name in ("index.html", "en.html"):
                assert '<time datetime="2026-11-23T14:05:00+09:00">' in html, name
                assert "42" in html

    @given(st.integers(0, 3600))
    @settings(max_examples=20)
    def test_a_page_that_stays_says_a_time_in_steps_that_is_never_later_than_its_edition(self, seconds: int) -> None:
        one = replace(busy(), issued_at=NOW + timedelta(seconds=seconds))
        for name, html in rendered(one).items():
            if name.startswith("alerts/") or name == "404.html":
                said = re.search(r'class="edition"[^>]*>.*?<time datetime="([^"]+)">', html)
                assert said is not None, name
                assert timedelta(0) <= one.issued_at - datetime.fromisoformat(said[1]) < timedelta(minutes=5)

    def test_an_alert_more_rewrites_the_pages_of_languages_and_no_other_alerts(self) -> None:
        before, after = edition(alert(14), number=1), edition(alert(14), alert(15), number=2)
        old, new = rendered(before), rendered(replace(after, issued_at=NOW + timedelta(seconds=20)))
        changed = {name for name in new if new[name] != old.get(name)}
        assert changed == {"index.html", "index.txt", "en.html", "en.txt", "alerts/15-1.html"}

    def test_the_fallback_address_is_a_link(self) -> None:
        assert '<a href="https://bousai.example.jp/">' in rendered(edition())["index.html"]


class TestCalm:
    def test_nothing_in_force_is_said_with_the_time_and_is_no_all_clear(self) -> None:
        text = words_of(rendered(edition())["index.html"])
        assert in_order(text, "11月23日14時05分現在", "現在発表中の情報はありません")
        assert "安全という意味ではありません" in text
        assert "解除" not in text

    def test_in_every_language_that_has_words(self) -> None:
        books = phrasebook(TEMPLATES)
        files = rendered(edition(), languages=("en", "zh", "ko"))
        for language in ("en", "zh", "ko"):
            assert books[language].calm in files[f"{language}.html"]
            assert books[language].calm_note in files[f"{language}.txt"]


class TestDrill:
    def test_each_file_begins_and_ends_with_the_mark_and_so_does_each_alert(self) -> None:
        for name, text in rendered(busy(Mode.DRILL)).items():
            if name == "robots.txt":
                continue
            seen = words_of(text) if name.endswith(".html") else text.strip()
            assert seen.startswith(DRILL_MARK), name
            assert seen.endswith(DRILL_MARK), name
            for article in re.findall(r"<article.*?</article>", text, flags=re.DOTALL):
                assert words_of(article).startswith(DRILL_MARK)
                assert words_of(article).endswith(DRILL_MARK)
            for title in re.findall(r"<title>(.*?)</title>", text):
                assert title.startswith(DRILL_MARK)
                assert title.endswith(DRILL_MARK)
            for summary in re.findall(r"<summary>(.*?)</summary>", text):
                assert summary.startswith(DRILL_MARK)

    def test_nothing_of_a_drill_is_on_a_live_page(self) -> None:
        assert not [name for name, text in rendered(busy()).items() if "訓練" in text or "DRILL" in text]


class TestPersons:
    PERSON = replace(
        info("ja"), category=(Category.RESCUE,), headline="80歳代の女性を捜しています", severity=Severity.MINOR
    )
    SEARCH = alert(7, infos=(PERSON,), level=None)
    FOUND = alert(7, 2, kind=Kind.ALL_CLEAR, level=None, infos=(replace(PERSON, headline="見つかりました"),))

    def test_the_details_of_a_search_leave_once_it_is_over(self) -> None:
        assert "80歳代" in rendered(edition(self.SEARCH))["index.html"]
        over = (ended(self.FOUND, Ending.CLEARED, self.FOUND.sent), ended(self.SEARCH, Ending.CLEARED))
        files = rendered(edition(over=over))
        assert not [name for name, text in files.items() if "80歳代" in text]
        assert "見つかりました" in files["index.html"]
        assert "内容を消しました" in files["alerts/7-1.html"]

    def test_also_where_it_only_ran_out(self) -> None:
        files = rendered(edition(over=(ended(self.SEARCH, Ending.EXPIRED),)))
        assert not [name for name, text in files.items() if "80歳代" in text]

    def test_earlier_versions_stay_while_the_search_goes_on(self) -> None:
        second = alert(7, 2, infos=(self.PERSON,), level=None)
        html = rendered(edition(second, over=(ended(self.SEARCH),)))["index.html"]
        assert html.count("80歳代") >= 2


class TestValidity:
    @pytest.mark.parametrize("mode", Mode)
    def test_every_page_is_valid_html(self, mode: Mode) -> None:
        for one in (busy(mode), edition(mode=mode)):
            for name, text in rendered(one, languages=("en", "zh", "ko", "fr")).items():
                if name.endswith(".html"):
                    html5lib.HTMLParser(strict=True).parse(text)

    def test_no_script_and_nothing_from_outside(self) -> None:
        for name, text in rendered(busy()).items():
            if name.endswith(".html"):
                assert not re.findall(r"<(script|img|iframe|object|form|video|audio|base)\b", text), name
                assert not re.findall(r"\son\w+=|\ssrc=|url\(|@import", text), name
                assert set(re.findall(r'<link rel="([^"]+)"', text)) <= {"alternate"}, name
                assert text.count("<style>") == 1, name

    def test_the_style_hash_is_that_of_the_only_style(self) -> None:
        one = page()
        for name, data in one.render(busy()).items():
            if name.endswith(".html"):
                text = data.decode()
                style = re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL)[0]
                assert "sha256-" + b64encode(sha256(style.encode()).digest()).decode() == one.style
                assert one.style.replace("+", "&#43;") in text or one.style in text

    def test_identifiers_are_unique_and_headings_do_not_jump(self) -> None:
        for name, text in rendered(busy()).items():
            if name.endswith(".html"):
                ids = re.findall(r'\sid="([^"]+)"', text)
                assert len(ids) == len(set(ids)), name
                levels = [int(level) for level in re.findall(r"<h([1-6])", text)]
                assert levels[0] == 1
                assert all(after - before <= 1 for before, after in pairwise(levels)), name

    def test_the_same_edition_gives_the_same_bytes(self) -> None:
        assert page().render(busy()) == page().render(busy())


def distinct(number: int, language: str) -> Info:
    """Return words that no other alert has, as long as real ones are: repeated words would compress to nothing."""
    base = 0x4E00 if language != "en" else 0x61
    spread = 3000 if language != "en" else 26

    def fill(seed: int, length: int) -> str:
        return "".join(
            " " if language == "en" and place % 6 == 5 else chr(base + (place * place * 31 + seed * 7919) % spread)
            for place in range(length)
        )

    seed = number * 10 + len(language)
    factor = 2 if language == "en" else 1
    return replace(
        info(language),
        headline=fill(seed, 40 * factor),
        instruction="\n".join("・" + fill(seed + row, 50 * factor) for row in range(4)),
        description="\n".join(fill(seed + 5 + row, 70 * factor) for row in range(2)),
    )


class TestSize:
    @pytest.mark.parametrize("mode", Mode)
    def test_five_alerts_in_three_languages_fit_one_tcp_window(self, mode: Mode) -> None:
        in_force = [
            alert(number, infos=tuple(distinct(number, one) for one in ("ja", "ja-x-easy", "en")))
            for number in range(1, 6)
        ]
        files = page().render(edition(*in_force, over=(ended(alert(9)), ended(alert(8))), mode=mode))
        sizes = {name: len(gzip.compress(data, 9)) for name, data in files.items()}
        assert sizes["index.html"] > 5_000, "the words are too much alike to prove anything"
        assert {name: size for name, size in sizes.items() if size > PACKET} == {}

    def test_so_do_five_of_the_templates_officers_start_from(self) -> None:
        forms = Forms(templates_dir(), TEMPLATES)
        names = ("flood-level5", "landslide-level4", "flood-level3", "shelter-opened", "water-cut")
        drafts = [forms.draft(name, forms.examples(name, CITY, NOW), city=CITY, now=NOW, incident=1) for name in names]
        assert all([info.language for info in draft.infos][:3] == ["ja", "ja-x-easy", "en"] for draft in drafts)
        in_force = [alert(number, infos=draft.infos, level=draft.level) for number, draft in enumerate(drafts, start=1)]
        for name, data in page().render(edition(*in_force, mode=Mode.DRILL)).items():
            assert len(gzip.compress(data, 9)) <= PACKET, name


def many(count: int) -> list[Alert]:
    languages = ("ja", "ja-x-easy", "en")
    return [alert(each, infos=tuple(distinct(each, one) for one in languages)) for each in range(1, count + 1)]


class TestVeryManyInForce:
    """More than one packet holds: the first whole, the others by headline and link."""

    @pytest.mark.parametrize("name", ["index.html", "en.html", "index.txt", "en.txt"])
    def test_all_stand_there_in_their_order(self, name: str) -> None:
        alerts = many(45)
        text = rendered(edition(*alerts))[name]
        mark = {"index.txt": "{}報", "en.txt": "No. {}"}.get(name, 'id="a{}"')
        assert in_order(text, *(mark.format(one.serial) for one in alerts))
        listed = [
            f'<li class="l4" id="a{one.serial}"' in text or f"/alerts/{one.serial}.html\n" in text for one in alerts
        ]
        assert listed == sorted(listed), "from the first that does not fit on"
        assert not listed[0]
        assert listed[-1]

    def test_one_of_every_template_at_once_fits_one_packet(self) -> None:
        forms = Forms(templates_dir(), TEMPLATES)
        names = [path.stem for path in (templates_dir() / "alerts").glob("*.toml")]
        made = [forms.draft(name, forms.examples(name, CITY, NOW), city=CITY, now=NOW, incident=1) for name in names]
        drafts = [draft for draft in made if not draft.kind.refers]
        in_force = [alert(number, infos=draft.infos, level=draft.level) for number, draft in enumerate(drafts, start=1)]
        assert len(in_force) > 20
        files = page().render(edition(*in_force, mode=Mode.DRILL))
        assert files["index.html"].count(b"<li class=") > 10
        assert {name for name, data in files.items() if len(gzip.compress(data, 9)) > PACKET} == set()

    def test_the_rest_is_counted_in_each_language(self) -> None:
        files = rendered(edition(*many(45)))
        for name, heading in (("index.html", "このほかに発表中の情報"), ("en.html", "Also in force")):
            listed = files[name].count("<li class=")
            assert listed + files[name].count("<article") == 45
            assert f"{heading}：{listed}件" in files[name] or f"{heading}: {listed} (" in files[name]
        assert 'lang="ja-x-easy">ほかの' in files["index.html"]

    def test_each_keeps_its_place_to_lead_to(self) -> None:
        html = rendered(edition(*many(20)))["index.html"]
        assert [f'id="a{each}-1"' in html for each in range(1, 21)] == [True] * 20

    def test_one_alone_is_whole_however_long(self) -> None:
        long = alert(infos=(info("ja", description="長い。" * 5_000),))
        html = rendered(edition(long, alert(15)))["index.html"]
        assert "長い。" * 5_000 in html
        assert html.count("<article") == 1

    def test_nothing_is_listed_where_all_are_whole(self) -> None:
        html = rendered(edition(alert(), alert(15)))["index.html"]
        assert 'class="more"' not in html

    def test_a_link_in_a_headline_is_none_in_the_list(self) -> None:
        text = "避難（ひなん） https://city.example.lg.jp/ 042-563-2111 <b>"
        html = rendered(edition(*many(12), say(text)))["index.html"]
        html5lib.HTMLParser(strict=True).parse(html)
        (entry,) = re.findall(r'<li class="l4" id="a14-1">.*?</li>', html, re.DOTALL)
        assert entry.count("<a ") == 1
        assert "https://city.example.lg.jp/" in entry
        assert "&lt;b&gt;" in entry


def say(text: str) -> Alert:
    hostile = replace(info("ja"), event=f"a{text}", headline=f"b{text}", description=f"c{text}", instruction=f"d{text}")
    return alert(infos=(replace(hostile, contact=text, web=text),))


class TestHostileText:
    @pytest.mark.fault(93)
    @pytest.mark.fault(97)
    @given(st.text(max_size=60))
    @settings(max_examples=60, deadline=None)
    def test_any_text_gives_a_valid_page(self, text: str) -> None:
        html = page().render(edition(say(text)))["index.html"].decode()
        html5lib.HTMLParser(strict=True).parse(html)

    @pytest.mark.parametrize(
        "text",
        [
            "<script>alert(1)</script>",
            "</style><script>",
            '"><img src=x onerror=alert(1)>',
            "{{ 7 * 7 }}{% raw %}",
            "&lt;b&gt;",
            "\0in force\0",
            "]]>",
        ],
    )
    @pytest.mark.fault(97)
    def test_markup_is_shown_as_it_was_written(self, text: str) -> None:
        html = page().render(edition(say(text)))["index.html"].decode()
        assert " ".join(clean(text).split()) in words_of(html)
        assert "<script" not in html
        assert "<img" not in html

    @pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a b"])
    @pytest.mark.fault(97)
    def test_only_web_addresses_become_links(self, url: str) -> None:
        html = page().render(edition(alert(infos=(replace(info("ja"), web=url),))))["index.html"].decode()
        assert not [found for found in re.findall(r'(?:href|content)="([^"]*)"', html) if url in found]
        assert "<dt>詳しい情報" not in html

    def test_telephone_numbers_and_addresses_in_texts_can_be_tapped(self) -> None:
        one = alert(infos=(replace(info("ja"), description="電話042-563-2111、https://city.example.lg.jp/a?b=1&c へ"),))
        html = page().render(edition(one))["index.html"].decode()
        assert '<a href="tel:0425632111">042-563-2111</a>、' in html
        assert '<a href="https://city.example.lg.jp/a?b=1&amp;c">' in html


class Broken:
    """A renderer whose templates are partly gone."""

    def __init__(self, gone: str) -> None:
        self._gone = gone

    def render(self, template: str, values: Mapping[str, object]) -> str:
        if template == self._gone:
            return "name = 'only that'"
        return TEMPLATES.render(template, values)


class TestWords:
    @pytest.mark.parametrize("language", WRITTEN)
    def test_places_are_the_same_in_every_language(self, language: str) -> None:
        books = phrasebook(TEMPLATES).by_language
        for field, value in books["ja"]:
            if isinstance(value, str):
                there = getattr(books[language], field)
                assert set(re.findall(r"{\w+}", there)) == set(re.findall(r"{\w+}", value)), (language, field)

    def test_an_incomplete_file_is_refused_at_the_start(self) -> None:
        with pytest.raises(RenderingError):
            Page(Settings(), CITY, Broken("site/words/ja.toml"))

    def test_words_no_native_speaker_has_read_say_so(self) -> None:
        files = rendered(edition(), languages=("zh",))
        assert "尚未经母语者核对" in files["zh.html"]
        assert "尚未经母语者核对" in files["zh.txt"]
