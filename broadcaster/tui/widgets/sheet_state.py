"""How a sheet stands: whether it is kept, whom it reaches, how long its texts are, and what is wrong with no field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.content import Content
from textual.widget import Widget

from broadcaster.sheet import Sheet
from broadcaster.tui.drawing import BAD, GOOD, WARNING, clock_of, fit, joined
from broadcaster.tui.keeping import Keeper
from broadcaster.tui.place import AtDesk
from broadcaster.tui.views import has_subject
from broadcaster.tui.words import plain, width

_SHOWN = 2
"""Problems of no field that are told at once."""


class SheetState(AtDesk, Widget):
    """One line, and another for each problem that belongs to no field."""

    def __init__(self) -> None:
        super().__init__()
        self._blocking, self._others = 0, list[Any]()
        self._reached: int | None = None
        self._preview: Any = None
        self._keeping = ("", "")
        self._notice: tuple[str, dict[str, object]] = ("", {})

    def spoken(self) -> None:
        """Say it in the other language."""
        self.refresh(layout=True)

    def checked(self, problems: Sequence[Any], others: Sequence[Any]) -> None:
        """Tell how many fields are wrong, and what is wrong with none."""
        self._blocking, self._others = sum(each.blocking for each in problems), list(others)
        self.refresh(layout=True)

    def inquired(self, reached: int | None, preview: Any) -> None:
        """Tell whom it reaches, and how long it is."""
        self._reached, self._preview = reached, preview
        self.refresh()

    @property
    def told(self) -> bool:
        """Whether it is known how long the texts are."""
        return self._preview is not None

    def notice(self, code: str = "", **params: object) -> None:
        """Say something about what has just been typed; nothing takes it back."""
        if (code, params) != self._notice:
            self._notice = (code, params)
            self.refresh(layout=True)

    def kept(self, keeper: Keeper, sheet: Sheet) -> None:
        """Tell whether the desk has it."""
        if keeper.theirs is not None:
            self._keeping = ("tui_keep_conflict", f"bold {BAD}")
        elif keeper.trouble is not None:
            self._keeping = ("tui_keep_trouble", f"bold {BAD}")
        elif keeper.row is None:
            self._keeping = ("tui_keep_nothing", "")
        else:
            self._keeping = ("tui_kept", GOOD) if keeper.kept(sheet) else ("tui_keeping", WARNING)
        self._number = keeper.number or 0
        self._at = keeper.row["updated_at"] if keeper.row else ""
        self.refresh()

    def render(self) -> Content:
        """Draw the line, and the problems of no field over it."""
        lines = [self._line(each) for each in self._others[:_SHOWN]]
        code, params = self._notice
        said = [plain(fit(f" {self.words(code, **params)}", self.size.width), f"bold {WARNING}")] if code else []
        return Content("\n").join([*said, *lines, self._state()])

    def _line(self, each: Any) -> Content:
        mark, style = ("!", f"bold {BAD}") if each.blocking else ("-", WARNING)
        return plain(fit(f" {mark} {self.words(each.code, **each.params)}", self.size.width), style)

    def _state(self) -> Content:
        words = self.words
        problems = words("tui_to_mend", count=self._blocking) if self._blocking else words("tui_ready")
        code, style = self._keeping
        at = clock_of(self._at, self.desk.zone)[:5] if code and self._at else ""
        kept = words(code, number=self._number, time=at) if code else ""
        reach = words("tui_mail_reach", count=f"{self._reached:,}") if self._reached is not None else ""
        room = max(0, self.size.width - width(problems) - width(kept) - 6)
        tail = fit(joined(reach, *self._lengths()), room)
        return Content.assemble(
            plain(f" {problems}", f"bold {BAD}" if self._blocking else f"bold {GOOD}"),
            plain(f"  {kept}" if kept else "", style),
            plain(f"  {tail}" if tail else ""),
        )

    def _lengths(self) -> list[str]:
        if self._blocking or not self._preview:
            return []
        channels = [each for each in self._preview["channels"] if each["length"] and not has_subject(each)]
        return [
            f"{self.words.channel(each['channel'])} {each['length']['length']}/{each['length']['limit']}"
            for each in channels
        ]
