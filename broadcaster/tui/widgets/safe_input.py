"""Fields for typing that let in only what may stand in a text, and say what they took out (`broadcaster.sheet.clean`).

An input method hands over composed words as several letters at once, a clipboard many lines: both are taken as they
come, put into one spelling (NFC), and the cursor stands after them whatever they became.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events
from textual.widget import Widget
from textual.widgets import Input, TextArea

from broadcaster.sheet import clean
from broadcaster.tui.messages import PasteRefused, TextCleaned
from broadcaster.tui.place import AtDesk


async def caught_up(widget: Widget) -> None:
    """Return once it has taken all keys that wait for it."""
    taken = asyncio.Event()
    widget.call_later(taken.set)
    await taken.wait()


def unbroken(text: str) -> str:
    """Return a placeholder that is shown as far as there is room: Textual breaks it at blanks, and shows one line."""
    return text.replace(" ", "\u00a0").replace("　", "\u00a0\u00a0")


class SafeInput(AtDesk, Input):
    """One line. `place` is the field of the sheet it fills, `example` what stands in it while it is empty, in Japanese
    and English.
    """

    LEAVES: ClassVar[tuple[str, ...]] = ("enter", "down")
    """Keys by which one goes on to the next field; the form listens for them itself."""

    def __init__(
        self, value: str = "", *, place: str = "", language: str = "ja", example: tuple[str, str] = ("", "")
    ) -> None:
        super().__init__(value, compact=True, select_on_focus=False)
        self.place, self._spelling, self._example = place, language, example

    def spoken(self) -> None:
        """Put the example in the desk's language."""
        self.placeholder = unbroken(self._example[self.desk.language != "ja"])

    def replace(self, text: str, start: int, end: int) -> None:
        """Put text between two places, cleaned together with its neighbours: a mark may join the letter before it."""
        start, end = sorted((max(0, start), min(len(self.value), end)))
        before, after = self.value[:start], self.value[end:]
        try:
            done = clean(before + text + after, language=self._spelling)
            cursor = len(clean(before + text, language=self._spelling).text)
        except ValueError:
            self.post_message(PasteRefused(len(text)))
            return
        self.value = done.text
        self.cursor_position = cursor
        if done.removed:
            self.post_message(TextCleaned(done.removed))

    def _on_paste(self, event: events.Paste) -> None:
        """Take every line of a paste, not the first alone."""
        event.stop()
        event.prevent_default()
        self.replace(event.text, *self.selection)


class SafeArea(TextArea):
    """Several lines. `place` is the field of the sheet it fills."""

    def __init__(self, text: str = "", *, place: str = "", language: str = "ja") -> None:
        super().__init__(text, compact=True, soft_wrap=True, tab_behavior="focus", highlight_cursor_line=False)
        self.place, self._spelling = place, language

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        try:
            done = clean(event.text, lines=True, language=self._spelling)
        except ValueError:
            self.post_message(PasteRefused(len(event.text)))
            return
        if result := self._replace_via_keyboard(done.text, *self.selection):
            self.move_cursor(result.end_location)
        if done.removed:
            self.post_message(TextCleaned(done.removed))

    @property
    def cleaned(self) -> str:
        """The text as it goes into the sheet: composed also where letters were typed apart."""
        return clean(self.text, lines=True, language=self._spelling).text
