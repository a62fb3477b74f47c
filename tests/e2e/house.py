"""A running Broadcaster for tests: real processes, the real command line, providers on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadcaster.client import Client
from broadcaster.demo.stage import Stage, stage
from broadcaster.errors import ServiceUnreachable
from broadcaster.model import Mode
from broadcaster.store import open_store
from tests.desk.persons import seat

ROOT = Path(__file__).parents[2]
NOBODY = 65534
"""Debian's `nobody` and `nogroup`."""


@dataclass(frozen=True)
class Said:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class House:
    """One instance: its folder, its stage, and the process that supervises it."""

    folder: Path
    stage: Stage
    process: asyncio.subprocess.Process | None = None
    sessions: tuple[str, ...] = ()
    """Of two officers, where the instance has any: the first says, the second approves."""
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.folder / "service.log"

    @property
    def client(self) -> Client:
        return Client(self.stage.socket, session=self.sessions[0] if self.sessions else "")

    async def cli(self, *arguments: str, code: str = "", **environment: str) -> Said:
        """Run a command as a person would; `code` runs a Python program of a test instead."""
        program = ("-c", code) if code else ("-m", "broadcaster")
        env = {**os.environ, "LC_ALL": "C.UTF-8", "BROADCASTER_CATALOG": "strict", **environment}
        env.setdefault("BROADCASTER_CONFIG", str(self.stage.config))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *program,
            *arguments,
            cwd=ROOT,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert b"Traceback" not in out + err, err.decode()
        return Said(process.returncode or 0, out.decode(), err.decode())

    async def json(self, *arguments: str, expect: int = 0, **environment: str) -> Any:
        """Run a command with --json, check its exit code, and return its one document."""
        said = await self.cli(*arguments, "--json", **environment)
        assert said.code == expect, (said, self.log.read_text()[-4000:] if self.log.exists() else "")
        return said.document

    async def agreed(self, *arguments: str) -> Any:
        """Run a command that says something as the first officer, and approve it as the second."""
        said = await self.json(*arguments, BROADCASTER_TOKEN=self.sessions[0])
        if said["accepted"]:
            return said
        wait = ["--wait"] if "--wait" in arguments else []
        return await self.json("approve", str(said["submission"]), *wait, BROADCASTER_TOKEN=self.sessions[1])

    async def start(self, **environment: str) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "broadcaster", "run", "--config", str(self.stage.config)),
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self.answering()

    async def answering(self) -> None:
        await until(self._answers, 60, lambda: self.log.read_text()[-4000:])

    async def _answers(self) -> bool:
        try:
            await asyncio.to_thread(self.client.health)
        except ServiceUnreachable:
            return False
        return True

    async def stop(self) -> int:
        if self.process is None:
            return 0
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)

    def pid(self, child: str) -> int:
        """Return the process number of a child as the supervisor logged it last."""
        found = [line["pid"] for line in self.lines() if line["event"] == "child_started" and line["child"] == child]
        return int(found[-1])

    def lines(self) -> Iterator[Any]:
        """Yield the service's log: every line must be JSON."""
        for line in self.log.read_text().splitlines():
            yield json.loads(line)


@asynccontextmanager
async def house(
    mode: str = "drill", group: str = "", start: bool = True, officers: bool = False
) -> AsyncIterator[House]:
    """Build an instance with providers; `group` may use its socket; with `officers` two persons have accounts."""
    folder = Path(tempfile.mkdtemp(prefix="broadcaster-test-"))
    folder.chmod(0o755)
    try:
        async with stage(folder) as ready:
            text = ready.config.read_text().replace('mode = "drill"', f'mode = "{mode}"\nsocket_group = "{group}"')
            ready.config.write_text(text)
            home = House(folder, ready)
            if officers:
                home.sessions = await seated(folder / "data" / "broadcaster.db", Mode(mode))
            try:
                if start:
                    await home.start()
                yield home
            finally:
                await home.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def seated(path: Path, mode: Mode) -> tuple[str, ...]:
    """Write two officers into the store before the service opens it, each logged in."""
    async with open_store(path, mode) as store:
        return tuple([await seat(store, name, datetime.now(UTC)) for name in ("duty-a", "duty-b")])


async def until(done: Callable[[], Any], limit_s: float, why: Callable[[], object] = lambda: "") -> Any:
    """Ask again until it is so; processes of others tell nobody when they are ready."""
    end = time.monotonic() + limit_s
    while True:
        found = done()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, why()
        await asyncio.sleep(0.05)
