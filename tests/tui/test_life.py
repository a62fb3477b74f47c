"""The desk through what happens to it: the core restarts, the officer switches language, the program is killed."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import signal
import sys
import time
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from textual.css.query import NoMatches

from broadcaster import __version__
from broadcaster.errors import Conflict
from broadcaster.model import Mode, Status
from broadcaster.tui.app import DeskApp
from broadcaster.tui.screens.board import BoardScreen
from broadcaster.tui.screens.follow_up import FollowUpScreen
from broadcaster.tui.screens.help import HelpScreen
from broadcaster.tui.screens.routine import RoutineScreen
from broadcaster.tui.screens.say import SayScreen
from broadcaster.tui.widgets.board_table import BoardTable
from broadcaster.tui.words import width
from tests.tui.desk import Core, core, seat, served

ROOT = Path(__file__).parents[2]


async def test_the_desk_goes_on_through_a_restart_of_the_core_and_says_so(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        made.socket = tmp_path / "other.sock"
        async with served(made):
            entered = seat(made)
            here = await entered.__aenter__()
            assert here.app.away is None
        await here.until(lambda: here.app.away is not None)
        await here.until(lambda: "受け付けたものは残り" in here.shown())
        alert = await made.here.alert()
        async with served(made):
            await here.until(lambda: here.app.away is None and alert.serial in here.shown())
            await entered.__aexit__(None, None, None)


async def test_a_core_of_another_version_is_told_with_what_to_do_until_it_is_the_same_again(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        made.socket, made.version = tmp_path / "other.sock", "99.0"
        async with served(made):
            entered = seat(made, "en")
            here = await entered.__aenter__()
            await here.until(lambda: "service 99.0: open the desk again, or restart the service." in here.shown())
        assert here.app.stranger is not None
        await here.until(lambda: here.app.away is not None)
        made.version = __version__
        async with served(made):
            await here.until(lambda: here.app.away is None and "99.0" not in here.shown())
            await entered.__aexit__(None, None, None)


@pytest.mark.fault(122)
async def test_a_board_that_only_another_version_understands_ends_the_desk_with_what_to_do(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        made.socket, made.version = tmp_path / "other.sock", "99.0"
        async with served(made):
            app = DeskApp(made.client, made.here.clock)

            async def break_down() -> None:
                while app.stranger is None:
                    await asyncio.sleep(0)
                raise KeyError

            app.call_later(partial(app.run_worker, break_down()))
            await app.run_async(headless=True)
    with pytest.raises(Conflict, match="desk_version"):
        app.raise_broken()


async def test_an_answer_that_comes_after_its_screen_was_closed_is_dropped_quietly(tmp_path: Path) -> None:
    async with core(tmp_path) as made, seat(made) as here:
        gate = Event()
        await here.press("b")
        await here.until(lambda: isinstance(here.app.screen, RoutineScreen))
        screen = here.app.screen
        assert isinstance(screen, RoutineScreen)

        async def late() -> None:
            with screen.failing():
                await screen.ask(lambda _: gate.wait(5))
                screen.query_one("#head")

        working = here.app.run_worker(late(), exit_on_error=False)
        await here.press("escape")
        await here.until(lambda: isinstance(here.app.screen, BoardScreen))
        gate.set()
        await working.wait()
        board = here.app.screen
        assert isinstance(board, BoardScreen)
        with pytest.raises(NoMatches), board.failing():
            board.query_one("#head")


async def test_the_language_is_switched_at_run_time_on_every_screen(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        async with seat(made, "ja") as here:
            await here.until(lambda: alert.serial in here.shown())
            await here.press("f2")
            await here.until(lambda: "In force (1)" in here.shown())
            assert "DRILL" in here.app.title
            await here.press("home", "enter")
            await here.until(lambda: isinstance(here.app.screen, FollowUpScreen) and "false alarm" in here.shown())
            await here.press("f2")
            await here.until(lambda: "誤報の訂正" in here.shown())


@pytest.mark.parametrize(("language", "word"), [("ja", "誤報の訂正"), ("en", "false alarm")])
async def test_help_lists_the_keys_and_the_palette_finds_them_by_their_words(
    tmp_path: Path, language: str, word: str
) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        async with seat(made, language) as here:
            await here.until(lambda: alert.serial in here.shown())
            await here.press("home", "f1")
            await here.until(lambda: isinstance(here.app.screen, HelpScreen) and word in here.shown())
            seen = here.shown()
            assert here.app.words("tui_key_handover") in seen, "keys that have no place at the bottom are told too"
            await here.press("escape", "ctrl+p")
            await here.until(lambda: word in here.shown() and not isinstance(here.app.screen, BoardScreen))
            await here.press(*("false" if language == "en" else "誤報"))
            await here.until(lambda: f"{word} (f)" in here.shown() and "(e)" not in here.shown())
            await here.press("down", "enter")
            await here.until(lambda: isinstance(here.app.screen, SayScreen))


async def test_the_mode_stands_on_every_screen(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        alert = await made.here.alert()
        async with seat(made) as here:
            await here.until(lambda: alert.serial in here.shown())
            for key in ("f1", "enter", "f", "v", "f3", "ctrl+p"):
                await here.press("home", key)
                await here.pilot.pause()
                assert here.shown().splitlines()[0].count("【本番】") == 2, key
                await here.press("escape")
                await here.until(lambda: isinstance(here.app.screen, BoardScreen))


async def test_the_cursor_stays_on_its_line_while_the_board_moves(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        first = await made.here.alert()
        async with seat(made) as here:
            await here.until(lambda: first.serial in here.shown())
            table = here.app.screen.query_one(BoardTable)
            await here.press("home")
            assert table.line is not None
            assert table.line.alert == first.identifier
            second = await made.here.alert("heavy-rain-caution")
            await here.until(lambda: second.serial in here.shown())
            assert table.line.alert == first.identifier


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_no_line_is_wider_than_the_terminal(tmp_path: Path, size: tuple[int, int]) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        async with seat(made, size=size) as here:
            await here.until(lambda: alert.serial in here.shown())
            assert {width(line.rstrip()) <= size[0] for line in here.shown().splitlines()} == {True}


@pytest.mark.fault(122)
@pytest.mark.parametrize("beside", [False, True])
async def test_what_nobody_foresaw_ends_the_desk_without_a_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], beside: bool
) -> None:
    async def break_down() -> None:
        passphrase = "canary passphrase"
        raise KeyError(len(passphrase))

    async with core(tmp_path) as made:
        app = DeskApp(made.client, made.here.clock)
        app.call_later(partial(app.run_worker, break_down()) if beside else break_down)
        await app.run_async(headless=True)
    assert isinstance(app.broken, KeyError), "open_desk raises it, and the command line says it in a sentence"
    said = capfd.readouterr()
    assert "Traceback" not in said.out + said.err
    assert "canary" not in said.out + said.err


# ---------------------------------------------------------------- a real terminal


class Terminal:
    """`broadcaster tui` on a pseudo-terminal of its own."""

    def __init__(self, made: Core) -> None:
        self._socket = made.socket
        self.pid, self.ours = 0, -1
        self._bytes = b""

    @property
    def read(self) -> str:
        """What was written since the last key, without what moves and colours."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._bytes.decode("utf-8", "replace"))

    def start(self) -> None:
        self.pid, self.ours = pty.fork()
        if self.pid == 0:
            env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "ja_JP.UTF-8", "COLUMNS": "80", "LINES": "24"}
            env |= {"BROADCASTER_SOCKET": str(self._socket), "PYTHONPATH": str(ROOT)}
            os.execve(sys.executable, [sys.executable, "-m", "broadcaster", "tui"], env)

    async def until(self, wanted: str, limit_s: float = 60) -> None:
        """Read until the words come; fail where they do not."""
        await asyncio.to_thread(self._until, wanted, time.monotonic() + limit_s)
        assert wanted in self.read, self.read[-1500:]

    def _until(self, wanted: str, end: float) -> None:
        while wanted not in self.read and time.monotonic() < end:
            if select.select([self.ours], [], [], 0.5)[0]:
                try:
                    self._bytes += os.read(self.ours, 65536)
                except OSError:
                    return

    def type(self, text: str) -> None:
        self._bytes = b""
        os.write(self.ours, text.encode())

    async def gone(self) -> int:
        """Wait until it is gone; return what it died of."""
        return (await asyncio.to_thread(os.waitpid, self.pid, 0))[1]


async def sent(made: Core) -> int:
    return len(await made.here.store.board(made.here.clock.now(), 50))


@pytest.mark.slow
@pytest.mark.fault(8)
async def test_killed_before_the_key_nothing_is_sent_and_after_it_the_store_tells(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        assert alert.status is Status.EXERCISE
        for key, wanted in (("", 1), ("y", 2)):
            there = Terminal(made)
            there.start()
            await there.until(alert.serial)
            there.type("f")
            await there.until("送り先")
            if key:
                there.type(key)
                while await sent(made) < wanted:
                    await asyncio.sleep(0.01)
            os.kill(there.pid, signal.SIGKILL)
            await there.gone()
            os.close(there.ours)
            assert await sent(made) == wanted
        again = Terminal(made)
        again.start()
        await again.until("1-2")
        os.kill(again.pid, signal.SIGKILL)
        await again.gone()
        os.close(again.ours)


@pytest.mark.slow
@pytest.mark.fault(14)
async def test_a_hang_up_sends_nothing_and_the_desk_ends(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        there = Terminal(made)
        there.start()
        await there.until(alert.serial)
        there.type("f")
        await there.until("送り先")
        os.close(there.ours)
        await there.gone()
        assert await sent(made) == 1
        assert (await asyncio.to_thread(made.client().health))["mode"] == "drill"
