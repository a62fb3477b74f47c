"""Sentences and texts as the desk shows them: by code in the language chosen now, and never taken for markup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unicodedata import east_asian_width

from textual.content import Content

from broadcaster import catalog
from broadcaster.papers.reading import Reader

CHANNELS = ("twitter", "mail", "page", "feeds")
"""Channels whose name the catalogue knows; another one is shown by its own name."""


class Words(Reader):
    """The catalogue in the language chosen now, and the names: `words("board_empty")`, `words.problem(each)`."""

    def __call__(self, code: str, /, **params: object) -> str:
        """Return the sentence for this code, as it is said at the desk."""
        return catalog.say(code, self.language, catalog.TUI, **params)

    def problem(self, entry: Mapping[str, Any]) -> str:
        """Return a problem's sentence, without its place."""
        return self(str(entry["code"]), **entry["params"])

    def channel(self, name: str) -> str:
        """Return the channel's name as people read it."""
        return self(f"channel_{name}") if name in CHANNELS else name

    def reason(self, code: str) -> str:
        """Return the words for a reason code, nothing for none."""
        return self(f"reason_{code}") if code else ""


def other(language: str) -> str:
    """Return the language one switches to."""
    languages = catalog.LANGUAGES
    return languages[(languages.index(language) + 1) % len(languages)]


def visible(text: str) -> str:
    """Return the text with what a terminal would obey instead of show (control characters, ESC) spelled out."""
    return "".join(each if each.isprintable() or each in "\n　" else f"\\x{ord(each):02x}" for each in text)


def plain(text: str, style: str = "") -> Content:
    """Return a text to be shown as it is: `[bold]` in a headline stays `[bold]`, ESC does nothing."""
    return Content.styled(visible(text), style) if style else Content(visible(text))


def width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)
