"""A reason that is asked for and kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Input, Static

from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain

LONGEST = 500


class ReasonScreen(DeskModal[str]):
    """Asks why; its result is the reason, never an empty one. `question` is a code of the catalogue; so is `ready`, a
    reason that stands there already where every second counts.
    """

    NAME: ClassVar[str] = "tui_reason_name"
    CSS_PATH = "../css/send.tcss"

    def __init__(self, question: str, ready: str = "") -> None:
        super().__init__()
        self._question, self._ready = question, ready

    def body(self) -> Iterable[Widget]:
        """Return question and field."""
        yield Prose(id="question")
        yield Input(id="reason", max_length=LONGEST)
        yield Prose(id="verdict")

    def on_mount(self) -> None:
        """Let it be typed at once."""
        field = self.query_one(Input)
        field.value = self.words(self._ready) if self._ready else ""
        field.focus()

    def spoken(self) -> None:
        """Word the question."""
        self.query_one("#question", Static).update(plain(self.words(self._question), "bold"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give it back, or ask again where nothing was typed."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
        else:
            self.query_one("#verdict", Static).update(plain(self.words("tui_reason_needed"), "bold"))
