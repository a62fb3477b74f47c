"""Pictures of the board, compared with those that were looked at: `pytest tests/tui/test_pictures.py --snapshot-update`
after a change that is meant, then look at them. What the board says is tested elsewhere; this is how it looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from textual.app import App
from textual.widgets import Static

from broadcaster.model import State
from broadcaster.tui.drawing import Paper, draw
from broadcaster.tui.lines import lines_of
from broadcaster.tui.words import Words
from tests.tui.test_lines import board, owed, row
from tests.unit.values import NOW, after

SHOWN = board(
    row(
        owed(1, state=State.CONFIRMED, url="https://x.com/i/status/1990000000000000000"),
        owed(2, state=State.SENDING, channel="mail", target="subscribers", total=10_000, progress=4_200),
        owed(3, state=State.FAILED, channel="page", target="local"),
    ),
    row(owed(4, state=State.NEEDS_HUMAN), expires=NOW + timedelta(minutes=10)),
)


class Picture(App[None]):
    """The lines of a board, drawn as the desk draws them, at a moment that stands still."""

    CSS = "Static { height: 1; }"

    def __init__(self, language: str, columns: int) -> None:
        super().__init__()
        self._paper = Paper(words=Words(language), now=after(10), zone="Asia/Tokyo", columns=columns)

    def compose(self) -> Iterable[Static]:
        for line in lines_of(SHOWN, self._paper.now):
            yield Static(draw(line, self._paper), markup=False)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [(80, 24), (140, 30)], ids=["80", "140"])
def test_the_board_looks_as_it_did(snap_compare: Any, language: str, size: tuple[int, int]) -> None:
    assert snap_compare(Picture(language, size[0]), terminal_size=size)
