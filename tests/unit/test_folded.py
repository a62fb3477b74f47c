"""Running text on a terminal: nothing is lost, nothing is too wide, and no line begins with a full stop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from broadcaster.tui.widgets.folded import fold, folded
from broadcaster.tui.words import width


@given(st.text(st.characters(categories=["L", "N", "P"], min_codepoint=33)), st.integers(4, 80))
def test_every_letter_is_there_and_fits(text: str, columns: int) -> None:
    lines = list(fold(text, columns))
    assert "".join(lines) == text
    assert all(width(line) <= columns for line in lines)


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("逃げてください。川から", 14, ["逃げてくださ", "い。川から"]),
        ("go to a strong building", 10, ["go to a", "strong", "building"]),
        ("問い合わせ: 042-000-0000", 20, ["問い合わせ:", "042-000-0000"]),
        ("避難指示「警戒」です", 10, ["避難指示", "「警戒」で", "す"]),
        ("一\n\n二", 10, ["一", "", "二"]),
        ("", 10, [""]),
    ],
)
def test_lines_break_as_they_are_read(text: str, columns: int, lines: list[str]) -> None:
    assert list(fold(text, columns)) == lines


@given(st.text(st.characters(categories=["L", "N", "P"], min_codepoint=33)), st.integers(8, 80), st.integers(0, 4))
def test_a_styled_text_loses_nothing_either(text: str, columns: int, hang: int) -> None:
    lines = folded(Content.styled(text, "bold"), columns, hang)
    assert lines.plain.replace("\n", "").replace(" ", "") == text
    assert all(width(line) <= columns for line in lines.plain.split("\n"))
    assert sum(each.end - each.start for each in lines.spans) == len(text)


def test_what_goes_on_stands_under_the_beginning_of_its_line() -> None:
    text = Content("  一二三四五六\n\n七\n")
    assert folded(text, 8, 2).plain == "  一二三\n    四五\n    六\n\n七\n"
