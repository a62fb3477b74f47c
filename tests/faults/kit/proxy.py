"""A TCP proxy on loopback that makes the weather: latency, low bandwidth, slices, silence, resets, an early end.

`async with Proxy(provider.port) as proxy:` listens on `proxy.port`. `proxy.up` is what the client's bytes meet on their
way, `proxy.down` those of the reply; both may change at any time and hold for what comes next.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

_CHUNK = 65_536
_HARD = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends a reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What bytes meet in one direction. `after` counts bytes that still pass before `then` happens once and for all."""

    latency_s: float = 0.0
    """Waited before each piece is passed on."""
    slice_bytes: int = _CHUNK
    """Size of the pieces: 1 is a slow drip together with a latency."""
    bytes_per_s: float = 0.0
    """Bandwidth; 0 is without limit."""
    after: int | None = None
    then: str = "close"
    """`close` (an orderly end), `reset` (RST) or `hang` (nothing more passes, the connection stays)."""


class Proxy:
    """One listening port before one server. Counts what it sees."""

    def __init__(self, target: int, *, up: Weather | None = None, down: Weather | None = None) -> None:
        self.target = target
        self.up = up or Weather()
        self.down = down or Weather()
        self.port = 0
        self.connections = 0
        self.bytes_up = 0
        self.bytes_down = 0
        self.refusing = False
        """Reset every new connection at once."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._over = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        if self._server is not None:
            self._server.close()
        self.reset_all()
        if self._server is not None:
            await self._server.wait_closed()

    def reset_all(self) -> None:
        """Reset every connection that stands."""
        for writer in tuple(self._open):
            reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.refusing:
            reset(writer)
            return
        async with self._ends(writer), self._upstream() as (answers, onward):
            pumps = (
                asyncio.create_task(self._pump(reader, onward, "up")),
                asyncio.create_task(self._pump(answers, writer, "down")),
            )
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _upstream(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
        async with self._ends(writer):
            yield reader, writer

    @contextlib.asynccontextmanager
    async def _ends(self, writer: asyncio.StreamWriter) -> AsyncIterator[None]:
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        passed = 0
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                weather: Weather = getattr(self, way)
                left = len(data) if weather.after is None else weather.after - passed
                for piece in _slices(data[:left], weather.slice_bytes):
                    await self._pass_on(piece, writer, weather)
                    passed += len(piece)
                    setattr(self, f"bytes_{way}", getattr(self, f"bytes_{way}") + len(piece))
                if weather.after is not None and passed >= weather.after:
                    await self._end(weather.then)
                    return

    async def _pass_on(self, piece: bytes, writer: asyncio.StreamWriter, weather: Weather) -> None:
        wait = weather.latency_s + (len(piece) / weather.bytes_per_s if weather.bytes_per_s else 0.0)
        if wait:
            await asyncio.sleep(wait)
        writer.write(piece)
        await writer.drain()

    async def _end(self, how: str) -> None:
        if how == "hang":
            await self._over.wait()
        elif how == "reset":
            self.reset_all()


class Blackhole:
    """A port whose queue of connections is full: connecting neither succeeds nor fails. `with Blackhole() as hole:`."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._place = (host, port)
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._sockets = [socket.socket(self._family)]
        self._sockets[0].bind(self._place)
        self._sockets[0].listen(0)
        self.port: int = self._sockets[0].getsockname()[1]

    def __enter__(self) -> Self:
        for _ in range(16):
            waiting = socket.socket(self._family)
            waiting.setblocking(False)
            self._sockets.append(waiting)
            with contextlib.suppress(BlockingIOError):
                waiting.connect((self._place[0], self.port))
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._sockets:
            each.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection the hard way."""
    found = writer.get_extra_info("socket")
    if found is not None:
        with contextlib.suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HARD)
    writer.transport.abort()


def _slices(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]
