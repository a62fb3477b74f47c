"""One of several, by its digit or by the arrows. What is not chosen is shown only while one is choosing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple
from unicodedata import normalize

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from broadcaster.tui.drawing import fit
from broadcaster.tui.messages import Chosen
from broadcaster.tui.place import AtDesk
from broadcaster.tui.widgets.folded import folded
from broadcaster.tui.words import plain


class Choice(NamedTuple):
    """A value, and its words in Japanese and English."""

    value: str
    ja: str
    en: str


_WORDS = 4
"""Where the words of a choice begin, and where a long one goes on: behind mark and digit."""


class ChoiceField(AtDesk, Widget, can_focus=True):
    """A list to choose from. Posts `Chosen`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,left", "move(-1)", "tui_key_up", show=False),
        Binding("down,right", "move(1)", "tui_key_down", show=False),
    ]
    LEAVES: ClassVar[tuple[str, ...]] = ("enter",)
    """Keys by which one goes on to the next field; the form listens for them itself."""
    value: reactive[str] = reactive("", layout=True)
    choices: reactive[tuple[Choice, ...]] = reactive((), layout=True)

    def __init__(self, place: str, choices: Sequence[Choice], value: str = "") -> None:
        super().__init__()
        self.place = place
        self.set_reactive(ChoiceField.choices, tuple(choices))
        self.set_reactive(ChoiceField.value, value)

    def spoken(self) -> None:
        """Say it in the other language."""
        self.refresh(layout=True)

    def on_focus(self) -> None:
        """Show all there is."""
        self.refresh(layout=True)

    def on_blur(self) -> None:
        """Show what was chosen."""
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 (Textual's)
        """One line, or while choosing what each takes to be read whole."""
        return self._open(width).plain.count("\n") + 1 if self.has_focus else 1

    def render(self) -> Content:
        """Draw the list, or the choice alone."""
        if self.has_focus:
            return self._open(self.size.width)
        chosen = next((each for each in self.choices if each.value == self.value), None)
        return plain(fit(self._said(chosen), self.size.width)) if chosen else plain(self.words("tui_choose"), "dim")

    def _open(self, columns: int) -> Content:
        drawn = [self._line(number, each, columns) for number, each in enumerate(self.choices, 1)]
        return Content("\n").join(drawn or [plain(self.words("tui_nothing_to_choose"), "dim")])

    def _line(self, number: int, each: Choice, columns: int) -> Content:
        mark, style = ("*", "bold reverse") if each.value == self.value else (" ", "")
        hang = _WORDS - (mark == " ")  # blanks at the beginning hang by themselves
        return folded(plain(f"{mark}{number}: {self._said(each)}", style), columns, hang)

    def worded(self, value: str) -> str:
        """Return a value as it is offered."""
        return next((self._said(each) for each in self.choices if each.value == value), value)

    def _said(self, each: Choice) -> str:
        return each.ja if self.desk.language == "ja" else each.en

    def on_key(self, event: events.Key) -> None:
        """Choose by digit, full-width ones included: the input method may be on."""
        digit = normalize("NFKC", event.character or "")
        if digit.isdecimal() and 1 <= int(digit) <= len(self.choices):
            event.stop()
            self._choose(int(digit) - 1)

    def action_move(self, step: int) -> None:
        """Choose the next or the one before."""
        values = [each.value for each in self.choices]
        if values:
            here = values.index(self.value) if self.value in values else -1 if step > 0 else 0
            self._choose(max(0, min(len(values) - 1, here + step)))

    def _choose(self, place: int) -> None:
        self.value = self.choices[place].value
        self.post_message(Chosen(self.place, self.value))
