"""The audit log: every entry of the chain, and whether the chain holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from broadcaster.client import Client
from broadcaster.papers.telling import Teller
from broadcaster.tui.drawing import pad
from broadcaster.tui.screens.paged import PAGE, PagedScreen
from broadcaster.tui.words import plain

SERVICE = "service"
"""Who the chain names where nobody did it."""


class LogScreen(PagedScreen):
    """The chain, newest first; `v` verifies all of it."""

    NAME: ClassVar[str] = "tui_log_name"
    ABOUT: ClassVar[str] = "tui_log_about"
    OPENS: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("v", "verify", "tui_key_verify")]

    def __init__(self) -> None:
        super().__init__()
        self._verdict: Any = None

    def fetch(self, core: Client, start: int | None) -> tuple[Sequence[Any], int | None]:
        """Return entries; `start` is the number behind the oldest shown."""
        if start is None:
            found = core.audit(None, PAGE)["entries"]
        else:
            after = max(0, start - 1 - PAGE)
            found = core.audit(after, start - 1 - after)["entries"]
        oldest = found[0]["seq"] if found else 1
        return found[::-1], oldest if oldest > 1 else None

    def title_line(self) -> str:
        """Return what verifying has shown."""
        if self._verdict is None:
            return self.words("tui_log_unverified")
        if self._verdict["whole"]:
            return self.words("audit_whole", count=self._verdict["entries"])
        broken = self._verdict["broken"]
        return self.words("audit_broken", seq=broken["seq"], why=self.words(f"damage_{broken['damage']}"))

    def line(self, item: Any) -> Content:
        """Return number, time, who, what, about what."""
        teller = Teller(self.words, self.desk.zone)
        at, event = teller.local(item["at"]), teller.known(f"event_{item['event']}", item["event"])
        who = self.words("told_service") if item["actor"] == SERVICE else self.words.who(item["actor"])
        return plain(f"{item['seq']:>6}  {at:%m/%d %H:%M:%S}  {pad(event, 22)}{pad(who, 14)}{item['subject']}")

    def detail(self, item: Any) -> Content:
        """Return the entry in full: its body as the chain has it (letters spelled out), and its hash."""
        body = json.dumps(json.loads(item["body"]), ensure_ascii=False)
        said = f"{item['event']}  {item['subject']}  {item['actor']}\n{body}\n"
        return Content.assemble(plain(said), plain(f"sha256 {item['hash']}", "dim"))

    @work(exclusive=True, group="verify")
    async def action_verify(self) -> None:
        """Have the whole chain verified."""
        self.query_one("#head", Static).update(plain(self.words("tui_verifying"), "bold"))
        with self.failing():
            self._verdict = await self.ask(lambda core: core.verify())
            self.spoken()
