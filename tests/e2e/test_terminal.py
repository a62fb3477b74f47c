"""What a person at a terminal sees: the question before the sending, bars while it goes, a board that moves."""

import asyncio
import os
import pty
import select
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.e2e.flood import flood
from tests.e2e.house import ROOT, House, house

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


class Terminal:
    """A command on a pseudo-terminal."""

    def __init__(self, process: asyncio.subprocess.Process, ours: int) -> None:
        self.process, self.ours, self.shown = process, ours, ""

    async def until(self, wanted: str, limit_s: float = 60) -> str:
        """Read until the words come; fail when they do not."""
        await asyncio.to_thread(self._read, wanted, limit_s)
        assert wanted in self.shown, self.shown[-2000:]
        return self.shown

    async def end(self) -> int:
        """Read to the end and return the exit code."""
        await asyncio.to_thread(self._read, "\0never", 60)
        return await asyncio.wait_for(self.process.wait(), 30)

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def _read(self, wanted: str, limit_s: float) -> None:
        end = time.monotonic() + limit_s
        while wanted not in self.shown and time.monotonic() < end:
            if not select.select([self.ours], [], [], 0.5)[0]:
                continue
            try:
                self.shown += os.read(self.ours, 65536).decode("utf-8", "replace")
            except OSError:
                return


@asynccontextmanager
async def terminal(home: House, *arguments: str) -> AsyncIterator[Terminal]:
    ours, theirs = pty.openpty()
    env = {**os.environ, "LC_ALL": "en_US.UTF-8", "TERM": "xterm", "COLUMNS": "150", "LINES": "60"}
    env["BROADCASTER_CONFIG"] = str(home.stage.config)
    command = (sys.executable, "-m", "broadcaster", *arguments)
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)


@pytest.fixture
async def home() -> AsyncIterator[House]:
    async with house() as made:
        yield made


async def test_sending_asks_for_the_word_of_the_mode_and_draws_a_bar_per_channel(home: House) -> None:
    async with terminal(home, "send", str(flood(home)), "--wait") as seen:
        await seen.until('Type "drill"')
        assert "DRILL" in seen.shown
        assert "X (Twitter)" in seen.shown
        seen.type("drill\n")
        assert await seen.end() == 0
        assert "1/1" in seen.shown
    async with terminal(home, "send", str(flood(home))) as seen:
        await seen.until('Type "drill"')
        seen.type("yes\n")
        assert await seen.end() == 130
    assert len((await home.json("status"))["rows"]) == 1


async def test_the_board_moves_until_it_is_stopped(home: House) -> None:
    async with terminal(home, "status", "--watch") as seen:
        await seen.until("Nothing was sent yet.")
        await home.json("send", str(flood(home)))
        await seen.until("confirmed")
        seen.process.send_signal(signal.SIGINT)
        assert await seen.end() == 0
        assert "Traceback" not in seen.shown
