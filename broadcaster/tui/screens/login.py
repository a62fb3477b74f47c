"""Logging in: name, passphrase, and the code of the second factor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from broadcaster.errors import BroadcasterError
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.words import plain

FIELDS = ("name", "passphrase", "code")
_ASKED = {"session_needed": "tui_login_why", "session_ended": "tui_session_ended"}
"""What the core says of a session, as it is said where one can log in at once."""


class LoginScreen(DeskModal[str]):
    """Asks who sits here, over whatever is on the screen; its result is the session's secret. Escape: only look."""

    NAME: ClassVar[str] = "tui_login"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "go_on", "tui_key_choose", show=False, priority=True)]

    def __init__(self, why: BroadcasterError | None = None) -> None:
        super().__init__()
        self._why = why

    def body(self) -> Iterable[Widget]:
        """Return the three fields."""
        yield Static(id="why")
        for field in FIELDS:
            yield Static(id=f"{field}-label")
            yield Input(id=field, password=field == "passphrase", max_length=200)
        yield Static(id="how")
        yield Static(id="hint")

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
        code = _ASKED.get(why.code, why.code) if why else "tui_login_why"
        said = self.words(code, **(why.params if why else {}))
        self.query_one("#why", Static).update(plain(said, "bold"))

    def action_go_on(self) -> None:
        """Go on to the next field, and log in after the last.

        The focus moves before any further key is handed out: whoever types ahead of a slow machine must not have the
        passphrase shown as a name. The last field answers for itself, after the keys that still wait for it.
        """
        here = self.focused.id if isinstance(self.focused, Input) and self.focused.id in FIELDS else FIELDS[0]
        place = FIELDS.index(here or FIELDS[0])
        if place + 1 < len(FIELDS):
            self.set_focus(self.query_one(f"#{FIELDS[place + 1]}", Input))
        else:
            last = self.query_one(f"#{FIELDS[-1]}", Input)
            last.call_later(last.action_submit)

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
