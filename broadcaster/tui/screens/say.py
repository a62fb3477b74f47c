"""Saying something ready-made about an alert: what will be said, on which channels, to whom, and the last question.

A retraction that was prepared and approved with its alert goes by one key: whoever sees the mistake first must be able
to end it (Hawaii 2018 took 38 minutes, Otsu 2014 took 40). Everything else is typed out, as in any sending.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from broadcaster.client import Client
from broadcaster.errors import BroadcasterError
from broadcaster.model import Kind
from broadcaster.papers.telling import Teller
from broadcaster.tui.lines import serial
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.typed import asked, matches
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.widgets.reading import Reading
from broadcaster.tui.words import Words, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Something ready to be said. `find` fetches its draft, `send` hands it in under a key, silently or not, with the
    digest of what was shown. `at_once`: by one key, without typing; `may_be_silent`: pages alone may be changed.
    """

    name: str
    find: Callable[[Client], Any]
    send: Callable[[Client, str, bool, str], Any]
    at_once: bool = False
    may_be_silent: bool = False


class SayScreen(DeskModal[Any]):
    """Shows it and sends it; its result is what the core made of it (`broadcaster.desk.Submitted` as JSON)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "say", "tui_key_say"),
        Binding("q", "say_silently", "tui_key_say_silently"),
        Binding("f4", "turn_silent", "tui_key_turn_silent", key_display="F4"),
        Binding("up,pageup", "read(-5)", "tui_key_up", show=False),
        Binding("down,pagedown", "read(5)", "tui_key_down", show=False),
    ]

    def __init__(self, saying: Saying, key: str) -> None:
        super().__init__()
        self._saying, self._key = saying, key
        self._draft: Any = None
        self._preview: Any = None
        self._silent = False
        self._acting = False

    @property
    def called(self) -> str:
        """The name of what is said."""
        return self._saying.name

    def body(self) -> Iterable[Widget]:
        """Return words, channels, and where it is typed."""
        with Reading(can_focus=False):
            yield Prose(id="said")
        yield Prose(id="reach")
        yield Prose(id="ask")
        if not self._saying.at_once:
            yield Input(id="typed", max_length=200)

    def on_mount(self) -> None:
        """Fetch it, and let it be typed at once."""
        self.query(Input).focus()
        self._fetch()

    def action_read(self, lines: int) -> None:
        """Move through the words."""
        self.query_one(Reading).scroll_relative(y=lines, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer only what this saying knows."""
        at_once, may_be_silent = self._saying.at_once, self._saying.may_be_silent
        offered = {
            "say": at_once,
            "say_silently": at_once and may_be_silent,
            "turn_silent": not at_once and may_be_silent,
        }
        return offered.get(action, True)

    # ------------------------------------------------------------ what is shown

    @work(group="fetch", exclusive=True)
    async def _fetch(self) -> None:
        """Show the words first; what the channels make of them comes a moment later."""
        try:
            self._draft = await self.ask(self._saying.find)
            self.spoken()
            await self._look()
        except BroadcasterError as error:
            self.desk.fail(error)
            self.dismiss(None)

    async def _look(self) -> None:
        draft = {**self._draft, "silent": self._silent}
        self._preview = await self.ask(lambda core: core.preview(draft))
        self.spoken()

    def spoken(self) -> None:
        """Put everything in words."""
        words = self.words
        self.query_one("#said", Static).update(Content("\n").join(_said(self._draft, words)) if self._draft else "")
        self.query_one("#reach", Static).update(Content("\n").join(self._reach()))
        self.query_one("#ask", Static).update(plain(self._question(), "bold"))

    def _reach(self) -> Iterator[Content]:
        """Yield mode and channels with whom they reach, until when it holds, then what is wrong with it. What was
        prepared with its alert was approved with it (docs/adr/0010).
        """
        words, preview = self.words, self._preview
        yield plain("")
        if preview is None:
            yield plain(words("tui_looking"), "dim")
            return
        reached = [words.channel(each["channel"]) + _audience(each["reached"], words) for each in preview["channels"]]
        yield plain(words("tui_reach", mode=words(f"mode_{preview['mode']}"), channels=words.listed(reached)), "bold")
        if preview["alert"]["kind"] == Kind.UPDATE:
            until = Teller(words, self.desk.zone).clock(preview["alert"]["infos"][0]["expires"])
            yield plain(f"{words('tui_point_expires')}  {until}")
        if self._silent:
            yield plain(words("tui_silent"), "bold")
        if preview["needs_approval"]:
            yield plain(words("tui_approved_before" if self._saying.at_once else "needs_approval"))
        yield from (plain(f"! {words.problem(each)}", "bold") for each in preview["problems"])

    def _question(self) -> str:
        if self._draft is None:
            return self.words("tui_fetching")
        if self._saying.at_once:
            return self.words("tui_ask_at_once" if not self._saying.may_be_silent else "tui_ask_at_once_or_silent")
        return self.words("tui_ask_typed", mode=self.words(f"mode_{self.desk.mode}"), word=self._word())

    def _word(self) -> str:
        return asked(self.desk.mode, self._draft, self.words)

    # ------------------------------------------------------------ what is done

    async def action_say(self) -> None:
        """Say it to everybody, also where saying it silently was refused a moment ago."""
        self._silent = self._silent and not self._saying.at_once
        self._send()

    async def action_say_silently(self) -> None:
        """Change pages and feeds only."""
        self._silent = True
        self._send()

    async def action_turn_silent(self) -> None:
        """Choose between notice and silence."""
        self._silent = not self._silent
        with self.failing():
            await self._look()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Say it if the right words were typed."""
        event.stop()
        if self._preview is None:
            return
        if matches(event.value, self._word()):
            self._send()
        else:
            self.desk.tell(self.words("tui_typed_wrong", word=self._word()), grave=True)

    def _send(self) -> None:
        """Hand it in, once: pressed twice it is one message."""
        if self._draft is not None and not self._acting:
            self._acting = True
            self._go("" if self._saying.at_once else str(self._preview["digest"]))

    @work
    async def _go(self, digest: str) -> None:
        """Ask the core. Where the answer is lost it may be tried again: the key is the same."""
        try:
            done = await self.ask(lambda core: self._saying.send(core, self._key, self._silent, digest))
        except BroadcasterError as error:
            self._acting = False
            self.desk.fail(error)
        else:
            self.dismiss(done)

    def action_leave(self) -> None:
        """Close it, unless it is under way: then what comes of it must be seen."""
        if not self._acting:
            self.dismiss(None)


def _said(draft: Any, words: Words) -> Iterator[Content]:
    """Yield the words of each language, the officer's own first."""
    own = words.info(draft)
    for info in (own, *(each for each in draft["infos"] if each is not own)):
        yield plain(f"[{words.tongue(info['language'])}] {info['headline']}", "bold")
        yield from (plain(info[part]) for part in ("description", "instruction") if info[part])


def _audience(count: int | None, words: Words) -> str:
    return f" {words('reached', count=f'{count:,}')}" if count is not None else ""


def outcome(done: Any, words: Words) -> str:
    """Return what became of it, as a sentence."""
    alert, mode = done["alert"], words(f"mode_{done['mode']}")
    if done["accepted"]:
        return words("tui_accepted", mode=mode, serial=serial(alert), count=len(done["deliveries"]))
    return words("tui_submitted", mode=mode, serial=serial(alert), number=done["submission"])
