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
