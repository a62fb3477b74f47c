"""What stands between residents and the page server in a drill: a relay of bytes, honest, slow, or full."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

from broadcaster.demo.trouble import PageTrouble

SLOW_S = 3.0
"""A reading back asks twice and has 8 s (`dispatcher.messenger.LOOK_S`): its proof comes, but late."""
_PIECE = 64 * 1024
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Front:
    """Listens on 127.0.0.1 and hands everything to the page server's port, unless it is told to behave badly."""

    def __init__(
        self,
        behind: int,
        *,
        trouble: PageTrouble | None = None,
        port: int = 0,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.behind = behind
        self.trouble = trouble
        self.port = port
        self._sleep = sleep
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            for visit in self._visits:
                visit.cancel()
            await asyncio.gather(*self._visits, return_exceptions=True)
            await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.create_task(self._serve(reader, writer))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.trouble is PageTrouble.FULL:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(_FULL)
                await writer.drain()
            else:
                await self._relay(reader, writer)
        except (OSError, EOFError, asyncio.LimitOverrunError):  # either end went away, or said nothing sensible
            pass
        finally:
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asks = await asyncio.open_connection("127.0.0.1", self.behind)
        wait = SLOW_S if self.trouble is PageTrouble.SLOW else 0.0
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pour(reader, asks, wait))
                both.create_task(self._pour(answers, writer, 0.0))
        except* OSError:
            pass
        finally:
            asks.close()

    async def _pour(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, wait: float) -> None:
        """Hand on until the source has ended; then the other end is told so."""
        while piece := await source.read(_PIECE):
            if wait:
                await self._sleep(wait)
            sink.write(piece)
            await sink.drain()
        with suppress(OSError):
            sink.close()
