"""The octets of an SMTP session after login: commands out, replies in, and nothing believed that is not a reply."""

from __future__ import annotations

import asyncio
import math
import re
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

MAX_LINE = 2048
"""RFC 5321 allows 512 octets (4.5.3.1.5); real servers say more."""
MAX_REPLY = 16_384
_MOST = 100
"""Replies that may wait to be read: a server that floods is none."""
_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])([^\x00-\x08\x0b-\x1f\x7f]*))?")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")


class Lost(ConnectionError):
    """The connection ended where a reply was due."""


class Unreadable(ConnectionError):
    """What came is no SMTP reply: too long, binary, or nonsense."""


class Silent(ConnectionError):
    """No reply came in time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A real reply. `text` is its first line."""

    code: int
    text: str

    @property
    def short(self) -> str:
        """Code and enhanced code (RFC 3463), e.g. `450 4.2.0`; never the server's words, which may name people."""
        return _short(self.code, self.text)


@lru_cache(maxsize=256)
def _short(code: int, text: str) -> str:
    found = _ENHANCED.match(text)
    return f"{code} {found.group(1)}" if found else str(code)


@lru_cache(maxsize=256)
def _read(line: bytes) -> tuple[Reply, bool]:
    """Return a reply's line, and whether more of them follow. Raise `Unreadable`. A server repeats itself."""
    found = _LINE.fullmatch(line.removesuffix(b"\r"))
    if found is None or len(line) > MAX_LINE:
        raise Unreadable("not a reply")
    try:
        return Reply(int(found[1]), (found[3] or b"").decode("utf-8")), found[2] == b"-"
    except UnicodeDecodeError:
        raise Unreadable("binary reply") from None


class Wire(asyncio.Protocol):
    """Takes an open connection over from the library that opened it. It ends itself where a reply that is waited for
    does not come in time; one timer serves a connection for life, since setting one for each reply costs more than
    the reply.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._lines: list[Reply] = []
        self._size = 0
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._broken: ConnectionError | None = None
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None

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
        if self._broken is not None:
            return
        lines = (self._buffer + data).split(b"\n")
        self._buffer = lines.pop()
        try:
            for line in lines:
                reply, more = _read(line)
                if more or self._lines:
                    self._collect(reply, len(line), more=more)
                else:
                    self._replies.append(reply)
            if len(self._buffer) > MAX_LINE or len(self._replies) > _MOST:
                raise Unreadable("too much")  # noqa: TRY301 - one way out for all that is no reply
        except Unreadable as unreadable:
            self._break(unreadable)
        self._wake()

    def _collect(self, line: Reply, size: int, *, more: bool) -> None:
        """A reply of several lines: its first words count."""
        self._size += size
        if self._size > MAX_REPLY:
            raise Unreadable("reply too long")
        self._lines.append(line)
        if more:
            return
        lines, self._lines, self._size = self._lines, [], 0
        if len({line.code for line in lines}) > 1:
            raise Unreadable("a reply of several codes")
        self._replies.append(Reply(lines[0].code, next((line.text for line in lines if line.text), "")))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self._broken = self._broken or Lost(type(exc).__name__ if exc else "closed")
        if self._timer is not None:
            self._timer.cancel()
        self._wake()

    def _break(self, why: ConnectionError) -> None:
        self._broken = why
        self.abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and (self._replies or self._broken):
            self._waiter.set_result(None)

    def waiting(self) -> Reply | None:
        """Return the next reply if it is there."""
        return self._replies.popleft() if self._replies else None

    @property
    def latest(self) -> int:
        """The code of the last reply that waits to be read; 0 if none does."""
        return self._replies[-1].code if self._replies else 0

    async def reply(self, patience: float) -> Reply:
        """Return the next reply, if it comes within so many seconds. Raise `Lost`, `Unreadable` or `Silent`, after
        which the connection is no more.
        """
        if not self._replies:
            await self._wait(patience)
        return self._replies.popleft()

    async def _wait(self, patience: float) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + patience
        if self._timer is None or self._timer.when() > self._deadline:
            self._set(loop)
        while not self._replies:
            if self._broken is not None:
                raise self._broken
            self._waiter = loop.create_future()
            await self._waiter
        self._deadline = math.inf

    def _set(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._deadline, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        """Time is up for a reply, though perhaps not for the one waited for now."""
        self._timer = None
        if self._deadline <= loop.time():
            self._break(Silent("no reply"))
            self._wake()
        elif self._deadline < math.inf:
            self._set(loop)

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
