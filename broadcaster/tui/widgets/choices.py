"""A list to choose from: a line keeps to its line, and the key that chooses is told like any other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from broadcaster.tui.widgets.folded import Fitting


class Choices(OptionList):
    """Textual's list with our keys; `opens`: whether a line leads on. It posts `OptionList.OptionHighlighted` and
    `OptionList.OptionSelected`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "tui_key_open")]

    def __init__(self, *, opens: bool = True) -> None:
        super().__init__(id="list", markup=False)
        self._opens = opens

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer to open where there is something behind a line."""
        return action != "select" or self._opens

    def put(self, lines: Iterable[Content], ids: Iterable[str], *, headings: frozenset[int] = frozenset()) -> None:
        """List these instead. The cursor does not stop at `headings` (places)."""
        named = enumerate(zip(lines, ids, strict=True))
        self.set_options([Option(Fitting(line), id=key, disabled=at in headings) for at, (line, key) in named])
