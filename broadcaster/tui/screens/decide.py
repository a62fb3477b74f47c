"""An officer's decision on one delivery, kept with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual import work
from textual.widget import Widget
from textual.widgets import Input, Static

from broadcaster.tui.lines import Line, serial
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain


class DecideScreen(DeskModal[Any]):
    """Says what the decision does and asks for the reason; Enter decides. Its result is the delivery afterwards."""

    def __init__(self, line: Line, verb: str) -> None:
        super().__init__()
        self._line, self._verb = line, verb

    @property
    def called(self) -> str:
        """The name of the decision."""
        return f"tui_key_{self._verb}"

    def body(self) -> Iterable[Widget]:
        """Return what it is about, what it does, and why."""
        yield Prose(id="of")
        yield Prose(id="does")
        yield Prose(id="why-label")
        yield Input(id="why", max_length=200)

    def spoken(self) -> None:
        """Say it."""
        words, each, alert = self.words, self._line.delivery, self._line.row["alert"]
        state = words(f"state_{each['state']}")
        self.query_one("#of", Static).update(
            plain(f"{serial(alert)} {words.channel(each['channel'])}: {state}  {words.headline(alert)}", "bold")
        )
        self.query_one("#does", Static).update(plain(words(self._about(each), count=each["unserved"])))
        self.query_one("#why-label", Static).update(plain(words("tui_why")))
        self.query_one("#why", Input).placeholder = words("why_default")

    def _about(self, delivery: Any) -> str:
        """Return the code of what it does here: to some alone, or where nothing can have arrived before."""
        code = f"tui_about_{self._verb}"
        if delivery["unserved"] and delivery["state"] in ("accepted", "confirmed"):
            return f"{code}_unserved"
        refused = delivery["state"] in ("retry_wait", "failed") and not delivery["possible_duplicate"]
        return f"{code}_refused" if refused and self._verb == "resend" else code

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Decide."""
        event.stop()
        self._decide(event.value.strip() or self.words("why_default"))

    @work(exclusive=True)
    async def _decide(self, why: str) -> None:
        number = int(self._line.delivery["id"])
        with self.failing():
            self.dismiss(await self.ask(lambda core: core.decide(number, self._verb, why)))
