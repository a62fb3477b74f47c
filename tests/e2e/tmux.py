"""A program in a real terminal, looked at and typed into as a person would: tmux is the terminal."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.e2e.house import ROOT
from tests.faults.kit.services import needs

LIMIT_S = 60.0
_LOOK_S = 0.02


class Tmux:
    """One terminal. Its server is our own: nobody's sessions are seen or touched."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def call(self, *arguments: str) -> str:
        """Run one command of tmux, which must succeed."""
        process = await asyncio.create_subprocess_exec(
            *("tmux", "-L", self._name, "-f", os.devnull, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        out, err = await process.communicate()
        assert process.returncode == 0, (arguments, err.decode())
        return out.decode()

    async def screen(self) -> str:
        """Return what stands on the screen."""
        return await self.call("capture-pane", "-p")

    async def keys(self, *keys: str) -> None:
        """Press keys by their names: `Enter`, `F3`, `C-q`, `a`."""
        await self.call("send-keys", *keys)

    async def type(self, text: str) -> None:
        """Type a text, as an input method hands it over: whole."""
        await self.call("send-keys", "-l", text)

    async def until(self, *wanted: str, absent: bool = False, limit_s: float = LIMIT_S) -> str:
        """Look until all of these stand on the screen, or none of them; a terminal tells nobody when it was drawn."""
        end = time.monotonic() + limit_s
        while True:
            shown = await self.screen()
            if all((each in shown) is not absent for each in wanted):
                return shown
            assert time.monotonic() < end, f"{wanted} never came:\n{shown}"
            await asyncio.sleep(_LOOK_S)


@asynccontextmanager
async def tmux(command: str, width: int, height: int, environment: Mapping[str, str]) -> AsyncIterator[Tmux]:
    """Open a terminal of this size with a command of the shell in it; close it, and all that runs in it, at the end."""
    needs("tmux")
    terminal = Tmux(f"broadcaster-{uuid.uuid4().hex[:12]}")
    said = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
    size = ("-x", str(width), "-y", str(height))
    await terminal.call(
        "new-session", "-d", *size, "-c", str(ROOT), *said, f'{command}; echo "ended with $?"; sleep 60'
    )
    try:
        yield terminal
    finally:
        await terminal.call("kill-server")
