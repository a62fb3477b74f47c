"""What a post says: its form, its words, its cost; and what prevents it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broadcaster.model import Area, Grade, Kind, Message, Mode, Severity
from broadcaster.ports.channel import Composition
from broadcaster.rendering import templates_dir
from channels._weighted import weigh
from channels.twitter import Settings, Twitter, build
from tests.channels.kit import CITY, NOW, alert, info, situation, world

KEYS = {"consumer_key": "a", "consumer_secret": "b", "access_token": "c", "access_token_secret": "d"}
URL = "https://city.example.lg.jp/bousai/"


def channel(tmp_path: Path, mode: Mode = Mode.LIVE, templates: Path | None = None, **settings: object) -> Twitter:
    values = {**KEYS, "base_url": "http://127.0.0.1:9", **settings}
    return build(Settings.model_validate(values), world(tmp_path, mode=mode, templates=templates))


def said(composition: Composition) -> Message:
    assert composition.message is not None, composition.problems
    return composition.message


def body(composition: Composition) -> str:
    return said(composition).texts[0].body


def late(composition: Composition) -> str:
    return said(composition).late_texts[0].body


def test_the_fullest_form_says_everything_with_the_link(tmp_path: Path) -> None:
    order = alert()
    composition = channel(tmp_path).compose(order, situation(order))
    assert body(composition) == (
        "【緊急】【警戒レベル4】芋窪、蔵敷に避難指示 全員避難\n"
        "空堀川があふれるおそれがあります。\n"
        "・今すぐ危険な場所から避難してください。\n"
        "・移動が危ないときは2階以上へ。\n"
        f"{URL}\n"
        "第14-1報 14:05 東大和市 #東大和市災害"
    )
    assert said(composition).form == "full-url"
    assert said(composition).cost.microusd == 200_000
    assert composition.length is not None
    assert composition.length.length == weigh(body(composition))


def test_the_ladder_goes_down_as_the_text_grows(tmp_path: Path) -> None:
    twitter = channel(tmp_path)
    forms = []
    for length in range(0, 150, 2):
        first, more = "い" * min(length, 90), "う" * max(0, length - 90)
        order = alert(description="あ" * (length // 2), instruction=f"{first}\n{more}")
        composition = twitter.compose(order, situation(order))
        assert weigh(body(composition)) <= 280
        forms.append(said(composition).form)
    assert list(dict.fromkeys(forms)) == ["full-url", "full", "brief-url", "brief", "headline-url"]


def test_the_lowest_form_is_the_headline_with_serial_and_where_to_look(tmp_path: Path) -> None:
    order = alert(description="あ" * 140, instruction="い" * 140)
    assert said(channel(tmp_path).compose(order, situation(order))).form == "headline-url"
    assert body(channel(tmp_path).compose(order, situation(order, left={"money": 15_000}))) == (
        "【緊急】【警戒レベル4】芋窪、蔵敷に避難指示 全員避難\n詳細は市ページ\n第14-1報 14:05 東大和市 #東大和市災害"
    )


def test_the_brief_form_says_the_first_thing_to_do(tmp_path: Path) -> None:
    order = alert(description="あ" * 140)
    text = body(channel(tmp_path).compose(order, situation(order)))
    assert f"今すぐ危険な場所から避難してください。\n詳細は市ページ {URL}\n" in text


@pytest.mark.fault(92)
def test_too_long_for_every_form_is_a_problem_and_never_cut(tmp_path: Path) -> None:
    order = alert(headline="避" * 140)
    composition = channel(tmp_path).compose(order, situation(order))
    assert composition.message is None
    assert [problem.code for problem in composition.problems] == ["x_too_long"]
    assert composition.problems[0].blocking
    assert composition.length is not None
    assert not composition.length.fits
    shorter = alert(headline="避" * (140 - int(composition.problems[0].params["over"])))
    assert said(channel(tmp_path).compose(shorter, situation(shorter))).form == "headline"


@pytest.mark.parametrize(
    ("kind", "version", "mark", "sentence"),
    [
        (Kind.ALERT, 1, "【緊急】【警戒レベル4】芋窪", ""),
        (Kind.UPDATE, 2, "【更新】【警戒レベル4】芋窪", ""),
        (Kind.CORRECTION, 2, "【訂正】芋窪", "第14-1報（13:35）を訂正します。"),
        (Kind.CANCEL, 2, "【取消】芋窪", "第14-1報（13:35）は取り消します。"),
        (Kind.ALL_CLEAR, 2, "【解除】芋窪", "第14-1報（13:35）は解除しました。"),
        (Kind.ROUTINE, 1, "【お知らせ】芋窪", ""),
    ],
)
def test_each_kind_has_its_own_words(tmp_path: Path, kind: Kind, version: int, mark: str, sentence: str) -> None:
    order = alert(kind, version=version)
    text = body(channel(tmp_path).compose(order, situation(order)))
    assert text.startswith(mark)
    assert sentence in text
    assert f"第14-{version}報 14:05" in text


@pytest.mark.parametrize(
    ("severity", "mark"), [(Severity.EXTREME, "【緊急】"), (Severity.SEVERE, "【重要】"), (Severity.MINOR, "芋窪")]
)
def test_each_grade_has_its_own_mark(tmp_path: Path, severity: Severity, mark: str) -> None:
    order = alert(severity=severity, level=None)
    assert body(channel(tmp_path).compose(order, situation(order))).startswith(mark)


def test_a_false_alarm_is_called_one(tmp_path: Path) -> None:
    order = alert(Kind.CANCEL, version=2, event="誤報の取り消し", headline="避難指示は間違いでした")
    assert body(channel(tmp_path).compose(order, situation(order))).startswith("【誤報・取消】避難指示は間違いでした")


def test_what_was_no_order_is_over_and_not_lifted(tmp_path: Path) -> None:
    order = alert(
        Kind.ALL_CLEAR, version=2, event="停電", headline="電気が使えます", level=None, severity=Severity.MINOR
    )
    text = body(channel(tmp_path).compose(order, situation(order)))
    assert text.startswith("【終了】電気が使えます\n")
    assert "第14-1報（13:35）の件は終了しました。" in text
    assert "#" not in text


def test_a_mark_is_not_said_twice(tmp_path: Path) -> None:
    order = alert(Kind.ALL_CLEAR, version=2, headline="解除：避難指示を解除しました")
    assert body(channel(tmp_path).compose(order, situation(order))).startswith("解除：避難指示")


def test_the_place_is_in_every_form(tmp_path: Path) -> None:
    for length in (0, 60, 140):
        order = alert(
            headline="全員避難", areas=(Area(area_desc="芋窪"), Area(area_desc="湖畔")), description="あ" * length
        )
        assert "対象：芋窪、湖畔" in body(channel(tmp_path).compose(order, situation(order)))


def test_the_link_is_the_alerts_own_if_it_has_one(tmp_path: Path) -> None:
    order = alert(web="https://city.example.lg.jp/a/14")
    text = body(channel(tmp_path).compose(order, situation(order)))
    assert "https://city.example.lg.jp/a/14\n" in text
    assert URL not in text


def test_the_post_is_in_japanese_whatever_comes_first(tmp_path: Path) -> None:
    order = replace(alert(), infos=(info("en", headline="Leave now"), info("ja")))
    assert said(channel(tmp_path).compose(order, situation(order))).texts[0].language == "ja"


def test_composing_is_pure_and_no_two_versions_are_equal(tmp_path: Path) -> None:
    twitter, first, second = channel(tmp_path), alert(), alert(Kind.UPDATE, version=2)
    assert twitter.compose(first, situation(first)) == twitter.compose(first, situation(first))
    assert body(twitter.compose(first, situation(first))) != body(twitter.compose(second, situation(second)))


# ---------------------------------------------------------------- late, drill


def test_late_words_begin_with_the_mark_and_the_time_of_issue(tmp_path: Path) -> None:
    order = alert()
    text = late(channel(tmp_path).compose(order, situation(order)))
    assert text.startswith("【配信の遅れ 14:05発表】【緊急】")
    assert weigh(text) <= 280


def test_a_late_mark_that_does_not_fit_takes_a_lower_form_and_cuts_nothing(tmp_path: Path) -> None:
    twitter = channel(tmp_path)
    for length in range(80):
        order = alert(description="あ" * length)
        composition = twitter.compose(order, situation(order))
        if said(composition).form == "full-url" and "あ" * max(length, 1) not in late(composition):
            assert "全員避難\n" in late(composition)
            assert late(composition).endswith("第14-1報 14:05 東大和市 #東大和市災害")
            return
    pytest.fail("no length was between the two")


def test_no_late_words_where_the_mark_fits_nowhere(tmp_path: Path) -> None:
    twitter = channel(tmp_path)
    fitting = [alert(headline="避" * length) for length in range(60, 140)]
    composed = [twitter.compose(order, situation(order)) for order in fitting]
    messages = [composition.message for composition in composed if composition.message]
    assert messages[0].late_texts
    assert not messages[-1].late_texts


def test_every_text_of_a_drill_begins_and_ends_with_the_mark(tmp_path: Path) -> None:
    twitter = channel(tmp_path, Mode.DRILL)
    for kind in Kind:
        for length in (0, 70, 140):
            order = alert(kind, version=2, description="あ" * length)
            message = said(twitter.compose(order, situation(order, mode=Mode.DRILL)))
            for text in (*message.texts, *message.late_texts):
                assert text.body.startswith("【訓練】")
                assert text.body.endswith("【訓練】")
                assert "#" not in text.body, "a drill must not be found under the disaster's hashtag"


def test_a_template_that_lost_what_every_post_needs_is_a_problem(tmp_path: Path) -> None:
    own = tmp_path / "templates/messages/twitter"
    own.mkdir(parents=True)
    for file in (templates_dir() / "messages/twitter").iterdir():
        (own / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    base = (own / "base.txt").read_text(encoding="utf-8")
    order = alert()
    for lost in ("{% if drill %}【訓練】{% endif %}", "{{ reference }}"):
        (own / "base.txt").write_text(base.replace(lost, ""), encoding="utf-8")
        twitter = channel(tmp_path, Mode.DRILL, tmp_path / "templates")
        composition = twitter.compose(order, situation(order, mode=Mode.DRILL))
        assert composition.message is None
        assert [problem.code for problem in composition.problems] == ["x_template_unsound"]


# ---------------------------------------------------------------- budget, repetition


def test_a_short_purse_drops_the_link_first(tmp_path: Path) -> None:
    order = alert()
    composition = channel(tmp_path).compose(order, situation(order, left={"money": 199_999}))
    assert said(composition).form == "full"
    assert said(composition).cost.microusd == 15_000
    assert composition.problems == ()


@pytest.mark.parametrize("left", [{"money": 14_999}, {"posts_15min": 0}, {"posts_24h": 0}])
def test_a_budget_used_up_warns_and_does_not_hold_back_the_other_channels(tmp_path: Path, left: dict[str, int]) -> None:
    order = alert()
    composition = channel(tmp_path).compose(order, situation(order, left=left))
    assert composition.message is not None
    assert [(p.code, p.blocking, p.params["limit"]) for p in composition.problems] == [
        ("x_budget_used_up", False, *left)
    ]


def test_a_public_utility_app_posts_free_and_has_no_purse(tmp_path: Path) -> None:
    order = alert()
    twitter = channel(tmp_path, public_utility=True)
    assert said(twitter.compose(order, situation(order))).cost.microusd == 0
    assert [limit.name for limit in twitter.limits()] == ["posts_15min", "posts_24h"]


def test_a_link_in_the_words_costs_as_a_link(tmp_path: Path) -> None:
    order = alert(description="https://city.example.lg.jp/a")
    composition = channel(tmp_path).compose(order, situation(order, left={"money": 100_000}))
    assert said(composition).cost.microusd == 200_000
    assert [problem.code for problem in composition.problems] == ["x_budget_used_up"]


@pytest.mark.fault(64)
def test_each_limit_keeps_a_reserve_for_what_is_grave(tmp_path: Path) -> None:
    limits = {limit.name: limit for limit in channel(tmp_path, reserve_percent=40, posts_per_15_min=50).limits()}
    assert limits["posts_15min"].reserve == 20
    assert limits["money"].unit == "microusd"
    assert all(0 < limit.reserve < limit.amount for limit in limits.values())


def repeated(tmp_path: Path, kind: Kind, severity: Severity, mode: Mode = Mode.LIVE) -> list[tuple[str, bool]]:
    twitter = channel(tmp_path, mode)
    first = alert(kind, version=2, severity=severity)
    again = replace(first, incident=15, sent=NOW.replace(minute=59))
    earlier = body(twitter.compose(first, situation(first, mode=mode)))
    composition = twitter.compose(again, situation(again, mode=mode, recent=("別の話です", earlier)))
    assert (composition.message is None) is any(problem.blocking for problem in composition.problems)
    return [(problem.code, problem.blocking) for problem in composition.problems]


@pytest.mark.parametrize("mode", list(Mode))
def test_saying_the_same_again_is_held_back_below_warning(tmp_path: Path, mode: Mode) -> None:
    assert repeated(tmp_path, Kind.ROUTINE, Severity.MINOR, mode) == [("x_near_duplicate", True)]
    assert repeated(tmp_path, Kind.ALERT, Severity.SEVERE, mode) == [("x_near_duplicate", False)]
    assert repeated(tmp_path, Kind.ALERT, Severity.EXTREME, mode) == [("x_near_duplicate", False)]


@pytest.mark.parametrize("kind", [Kind.CORRECTION, Kind.CANCEL, Kind.ALL_CLEAR])
def test_what_ends_or_corrects_is_never_held_back(tmp_path: Path, kind: Kind) -> None:
    assert repeated(tmp_path, kind, Severity.MINOR) == [("x_near_duplicate", False)]


@pytest.mark.parametrize(("before", "after"), [("芋窪", "湖畔"), ("18:00", "20:00")])
def test_another_place_or_hour_is_alike_but_not_held_back(tmp_path: Path, before: str, after: str) -> None:
    twitter = channel(tmp_path)
    words: dict[str, Any] = {
        "headline": "芋窪で断水しています",
        "description": "復旧は18:00ごろの見込みです。給水車が来ます。",
    }
    first = alert(Kind.ALERT, severity=Severity.MINOR, level=None, **words)
    changed: dict[str, Any] = {name: text.replace(before, after) for name, text in words.items()}
    second = alert(Kind.UPDATE, version=2, severity=Severity.MINOR, level=None, **changed)
    earlier = body(twitter.compose(first, situation(first)))
    composition = twitter.compose(second, situation(second, recent=(earlier,)))
    assert composition.message is not None
    assert [problem.blocking for problem in composition.problems] == [False]


def test_other_content_is_no_repetition(tmp_path: Path) -> None:
    twitter = channel(tmp_path)
    first = alert(Kind.ROUTINE, severity=Severity.MINOR, headline="給水所を第三小学校に開きました", level=None)
    second = alert(Kind.ROUTINE, severity=Severity.MINOR, headline="市民プールの営業を終わります", level=None)
    earlier = body(twitter.compose(first, situation(first)))
    assert twitter.compose(second, situation(second, recent=(earlier,))).problems == ()


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "http://api.x.com"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "https://"},
        {"post_url": "https://x.com/"},
        {"timeout_s": 0},
        {"reserve_percent": 100},
        {"spelled_wrong": 1},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings.model_validate({**KEYS, **wrong})


def test_the_city_of_the_kit_allows_its_own_page() -> None:
    assert CITY.public_url == URL
    assert Grade.of(alert().severity, Mode.LIVE) is Grade.EMERGENCY
