"""Announcements by the calendar: what waits for a person, the plans, and the next 30 days with why something is left
out. One list, so that three keys do for all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from broadcaster.client import Client
from broadcaster.model import Part
from broadcaster.tui.drawing import GOOD, WARNING, day_of, left_out, pad
from broadcaster.tui.lines import moment
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.screens.plan import PlanScreen, standing
from broadcaster.tui.screens.plan_form import PlanFormScreen
from broadcaster.tui.screens.reason import ReasonScreen
from broadcaster.tui.widgets.choices import Choices
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain, width

DAYS = 30
_PLAN, _STANDING = 30, 30
"""Columns of a plan's title, and of whether it speaks."""
_NAME = 26
"""Columns of the title of one announcement."""


ASKING = ("held", "suspended", "failed")
"""States in which an occurrence waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the list: a heading, an occurrence (waiting or to come), or a plan."""

    code: str = ""
    count: int = 0
    occurrence: Any = None
    row: Any = None

    @property
    def plan(self) -> str:
        """The id of the plan it is about; empty for a heading."""
        return str(self.occurrence["plan"] if self.occurrence else self.row["plan"]["id"] if self.row else "")

    @property
    def key(self) -> str:
        """What stays the same when the list is fetched again."""
        occurrence = self.occurrence
        return f"{occurrence['due']} {occurrence['part']} {self.plan}" if occurrence else f"{self.code}{self.plan}"

    @property
    def leaves_out(self) -> bool:
        """Whether it can be left out: it waits, or is still to be said."""
        return self.occurrence is not None and self.occurrence["state"] not in ("skipped", "sent")

    @property
    def lets_go(self) -> bool:
        """Whether it can be let go: it waits, or was left out by a person."""
        each = self.occurrence
        return each is not None and (
            each["state"] in ASKING
            or each["reason"] == "officer"
            or (each["state"] == "planned" and each["part"] == "lift")
        )


class RoutineScreen(DeskScreen[None]):
    """What comes, and what is to be decided."""

    NAME: ClassVar[str] = "tui_routine_name"
    ABOUT: ClassVar[str] = "tui_routine_about"
    CSS_PATH = "../css/records.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "let_go", "tui_key_let_go"),
        Binding("x", "leave_out", "tui_key_leave_out"),
        Binding("n", "write", "tui_key_plan_new"),
        Binding("g", "fetch_again", "tui_key_again", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.items: list[Item] = []
        self._overview: Any = None

    def body(self) -> Iterable[Widget]:
        """Return head, list and detail."""
        yield Prose(id="head")
        yield Choices()
        yield Prose(id="detail")

    def on_mount(self) -> None:
        """Fetch it, and again whenever the board changes."""
        self.query_one(OptionList).focus()
        self.watch(self.app, "board", self._again)

    def _again(self, _: object = None) -> None:
        self.action_fetch_again()

    @work(exclusive=True, group="fetch")
    async def action_fetch_again(self) -> None:
        """Fetch plans and days."""
        with self.failing():
            self._overview, ahead = await self.ask(_fetched)
            self.items = list(_items(self._overview, ahead))
            self.spoken()
            self.refresh_bindings()

    # ------------------------------------------------------------ showing

    def spoken(self) -> None:
        """List it, the cursor on the same line."""
        if self._overview is None:
            self.query_one("#head", Static).update(plain(self.words("tui_loading"), "dim"))
            return
        head = "routine_suspended_now" if self._overview["suspended"] else "tui_routine_head"
        self.query_one("#head", Static).update(plain(self.words(head, days=DAYS), "bold"))
        shown = self.query_one(Choices)
        here = shown.highlighted_option.id if shown.highlighted_option else None
        keys = [item.key for item in self.items]
        headings = frozenset(place for place, item in enumerate(self.items) if not item.plan)
        shown.put(map(self._line, self.items), keys, headings=headings)
        first = next((place for place, item in enumerate(self.items) if item.plan), None)
        shown.highlighted = keys.index(here) if here in keys else first

    def _line(self, item: Item) -> Content:
        if item.row:
            word, speaks = standing(item.row, self.words)
            title = plain(f"  {pad(item.row['plan']['title'], _PLAN)}")
            return Content.assemble(title, plain(pad(word, _STANDING), GOOD if speaks else WARNING), plain(item.plan))
        if not item.occurrence:
            return plain(f" {self.words(item.code, count=item.count)}", "bold underline")
        return self._occurrence(item.occurrence)

    def _occurrence(self, each: Any) -> Content:
        at, why = day_of(moment(each["due"]), self.desk.zone, self.words), left_out(each, self.words)
        part = pad(self.words(f"routine_short_{each['part']}"), self._part_columns)
        said = f"  {at}  {pad(self._title(each['plan']), _NAME)}{part}"
        if each["state"] in ASKING:
            return Content.assemble(plain(said), plain(why, f"bold {WARNING}"))
        return Content.assemble(plain(said, "dim" if why else ""), plain(why, "dim"))

    @property
    def _part_columns(self) -> int:
        return max(width(self.words(f"routine_short_{part}")) for part in Part) + 2

    def _title(self, plan: str) -> str:
        """Return what a plan is called; one that is gone by its id."""
        rows = self._overview["plans"] if self._overview else ()
        return next((str(row["plan"]["title"]) for row in rows if row["plan"]["id"] == plan), plan)

    @property
    def _item(self) -> Item | None:
        place = self.query_one(OptionList).highlighted
        return self.items[place] if place is not None and place < len(self.items) else None

    def on_option_list_option_highlighted(self) -> None:
        """Tell what can be done here."""
        item = self._item
        self.query_one("#detail", Static).update(plain(self._told(item)) if item else plain(""))
        self.refresh_bindings()

    def _told(self, item: Item) -> str:
        why = left_out(item.occurrence, self.words) if item.occurrence else ""
        return "\n".join(part for part in (why, self._advice(item)) if part)

    def _advice(self, item: Item) -> str:
        if item.occurrence and item.lets_go and item.occurrence["state"] != "skipped":
            until = day_of(moment(item.occurrence["until"]), self.desk.zone, self.words)
            return self.words("tui_routine_decide", until=until)
        return self.words("tui_routine_open")

    # ------------------------------------------------------------ doing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer what can be done about the line under the cursor."""
        if action not in ("let_go", "leave_out") or not self.is_mounted:
            return True
        item = self._item
        return item is not None and (item.lets_go if action == "let_go" else item.leaves_out)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show the plan with its words."""
        event.stop()
        if (item := self._item) is not None and item.plan:
            self.app.push_screen(PlanScreen(item.plan), self._again)

    def action_write(self) -> None:
        """Write a new plan."""
        self.app.push_screen(PlanFormScreen(), self._written)

    def _written(self, plan: Any) -> None:
        """Show what was written, to be approved."""
        if plan is not None:
            self.app.push_screen(PlanScreen(plan), self._again)

    def action_let_go(self) -> None:
        """Say it after all."""
        self._decide("release", "tui_why_let_go")

    def action_leave_out(self) -> None:
        """Do not say it."""
        self._decide("skip", "tui_why_leave_out")

    @work(exclusive=True, group="decide")
    async def _decide(self, verb: str, question: str) -> None:
        """Ask why, then decide about the occurrence under the cursor."""
        item = self._item
        if item is None or item.occurrence is None:
            return
        each = item.occurrence
        why = await self.app.push_screen_wait(ReasonScreen(question))
        if not why:
            return
        with self.failing():
            row = await self.ask(
                lambda core: core.decide_occurrence(each["plan"], each["due"], verb, each["part"], why)
            )
            time = day_of(moment(row["due"]), self.desk.zone, self.words)
            state = self.words(f"routine_state_{row['state']}")
            self.desk.tell(self.words("routine_decided", plan=self._title(row["plan"]), time=time, state=state))
            self.action_fetch_again()


def _fetched(core: Client) -> tuple[Any, Any]:
    return core.routine(), core.routine_next(DAYS)


def _items(overview: Any, ahead: Any) -> Iterator[Item]:
    """Yield what waits first, then the plans, then the days."""
    if overview["waiting"]:
        yield Item(code="tui_routine_waiting", count=len(overview["waiting"]))
        yield from (Item(occurrence=each) for each in overview["waiting"])
    rows = [row for row in overview["plans"] if not row["retired"]]
    yield Item(code="tui_routine_plans", count=len(rows))
    yield from (Item(row=row) for row in rows)
    yield Item(code="tui_routine_days", count=len(ahead))
    yield from (Item(occurrence=each) for each in ahead)
