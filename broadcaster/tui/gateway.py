"""The desk's only way to the core: calls beside the event loop, and the stream of boards.

`Gateway.ask` runs one call of `broadcaster.client.Client` in a thread and returns what it returns; it raises what the
desk raises (`broadcaster.errors`). `Gateway.watch` yields the board at each change and goes on through a restart of the
core, telling when the core is away.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from broadcaster.client import Client, error_of
from broadcaster.errors import BroadcasterError, Forbidden, ServiceUnreachable, Unauthenticated
from broadcaster.ports.world import Clock

T = TypeVar("T")

AGAIN_S = 0.5
"""Seconds between tries to reach a core that is away; a killed one is back within 2 s."""
SILENT_S = 40.0
"""The core writes at least every 15 s: a stream that says nothing for so long is lost."""
_VERSION = re.compile(rb"^broadcaster-version:[ \t]*(.*?)[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_LONGEST = 64 * 1024 * 1024
"""Bytes of one board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """The core does not answer since then, and why. What it has accepted stays."""

    since: datetime
    error: BroadcasterError


class Gateway:
    """The core, as one officer or nobody. `session` goes into every call from the next one on."""

    def __init__(self, connect: Callable[[str], Client], clock: Clock, session: str = "") -> None:
        self._connect = connect
        self._clock = clock
        self.session = session
        self.version: str | None = None
        """Which version the core says it is, empty where it is too old to say so; None before it has answered."""

    async def ask(self, call: Callable[[Client], T]) -> T:
        """Ask the core: `await gateway.ask(lambda desk: desk.report("14-2"))`. Raise what `Client` raises."""
        client = self._connect(self.session)
        return await asyncio.to_thread(call, client)

    async def watch(self) -> AsyncGenerator[Any, None]:
        """Yield the board now and at each change, `Away` once when the core is lost; without end. Raise
        `Unauthenticated` or `Forbidden` where the core will not show the board (a session has ended).
        """
        away: Away | None = None
        while True:
            try:
                async for board in self._boards():
                    away = None
                    yield board
            except (Unauthenticated, Forbidden):
                raise
            except (BroadcasterError, OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
                lost = error if isinstance(error, BroadcasterError) else ServiceUnreachable("service_lost", key="-")
                if away is None:
                    away = Away(since=self._clock.now(), error=lost)
                    yield away
            await self._clock.sleep(AGAIN_S)

    async def _boards(self) -> AsyncGenerator[Any, None]:
        """Read one event stream to its end. HTTP/1.0, so that lines come as they are, without chunks."""
        path = self._connect(self.session).path
        try:
            reader, writer = await asyncio.open_unix_connection(str(path), limit=_LONGEST)
        except OSError:
            raise ServiceUnreachable("service_unreachable", socket=str(path)) from None
        try:
            writer.write(self._request())
            self.version = await _answered(reader)
            while line := await asyncio.wait_for(reader.readline(), SILENT_S):
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        raise ServiceUnreachable("service_lost", key="-")

    def _request(self) -> bytes:
        login = f"Authorization: Bearer {self.session}\r\n" if self.session else ""
        return f"GET /events HTTP/1.0\r\nHost: localhost\r\n{login}\r\n".encode()


async def _answered(reader: asyncio.StreamReader) -> str:
    """Read the head of the answer; return the version that gave it. Raise what the desk raised where it is not a
    success.
    """
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SILENT_S)
    status = int(head.split(maxsplit=2)[1])
    if status >= 400:  # noqa: PLR2004 (HTTP: client and server errors)
        raise error_of(status, json.loads(await asyncio.wait_for(reader.read(), SILENT_S))["error"])
    found = _VERSION.search(head)
    return found[1].decode("ascii", "replace") if found else ""
