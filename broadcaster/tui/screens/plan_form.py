"""Writing a plan: what is said, when it comes round in words, and as one types the next days with why one is left out.
What is saved speaks once the series is approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.documents import load
from broadcaster.errors import BroadcasterError, Refused
from broadcaster.model import Plan, Problem
from broadcaster.sheet import Press
from broadcaster.sheet.setting import press_of
from broadcaster.tui.drawing import BAD, GOOD, WARNING, day_of, left_out
from broadcaster.tui.going import KEYS, GoesOn
from broadcaster.tui.lines import moment
from broadcaster.tui.messages import Chosen
from broadcaster.tui.plan_fields import blank, fields_of, placed, rules_in, table_of
from broadcaster.tui.plan_rows import Rows
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.widgets.form_row import FormRow, gathered
from broadcaster.tui.words import plain

QUIET_S = 0.4
"""Quiet after a key before the core is asked what would come of it."""


class PlanFormScreen(GoesOn, DeskScreen[Any]):
    """The form of one plan; `plan` is one that is there already. Its result is the plan's id, None where it is left."""

    NAME: ClassVar[str] = "tui_plan_form_name"
    ABOUT: ClassVar[str] = "tui_plan_form_about"
    CSS_PATH = "../css/compose.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *KEYS,
        Binding("f5,ctrl+s", "save", "tui_key_plan_save", key_display="F5"),
        Binding("f6,ctrl+l", "another", "tui_key_plan_another", key_display="F6"),
    ]

    def __init__(self, plan: Plan | None = None) -> None:
        super().__init__()
        self._plan = plan
        self.fields: dict[str, str] = {}
        self._press: Press | None = None
        self._waiting: Timer | None = None
        self.seen: Any = None
        """What the core said last of the plan as it stands; None where it refuses it."""

    def body(self) -> Iterable[Widget]:
        """Return the frame; the rows come when the core has said what templates are filled by."""
        yield Static(id="title")
        yield VerticalScroll(id="forms")
        yield Static(id="ahead")

    def spoken(self) -> None:
        """Name what is written."""
        name = self._plan.id if self._plan else self.words("tui_plan_form_new")
        self.query_one("#title", Static).update(plain(self.words("tui_plan_form_title", plan=name)))

    def on_mount(self) -> None:
        """Find out what it is filled by."""
        self.fields = fields_of(self._plan, self.words.language) if self._plan else blank(self.words.language)
        self.begin()

    @work(exclusive=True, group="begin")
    async def begin(self) -> None:
        """Ask the core, then show the form."""
        with self.failing():
            self._press = press_of(await self.ask(lambda core: core.setting()))
            await self._show()

    async def _show(self, focus: str = "") -> None:
        """Build every row from the fields as they are."""
        if self._press is None:
            return
        forms = self.query_one("#forms", VerticalScroll)
        await forms.remove_children()
        await forms.mount(*Rows(press=self._press, fields=self.fields, named=self._plan is not None).all())
        rows = list(self.query(FormRow))
        next((row for row in rows if focus in row.places), rows[0]).editor.focus()
        self._soon()

    # ------------------------------------------------------------ filling

    def fill(self, place: str, value: str) -> None:
        """Put a field's value into the plan."""
        if place and self.fields.get(place, "") != value:
            self.fields[place] = value
            self._soon()

    def on_chosen(self, event: Chosen) -> None:
        """Take what is chosen; another template has other fields."""
        self.fill(event.place, event.value)
        if event.place == "template":
            self.run_worker(self._show("template"), group="show", exclusive=True)

    def action_another(self) -> None:
        """Add another time at which it comes round."""
        number = rules_in(self.fields)[-1] + 1
        self.fields |= {f"when.{number}.at": "", f"when.{number}.days": ""}
        self.run_worker(self._show(f"when.{number}.days"), group="show", exclusive=True)

    # ------------------------------------------------------------ what would come of it

    def _soon(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(QUIET_S, self.look)

    @work(exclusive=True, group="look")
    async def look(self) -> None:
        """Ask what it would say and when, and show that with every problem beside its field."""
        try:
            name, table = table_of(self.fields, self._plan)
            self.seen = await self.ask(lambda core: core.look_at_plan(name, table))
            self._tell(placed(load(tuple[Problem, ...], self.seen["problems"])))
        except Refused as refused:
            self.seen = None
            self._tell(placed(refused.problems))
        except BroadcasterError as error:
            self.desk.fail(error)

    def _tell(self, problems: list[Problem]) -> None:
        rows = list(self.query(FormRow))
        found, rest = gathered(problems, rows)
        for number, row in enumerate(rows):
            row.tell(found.get(number, ()))
        lines = [*self._missing(len(problems), rest), *(self._coming() if self.seen else ())]
        self.query_one("#ahead", Static).update(Content("\n").join(lines))

    def _coming(self) -> Iterator[Content]:
        quiet = self.seen["quiet"]
        hours = f"{quiet['start'][:5]}-{quiet['end'][:5]}"
        never = self.words("plan_never_quiet")
        yield plain(self.words("plan_comes", quiet=hours if quiet["start"] != quiet["end"] else never), "bold")
        for each in self.seen["ahead"]:
            at, why = day_of(moment(each["due"]), self.seen["zone"], self.words), left_out(each, self.words)
            part = self.words(f"routine_short_{each['part']}")
            yield plain(f"  {at}  {part}  {why}", WARNING if why else GOOD)

    def _missing(self, count: int, rest: list[Problem]) -> Iterator[Content]:
        if count:
            yield plain(self.words("plan_problems", count=count), f"bold {BAD}")
        yield from (plain(f"  {each.place}: {self.words(each.code, **each.params)}", BAD) for each in rest[:2])

    # ------------------------------------------------------------ saving

    @work(exclusive=True, group="save")
    async def action_save(self) -> None:
        """Hand it in; it waits for the approval of its series."""
        try:
            name, table = table_of(self.fields, self._plan)
            row = await self.ask(lambda core: core.put_plan(name, table))
        except Refused as refused:
            self._tell(placed(refused.problems))
        except BroadcasterError as error:
            self.desk.fail(error)
        else:
            self.desk.tell(self.words("plan_saved", plan=row["plan"]["id"]))
            self.dismiss(str(row["plan"]["id"]))
