"""One plan: what it would say now in each language, when it comes next, and the approval of all of its series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from broadcaster.client import Client
from broadcaster.documents import load
from broadcaster.model import Plan
from broadcaster.tui.drawing import day_of, left_out
from broadcaster.tui.lines import moment
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.screens.paper import PaperScreen
from broadcaster.tui.screens.plan_form import PlanFormScreen
from broadcaster.tui.screens.reason import ReasonScreen
from broadcaster.tui.typed import matches
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import Words, plain


def standing(row: Any, words: Words) -> tuple[str, bool]:
    """Return whether a plan speaks, in words and as it is."""
    if row["approved"] and row["approved"] == row["digest"]:
        return words("routine_approved", approver=words.who(row["approver"]["name"])), True
    return words("routine_changed" if row["approved"] else "routine_unapproved"), False


class PlanScreen(PaperScreen):
    """A plan as an approver looks at it. What is approved is what is shown: the digest of plan and words."""

    NAME: ClassVar[str] = "tui_plan_name"
    ABOUT: ClassVar[str] = "tui_plan_about"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "approve", "tui_key_approve_series"),
        Binding("e", "edit", "tui_key_plan_edit"),
        Binding("d", "retire", "tui_key_retire"),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._plan = name

    def fetch(self, core: Client) -> Any:
        """Return plan, words and days."""
        return core.plan(self._plan)

    def title_line(self) -> str:
        """Return its name, and whether it speaks."""
        plan = self.found["row"]["plan"]
        return f"{plan['id']}: {plan['title']}  {standing(self.found['row'], self.words)[0]}"

    def lines(self) -> Iterator[Content]:
        """Yield the days, then the words, language by language."""
        yield plain(self.words("routine_comes"), "bold underline")
        for each in self.found["ahead"]:
            at = day_of(moment(each["due"]), self.found["zone"], self.words)
            yield plain(f"  {at}  {self.words('routine_short_' + each['part'])}  {left_out(each, self.words)}")
        for draft in self.found["drafts"]:
            for info in draft["infos"]:
                yield plain("")
                kind, tongue = self.words(f"kind_{draft['kind']}"), self.words.tongue(info["language"])
                yield plain(f"{kind} [{tongue}]", "bold underline")
                yield plain(info["headline"], "bold")
                yield from (plain(info[name]) for name in ("description", "instruction"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer approval where it does not speak yet, and silencing where it does."""
        if action not in ("approve", "retire", "edit") or self.found is None:
            return action not in ("approve", "retire", "edit")
        if action == "edit":
            return self.desk.may("composer")
        if action == "approve":
            return not standing(self.found["row"], self.words)[1] and self.desk.may("approver")
        return not self.found["row"]["retired"]

    def action_edit(self) -> None:
        """Change it; it has to be approved again."""
        self.app.push_screen(PlanFormScreen(load(Plan, self.found["row"]["plan"])), self._edited)

    def _edited(self, plan: Any) -> None:
        if plan is not None:
            self.action_fetch_again()

    def action_approve(self) -> None:
        """Ask for the plan's name, then let the series speak."""
        name, digest = str(self.found["row"]["plan"]["id"]), str(self.found["row"]["digest"])
        question = SeriesScreen(name, "tui_series_ask", lambda core: core.approve_plan(name, digest))
        self.app.push_screen(question, self._approved)

    def _approved(self, done: Any) -> None:
        if done is not None:
            self.desk.tell(self.words("routine_approved_now", plan=self._plan))
            self.action_fetch_again()

    @work(exclusive=True, group="retire")
    async def action_retire(self) -> None:
        """Ask why, then silence it."""
        why = await self.app.push_screen_wait(ReasonScreen("tui_why_retire"))
        if not why:
            return
        with self.failing():
            await self.ask(lambda core: core.retire_plan(self._plan, why))
            self.desk.tell(self.words("routine_retired", plan=self._plan))
            self.dismiss(None)


class SeriesScreen(DeskModal[Any]):
    """The question before something speaks that nobody looks at again: its name is typed. `approve` asks the core; its
    answer is the result, None where nothing was done.
    """

    NAME: ClassVar[str] = "tui_series_name"
    CSS_PATH = "../css/send.tcss"

    def __init__(self, called: str, question: str, approve: Callable[[Client], Any]) -> None:
        super().__init__()
        self._called, self._question, self._approve = called, question, approve

    def body(self) -> Iterable[Widget]:
        """Return question and field."""
        yield Prose(id="question")
        yield Input(id="typed", max_length=100)
        yield Prose(id="verdict")

    def on_mount(self) -> None:
        """Let it be typed at once."""
        self.set_class(self.desk.mode == "live", "-live")
        self.query_one(Input).focus()

    def spoken(self) -> None:
        """Word the question."""
        mode = self.words(f"mode_{self.desk.mode}")
        self.query_one("#question", Static).update(
            plain(self.words(self._question, mode=mode, plan=self._called), "bold")
        )

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Approve where the name is right."""
        event.stop()
        if not matches(event.value, self._called):
            self.query_one("#verdict", Static).update(plain(self.words("tui_typed_wrong", word=self._called), "bold"))
            return
        with self.failing():
            self.dismiss(await self.ask(self._approve))
