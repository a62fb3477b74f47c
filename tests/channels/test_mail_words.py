"""What mails say: every kind, every language, drills, lateness, old phones."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.model import Kind, Message, Mode, Text
from broadcaster.rendering import templates_dir
from channels._mail_words import DRILL_MARK, SUBJECT_COLUMNS, choose, columns
from channels.mail import Mail, build
from tests.channels.kit import CITY, alert, info, situation, world
from tests.channels.mailkit import settings

WORDS = sorted((templates_dir() / "mail" / "words").glob("*.toml"))


def mail(tmp_path: Path, mode: Mode = Mode.LIVE) -> Mail:
    return build(settings(25), world(tmp_path, mode=mode))


def said(tmp_path: Path, kind: Kind = Kind.ALERT, *, mode: Mode = Mode.LIVE, **changes: Any) -> Message:
    spoken = alert(kind, **changes)
    message = mail(tmp_path, mode).compose(spoken, situation(spoken, mode=mode)).message
    assert message is not None
    return message


def test_a_mail_says_all_that_an_order_needs(tmp_path: Path) -> None:
    (text,) = said(tmp_path, version=2, contact="防災安全課 042-000-0000").texts
    assert text.subject == "芋窪、蔵敷に避難指示 全員避難（第14-2報）"
    for needed in (
        "東大和市",
        "11月23日14時05分発表",
        "第14-2報",
        "空堀川があふれるおそれがあります。",
        "・今すぐ危険な場所から避難してください。",
        "・芋窪\n・蔵敷\n",
        "11月24日2時05分まで",
        "防災安全課 042-000-0000",
        CITY.public_url,
        "yamemasu@city.example.lg.jp",
    ):
        assert needed in text.body
    assert text.body.index("■してほしいこと") < text.body.index("■内容")
    assert "\n\n\n" not in text.body


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        (Kind.ALERT, ""),
        (Kind.UPDATE, "【続報】"),
        (Kind.CORRECTION, "【訂正】"),
        (Kind.CANCEL, "【取消】"),
        (Kind.ALL_CLEAR, "【解除】"),
        (Kind.ROUTINE, "【お知らせ】"),
    ],
)
def test_each_kind_is_named_in_the_subject(tmp_path: Path, kind: Kind, label: str) -> None:
    (text,) = said(tmp_path, kind, headline="芋窪のこと").texts
    assert text.subject == f"{label}芋窪のこと（第14-1報）"


def test_a_headline_that_names_its_kind_is_not_labelled_twice(tmp_path: Path) -> None:
    (text,) = said(tmp_path, Kind.ALL_CLEAR, headline="【解除】芋窪の避難指示を解除").texts
    assert text.subject.count("解除】") == 1


@pytest.mark.parametrize("language", ["ja", "ja-x-easy", "en", "zh", "ko", "zh-Hant", "pt"])
def test_every_language_in_every_kind_live_late_and_drill(tmp_path: Path, language: str) -> None:
    for kind in Kind:
        for mode in Mode:
            message = said(tmp_path, kind, mode=mode, infos=(info(language),))
            for text in (*message.texts, *message.late_texts):
                assert text.language == language
                assert "{" not in text.subject + text.body
                assert (DRILL_MARK in text.body) is (mode is Mode.DRILL)


def test_a_drill_begins_and_ends_with_its_mark(tmp_path: Path) -> None:
    infos = (info("ja"), info("en"))
    message = said(tmp_path, mode=Mode.DRILL, infos=infos)
    assert {text.language for text in message.texts} == {"ja", "en", "mul"}
    for text in (*message.texts, *message.late_texts):
        for part in (text.subject, text.body):
            assert part.startswith(DRILL_MARK)
            assert part.endswith(DRILL_MARK)


def test_late_words_begin_with_a_mark_and_the_time_of_issue(tmp_path: Path) -> None:
    (late,) = said(tmp_path).late_texts
    assert late.body.startswith("この知らせは遅れて届いています。11月23日14時05分に発表したものです。")
    assert late.subject.startswith("【遅れて配信】")


def test_the_same_alert_is_always_said_the_same_way(tmp_path: Path) -> None:
    assert said(tmp_path) == said(tmp_path)


def test_message_carries_serial_and_time(tmp_path: Path) -> None:
    message = said(tmp_path, version=2)
    assert (message.reference, message.channel, message.cost.posts) == ("14-2 14:05", "mail", 0)


# ------------------------------------------------------------------ length


@pytest.mark.parametrize(("text", "count"), [("abc", 3), ("避難", 4), ("ｱ", 1), ("é", 2), ("e\u0301", 1), ("①", 2)])
def test_columns(text: str, count: int) -> None:
    assert columns(text) == count


@pytest.mark.parametrize("mode", list(Mode))
def test_a_subject_that_is_too_long_is_refused_and_never_cut(tmp_path: Path, mode: Mode) -> None:
    fits = "避" * ((SUBJECT_COLUMNS - columns("（第14-1報）")) // 2)
    for headline, ok in ((fits, True), (fits + "難", False)):
        spoken = alert(headline=headline)
        made = mail(tmp_path, mode).compose(spoken, situation(spoken, mode=mode))
        assert made.length is not None
        assert made.length.fits is ok
        assert (made.message is not None) is ok
        assert [(each.code, each.place) for each in made.problems] == (
            [] if ok else [("mail_subject_too_long", "infos[0].headline")]
        )


def test_measure_counts_as_compose_does(tmp_path: Path) -> None:
    channel = mail(tmp_path)
    spoken = alert()
    assert channel.compose(spoken, situation(spoken)).length == channel.measure(
        "芋窪、蔵敷に避難指示 全員避難（第14-1報）"
    )


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.stem)
def test_our_labels_fit_an_old_phone(path: Path) -> None:
    words = tomllib.loads(path.read_text(encoding="utf-8"))
    reference = tomllib.loads((path.parent / "ja.toml").read_text(encoding="utf-8"))
    assert words.keys() == reference.keys()
    assert set(words["kinds"]) == set(words["explain"]) == {kind.value for kind in Kind}
    for label in ("action", "about", "area", "until", "contact", "web", "serial"):
        filled = words[label].replace("{serial}", "14-2")
        assert all(columns(line) <= 24 for line in filled.splitlines()), label


# ------------------------------------------------------------------ who reads what

TEXTS = tuple(Text(language=tag, body=tag) for tag in ("ja", "ja-x-easy", "en", "zh", "mul"))


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("ja", "ja"),
        ("JA-X-EASY", "ja-x-easy"),
        ("en", "en"),
        ("en-GB", "en"),
        ("zh-Hant", "zh"),
        ("pt-BR", "mul"),
        ("vi", "mul"),
        ("", "mul"),
    ],
)
def test_who_reads_what(wanted: str, got: str) -> None:
    assert choose(TEXTS, wanted).language == got


def test_where_there_is_nothing_else_it_is_japanese() -> None:
    for wanted in ("pt", "en", "ja-x-easy"):
        assert choose(TEXTS[:1], wanted).language == "ja"


def test_a_variety_serves_who_wants_the_language() -> None:
    assert choose((Text(language="ja", body=""), Text(language="zh-Hans", body="")), "zh").language == "zh-Hans"


def test_foreign_readers_get_easy_japanese_and_english_before_japanese(tmp_path: Path) -> None:
    infos = (info("ja", headline="避難指示"), info("ja-x-easy", headline="にげて"), info("en", headline="Leave now"))
    several = choose(said(tmp_path, infos=infos).texts, "pt")
    assert several.language == "mul"
    assert several.subject.startswith("避難指示")
    places = [several.body.index(f"］\n{word}") for word in ("にげて", "Leave now", "避難指示")]
    assert places == sorted(places)


def test_an_alert_in_japanese_alone_has_no_mail_in_several_languages(tmp_path: Path) -> None:
    assert [text.language for text in said(tmp_path).texts] == ["ja"]


@hypothesis.settings(deadline=None, max_examples=40)
@given(headline=st.text(min_size=1, max_size=20).filter(str.strip), description=st.text(max_size=200))
def test_whatever_is_said_the_subject_is_one_line(headline: str, description: str) -> None:
    spoken = alert(headline=headline, description=description, expires=alert().sent + timedelta(hours=1))
    composed = mail(Path()).compose(spoken, situation(spoken)).message
    assert composed is not None
    assert all(len(text.subject.splitlines()) <= 1 for text in composed.texts)
