"""What changed between two texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.rules.differences import LONGEST, Mark, Piece, changed, compare


def marked(old: str, new: str) -> str:
    marks = {Mark.SAME: "{}", Mark.REMOVED: "[-{}-]", Mark.ADDED: "{{+{}+}}"}
    return "".join(marks[piece.mark].format(piece.text) for piece in compare(old, new))


@settings(max_examples=200, deadline=None)
@given(st.text("あいう避難\n 12:30ab", max_size=60), st.text("あいう避難\n 12:30ab", max_size=60))
def test_both_texts_can_be_read_out_of_it(old: str, new: str) -> None:
    pieces = compare(old, new)
    assert "".join(piece.text for piece in pieces if piece.mark is not Mark.ADDED) == old
    assert "".join(piece.text for piece in pieces if piece.mark is not Mark.REMOVED) == new
    assert changed(pieces) == (old != new)
    assert all(piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", ""),
        ("同じ\n", "同じ\n", "同じ\n"),
        ("14:05 発表", "15:10 発表", "[-14:05-]{+15:10+} 発表"),
        ("芋窪に避難指示", "芋窪、蔵敷に避難指示", "芋窪{+、蔵敷+}に避難指示"),
        ("一行目\n二行目\n三行目", "一行目\n三行目", "一行目\n[-二行目\n-]三行目"),
        ("川があふれます", "Please leave now", "[-川があふれます-]{+Please leave now+}"),
        ("警戒レベル3 高齢者等避難", "警戒レベル4 避難指示", "警戒レベル[-3-]{+4+} [-高齢者等避難-]{+避難指示+}"),
    ],
)
def test_changes_are_told_in_words(old: str, new: str, told: str) -> None:
    assert marked(old, new) == told


def test_a_long_passage_is_replaced_as_a_whole() -> None:
    old, new = "水" * LONGEST, "火" + "水" * LONGEST
    assert compare(old, new) == (Piece(Mark.REMOVED, old), Piece(Mark.ADDED, new))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("あかい", "さかし", "[-あかい-]{+さかし+}"),
        ("あ", "あい", "あ{+い+}"),
        ("あいうえおかきくけこ", "あいうさしすせそたち", "あいう[-えおかきくけこ-]{+さしすせそたち+}"),
        ("二日目 12:30 発表\n", "別の話です\n二日目 12:40 発表\n", "{+別の話です\n+}二日目 [-12:30-]{+12:40+} 発表\n"),
        ("大雨 9:00 発表\n", "停電\n断水\n大雨 9:30 発表\n", "{+停電\n断水\n+}大雨 [-9:00-]{+9:30+} 発表\n"),
        ("大雨 9:00 発表\n", "大雨 9:30 発表\n停電\n断水\n", "大雨 [-9:00-]{+9:30+} 発表\n{+停電\n断水\n+}"),
        ("停電\n大雨 9:00 発表\n断水\n", "大雨 9:30 発表\n", "[-停電\n-]大雨 [-9:00-]{+9:30+} 発表\n[-断水\n-]"),
        ("停電\n断水\n発表", "発表", "[-停電\n断水\n-]発表"),
        ("発表", "停電\n断水\n発表", "{+停電\n断水\n+}発表"),
        (
            "河川 12:30\n土砂 9:00\n",
            "停電のお知らせ\n河川 12:40\n",
            "[-河川 12:30\n土砂-]{+停電のお知らせ\n河川+} [-9:00-]{+12:40+}\n",
        ),
    ],
)
def test_a_passage_is_laid_where_it_fits_and_marked_by_words(old: str, new: str, told: str) -> None:
    """Ten words of which three stay are still one passage; a single letter that stays is told as changed."""
    assert marked(old, new) == told


def test_long_texts_are_compared_by_what_they_say_however_often_they_say_it() -> None:
    """What stands before is told alone; nothing rare is near by which a match could be found."""
    lines = "いつも同じ一行です\n" * 250
    assert marked(lines, f"初めに\n{lines}") == f"{{+初めに\n+}}{lines}"
    words = "はい、" * 100
    assert marked(words, f"もう{words}") == f"{{+もう+}}{words}"
    assert marked(words, f"いいえ\nも{words}") == f"{{+いいえ\nも+}}{words}"


def test_the_longest_passage_is_compared_by_words_and_a_longer_one_is_not() -> None:
    words = "".join(f"{number} " for number in range(1000, 2000))[: LONGEST // 2 - 1]
    assert marked(words, f"火事{words}") == f"{{+火事+}}{words}"
    assert marked(words, f"大火事{words}") == f"[-{words}-]{{+大火事{words}+}}"
