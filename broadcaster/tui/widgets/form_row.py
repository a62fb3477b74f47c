"""A field of a form: its name, what it is filled with, and beneath it what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.sheet import FIELDS, Wording
from broadcaster.tui.drawing import BAD, WARNING, fit
from broadcaster.tui.place import AtDesk
from broadcaster.tui.widgets.folded import Folded
from broadcaster.tui.words import Words, plain

LABEL = 24
"""Columns of a field's name."""
_SHORT = {"slot_missing": "tui_missing", "slot_untranslated": "tui_untranslated"}
"""What need not be told at length where the field's name and example stand beside it."""
Naming = Callable[[Words], str]
"""What a field is called, in the language the desk speaks."""


class FormRow(AtDesk, Vertical):
    """One field. `place` is the sheet's; problems of `also` are told here too."""

    def __init__(
        self, place: str, name: Naming, editor: Widget, *, also: Sequence[str] = (), must: bool = False
    ) -> None:
        super().__init__()
        self.places = (place, *also)
        self._naming, self._editor, self._must = name, editor, must
        self._here = False

    def compose(self) -> ComposeResult:
        """Put the name before the field, the problems beneath."""
        with Horizontal():
            yield Static(classes="label")
            yield self._editor
        yield Problems()

    def spoken(self) -> None:
        """Name the field; a star marks what must be filled, an arrow the one that is being filled."""
        said = fit(self._naming(self.words), LABEL - 3) + ("*" if self._must else "")
        name = plain(f">{said}", "bold reverse") if self._here else plain(f" {said}")
        self.query_one(".label", Static).update(name)

    def on_descendant_focus(self) -> None:
        """Mark it."""
        self._mark(here=True)

    def on_descendant_blur(self) -> None:
        """Mark it no more."""
        self._mark(here=False)

    def _mark(self, *, here: bool) -> None:
        if here is not self._here:
            self._here = here
            self.spoken()

    @property
    def editor(self) -> Widget:
        """What fills it."""
        return self._editor

    @property
    def named(self) -> str:
        """What it is called now."""
        return self._naming(self.words)

    @property
    def blocked(self) -> bool:
        """Whether it keeps the sheet from being sent."""
        return self.query_one(Problems).blocking

    def tell(self, problems: Sequence[Any]) -> None:
        """Show these problems of the field; of one that is empty and must not be, that alone."""
        empty = self._must and getattr(self._editor, "value", None) == ""
        self.query_one(Problems).show([replace(problems[0], code="slot_missing")] if empty and problems else problems)


class Problems(AtDesk, Folded):
    """What is wrong, each from a line of its own; not there while nothing is."""

    def __init__(self) -> None:
        super().__init__()
        self._problems: Sequence[Any] = ()
        self.display = False

    def show(self, problems: Sequence[Any]) -> None:
        """Show these."""
        if problems != self._problems:
            self._problems = problems
            self.spoken()

    @property
    def blocking(self) -> bool:
        """Whether any of them forbids sending."""
        return any(each.blocking for each in self._problems)

    def spoken(self) -> None:
        """Say them; `!` forbids sending, `-` is only told."""
        self.display = bool(self._problems)
        self.put([self._line(each) for each in self._problems])

    def _line(self, each: Any) -> tuple[str, str]:
        said = self.words(_SHORT[each.code]) if each.code in _SHORT else self.words(each.code, **each.params)
        mark, style = ("tui_mark_blocking", f"bold {BAD}") if each.blocking else ("tui_mark_warning", WARNING)
        return f"{self.words(mark)}{said}", style


class TextPane(AtDesk, Vertical):
    """The words of one language as they will be, while they are the template's."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language
        self.places = tuple(f"texts.{language}.{name}" for name in FIELDS)
        self._wording = Wording()

    def compose(self) -> ComposeResult:
        """Put the words over what is wrong with them."""
        yield Static(classes="heading")
        yield Folded(classes="words")
        yield Problems()

    def spoken(self) -> None:
        """Head it."""
        self.query_one(".heading", Static).update(plain(self.words("tui_words_so_far"), "bold"))

    def show(self, wording: Wording) -> None:
        """Show these words; what is still missing stands in 〔〕 and is drawn so."""
        if wording == self._wording:
            return
        self._wording = wording
        styles = {"headline": "bold"}
        parts = [(getattr(wording, name), styles.get(name, "")) for name in FIELDS[1:]]
        self.query_one(".words", Folded).put(parts)

    def tell(self, problems: Sequence[Any]) -> None:
        """Show these problems of the words."""
        self.query_one(Problems).show(problems)


def gathered(problems: Sequence[Any], rows: Sequence[FormRow | TextPane]) -> tuple[Mapping[int, list[Any]], list[Any]]:
    """Return the problems by the place of the row they belong to, and those that belong to none."""
    at = {place: number for number, row in enumerate(rows) for place in row.places}
    found: dict[int, list[Any]] = {}
    for each in problems:
        found.setdefault(at.get(each.place, -1), []).append(each)
    return found, found.pop(-1, [])
