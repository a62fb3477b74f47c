"""The board, the first screen: what needs a person, every incident with its deliveries, the channels; and by one key
whatever may be done about the line under the cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from broadcaster.model import State
from broadcaster.ports.store import Verb
from broadcaster.rules.deciding import offered
from broadcaster.tui.lines import Line, Sort, lines_of
from broadcaster.tui.messages import LineChosen, LineReached
from broadcaster.tui.opening import FIRST, KEYS, Opens
from broadcaster.tui.sayings import extended, prepared
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.screens.decide import DecideScreen
from broadcaster.tui.screens.detail import DetailScreen
from broadcaster.tui.screens.follow_up import ExtendScreen, FollowUpScreen
from broadcaster.tui.screens.say import Saying, SayScreen, outcome
from broadcaster.tui.widgets.board_table import BoardTable

PREPARED = {"retract": "correction", "cancel": "cancel", "lift": "all-clear"}
"""What is said by one key, and the kind it is prepared as."""
WRITTEN = {"update": "update", "correct": "correction"}
"""What is written anew on a form, and its kind."""


class BoardScreen(Opens, DeskScreen[None]):
    """The live board."""

    NAME: ClassVar[str] = "tui_board_name"
    ABOUT: ClassVar[str] = "tui_board_about"
    BINDINGS: ClassVar[list[BindingType]] = [
        *FIRST,
        Binding("r", "decide('resend')", "tui_key_resend"),
        Binding("h", "decide('hold')", "tui_key_hold"),
        Binding("l", "decide('release')", "tui_key_release"),
        Binding("d", "decide('drop')", "tui_key_drop"),
        Binding("o", "reopen", "tui_key_reopen"),
        Binding("u", "follow('update')", "tui_key_update"),
        Binding("c", "follow('correct')", "tui_key_correct"),
        Binding("f", "follow('retract')", "tui_key_retract"),
        Binding("e", "follow('lift')", "tui_key_lift"),
        Binding("x", "follow('cancel')", "tui_key_cancel"),
        Binding("v", "follow('extend')", "tui_key_extend"),
        *KEYS,
    ]

    def body(self) -> Iterable[Widget]:
        """Return the table."""
        yield BoardTable()

    def on_mount(self) -> None:
        """Follow the board."""
        self.query_one(BoardTable).focus()
        self.watch(self.app, "board", self._show)

    def spoken(self) -> None:
        """Say the hint in the other language too."""
        self._show(self.desk.board)

    def _show(self, board: Any) -> None:
        if board is not None:
            self.query_one(BoardTable).show(lines_of(board, self.desk.now(), self.desk.hint))

    def action_leave(self) -> None:
        """Stay: it is the first screen; the desk is left with its own key."""

    # ------------------------------------------------------------ what may be done here

    @property
    def _line(self) -> Line | None:
        return self.query_one(BoardTable).line

    @property
    def _row(self) -> Any:
        """The alert meant: that of the cursor's line, or the only one in force; None where it is not clear, or over."""
        line = self._line
        if line is not None and line.row is not None:
            return line.row if line.row["in_force"] else None
        in_force = [row for row in (self.desk.board or {"rows": ()})["rows"] if row["in_force"]]
        return in_force[0] if len(in_force) == 1 else None

    @property
    def _incident(self) -> int | None:
        """The incident meant: that of the cursor's line, or the only one on the board; None where it is not clear."""
        line = self._line
        said = None if line is None else line.row or (line.submission and line.submission["acceptance"])
        if said:
            return int(said["alert"]["incident"])
        known = {int(row["alert"]["incident"]) for row in (self.desk.board or {"rows": ()})["rows"]}
        return known.pop() if len(known) == 1 else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done about the line under the cursor."""
        if not self.is_mounted:
            return True
        line = self._line
        offered: dict[str, Callable[[], bool]] = {
            "leave": lambda: False,
            "follow": lambda: self._row is not None,
            "incident": lambda: self._incident is not None,
            "decide": lambda: line is not None and str(parameters[0]) in verbs(line),
            "reopen": lambda: line is not None and line.sort is Sort.CHANNEL and bool(line.channel["down"]),
        }
        return offered[action]() if action in offered else True

    def on_line_reached(self, _: LineReached) -> None:
        """Show the keys of this line."""
        self.refresh_bindings()

    def on_line_chosen(self, event: LineChosen) -> None:
        """Show what waits; open what a feed brought; tell all about a delivery; offer what may follow an alert."""
        line, row = event.line, event.line.row
        if line.submission is not None:
            self.action_approve()
        elif line.draft is not None:
            self.open_draft(line.draft)
        elif line.routine is not None:
            self.action_routine()
        elif line.delivery is not None:
            self.app.push_screen(DetailScreen(line))
        elif row is not None and row["in_force"]:
            self._choose(row)

    # ------------------------------------------------------------ doing it

    def action_incident(self) -> None:
        """Show how the incident meant went."""
        if (number := self._incident) is not None:
            self.show_incident(number)

    def action_follow(self, name: str) -> None:
        """Say what may follow the alert under the cursor."""
        self._follow(name, self._row)

    @work(group="follow-up", exclusive=True)
    async def _choose(self, row: Any) -> None:
        """Offer what may follow an alert, with a sentence on each."""
        name = await self.app.push_screen_wait(FollowUpScreen(row, (*WRITTEN, *PREPARED, "extend")))
        if name:
            self._follow(name, row)

    @work(group="follow-up", exclusive=True)
    async def _follow(self, name: str, row: Any) -> None:
        """Say it, and tell what became of it."""
        if name in WRITTEN:
            self.action_compose(str(row["alert"]["identifier"]), WRITTEN[name])
            return
        saying = await self._extension(row) if name == "extend" else prepared(row, PREPARED[name])
        if saying is None:
            return
        done = await self.app.push_screen_wait(SayScreen(saying, self.desk.new_key()))
        if done is not None:
            self.desk.tell(outcome(done, self.words))

    async def _extension(self, row: Any) -> Saying | None:
        hours = await self.app.push_screen_wait(ExtendScreen(row))
        return extended(row, self.desk.now(), hours) if hours else None

    @work(group="decide", exclusive=True)
    async def action_decide(self, verb: str) -> None:
        """Decide about the delivery under the cursor."""
        line = self._line
        if line is None:
            return
        done = await self.app.push_screen_wait(DecideScreen(line, verb))
        if done is not None:
            channel, state = self.words.channel(done["channel"]), self.words(f"state_{done['state']}")
            self.desk.tell(self.words("decided", delivery=done["id"], channel=channel, state=state))

    @work(group="reopen", exclusive=True)
    async def action_reopen(self) -> None:
        """Try a channel again that its breaker has taken down."""
        line = self._line
        if line is None or line.channel is None:
            return
        name = str(line.channel["channel"])
        with self.failing():
            await self.ask(lambda core: core.reopen(name))
            self.desk.tell(self.words("check_reopened", channel=self.words.channel(name)))


def verbs(line: Line) -> frozenset[Verb]:
    """Return what may be decided about a line's delivery, nothing where it has none."""
    each = line.delivery
    if each is None:
        return frozenset()
    doubted = each["doubt_since"] is not None or each["possible_duplicate"]
    return offered(State(each["state"]), bulk=each["total"] > 0, unserved=each["unserved"] > 0, doubted=doubted)
