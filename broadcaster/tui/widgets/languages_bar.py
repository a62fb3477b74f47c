"""The languages of a sheet as tabs: which one is looked at, which are said, and where something is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from broadcaster.tui.place import AtDesk
from broadcaster.tui.words import plain


class LanguagesBar(AtDesk, Widget):
    """One line. `[ ]` stand around the language in front, `!` and a number behind one with problems, `-` before one
    that is not said.
    """

    front: reactive[str] = reactive("ja")
    languages: reactive[tuple[str, ...]] = reactive(())
    said: reactive[tuple[str, ...]] = reactive(())
    problems: reactive[Mapping[str, int]] = reactive({})

    def spoken(self) -> None:
        """Say it in the other language."""
        self.refresh()

    def render(self) -> Content:
        """Draw the tabs."""
        return Content("").join([plain(f" {self.words('tui_language')} "), *map(self._tab, self.languages)])

    def _tab(self, language: str) -> Content:
        count = self.problems.get(language, 0)
        name = self.words.tongue(language) + (f" !{count}" if count else "")
        if language == self.front:
            return plain(f"[{name}]", "bold reverse")
        return plain(f" {name} ") if language in self.said else plain(f"-{name} ", "dim")


def counted(places: Sequence[str], languages: Sequence[str]) -> dict[str, int]:
    """Count problems by the language in whose tab they are told: those of none belong to the first."""
    found: dict[str, int] = {}
    for place in places:
        parts = place.split(".")
        own = parts[1] if parts[0] == "texts" else parts[2] if parts[0] == "slots" and len(parts) > 2 else ""  # noqa: PLR2004
        tag = "ja-x-easy" if place == "languages" else own
        language = tag if tag in languages else languages[0]
        found[language] = found.get(language, 0) + 1
    return found
