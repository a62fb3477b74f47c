"""What waits for a second person: the list, and one of it as it would go out, to be approved or handed back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from broadcaster.client import Client
from broadcaster.papers.telling import Teller
from broadcaster.tui.drawing import joined, span
from broadcaster.tui.lines import moment, serial
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.screens.glass import GlassScreen
from broadcaster.tui.screens.preview import Previewing
from broadcaster.tui.screens.reason import ReasonScreen
from broadcaster.tui.screens.send import SendScreen
from broadcaster.tui.widgets.choices import Choices
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain


class ApproveScreen(DeskScreen[None]):
    """Everything that waits, oldest first."""

    NAME: ClassVar[str] = "tui_approve_name"
    ABOUT: ClassVar[str] = "tui_approve_about"
    CSS_PATH = "../css/records.tcss"

    def body(self) -> Iterable[Widget]:
        """Return the list."""
        yield Prose(id="head")
        yield Choices()

    def on_mount(self) -> None:
        """Follow what waits."""
        self.query_one(OptionList).focus()
        self.watch(self.app, "board", self._follow)

    def _follow(self) -> None:
        self.spoken()

    def spoken(self) -> None:
        """List it, the cursor on the same one."""
        waiting = self.desk.board["waiting"] if self.desk.board else []
        head = self.words("tui_waiting", count=len(waiting)) if waiting else self.words("tui_nothing_waits")
        self.query_one("#head", Static).update(plain(head, "bold"))
        shown = self.query_one(Choices)
        here = shown.highlighted_option.id if shown.highlighted_option else None
        numbers = [str(each["id"]) for each in waiting]
        shown.put(map(self._line, waiting), numbers)
        shown.highlighted = numbers.index(here) if here in numbers else (0 if numbers else None)

    def _line(self, each: Any) -> Content:
        acceptance = each["acceptance"]
        alert = acceptance["alert"]
        age = self.words("tui_age", age=span(self.desk.now() - moment(acceptance["at"]), self.words))
        author = self.words("tui_submission", number=each["id"], author=self.words.who(acceptance["author"]["name"]))
        what = f" {serial(alert)}  {self.words.headline(alert)}\n"
        return Content.assemble(plain(what, "bold"), plain(f"   {joined(author, age, self.words.beside(alert))}"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show the one chosen."""
        event.stop()
        self.app.push_screen(ReviewScreen(int(event.option.id or 0)))


class ReviewScreen(Previewing):
    """One that waits, as it would go out. What is approved is what is shown here: the digest of these very texts."""

    NAME: ClassVar[str] = "tui_review_name"
    ABOUT: ClassVar[str] = "tui_review_about"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "approve", "tui_key_approve"),
        Binding("r", "hand_back", "tui_key_hand_back"),
        Binding("x", "break_glass", "tui_key_glass"),
    ]

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def fetch(self, core: Client) -> Any:
        """Fetch it as it is frozen."""
        return core.submission(self._number)

    def on_mount(self) -> None:
        """Notice when somebody else closes it, and when it has waited long enough."""
        self.watch(self.app, "board", self._closed_elsewhere, init=False)
        self.set_interval(1.0, self._time_goes)

    def _time_goes(self) -> None:
        if self.waits and self._breakable_from is not None:
            self.spoken()
            self.refresh_bindings()

    @property
    def _mine(self) -> bool:
        """Whether whoever sits here had a hand in the words. The core has the last word."""
        acceptance, me = self.shown["acceptance"], self.desk.me
        hands = [acceptance["author"]["name"], *(each["name"] for each in acceptance["editors"])]
        return bool(me) and me["name"] in hands

    @property
    def _breakable_from(self) -> datetime | None:
        """From when it may be sent without a second person; None where it never may."""
        at = self.desk.board["breakable"].get(str(self._number)) if self.desk.board else None
        return moment(at) if at else None

    @property
    def _may_break(self) -> bool:
        at, board = self._breakable_from, self.desk.board
        runs = self._number in [each["submission"] for each in board["breaking"]] if board else False
        return self.waits and at is not None and at <= self.desk.now() and not runs

    def _closed_elsewhere(self, board: Any) -> None:
        if self.waits and board and self._number not in [each["id"] for each in board["waiting"]]:
            self.load()

    @property
    def waits(self) -> bool:
        """Whether it can still be approved or handed back."""
        return self.shown is not None and self.shown["state"] == "waiting"

    def notes(self) -> Iterable[str]:
        """Say who handed it in, until when it may be approved, and why it may not."""
        acceptance = self.shown["acceptance"]
        teller = Teller(self.words, self.desk.zone)
        until = teller.clock(self.shown["until"])
        author = self.words("tui_submission", number=self._number, author=self.words.who(acceptance["author"]["name"]))
        yield f"{author} {teller.clock(acceptance['at'])}  {self.words('tui_until', until=until)}"
        if back := self.shown["handed_back"]:
            yield self.words("tui_mended", by=self.words.who(back["closed_by"]), reason=back["reason"])
        if not self.waits:
            by, reason = self.words.who(self.shown["closed_by"]), self.shown["reason"]
            yield self.words(f"tui_closed_{self.shown['state']}", by=by, reason=reason)
        elif self.shown["overtaken"]:
            yield self.words("pending_overtaken")
        else:
            yield from self._who_may(teller)

    def _who_may(self, teller: Teller) -> Iterator[str]:
        """Say that the author may not, and from when one person may."""
        if self._mine:
            yield self.words("tui_own")
        if self._may_break:
            yield self.words("tui_may_break")
        elif (at := self._breakable_from) is not None and at > self.desk.now():
            yield self.words("tui_may_break_from", at=teller.clock_of(at))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer what can still be done."""
        if action == "break_glass":
            return self._may_break
        return action not in ("approve", "hand_back") or self.waits

    def action_approve(self) -> None:
        """Ask for the words, then approve exactly what is shown."""
        digest = str(self.shown["acceptance"]["digest"])

        def approve(core: Client) -> Any:
            return core.approve(self._number, digest)

        self.app.push_screen(SendScreen(self.shown, approve, verb="tui_will_approve"), self._approved)

    def _approved(self, done: Any) -> None:
        """Go, or look again: what kept it from being approved may be that it is closed."""
        if done is None:
            self.load()
            return
        self.desk.tell(self.words("tui_approved", serial=serial(done["alert"])))
        self.dismiss(done)

    def action_break_glass(self) -> None:
        """Send it on one person's word, after a countdown that anybody can stop."""
        self.app.push_screen(GlassScreen(self.shown), self._begun)

    def _begun(self, done: Any) -> None:
        if done is not None:
            self.desk.tell(self.words("tui_glass_begun", number=self._number), grave=True)

    def action_hand_back(self) -> None:
        """Ask why, then close it unsent."""
        self.app.push_screen(ReasonScreen("tui_why_hand_back"), self._given_back)

    def _given_back(self, reason: str | None) -> None:
        if reason is not None:
            self.give_back(reason)

    @work(exclusive=True, group="give_back")
    async def give_back(self, reason: str) -> None:
        """Close it unsent."""
        with self.failing():
            await self.ask(lambda core: core.hand_back(self._number, reason))
            self.desk.tell(self.words("returned", number=self._number))
            self.dismiss(None)
