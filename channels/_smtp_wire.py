"""The octets of an SMTP session after login: commands out, replies in, and nothing believed that is not a reply."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from typing import cast

MAX_LINE = 2048
"""RFC 5321 allows 512 octets (4.5.3.1.5); real servers say more."""
MAX_REPLY = 16_384
_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])([^\x00-\x08\x0b-\x1f\x7f]*))?")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")


class Lost(ConnectionError):
    """The connection ended where a reply was due."""


class Unreadable(ConnectionError):
    """What came is no SMTP reply: too long, binary, or nonsense."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A real reply. `text` is its first line."""

    code: int
    text: str

    @property
    def short(self) -> str:
        """Code and enhanced code (RFC 3463), e.g. `450 4.2.0`; never the server's words, which may name people."""
        found = _ENHANCED.match(self.text)
        return f"{self.code} {found.group(1)}" if found else str(self.code)


class Wire(asyncio.Protocol):
    """Takes an open connection over from the library that opened it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._codes: list[int] = []
        self._first = ""
        self._size = 0
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._broken: ConnectionError | None = None

    def take_over(self, transport: asyncio.BaseTransport) -> None:
        """Become the protocol of this transport."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_protocol(self)

    @property
    def alive(self) -> bool:
        """Whether it can still be used."""
        return self._broken is None and self._transport is not None and not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Cut into replies."""
        self._buffer += data
        while self._broken is None and (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).removesuffix(b"\r")
            del self._buffer[: end + 1]
            self._take(line)
        if len(self._buffer) > MAX_LINE:
            self._break(Unreadable("reply too long"))
        self._wake()

    def _take(self, line: bytes) -> None:
        found = _LINE.fullmatch(line)
        self._size += len(line)
        if found is None or len(line) > MAX_LINE or self._size > MAX_REPLY:
            self._break(Unreadable("not a reply"))
            return
        code, dash, text = int(found.group(1)), found.group(2), found.group(3) or b""
        try:
            words = text.decode("utf-8")
        except UnicodeDecodeError:
            self._break(Unreadable("binary reply"))
            return
        self._first = self._first or words
        self._codes.append(code)
        if dash != b"-":
            self._complete()

    def _complete(self) -> None:
        if len(set(self._codes)) == 1:
            self._replies.append(Reply(self._codes[0], self._first))
        else:
            self._break(Unreadable("a reply of several codes"))
        self._codes, self._first, self._size = [], "", 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self._broken = self._broken or Lost(type(exc).__name__ if exc else "closed")
        self._wake()

    def _break(self, why: ConnectionError) -> None:
        self._broken = why
        self.abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and (self._replies or self._broken):
            self._waiter.set_result(None)

    async def reply(self) -> Reply:
        """Return the next reply. Raise `Lost` or `Unreadable`."""
        while not self._replies:
            if self._broken is not None:
                raise self._broken
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._replies.popleft()

    def unasked(self) -> Reply | None:
        """Return a reply that came without a question, such as a 421 while idle."""
        return self._replies.popleft() if self._replies else None

    def write(self, data: bytes) -> None:
        """Send. Raise `Lost` before anything was written."""
        if self._broken is not None or self._transport is None or self._transport.is_closing():
            raise self._broken or Lost("closed")
        self._transport.write(data)

    def abort(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """End it after what was written."""
        if self._transport is not None:
            self._transport.close()
