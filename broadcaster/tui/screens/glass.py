"""Breaking the glass: what it means, why it must be, and who does it; then a countdown that anybody can stop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual import work
from textual.widget import Widget
from textual.widgets import Input, Static

from broadcaster.errors import BroadcasterError
from broadcaster.tui.lines import serial
from broadcaster.tui.screens.fields import FieldsModal
from broadcaster.tui.screens.reason import LONGEST
from broadcaster.tui.typed import asked, matches
from broadcaster.tui.views import alert_of
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain

CODE = 12


class GlassScreen(FieldsModal[Any]):
    """Asks for the words of the alert, a reason, and a fresh code of the second factor where there is one. Its result
    is the countdown (`ports.store.Breaking` as JSON).
    """

    NAME: ClassVar[str] = "tui_glass_name"
    CSS_PATH = "../css/send.tcss"

    def __init__(self, shown: Any) -> None:
        super().__init__()
        self._shown = shown
        self._acting = False

    @property
    def fields(self) -> Sequence[str]:
        """What has to be typed, why, and the code where there is a second factor."""
        officer = self.desk.me["officer"] if self.desk.me else None
        return ["typed", "reason", *(["code"] if officer and officer["second_factor"] else [])]

    def body(self) -> Iterable[Widget]:
        """Return what it means, and the fields."""
        yield Prose(id="mode")
        yield Prose(id="what")
        for field in self.fields:
            yield Prose(id=f"{field}-label")
            yield Input(id=field, max_length=CODE if field == "code" else LONGEST)
        yield Prose(id="verdict")

    def on_mount(self) -> None:
        """Begin with the first field."""
        self.set_class(self._shown["mode"] == "live", "-live")
        self.query_one("#typed").focus()

    def spoken(self) -> None:
        """Word it."""
        alert, mode = alert_of(self._shown), self.words(f"mode_{self._shown['mode']}")
        self.query_one("#mode", Static).update(plain(self.words("tui_glass_what", mode=mode)))
        self.query_one("#what", Static).update(plain(f"{serial(alert)} {self.words.headline(alert)}", "bold"))
        for field in self.fields:
            code = f"typed_{self._shown['mode']}" if field == "typed" else field
            said = self.words(f"tui_glass_{code}", word=self._word())
            self.query_one(f"#{field}-label", Static).update(plain(said))

    def _word(self) -> str:
        return asked(str(self._shown["mode"]), alert_of(self._shown), self.words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Begin, once, where all is filled as it must be."""
        event.stop()
        if not self._acting and self._complete():
            self._acting = True
            self._begin()

    def _complete(self) -> bool:
        """Tell whether every field is filled as it must be, and lead to the first that is not."""
        wrong = next((field for field in self.fields if not self._right(field)), None)
        if wrong is None:
            return True
        code = {"typed": "tui_typed_wrong", "reason": "tui_reason_needed", "code": "tui_code_needed"}[wrong]
        self.query_one("#verdict", Static).update(plain(self.words(code, word=self._word()), "bold"))
        self.query_one(f"#{wrong}", Input).focus()
        return False

    def _right(self, field: str) -> bool:
        value = self.query_one(f"#{field}", Input).value.strip()
        return matches(value, self._word()) if field == "typed" else bool(value)

    @work
    async def _begin(self) -> None:
        """Begin the countdown; a code that was refused is asked for again."""
        values = {field: self.query_one(f"#{field}", Input).value.strip() for field in self.fields}
        number, digest = int(self._shown["id"]), str(self._shown["acceptance"]["digest"])
        try:
            done = await self.ask(
                lambda core: core.break_glass(number, digest, values["reason"], values.get("code", ""))
            )
        except BroadcasterError as error:
            self._acting = False
            self.desk.fail(error)
            if "code" in values:
                self.query_one("#code", Input).value = ""
        else:
            self.dismiss(done)
