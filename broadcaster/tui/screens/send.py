"""The last question before anything goes out: what, where, to whom, live or drill; answered by typing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

from textual import work
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from broadcaster.client import Client
from broadcaster.errors import BroadcasterError
from broadcaster.tui.drawing import joined
from broadcaster.tui.lines import serial
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.typed import asked, matches
from broadcaster.tui.views import alert_of
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain

LONGEST = 200


class SendScreen(DeskModal[Any]):
    """Names mode, channels and audience, and wants the words of `typed` to be typed. Then it acts, once: Enter pressed
    twice is one sending. Its result is the desk's answer; None where nothing was done.
    """

    NAME: ClassVar[str] = "tui_send_name"
    CSS_PATH = "../css/send.tcss"

    def __init__(self, shown: Any, act: Callable[[Client], Any], *, verb: str = "tui_will_send") -> None:
        super().__init__()
        self._shown, self._act, self._verb = shown, act, verb
        self._acting = False

    def body(self) -> Iterable[Widget]:
        """Return what is asked, and the field."""
        yield Prose(id="mode")
        yield Prose(id="what")
        yield Prose(id="ask")
        yield Input(id="typed", max_length=LONGEST)
        yield Prose(id="verdict")

    def on_mount(self) -> None:
        """Let it be typed at once."""
        self.set_class(self._shown["mode"] == "live", "-live")
        self.query_one(Input).focus()

    def spoken(self) -> None:
        """Word the question."""
        alert, mode = alert_of(self._shown), str(self._shown["mode"])
        self.query_one("#mode", Static).update(plain(self.words(self._verb, mode=self.words(f"mode_{mode}"))))
        self.query_one("#what", Static).update(Content("\n").join(self._what(alert)))
        self.query_one("#ask", Static).update(plain(self.words(f"tui_type_{mode}", word=self._word()), "bold"))

    def _word(self) -> str:
        return asked(str(self._shown["mode"]), alert_of(self._shown), self.words)

    def _what(self, alert: Any) -> Iterator[Content]:
        level = self.words("tui_level", level=alert["level"]) if alert["level"] else ""
        yield plain(f"{serial(alert)} {self.words.headline(alert)}", "bold")
        if beside := self.words.beside(alert):
            yield plain(f"{' ' * len(serial(alert))} {beside}")
        yield plain(joined(self.words(f"kind_{alert['kind']}"), level, self.words.areas(alert)))
        for each in self._shown["channels"]:
            reach = self.words("reached_all")
            if each["reached"] is not None:
                reach = self.words("tui_recipients", count=each["reached"])
            yield plain(f"  {self.words.channel(each['channel'])}: {reach}")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Act if the words are right, and not a second time."""
        event.stop()
        if self._acting:
            return
        if not matches(event.value, self._word()):
            self._say(self.words("tui_typed_wrong", word=self._word()))
            return
        self._acting = True
        self._say(self.words("tui_acting"))
        self._go()

    @work
    async def _go(self) -> None:
        """Ask the core. What fails may be tried again, under the same key where it has one."""
        try:
            done = await self.ask(self._act)
        except BroadcasterError as error:
            self._acting = False
            self._say(self.words("tui_not_done"))
            self.desk.fail(error)
        else:
            self.dismiss(done)

    def action_leave(self) -> None:
        """Close it, unless it is already under way: then what comes of it must be seen."""
        if not self._acting:
            self.dismiss(None)

    def _say(self, sentence: str) -> None:
        self.query_one("#verdict", Static).update(plain(sentence, "bold"))
