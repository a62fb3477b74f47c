"""What every peer is: handed messages by number, killed, started again. All send to the same collectors."""

from __future__ import annotations

import asyncio
import smtplib
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from broadcaster.demo.smtp import SmtpProvider
from broadcaster.demo.stage import free_port

PROVIDER_S = 0.04
"""How long the provider takes for a message."""
DRAIN_S = 60.0


class Peer(ABC):
    """Something that is handed messages by number, is killed, and started again."""

    name = ""

    def __init__(self, folder: Path, smtp: SmtpProvider, hook: Hook) -> None:
        self.folder, self.smtp, self.hook = folder, smtp, hook

    @classmethod
    @abstractmethod
    def missing(cls) -> str:
        """Return what is not installed, or nothing."""

    @abstractmethod
    async def start(self) -> None:
        """Start it and wait until it takes messages."""

    @abstractmethod
    async def hand_over(self, number: int) -> None:
        """Hand over one message; return when it says that it has it."""

    @abstractmethod
    async def kill(self) -> None:
        """Kill it with -9, whole."""

    @property
    def total(self) -> int:
        """How many messages have come, copies included."""
        return self.smtp.received.total + self.hook.came.total()

    async def drain(self) -> None:
        """Wait until nothing more comes."""
        seen, quiet = -1, 0
        end = time.monotonic() + DRAIN_S
        while quiet < 4 and time.monotonic() < end:
            quiet = quiet + 1 if self.total == seen else 0
            seen = self.total
            await asyncio.sleep(0.5)


class Hook:
    """A webhook that counts what came by its number."""

    def __init__(self) -> None:
        self.came: Counter[int] = Counter()
        self.port = free_port()

    async def take(self, request: web.Request) -> web.Response:
        document = await request.json()
        self.came.update(int(each["labels"]["number"]) for each in document["alerts"])
        await asyncio.sleep(PROVIDER_S)
        return web.Response()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_post("/", self.take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()


def address(number: int) -> str:
    """Return the address that stands for one message."""
    return f"number{number}@residents.example"


def post(port: int, number: int) -> None:
    """Hand a message to a mail server; return once it has taken it."""
    with smtplib.SMTP("127.0.0.1", port) as session:
        session.sendmail("a@b.example", [address(number)], f"Subject: alert\r\n\r\nnumber {number}\r\n")
