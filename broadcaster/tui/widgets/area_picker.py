"""Areas, chosen from the city's list: groups and the whole city by digit, towns by name, blocks as they are typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar
from unicodedata import normalize

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from broadcaster.forms import SEPARATORS
from broadcaster.ports.world import City
from broadcaster.tui.drawing import fit
from broadcaster.tui.messages import AreasChosen
from broadcaster.tui.place import AtDesk
from broadcaster.tui.widgets.safe_input import SafeInput, caught_up, unbroken
from broadcaster.tui.words import plain, width

_SHORT = 9
"""Items that a single digit chooses."""


class AreaPicker(AtDesk, Vertical):
    """One line to search and type in, the list beneath while it has the focus. Posts `AreasChosen`."""

    def __init__(self, city: City, whole: str, chosen: Sequence[str] = ()) -> None:
        super().__init__()
        self._city, self._whole = city, whole
        self.chosen = tuple(chosen)
        self.cursor = 0
        self.open = False
        """Whether one is choosing, so that the list is shown."""
        self.items = (*city.area_groups, whole, *city.areas)
        """What can be chosen: groups first, then the whole city, then its towns."""

    def compose(self) -> ComposeResult:
        """Put the summary over the line to type in, and the list beneath."""
        yield Static(classes="chosen")
        yield AreaInput(self)
        yield Static(classes="areas")

    def spoken(self) -> None:
        """Say it in the other language."""
        self.draw()

    def on_resize(self) -> None:
        """Put as many side by side as fit now."""
        self.draw()

    # ------------------------------------------------------------ what is chosen

    def toggle(self, item: str) -> None:
        """Choose an item, or choose it no longer; the whole city and parts of it exclude each other."""
        wanted = self.members(item)
        if set(wanted) <= set(self.chosen):
            self._choose(name for name in self.chosen if name not in wanted)
        elif item == self._whole:
            self._choose((item,))
        else:
            self._choose(dict.fromkeys(name for name in (*self.chosen, *wanted) if name != self._whole))

    def take(self, typed: str) -> None:
        """Choose what was typed: as many names as there are, each as it stands."""
        names = [part.strip() for part in SEPARATORS.split(typed) if part.strip()]
        self._choose(dict.fromkeys((*(name for name in self.chosen if name != self._whole), *names)))

    def members(self, item: str) -> tuple[str, ...]:
        """Return the areas an item stands for."""
        return self._city.area_groups.get(item, (item,))

    def _choose(self, areas: Iterable[str]) -> None:
        self.chosen = tuple(areas)
        self.post_message(AreasChosen(self.chosen))
        self.draw()

    # ------------------------------------------------------------ what is shown

    def search(self, typed: str) -> None:
        """Put the cursor on the first item whose name, or name in Latin letters, begins so."""
        sought = normalize("NFKC", typed).casefold().strip()
        names = [(place, self._names(item)) for place, item in enumerate(self.items)]
        found = [place for place, each in names if sought and any(name.startswith(sought) for name in each)]
        self.cursor = found[0] if found else self.cursor
        self.draw()

    def matches(self, typed: str) -> bool:
        """Whether the item under the cursor begins with what was typed."""
        sought = normalize("NFKC", typed).casefold().strip()
        return bool(self.items) and any(name.startswith(sought) for name in self._names(self.items[self.cursor]))

    def _names(self, item: str) -> tuple[str, ...]:
        return item.casefold(), self._city.areas_en.get(item, item).casefold()

    def move(self, step: int) -> None:
        """Move the cursor through the list."""
        self.cursor = max(0, min(len(self.items) - 1, self.cursor + step))
        self.draw()

    def draw(self) -> None:
        """Show what is chosen, and the list while one is choosing."""
        said = self.words.listed(self.chosen) if self.chosen else self.words("tui_no_area")
        self.query_one(".chosen", Static).update(plain(said, "bold" if self.chosen else "dim"))
        listed = self.query_one(".areas", Static)
        listed.display = self.open
        listed.update(Content("\n").join(self._rows()))

    def _rows(self) -> Iterable[Content]:
        """The items side by side, as many as fit on a line."""
        room = max(20, self.size.width - 1)
        row, used = list[Content](), 0
        for place, item in enumerate(self.items):
            cell = fit(self._cell(place, item), room)
            if row and used + width(cell) > room:
                yield Content("").join(row)
                row, used = [], 0
            used += width(cell)
            row.append(plain(cell, "reverse" if place == self.cursor else ""))
        yield Content("").join(row)

    def _cell(self, place: int, item: str) -> str:
        mark = "*" if set(self.members(item)) <= set(self.chosen) else " "
        key = f"{place + 1} " if place < _SHORT else ""
        count = f"({len(self.members(item))})" if item in self._city.area_groups else ""
        return f"{mark}{key}{item}{count}  "


class AreaInput(SafeInput):
    """The line to search and type in: while it is empty, digits and space choose."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "steer(-1)", "tui_key_up", show=False),
        Binding("down", "steer(1)", "tui_key_down", show=False),
        Binding("enter", "take", "tui_key_take_area", priority=True),
    ]
    LEAVES: ClassVar[tuple[str, ...]] = ()

    def __init__(self, picker: AreaPicker) -> None:
        super().__init__(place="areas")
        self._picker = picker

    def spoken(self) -> None:
        """Say how one chooses."""
        self.placeholder = unbroken(self.words("tui_area_hint"))

    def on_focus(self) -> None:
        """Show the list; `has_focus` is not true yet, since Textual sets it after this."""
        self._picker.open = True
        self._picker.draw()

    def on_blur(self) -> None:
        """Hide it; what stands in the line counts as typed."""
        self._take_typed()
        self._picker.open = False
        self._picker.draw()

    async def _on_key(self, event: events.Key) -> None:
        key = normalize("NFKC", event.character or "")
        if not self.value and (key == " " or self._is_short(key)):
            event.stop()
            event.prevent_default()
            item = self._picker.items[self._picker.cursor if key == " " else int(key) - 1]
            self._picker.toggle(item)
        elif not self.value and event.key in ("left", "right"):
            event.stop()
            event.prevent_default()
            self._picker.move(1 if event.key == "right" else -1)
        else:
            await super()._on_key(event)

    def _is_short(self, key: str) -> bool:
        return key.isdecimal() and 1 <= int(key) <= min(_SHORT, len(self._picker.items))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        event.stop()
        self._picker.search(event.value)

    def action_steer(self, step: int) -> None:
        """Move through the list."""
        self._picker.move(step)

    async def action_take(self) -> None:
        """Choose what is under the cursor, or what was typed; with nothing typed go on to the next field. It is done
        before the next key is read, as in every field (`going`).
        """
        await caught_up(self)
        typed = self.value.strip()
        if not typed:
            self.screen.focus_next()
        elif self._picker.matches(typed):
            self.value = ""
            self._picker.toggle(self._picker.items[self._picker.cursor])
        else:
            self._take_typed()

    def _take_typed(self) -> None:
        typed, self.value = self.value.strip(), ""
        if typed:
            self._picker.take(typed)
