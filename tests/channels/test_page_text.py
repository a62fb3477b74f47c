"""Texts made fit for pages and feeds: what is taken out, what is tapped, what is read how."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels._text import _BREAKS, _FORBIDDEN, DRILL_MARK, Piece, clean, file_name, lines, marked, pieces


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("逃げて（にげて） ください", [("逃げて", "にげて")]),
        ("今すぐ逃げて（にげて） ください", [("逃げて", "にげて")]),
        ("高くなった水（みず）", [("水", "みず")]),
        ("取り消しました（とりけしました）", [("取り消しました", "とりけしました")]),
        ("第三小学校（だいさん しょうがっこう）", [("第三小学校", "だいさん しょうがっこう")]),
        ("避難指示（ひなんしじ）（洪水（こうずい））", [("避難指示", "ひなんしじ"), ("洪水", "こうずい")]),
        ("お知らせ（おしらせ）です", [("お知らせ", "おしらせ")]),
        ("2階（かい）より 上（うえ）", [("階", "かい"), ("上", "うえ")]),
        ("人は人（ひと）", [("人", "ひと")]),
        ("避難所（第一小）へ", []),
        ("ひらがな（ひらがな）", []),
        ("（かっこ）", []),
    ],
)
def test_readings_belong_to_the_characters_they_read(text: str, readings: list[tuple[str, str]]) -> None:
    assert [(one.text, one.reading) for one in pieces(text) if one.reading] == readings


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("電話042-563-2111へ", ["tel:0425632111"]),
        ("0120-123-456、03-1234-5678", ["tel:0120123456", "tel:0312345678"]),
        ("2026-11-23", []),
        ("132209-0042-563-2111", []),
        ("https://city.example.lg.jp/a?b=1#c、見て", ["https://city.example.lg.jp/a?b=1#c"]),
        ("javascript:alert(1)", []),
        ("（https://city.example.lg.jp/）", ["https://city.example.lg.jp/"]),
    ],
)
def test_what_can_be_tapped(text: str, links: list[str]) -> None:
    assert [one.href for one in pieces(text) if one.href] == links


@given(st.text(alphabet="逃水人第お知らせにげて（） ー0-4:/https", max_size=80))
@settings(deadline=None)
def test_cutting_loses_nothing(text: str) -> None:
    assert "".join(one.text + (f"（{one.reading}）" if one.reading else "") for one in pieces(text)) == text


@pytest.mark.fault(92)
@pytest.mark.parametrize("unit", ["水", "水く", "お水", "水（みず", "0", "0-", "https://", "（"])
def test_no_text_takes_long(unit: str) -> None:
    before = time.process_time()
    pieces(unit * (20_000 // len(unit)))
    assert time.process_time() - before < 2


@pytest.mark.fault(93)
def test_control_characters_and_their_kin_are_taken_out() -> None:
    bad = "".join(map(chr, [*range(9), *range(0xE, 0x1C), 0x1F, 0x7F, 0x84, 0x9F, 0xD800, 0xFDD0, 0xFFFF, 0x1FFFE]))
    assert clean(f"a{bad}b") == "ab"
    assert clean("a\tb\r\nc\rd\u2028e\x0bf\x85g") == "a\tb\nc\nd\ne\nf\ng"
    assert lines(" a \n\n\u3000\nb") == ("a", "b")


@given(st.text(st.characters() | st.sampled_from("\r\n\x0b\u2028\ufdd0\uffff\u3000 ")))
def test_what_is_printable_needs_no_second_look(text: str) -> None:
    assert clean(text) == _FORBIDDEN.sub("", _BREAKS.sub("\n", text))


def test_plain_text_stays_one_piece() -> None:
    assert pieces("すぐに にげて ください") == (Piece("すぐに にげて ください"),)
    assert pieces("") == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a", f"{DRILL_MARK}a{DRILL_MARK}"),
        (f"{DRILL_MARK}a", f"{DRILL_MARK}a{DRILL_MARK}"),
        (f"{DRILL_MARK}a{DRILL_MARK}", f"{DRILL_MARK}a{DRILL_MARK}"),
        (DRILL_MARK, DRILL_MARK * 2),
        ("", ""),
    ],
)
def test_marks_stand_once_at_each_end(text: str, wanted: str) -> None:
    assert marked(text, drill=True) == wanted
    assert marked(text, drill=False) == text


def test_file_names_are_safe_and_distinct() -> None:
    odd = ["../x", "..", "", "a/b", "a_b", "A b", "x" * 500, "x" * 501, "災害", "\ud800"]
    names = [file_name(one) for one in odd]
    assert len(set(names)) == len(odd)
    assert not [name for name in names if "/" in name or name.startswith(".") or not name or len(name) > 120]
