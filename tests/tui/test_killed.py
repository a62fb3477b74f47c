"""A real terminal whose desk dies in the middle of composing: the service has what was typed, and sends nothing."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import sys
import termios
from pathlib import Path

import pytest

from broadcaster.sheet import from_json
from tests.tui.desk import core

ROOT = Path(__file__).parents[2]
TURNS = 600


@pytest.mark.slow
@pytest.mark.fault(8)
@pytest.mark.fault(14)
@pytest.mark.parametrize("how", ["killed", "hung up", "cut without a word"])
async def test_the_draft_stays_when_the_desk_dies(tmp_path: Path, how: str) -> None:
    async with core(tmp_path) as made:
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(ours, (24, 80))
        env = {**os.environ, "LC_ALL": "ja_JP.UTF-8", "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        env.pop("PYTHONUNBUFFERED", None)  # as for an officer: something may be left to be written at the end
        env |= {"BROADCASTER_SOCKET": str(made.socket), "XDG_STATE_HOME": str(tmp_path / "state")}
        command = (sys.executable, "-m", "broadcaster", "tui")
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=deaf if how == "cut without a word" else own_terminal,
        )
        os.close(theirs)
        seen = Screen(ours)
        try:
            for wanted, keys in (("発令中", "n"), ("土砂災害", "f4"), ("東大和市全域", "2\t残")):
                await seen.until(wanted)
                os.write(ours, keys.encode())
            for _ in range(TURNS):
                rows = await made.here.store.drafts()
                if rows and "river" in rows[0].body.get("slots", {}):
                    break
                seen.read()
                await asyncio.sleep(0.05)
        finally:
            if how == "killed":
                process.kill()
            else:
                os.write(ours, "堀川".encode())
                await seen.until("残堀川")
            os.close(ours)
            try:
                await asyncio.wait_for(process.wait(), 30)
            finally:
                if process.returncode is None:
                    process.kill()
        (row,) = await made.here.store.drafts()
        assert from_json(row.body).areas == ("芋窪",)
        kept = from_json(row.body).slots["river"]
        assert (kept, process.returncode) == (("残", -signal.SIGKILL) if how == "killed" else ("残堀川", 0))
        assert (await made.here.desk.board()).rows == ()


def own_terminal() -> None:
    """Make the pseudo-terminal the child's own, so that it is hung up on when ours is closed."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def deaf() -> None:
    """Let the hang-up of that terminal never be heard, as under nohup."""
    own_terminal()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])


class Screen:
    """What the terminal was sent so far."""

    def __init__(self, ours: int) -> None:
        os.set_blocking(ours, False)
        self._ours, self._shown = ours, b""

    def read(self) -> None:
        try:
            while part := os.read(self._ours, 65536):
                self._shown += part
        except BlockingIOError:
            return

    async def until(self, wanted: str) -> None:
        for _ in range(TURNS):
            self.read()
            if wanted.encode() in self._shown:
                self._shown = b""
                return
            await asyncio.sleep(0.05)
        raise AssertionError(self._shown[-2000:].decode("utf-8", "replace"))
