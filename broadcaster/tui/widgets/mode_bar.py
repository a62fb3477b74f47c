"""LIVE or drill over the whole width, in word and colour, on every screen; and whether the core is there."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from broadcaster.tui.drawing import fit, joined, time_of
from broadcaster.tui.place import AtDesk
from broadcaster.tui.words import plain, width


class ModeBar(AtDesk, Widget):
    """The top line, and a second one while the core is away or of another version."""

    def on_mount(self) -> None:
        """Follow whatever it shows."""
        for name in ("mode", "board", "away", "stranger", "me"):
            self.watch(self.app, name, self._changed, init=False)
        self.set_interval(1.0, self.refresh)
        self._changed()

    def spoken(self) -> None:
        """Say it in the other language."""
        self.refresh()

    def _changed(self) -> None:
        for mode in ("live", "drill"):
            self.set_class(self.desk.mode == mode, f"-{mode}")
        self.set_class(bool(self.desk.away or self.desk.stranger), "-away")
        self.refresh(layout=True)

    def render(self) -> Content:
        """Draw mode, city, time and officer, the mode at both ends."""
        desk, columns = self.desk, self.size.width
        mark = self.words(f"mode_{desk.mode}") if desk.mode else self.words("tui_connecting")
        screen = self.words(getattr(self.screen, "called", "tui_desk"))
        room = max(0, columns - 2 * width(mark) - 4)
        rest = joined(screen, desk.clock_words(), desk.who)
        middle = joined(desk.city, rest) if width(joined(desk.city, rest)) <= room else rest
        said = fit(middle, room)
        gap = room - width(said)
        line = plain(f" {mark} {' ' * (gap // 2)}{said}{' ' * (gap - gap // 2)} {mark} ")
        trouble = self._trouble()
        return Content("\n").join([line, plain(fit(f" {trouble}", columns), "bold reverse")]) if trouble else line

    def _trouble(self) -> str:
        """Say that the core is away, or else that it is of another version than this desk."""
        desk = self.desk
        if desk.away:
            return self.words("tui_away", since=time_of(desk.away.since, desk.zone))
        return self.words("tui_stranger", **desk.stranger.params) if desk.stranger else ""
