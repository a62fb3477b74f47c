"""The app: what all screens share, and nothing else. Flows live in `screens`, drawing in `widgets`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.reactive import reactive
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.worker import WorkerFailed

from broadcaster import __version__
from broadcaster.client import Client
from broadcaster.clock import SystemEntropy
from broadcaster.errors import BroadcasterError, Conflict, Refused, Unauthenticated
from broadcaster.ports.world import Clock
from broadcaster.tui.commands import DeskCommands
from broadcaster.tui.drawing import time_of
from broadcaster.tui.gateway import Away, Gateway
from broadcaster.tui.lines import moment
from broadcaster.tui.opening import warm
from broadcaster.tui.page_files import sweep
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.screens.board import BoardScreen
from broadcaster.tui.screens.help import HelpScreen
from broadcaster.tui.screens.login import ASKED, LoginScreen
from broadcaster.tui.stopping import Stops
from broadcaster.tui.terminal import DeskTerminal, HungUp
from broadcaster.tui.widgets.key_bar import bindings_of
from broadcaster.tui.words import Words, other, visible

KEYS = {
    **{name: name.capitalize() for name in ("enter", "delete", "up", "down", "left", "right", "home", "end", "tab")},
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "question_mark": "?",
}
"""What is written on a key."""
_FAREWELL_S = 2.0
"""How long leaving waits for a core that does not answer."""


def _strange(core: str | None) -> Conflict | None:
    return None if core in (None, __version__) else Conflict("desk_version", desk=__version__, core=core or "?")


class _Bars(ScrollBarRender):
    """Scroll bars of blanks alone: parts of a block are of a width that terminals disagree about."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


ScrollBar.renderer = _Bars


class DeskApp(Stops, App[object]):
    """The officers' desk. Screens and widgets reach it as `self.desk` (`place.AtDesk`) and watch its reactives."""

    CSS_PATH = "css/desk.tcss"
    COMMANDS: ClassVar = {DeskCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "help", "tui_key_help", key_display="F1"),
        Binding("f2", "switch_language", "tui_key_language", key_display="F2"),
        Binding("f3", "switch_officer", "tui_key_officer", key_display="F3"),
        Binding("ctrl+p", "command_palette", "tui_key_palette", key_display="Ctrl+P", priority=True),
        Binding("ctrl+q", "quit", "tui_key_quit", key_display="Ctrl+Q", priority=True),
    ]

    board: reactive[Any] = reactive(None, always_update=True)
    """The board as the core sent it last (`broadcaster.desk.Board` as JSON); None before the first one."""
    away: reactive[Away | None] = reactive(None)
    """Since when the core does not answer; None while it does."""
    stranger: reactive[Conflict | None] = reactive(None)
    """Says that the core is of another version than this desk, and what to do; None where they are of one."""
    mode: reactive[str] = reactive("")
    """`live` or `drill`; empty before the core has said it."""
    language: reactive[str] = reactive("ja")
    """`ja` or `en`, switched at run time."""
    me: reactive[Any] = reactive(None)
    """Who sits here, as `GET /me` tells it; None before the core has said it. Its `accounts` says whether officers log
    in at all: without, everybody at the socket may do everything.
    """

    def __init__(
        self,
        connect: Callable[[str], Client],
        clock: Clock,
        *,
        language: str = "ja",
        session: str = "",
        hint: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(driver_class=DeskTerminal)
        self.clock = clock
        self._hints = dict(hint or {})
        self.gateway = Gateway(connect, clock, session)
        self.words = Words(language)
        self.set_reactive(DeskApp.language, language)
        self._ahead = timedelta(0)
        self._entropy = SystemEntropy()
        self._begun_here = False

    # ------------------------------------------------------------ what all screens share

    @property
    def hint(self) -> str:
        """A line for somebody who is here for the first time, empty in earnest."""
        return self._hints.get(self.language, "")

    @property
    def city(self) -> str:
        """The city's name, empty before the core has said it."""
        return self.words.city(self.board) if self.board else ""

    @property
    def zone(self) -> str:
        """The city's time zone by its IANA name."""
        return str(self.board["zone"]) if self.board else "Asia/Tokyo"

    @property
    def who(self) -> str:
        """The officer's name as it is shown, empty where nobody is logged in."""
        if not self.me:
            return ""
        return (
            str(self.me["officer"]["display"]) if self.me["officer"] else "" if self.me["accounts"] else self.me["name"]
        )

    @property
    def needs_login(self) -> bool:
        """Whether officers have accounts here and nobody is logged in."""
        return bool(self.me and self.me["accounts"] and not self.me["officer"])

    def may(self, *roles: str) -> bool:
        """Return whether whoever sits here has one of these roles; the core has the last word."""
        return bool(self.me and set(roles).intersection(self.me["roles"]))

    def new_key(self) -> str:
        """Return a key for one hand-in: a screen makes one when it opens, so that pressing twice sends once."""
        return self._entropy.token()

    def now(self) -> datetime:
        """Return the core's time: ages on the board do not depend on this terminal's clock."""
        return self.clock.now() + self._ahead

    def clock_words(self) -> str:
        """Return the time of day in the city."""
        return time_of(self.now(), self.zone) if self.board else ""

    def tell(self, sentence: str, *, grave: bool = False) -> None:
        """Say something that need not be answered; `grave` is told by a sign, and beside it by colour."""
        self.notify(
            ("! " if grave else "") + visible(sentence), markup=False, severity="error" if grave else "information"
        )

    def fail(self, error: BroadcasterError) -> None:
        """Say what went wrong, with every problem in its place. Where the session has ended, ask to log in again, over
        the screen as it is: nothing typed is lost.
        """
        if isinstance(error, Unauthenticated) and error.code in ASKED:
            self.call_later(self._session_over, error)  # after whoever called has closed what it must
            return
        problems = error.problems if isinstance(error, Refused) else ()
        told = [self.words.refusal(error.code, error.params)]
        told += [f"{each.place}: {self.words(each.code, **each.params)}" for each in problems]
        self.tell("\n".join(told), grave=True)

    @contextmanager
    def failing(self) -> Generator[None, None, None]:
        """Say what went wrong within the block, and go on after it."""
        try:
            yield
        except BroadcasterError as error:
            self.fail(error)

    # ------------------------------------------------------------ life

    @property
    def broken(self) -> BaseException | None:
        """What nobody had foreseen and has ended the desk; whoever opened it tells it. Of a worker its own error, which
        knows where it came from.
        """
        return self._exception.error if isinstance(self._exception, WorkerFailed) else self._exception

    def raise_broken(self) -> None:
        """Raise whatever has broken it. Where the core is of another version that is why, and can be mended."""
        if self.broken:
            raise self.stranger or self.broken from self.broken

    def _fatal_error(self) -> None:
        """Leave. Textual would print every local value of every call on the way, a passphrase among them."""
        self._close_messages_no_wait()

    def on_mount(self) -> None:
        """Show the board at once, and follow the core."""
        self.push_screen(BoardScreen())
        self.follow()

    @work(group="follow", exclusive=True)
    async def follow(self) -> None:
        """Keep the board, and know who sits here; called again after somebody has logged in or out."""
        with self.failing():
            async for seen in self.gateway.watch():
                if isinstance(seen, Away):
                    self.away = seen
                else:
                    self.stranger = _strange(self.gateway.version)
                    await self._greet()
                    self._take(seen)

    async def _greet(self) -> None:
        """Learn who sits here, once for each session, and ask to log in where it must be somebody."""
        if self.me is not None:
            return
        with self.failing():
            self.words.names = await self.gateway.ask(lambda core: core.names())
            self.me = await self.gateway.ask(lambda core: core.me())
            if self.needs_login:
                self._log_in()

    def _session_over(self, why: BroadcasterError) -> None:
        """Go on looking without a session, and ask who sits here."""
        if self.gateway.session:
            self._logged_in("")
        self._log_in(why)

    def _log_in(self, why: BroadcasterError | None = None) -> None:
        if not any(isinstance(screen, LoginScreen) for screen in self.screen_stack):
            self.push_screen(LoginScreen(why), self._logged_in)

    def _logged_in(self, session: str | None) -> None:
        if session is not None:
            self.gateway.session = session
            self._begun_here = bool(session)
            self.me = None
            self.follow()

    def _take(self, board: Any) -> None:
        self._ahead = moment(board["now"]) - self.clock.now()
        self.away = None
        if self.board is None:
            self.run_worker(warm, thread=True, exit_on_error=False)
            self.run_worker(sweep, thread=True, exit_on_error=False)
        self.words.names |= {each["name"]: each["display"] for each in board["officers"]}
        self.board = board
        self.mode = board["mode"]

    def watch_language(self, language: str) -> None:
        """Speak the other language from now on; whoever shows words watches `language` too."""
        self.words.language = language
        self._entitle()

    def watch_mode(self) -> None:
        """Say the mode in the terminal's title too."""
        self._entitle()

    def _entitle(self) -> None:
        """Name the window (xterm's OSC 2, ctlseqs: "Change Window Title")."""
        self.title = " ".join(part for part in (self._mode_word(), self.city, "Broadcaster") if part)
        if self._driver is not None and not self.is_headless:
            self._driver.write(f"\x1b]2;{visible(self.title)}\x07")

    def _mode_word(self) -> str:
        return self.words(f"mode_{self.mode}") if self.mode else ""

    # ------------------------------------------------------------ keys

    def get_key_display(self, binding: Binding) -> str:
        """Name a key as it is written on it; Textual's signs for some are of a width that terminals disagree about."""
        return binding.key_display or KEYS.get(binding.key) or super().get_key_display(binding)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no help about the help."""
        if action == "help" and self.screen_stack and isinstance(self.screen, HelpScreen):
            return False
        return super().check_action(action, parameters)

    def action_switch_language(self) -> None:
        """Japanese and English in turn."""
        self.language = other(self.language)

    @work(group="officer", exclusive=True)
    async def action_switch_officer(self) -> None:
        """Log out, and let somebody log in."""
        if not (self.me and self.me["accounts"]):
            self.tell(self.words("tui_no_accounts"))
            return
        if self.gateway.session:
            with suppress(BroadcasterError):  # it ends by itself soon; whoever leaves must not be kept
                await self.gateway.ask(lambda core: core.logout())
            self._logged_in("")
        self._log_in()

    async def action_quit(self) -> None:
        """Leave: keep what is being written, and end the session where it was begun here, of no use any more."""
        with suppress(BroadcasterError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                for screen in self.screen_stack:
                    if isinstance(screen, DeskScreen):
                        await screen.put_away()
                if self._begun_here:
                    await self.gateway.ask(lambda core: core.logout())
        self.exit()

    def leave(self) -> None:
        """Leave without a key, since a signal says so."""
        self.post_message(HungUp())

    def on_hung_up(self) -> None:
        """Leave: nobody sees the screen any more."""
        self.run_worker(self.action_quit(), group="leave")

    def action_command_palette(self) -> None:
        """Find what can be done by its words."""
        if self.use_command_palette and not CommandPalette.is_open(self):
            self.push_screen(CommandPalette(placeholder=self.words("tui_palette")))

    def action_help(self) -> None:
        """List what the screen's keys do."""
        if not isinstance(self.screen, HelpScreen):
            name, about = getattr(self.screen, "called", "tui_desk"), getattr(self.screen, "ABOUT", "")
            self.push_screen(HelpScreen(name, about, [active for _, active in bindings_of(self.screen)]))
