"""Providers for the benchmarks, in a process of their own: they take everything and tell when the last byte was there.

`async with sinks("x", "x", "smtp") as providers:` starts them; each arrival is a line `number seconds` on the child's
output, by the clock all processes of a machine share (CLOCK_MONOTONIC). They are instruments, as quick as can be, and
honest to the wire as far as both we and the peers need it; what providers do wrong is the fault tests' business.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar


def _note(number: int) -> None:
    sys.stdout.write(f"{number} {time.monotonic():.9f}\n")
    sys.stdout.flush()


class HttpSink(asyncio.Protocol):
    """X's endpoints for posting and reading back, without a check: any POST is taken."""

    posts: ClassVar[deque[dict[str, str]]] = deque(maxlen=100)
    posted = 0

    def __init__(self, number: int) -> None:
        self._number = number
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            if len(self._held) < end + 4 + size:
                return
            content, self._held = self._held[end + 4 : end + 4 + size], self._held[end + 4 + size :]
            self._answer(head, content)

    def _answer(self, head: bytes, content: bytes) -> None:
        status, document = "200 OK", self._asked(head)
        if head.startswith(b"post "):
            _note(self._number)
            HttpSink.posted += 1
            number, text = str(HttpSink.posted), json.loads(content).get("text", "")
            HttpSink.posts.appendleft({"id": number, "text": text})
            status, document = "201 Created", {"data": {"id": number, "text": "taken"}}
        body = json.dumps(document).encode()
        close = b"connection: close" in head
        words = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._transport.write(words.encode() + (b"Connection: close\r\n" if close else b"") + b"\r\n" + body)
        if close:
            self._transport.close()

    def _asked(self, head: bytes) -> object:
        if b"/2/users/me" in head.partition(b"\r\n")[0]:
            return {"data": {"id": "1", "name": "x", "username": "x"}}
        return {"data": list(HttpSink.posts), "meta": {"result_count": len(HttpSink.posts)}}


class HangingSink(asyncio.Protocol):
    """Takes connections and whatever comes, and never answers."""


class SmtpSink(asyncio.Protocol):
    """A mail server that takes everything, with PIPELINING."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._held = b""
        self._content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._held += data
        while True:
            mark = b"\r\n.\r\n" if self._content else b"\r\n"
            line, found, rest = self._held.partition(mark)
            if not found:
                return
            self._held = rest
            self._take(line)

    def _take(self, line: bytes) -> None:
        if self._content:
            _note(self._number)
            self._content = False
            self._transport.write(b"250 2.0.0 taken\r\n")
            return
        verb = line[:4].upper()
        self._content = verb == b"DATA"
        answers = {b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n", b"DATA": b"354 go on\r\n"}
        self._transport.write(answers.get(verb, b"221 bye\r\n" if verb == b"QUIT" else b"250 2.0.0 fine\r\n"))
        if verb == b"QUIT":
            self._transport.close()


@dataclass
class Sinks:
    """The providers as the benchmark sees them."""

    ports: tuple[int, ...]
    process: asyncio.subprocess.Process
    _new: asyncio.Event = field(default_factory=asyncio.Event)
    arrivals: dict[int, list[float]] = field(default_factory=dict)

    async def read(self) -> None:
        """Take in what the child tells."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            number, at = line.split()
            self.arrivals.setdefault(int(number), []).append(float(at))
            self._new.set()

    async def all_of(self, numbers: tuple[int, ...], after: float, limit_s: float = 30.0) -> dict[int, float]:
        """Wait until each of these has something that came after a moment; return when each had its first."""
        async with asyncio.timeout(limit_s):
            while True:
                self._new.clear()
                found = {n: next((t for t in self.arrivals.get(n, ()) if t >= after), None) for n in numbers}
                if None not in found.values():
                    self.arrivals.clear()
                    return {n: t for n, t in found.items() if t is not None}
                await self._new.wait()


@asynccontextmanager
async def sinks(*kinds: str) -> AsyncGenerator[Sinks, None]:
    """Start providers of these kinds (`x`, `smtp`, `hang`), numbered from 0."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.sinks", *kinds, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    ports = tuple(json.loads(await process.stdout.readline()))
    found = Sinks(ports, process)
    reading = asyncio.create_task(found.read())
    try:
        yield found
    finally:
        process.terminate()
        await process.wait()
        await reading


_KINDS: dict[str, Callable[[int], asyncio.Protocol]] = {
    "x": HttpSink,
    "smtp": SmtpSink,
    "hang": lambda _: HangingSink(),
}


async def _serve(kinds: list[str]) -> None:
    loop, ports = asyncio.get_running_loop(), []
    for number, kind in enumerate(kinds):
        server = await loop.create_server(partial(_KINDS[kind], number), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1:]))
