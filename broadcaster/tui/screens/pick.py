"""What to say: a hazard by its letter, then its level by its digit; or a draft that was begun before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from unicodedata import normalize

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.catalog import sentences
from broadcaster.sheet import Sheet, from_json
from broadcaster.sheet.hazards import Hazard, Variant
from broadcaster.tui.drawing import clock_of, fit, pad
from broadcaster.tui.messages import DraftsChanged, Picked
from broadcaster.tui.place import AtDesk
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import Words, plain, width

NAMES = 16
"""Columns of a hazard's name."""


class HazardTable(AtDesk, Widget, can_focus=True):
    """Every hazard with what can be said of it. Posts `Picked`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "tui_key_up", show=False),
        Binding("down", "move(1)", "tui_key_down", show=False),
        Binding("left", "turn(-1)", "tui_key_up", show=False),
        Binding("right", "turn(1)", "tui_key_down", show=False),
        Binding("enter", "pick", "tui_key_choose"),
    ]
    row: reactive[int] = reactive(0)
    column: reactive[int] = reactive(0)

    def __init__(self, hazards: Sequence[Hazard]) -> None:
        super().__init__()
        self._hazards = hazards

    def spoken(self) -> None:
        """Say it in the other language."""
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 (Textual's)
        """As many lines as are drawn."""
        return len(self._lines(width))

    def render(self) -> Content:
        """Draw every hazard, the one chosen in reverse."""
        return Content("\n").join(self._lines(self.size.width))

    def _lines(self, columns: int) -> list[Content]:
        return [line for place, hazard in enumerate(self._hazards) for line in self._hazard(place, hazard, columns)]

    def _hazard(self, place: int, hazard: Hazard, columns: int) -> Iterable[Content]:
        """One hazard: what does not fit beside each other goes onto the next line."""
        here = place == self.row
        row: list[Content] = [plain(f" {hazard.key} ", "bold reverse" if here else "bold")]
        row.append(plain(" " + pad(hazard_name(hazard, self.words), NAMES - 4), "bold" if here else ""))
        used = NAMES
        for number, variant in enumerate(hazard.variants):
            cell = fit(f" {variant.key} {_told_apart(variant, hazard, self.words)} ", columns - NAMES)
            if used > NAMES and used + width(cell) > columns:
                yield Content("").join(row)
                row, used = [plain(" " * NAMES)], NAMES
            chosen = here and number == self.column
            row.append(plain(cell, "reverse" if chosen else ""))
            used += width(cell)
        yield Content("").join(row)

    def on_key(self, event: events.Key) -> None:
        """Take a letter for a hazard, a digit for what is said of it; full-width ones too."""
        key = normalize("NFKC", event.character or "").casefold()
        letters = [hazard.key for hazard in self._hazards]
        digits = [variant.key for variant in self._hazards[self.row].variants]
        if key in letters:
            event.stop()
            self.row, self.column = letters.index(key), 0
        elif key in digits:
            event.stop()
            self.column = digits.index(key)
            self.action_pick()

    def action_move(self, step: int) -> None:
        """Go to another hazard."""
        self.row, self.column = max(0, min(len(self._hazards) - 1, self.row + step)), 0

    def action_turn(self, step: int) -> None:
        """Go to another thing to say."""
        self.column = max(0, min(len(self._hazards[self.row].variants) - 1, self.column + step))

    def action_pick(self) -> None:
        """Begin with what is chosen."""
        template = self._hazards[self.row].variants[self.column].template
        self.post_message(Picked(Sheet(template=template.id if template else "")))


class DraftTable(AtDesk, Widget, can_focus=True):
    """Drafts that are open, the last changed first. Posts `Picked`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "tui_key_up", show=False),
        Binding("down", "move(1)", "tui_key_down", show=False),
        Binding("enter", "pick", "tui_key_choose"),
        Binding("delete", "drop", "tui_key_drop_draft"),
    ]
    row: reactive[int] = reactive(0)
    rows: reactive[tuple[Any, ...]] = reactive((), layout=True)

    def spoken(self) -> None:
        """Say it in the other language."""
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 (Textual's)
        """A line for each."""
        return max(1, len(self.rows))

    def render(self) -> Content:
        """Draw each with its time and its last hand."""
        return Content("\n").join(self._line(place, row) for place, row in enumerate(self.rows))

    def _line(self, place: int, row: Any) -> Content:
        at = clock_of(row["updated_at"], self.desk.zone)
        by = self.words.who(row["updated_by"]["name"])
        said = self.words("tui_draft_line", number=row["id"], time=at, by=by, title=self.words.draft(row))
        return plain(fit(f" {said}", self.size.width), "reverse" if place == self.row and self.has_focus else "")

    def action_move(self, step: int) -> None:
        """Go to another draft."""
        self.row = max(0, min(len(self.rows) - 1, self.row + step))

    def action_pick(self) -> None:
        """Go on with the draft."""
        row = self.rows[self.row]
        with self.failing():
            self.post_message(Picked(from_json(row["body"]), row))

    async def action_drop(self) -> None:
        """Give the draft up."""
        number = self.rows[self.row]["id"]
        with self.failing():
            await self.ask(lambda core: core.drop_draft(number))
            self.desk.tell(self.words("draft_dropped", number=number))
            self.rows = tuple(row for row in self.rows if row["id"] != number)
            self.action_move(0)
            self.post_message(DraftsChanged())


class PickScreen(DeskScreen["Picked | None"]):
    """What to say. Its result is what was picked, None for nothing."""

    NAME: ClassVar[str] = "tui_pick_name"
    CSS_PATH = "../css/compose.tcss"

    def __init__(self, hazards: Sequence[Hazard], drafts: Sequence[Any]) -> None:
        super().__init__()
        self._hazards, self._drafts = hazards, tuple(drafts)

    def body(self) -> Iterable[Widget]:
        """Return the drafts over the hazards: who comes back after a lost terminal looks for them first."""
        yield Prose(id="begun")
        with VerticalScroll(can_focus=False, id="drafts"):
            yield DraftTable()
        yield Prose(id="ask")
        with VerticalScroll(can_focus=False):
            yield HazardTable(self._hazards)

    def on_mount(self) -> None:
        """Wait for the two keys; the drafts are a Tab away."""
        drafts = self.query_one(DraftTable)
        drafts.rows = self._drafts
        self._show_drafts()
        self.query_one(HazardTable).focus()

    def spoken(self) -> None:
        """Say what is asked."""
        self.query_one("#ask", Static).update(plain(self.words("tui_pick_ask"), "bold"))
        self._show_drafts()

    def _show_drafts(self) -> None:
        """Count the drafts, and leave no room for none."""
        count = len(self.query_one(DraftTable).rows)
        self.query_one("#begun", Static).update(plain(self.words("tui_pick_begun", count=count), "bold"))
        for each in self.query("#begun, #drafts"):
            each.display = bool(count)

    def on_drafts_changed(self) -> None:
        """Count again; the last one gone, the hazards are what is left."""
        self._show_drafts()
        if not self.query_one(DraftTable).rows:
            self.query_one(HazardTable).focus()

    def on_picked(self, event: Picked) -> None:
        """Begin with it."""
        event.stop()
        self.dismiss(event)


def hazard_name(hazard: Hazard, words: Words) -> str:
    """Return what a hazard is called; one the catalogue does not know by the name of what is said of it."""
    code = f"hazard_{hazard.id}"
    if code in sentences(words.language):
        return words(code)
    return variant_name(hazard.variants[0], words)


def _told_apart(variant: Variant, hazard: Hazard, words: Words) -> str:
    """Return what is said of a hazard; with what is in brackets where another thing said of it is called the same."""
    short = variant_name(variant, words)
    alike = sum(1 for each in hazard.variants if variant_name(each, words) == short) > 1
    return variant.template.name[words.language] if alike and variant.template else short


def variant_name(variant: Variant, words: Words) -> str:
    """Return what is said of a hazard, without its name in brackets."""
    if variant.template is None:
        return words("hazard_free_text")
    return variant.template.name[words.language].partition("（")[0].partition(" (")[0]
