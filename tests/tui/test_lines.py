"""What stands on the board, and how a line is drawn: pure, in both languages, at any width."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from broadcaster.desk import Board, Budget, ChannelState
from broadcaster.documents import dump
from broadcaster.model import Mode, State
from broadcaster.ports.store import AlertRow
from broadcaster.rules.pace import ASKED_BEFORE
from broadcaster.tui.drawing import Paper, draw, fit, pad, span
from broadcaster.tui.lines import ADVICES, Line, Sort, lines_of
from broadcaster.tui.words import Words, width
from tests.unit.values import NOW, after, alert, delivery, info

LANGUAGES = ("ja", "en")
CHANNELS = tuple(
    ChannelState(channel=name, target_s=target) for name, target in (("twitter", 30.0), ("mail", 300.0), ("page", 5.0))
)


def row(*deliveries: Any, **changes: Any) -> AlertRow:
    said = changes.pop("alert", alert(14, 2, infos=(info(expires=NOW + timedelta(hours=6)),)))
    fields = {
        "alert": said,
        "accepted_at": NOW,
        "author": "duty-a",
        "approved_by": "duty-b",
        "approved_how": "second_person",
        "in_force": True,
        "area": "芋窪、蔵敷",
        "level": said.level,
        "expires": said.expires,
        "deliveries": deliveries,
    }
    return AlertRow(**{**fields, **changes})


def board(*rows: AlertRow, channels: tuple[ChannelState, ...] = CHANNELS) -> Any:
    shown = Board(
        mode=Mode.DRILL,
        now=NOW,
        city="東大和市",
        city_en="Higashiyamato City",
        zone="Asia/Tokyo",
        page="http://127.0.0.1/",
        rows=rows,
        waiting=(),
        channels=channels,
    )
    return dump(shown)


def owed(number: int = 1, **changes: Any) -> Any:
    return delivery(**{"id": number, "channel": "twitter", "target": "x", "accepted_at": NOW, **changes})


def drawn(line: Line, language: str = "ja", columns: int = 80, seconds: float = 10) -> str:
    paper = Paper(words=Words(language), now=after(seconds), zone="Asia/Tokyo", columns=columns)
    return draw(line, paper).plain


def of(lines: list[Line], sort: Sort) -> list[Line]:
    return [line for line in lines if line.sort is sort]


def test_what_presses_most_stands_on_top_and_each_says_what_to_do() -> None:
    states = [
        owed(1, possible_duplicate=True, state=State.ACCEPTED),
        owed(2, state=State.ACCEPTED, total=9, progress=9, unserved=2, channel="mail"),
        owed(3, state=State.HELD),
        owed(4, state=State.IN_DOUBT),
        owed(5, state=State.NEEDS_HUMAN),
        owed(6, state=State.FAILED),
    ]
    end = after(ASKED_BEFORE.total_seconds())
    lines = lines_of(board(row(*states, expires=end, unreviewed=True)), NOW)
    assert [line.code for line in of(lines, Sort.ATTENTION)] == list(ADVICES)
    first = lines[: 1 + 2 * len(ADVICES)]
    assert [line.sort for line in first[1:]] == [Sort.ATTENTION, Sort.ADVICE] * len(ADVICES)
    for language in LANGUAGES:
        for line in first:
            assert drawn(line, language).strip()


def test_what_was_settled_long_ago_asks_nobody_any_more() -> None:
    old = row(owed(state=State.FAILED), in_force=False, accepted_at=after(-25 * 3600))
    assert of(lines_of(board(old), NOW), Sort.ATTENTION) == []
    assert of(lines_of(board(row(owed(state=State.FAILED), in_force=False)), NOW), Sort.ATTENTION)


def test_every_line_has_a_key_of_its_own() -> None:
    rows = [row(owed(1, state=State.FAILED), owed(2, target="y")), row(owed(3), alert=alert(15), in_force=False)]
    keys = [line.key for line in lines_of(board(*rows), NOW, "hint")]
    assert len(keys) == len(set(keys))


def test_a_target_is_named_only_where_a_channel_has_several() -> None:
    one = of(lines_of(board(row(owed(1))), NOW), Sort.DELIVERY)
    two = of(lines_of(board(row(owed(1, target="a"), owed(2, target="b"))), NOW), Sort.DELIVERY)
    assert [line.text for line in (*one, *two)] == ["", "a", "b"]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [80, 140])
def test_each_state_is_told_in_words_within_the_line(state: State, language: str, columns: int) -> None:
    each = owed(state=state, url="https://example.jp/" + "x" * 90, reason="lost", detail="詳細" * 40, attempt=12)
    for line in lines_of(board(row(each)), NOW):
        assert width(drawn(line, language, columns)) <= columns
    (line,) = of(lines_of(board(row(each)), NOW), Sort.DELIVERY)
    assert fit(Words(language)(f"state_{state.value}"), 16).rstrip(".") in drawn(line, language, columns)


@pytest.mark.parametrize(
    ("each", "seconds", "wanted"),
    [
        ({"state": State.SENDING}, 12, "12秒経過/30秒"),
        ({"state": State.SENDING}, 45, "45秒経過 遅れ"),
        ({"state": State.CONFIRMED, "reached_at": after(4)}, 900, "4秒で到達/30秒"),
        ({"state": State.ACCEPTED, "reached_at": after(80)}, 900, "1分20秒で到達 遅れ"),
    ],
)
def test_age_is_held_against_its_target(each: dict[str, Any], seconds: float, wanted: str) -> None:
    (line,) = of(lines_of(board(row(owed(**each))), NOW), Sort.DELIVERY)
    assert wanted in drawn(line, seconds=seconds)


def test_a_channel_tells_its_breaker_and_what_is_left() -> None:
    spent = Budget(name="posts_15min", unit="posts", amount=100, reserve=10, left=0, left_grave=10, resets_at=after(60))
    x = ChannelState(channel="twitter", target_s=30, budgets=(spent,))
    down = ChannelState(channel="page", target_s=5, down="connect", until=after(30), failures=5)
    shown = [drawn(line) for line in of(lines_of(board(channels=(x, down)), NOW), Sort.CHANNEL)]
    assert "15分 0/100" in shown[0]
    assert "停止中（つながりません）" in shown[1]


@pytest.mark.fault(98)
@pytest.mark.parametrize("text", ["[bold]赤[/bold]", "[@click=app.quit]x[/]", "\x1b]2;hi\x07\x1b[2J", "=cmd|' /C'!A0"])
def test_nothing_in_a_text_is_obeyed(text: str) -> None:
    said = alert(14, 2, infos=(info(headline=text, expires=NOW + timedelta(hours=6)),))
    shown = lines_of(board(row(owed(detail=text), alert=said)), NOW)
    (line,) = of(shown, Sort.INCIDENT)
    assert text.replace("\x1b", "\\x1b").replace("\x07", "\\x07") in drawn(line, columns=140)
    for line in shown:
        made = draw(line, Paper(words=Words("en"), now=NOW, zone="Asia/Tokyo", columns=140))
        assert not any(ord(each) < 32 or ord(each) == 127 for each in made.plain)
        assert not any("click" in str(each.style) for each in made.spans)


@pytest.mark.parametrize(
    ("seconds", "ja", "en"),
    [
        (0, "0秒", "0 s"),
        (59.9, "59秒", "59 s"),
        (60, "1分", "1 min"),
        (61, "1分1秒", "1 min 1 s"),
        (3600, "1時間", "1 h"),
        (4800, "1時間20分", "1 h 20 min"),
        (90000, "1日1時間", "1 d 1 h"),
        (-5, "0秒", "0 s"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, ja: str, en: str) -> None:
    assert span(timedelta(seconds=seconds), Words("ja")) == ja
    assert span(timedelta(seconds=seconds), Words("en")) == en


def test_wide_letters_count_two_columns() -> None:
    assert fit("避難指示", 8) == "避難指示"
    assert fit("避難指示", 7) == "避難.."
    assert fit("abc", 1) == ""
    assert pad("避難", 6) == "避難  "
    assert width(pad("避難指示", 6)) == 6


def test_the_gravest_in_force_stands_first_then_the_newest() -> None:
    def said(incident: int, level: int | None) -> AlertRow:
        infos = (info(expires=NOW + timedelta(hours=6)),)
        return row(alert=alert(incident, 1, level=level, infos=infos))

    rows = [said(9, None), said(8, 4), said(7, None), said(6, 5), said(5, 4)]
    shown = of(lines_of(board(*rows), NOW), Sort.INCIDENT)
    assert [line.row["alert"]["incident"] for line in shown] == [6, 8, 5, 9, 7]
