"""Logging in: name, passphrase, and the code of the second factor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import work
from textual.widget import Widget
from textual.widgets import Input, Static

from broadcaster.errors import BroadcasterError
from broadcaster.tui.screens.fields import FieldsModal
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain

FIELDS = ("name", "passphrase", "code")
ASKED = {"session_needed": "tui_login_why", "session_ended": "tui_session_ended"}
"""What the core says of a session that is over, as it is said where one can log in at once."""


class LoginScreen(FieldsModal[str]):
    """Asks who sits here, over whatever is on the screen; its result is the session's secret. Escape: only look."""

    NAME: ClassVar[str] = "tui_login"

    def __init__(self, why: BroadcasterError | None = None) -> None:
        super().__init__()
        self._why = why

    @property
    def fields(self) -> Sequence[str]:
        """Name, passphrase and code."""
        return FIELDS

    def body(self) -> Iterable[Widget]:
        """Return the three fields."""
        yield Prose(id="why")
        for field in FIELDS:
            yield Prose(id=f"{field}-label")
            yield Input(id=field, password=field == "passphrase", max_length=200)
        yield Prose(id="how")
        yield Prose(id="hint")

    def spoken(self) -> None:
        """Name the fields."""
        for field in FIELDS:
            self.query_one(f"#{field}-label", Static).update(plain(self.words(f"tui_login_{field}")))
        self.query_one("#how", Static).update(plain(self.words("tui_login_how"), "dim"))
        self.query_one("#hint", Static).update(plain(self.desk.hint))
        self._say(self._why)

    def _say(self, why: BroadcasterError | None) -> None:
        """Say why it is asked, or what was wrong."""
        self._why = why
        code = ASKED.get(why.code, why.code) if why else "tui_login_why"
        said = self.words(code, **(why.params if why else {}))
        self.query_one("#why", Static).update(plain(said, "bold"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Log in."""
        event.stop()
        self._enter()

    @work(exclusive=True)
    async def _enter(self) -> None:
        name, passphrase, code = (self.query_one(f"#{field}", Input).value for field in FIELDS)
        try:
            begun = await self.ask(lambda core: core.login(name.strip(), passphrase, code.strip()))
        except BroadcasterError as error:
            self._say(error)
            self.query_one("#code", Input).value = ""
            self.query_one("#passphrase", Input).value = ""
            self.query_one("#passphrase", Input).focus()
        else:
            self.dismiss(begun["session"])
