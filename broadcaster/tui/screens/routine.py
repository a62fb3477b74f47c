"""Announcements by the calendar, to look at: which plans speak, what waits for a person, what comes in two weeks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from textual.content import Content

from broadcaster.client import Client
from broadcaster.papers.telling import Teller
from broadcaster.tui.screens.paper import PaperScreen
from broadcaster.tui.words import plain

DAYS = 14


class RoutineScreen(PaperScreen):
    """A read view; plans are changed and decided about with `broadcaster routine`."""

    NAME: ClassVar[str] = "tui_routine_name"
    ABOUT: ClassVar[str] = "tui_routine_about"

    def fetch(self, core: Client) -> Any:
        """Return the plans and what comes."""
        return {"overview": core.routine(), "ahead": core.routine_next(DAYS)}

    def title_line(self) -> str:
        """Return whether anything is said at all now."""
        suspended = self.found["overview"]["suspended"]
        return self.words("routine_suspended_now" if suspended else "tui_routine_speaks")

    def lines(self) -> Iterator[Content]:
        """Yield the plans, what waits, then what comes."""
        overview, teller = self.found["overview"], Teller(self.words, self.desk.zone)
        yield plain(self.words("tui_routine_plans"), "bold reverse")
        plans = [row for row in overview["plans"] if not row["retired"]]
        yield from (plain(f"{self._standing(row)}  {row['plan']['id']}  {row['plan']['title']}") for row in plans)
        if not plans:
            yield plain(self.words("routine_no_plans"))
        for each in overview["waiting"]:
            state = self.words(f"routine_state_{each['state']}")
            yield plain(
                f"! {teller.clock(each['due'])}  {each['plan']}  {state}{self._why(each)}", "bold $text-warning"
            )
        yield plain("")
        yield plain(self.words("tui_routine_ahead", days=DAYS), "bold reverse")
        for each in self.found["ahead"]:
            part = self.words(f"routine_short_{each['part']}")
            yield plain(f"{self._day(each['due'], teller)}  {each['title']}  {part}{self._why(each)}")

    def _standing(self, row: Any) -> str:
        if row["approved"] and row["approved"] == row["digest"]:
            return self.words("routine_approved", approver=row["approver"]["name"])
        return self.words("routine_changed" if row["approved"] else "routine_unapproved")

    def _day(self, due: str, teller: Teller) -> str:
        local = teller.local(due)
        return f"{local:%m/%d} {self.words('weekdays').split()[local.weekday()]} {local:%H:%M}"

    def _why(self, each: Any) -> str:
        """Why it is left out; nothing where it is said."""
        return f"  - {self.words('routine_reason_' + each['reason'])}" if each["reason"] else ""
