"""The board as a table of a thousand lines of which only those in sight are ever drawn (Textual's line API)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from broadcaster.tui.drawing import Paper, draw
from broadcaster.tui.lines import Line
from broadcaster.tui.messages import LineChosen, LineReached
from broadcaster.tui.place import AtDesk


class BoardTable(AtDesk, ScrollView, can_focus=True):
    """Lines with a cursor that stays on its line while the board moves. Posts `LineChosen` and `LineReached`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "tui_key_up", show=False),
        Binding("down,j", "move(1)", "tui_key_down", show=False),
        Binding("pageup", "move(-10)", "tui_key_page_up", show=False),
        Binding("pagedown", "move(10)", "tui_key_page_down", show=False),
        Binding("home", "move(-100000)", "tui_key_top", show=False),
        Binding("end", "move(100000)", "tui_key_bottom", show=False),
        Binding("enter", "choose", "tui_key_choose"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"board--cursor"}

    cursor: reactive[int] = reactive(0, repaint=False)
    """The place of the line the cursor is on."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []

    @property
    def line(self) -> Line | None:
        """The line the cursor is on."""
        return self._lines[self.cursor] if 0 <= self.cursor < len(self._lines) else None

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead, the cursor on the same one; redraw those in sight that have changed."""
        before, here = self._lines, self.line
        self._lines = list(lines)
        places = {each.key: place for place, each in enumerate(self._lines)}
        self.cursor = places.get(here.key, -1) if here else -1
        if self.cursor < 0:
            self.cursor = self._nearest(0, 1)
        if len(before) != len(self._lines):
            self.virtual_size = Size(self.size.width, len(self._lines))
            self.refresh()
        else:
            self._redraw_changed(before)

    def _redraw_changed(self, before: Sequence[Line]) -> None:
        """Redraw what has changed in sight; nobody sees the rest."""
        top = self.scroll_offset.y
        for place in range(top, min(top + self.size.height, len(before))):
            if before[place] != self._lines[place]:
                self.refresh_line(place)

    def spoken(self) -> None:
        """Say it in the other language."""
        self.refresh()

    def on_mount(self) -> None:
        """Let ages grow."""
        self.set_interval(1.0, self.refresh)

    def watch_cursor(self, before: int, now: int) -> None:
        """Redraw the two lines and keep the cursor in sight."""
        self.refresh_line(before)
        self.refresh_line(now)
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if now < top or now >= top + height:
            self.scroll_to(y=now - height // 2, animate=False, immediate=True)
        self.post_message(LineReached(self.line))

    def render_line(self, y: int) -> Strip:
        """Draw one line in sight."""
        place, columns = y + self.scroll_offset.y, self.scrollable_content_region.width
        style = self.visual_style
        if place >= len(self._lines):
            return Strip.blank(columns, style.rich_style)
        if place == self.cursor and self.has_focus:
            style = self.get_visual_style("board--cursor")
        paper = Paper(words=self.words, now=self.desk.now(), zone=self.desk.zone, columns=columns)
        drawn = draw(self._lines[place], paper)
        return Strip(drawn.render_segments(style)).adjust_cell_length(columns, style.rich_style)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer to choose where there is something behind the line."""
        return action != "choose" or (self.line is not None and self.line.leads_on)

    def action_move(self, steps: int) -> None:
        """Move the cursor so many lines, past headings."""
        wanted = min(max(self.cursor + steps, 0), len(self._lines) - 1)
        self.cursor = self._nearest(wanted, 1 if steps > 0 else -1)

    def action_choose(self) -> None:
        """Tell which line was chosen."""
        if self.line is not None:
            self.post_message(LineChosen(self.line))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where it was clicked; a second click chooses."""
        place = event.y + self.scroll_offset.y
        if 0 <= place < len(self._lines) and self._lines[place].can_be_reached:
            chosen, self.cursor = place == self.cursor, place
            if chosen:
                self.action_choose()

    def _nearest(self, place: int, step: int) -> int:
        """Return the nearest line the cursor may stop at, in this direction first."""
        for way in (step, -step):
            here = place
            while 0 <= here < len(self._lines):
                if self._lines[here].can_be_reached:
                    return here
                here += way
        return self.cursor
