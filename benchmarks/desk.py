"""The officers' desk in a real terminal: the first picture, and a key on the screen with 1,000 deliveries on the board.

Beside it an empty Textual app with one label, in the same kind of terminal: what the ground costs on which the desk
stands. Both are new processes; a key is timed from the byte written into the terminal to the first byte drawn.
"""

from __future__ import annotations

import asyncio
import fcntl
import functools
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import durable, frame, house
from benchmarks.status import CONFIG
from broadcaster.api import Rooms, application, serve

PAINT_MS, KEY_MS = 700.0, 50.0
ALERTS = 250
"""Of four deliveries each."""
_WIDTH, _HEIGHT = 140, 40
_LIMIT_S, _CALM_S = 20.0, 0.03
_EMPTY = """
from textual.app import App
from textual.reactive import reactive
from textual.widgets import Label
class Empty(App):
    count = reactive(0)
    BINDINGS = [("down", "more", "more"), ("up", "more", "more")]
    def compose(self):
        yield Label("READY")
    def action_more(self):
        self.count += 1
    def watch_count(self, count):
        if count:
            self.query_one(Label).update(f"READY {count}")
Empty().run()
"""


class Terminal:
    """A program on a pseudo-terminal, and the moment it was started."""

    def __init__(self, command: tuple[str, ...], environment: dict[str, str]) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _HEIGHT, _WIDTH, 0, 0))
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "ja_JP.UTF-8", **environment},
            start_new_session=True,
        )
        os.close(theirs)

    def until(self, wanted: str) -> float:
        """Read until this was drawn; return the seconds since the start."""
        shown, end = b"", time.perf_counter() + _LIMIT_S
        while wanted.encode() not in shown:
            if time.perf_counter() > end:
                message = f"{wanted} was never drawn: {shown[-500:]!r}"
                raise RuntimeError(message)
            if select.select([self.ours], [], [], 0.5)[0]:
                shown += os.read(self.ours, 1 << 16)
        return time.perf_counter() - self.begun

    def key(self, key: bytes) -> float:
        """Press a key once nothing is being drawn; return the seconds until something is."""
        while select.select([self.ours], [], [], _CALM_S)[0]:
            os.read(self.ours, 1 << 16)
        begun = time.perf_counter()
        os.write(self.ours, key)
        if not select.select([self.ours], [], [], _LIMIT_S)[0]:
            message = "the key was never seen"
            raise RuntimeError(message)
        took = time.perf_counter() - begun
        os.read(self.ours, 1 << 16)
        return took

    def close(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self.ours)


@contextmanager
def opened(command: tuple[str, ...], environment: dict[str, str]) -> Generator[Terminal, None, None]:
    """Start it, and end it at the end."""
    terminal = Terminal(command, environment)
    try:
        yield terminal
    finally:
        terminal.close()


async def measure(options: frame.Options) -> frame.Report:
    starts, keys = options.pick(11, 3), options.pick(200, 20)
    with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as name:
        folder = Path(name)
        config = folder / "config.toml"
        config.touch(mode=0o600)
        config.write_text(CONFIG.format(socket=folder / "desk.sock"), encoding="utf-8")
        async with house.house(folder, durable.idle, dispatching=False) as core:
            for number in range(ALERTS):
                await core.send(house.draft(number))
            core.desk.board = functools.partial(core.desk.board, ALERTS)  # type: ignore[method-assign]
            rooms = Rooms(
                desk=core.desk,
                events=core.events,
                officers=core.officers,
                planning=core.planning,
                automatic=core.automatic,
            )
            async with serve(application(rooms), folder / "desk.sock", ""):
                return await _compared({"BROADCASTER_CONFIG": str(config)}, starts, keys)


async def _compared(environment: dict[str, str], starts: int, keys: int) -> frame.Report:
    ours, theirs = (sys.executable, "-m", "broadcaster", "tui"), (sys.executable, "-c", _EMPTY)

    def paint(command: tuple[str, ...], wanted: str) -> frame.Runner:
        async def run(_: int) -> float:
            return await asyncio.to_thread(_painted, command, environment, wanted)

        return run

    painted = await frame.turns(
        starts, paint(ours, "状況表"), paint(theirs, "READY"), paint(ours, f"（{ALERTS} 件）"), warm=1
    )
    with opened(ours, environment) as desk, opened(theirs, environment) as empty:
        await asyncio.to_thread(desk.until, f"（{ALERTS} 件）")
        await asyncio.to_thread(empty.until, "READY")

        def press(terminal: Terminal) -> frame.Runner:
            async def run(number: int) -> float:
                return await asyncio.to_thread(terminal.key, b"\x1b[B" if number % 40 < 20 else b"\x1b[A")

            return run

        pressed = await frame.turns(keys, press(desk), press(empty), warm=5)
    return _report(painted, pressed)


def _painted(command: tuple[str, ...], environment: dict[str, str], wanted: str) -> float:
    with opened(command, environment) as terminal:
        return terminal.until(wanted)


def _report(painted: tuple[tuple[float, ...], ...], pressed: tuple[tuple[float, ...], ...]) -> frame.Report:
    series = (
        frame.Series("broadcaster tui: start to the first picture", frame.ms(painted[0])),
        frame.Series("an empty Textual app: start to its label", frame.ms(painted[1]), peer=True),
        frame.Series(f"broadcaster tui: start to a board of {4 * ALERTS:,} deliveries", frame.ms(painted[2])),
        frame.Series(f"a key on the board, {4 * ALERTS:,} deliveries", frame.ms(pressed[0])),
        frame.Series("a key in the empty app", frame.ms(pressed[1]), peer=True),
    )
    figures = (
        frame.Figure("first paint of the desk, median", series[0].median, PAINT_MS, "ms", ours=series[0].name),
        frame.Figure("a key on the screen, median", series[3].median, KEY_MS, "ms", ours=series[3].name),
    )
    return frame.Report("desk", "The desk in a real terminal", series, figures)


def run(options: frame.Options) -> frame.Report:
    """The desk in a real terminal."""
    return asyncio.run(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
