"""A POP3 server on loopback over the mailboxes of `demo.smtp` (RFC 1939): what a monitoring mailbox's provider offers.

USER, PASS, STAT, LIST, UIDL, TOP, RETR, NOOP and QUIT. Nothing is deleted.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Mapping, Sequence
from typing import Self

MAX_LINE = 512


class Pop3Provider:
    """The server. `mailboxes` are shared with the mail server; `users` maps mailbox to password."""

    def __init__(
        self,
        mailboxes: Mapping[str, Sequence[bytes]],
        users: Mapping[str, str],
        *,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.mailboxes = mailboxes
        self.users = dict(users)
        self.tls = tls
        self.port = port
        self.sessions = 0
        self.fetched = 0
        """Mails read by TOP or RETR."""
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls, limit=MAX_LINE)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._writers):
                writer.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.sessions += 1
        session = _Session(self)
        try:
            writer.write(b"+OK Broadcaster demonstration\r\n")
            while not session.over and (line := await reader.readline()):
                writer.write(session.answer(line.decode("ascii", "replace").strip()))
                await writer.drain()
        except (ConnectionError, ValueError):  # gone, or a line without end
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


class _Session:
    """One session: authorization, then transaction."""

    def __init__(self, house: Pop3Provider) -> None:
        self._house = house
        self._name = ""
        self._mails: tuple[bytes, ...] | None = None
        self.over = False

    def answer(self, line: str) -> bytes:
        """Return the reply to one command, its last line end included."""
        verb, _, rest = line.partition(" ")
        command = verb.upper()
        if command == "QUIT":
            self.over = True
            return b"+OK Bye\r\n"
        if self._mails is None:
            return self._authorize(command, rest)
        return self._transact(command, rest.split(), self._mails)

    def _authorize(self, command: str, rest: str) -> bytes:
        if command == "USER":
            self._name = rest.lower()
            return b"+OK\r\n"
        if command != "PASS":
            return b"-ERR Login first\r\n"
        known = self._house.users.get(self._name, "")
        if not known or not hmac.compare_digest(known.encode(), rest.encode()):
            return b"-ERR [AUTH] Login refused\r\n"
        self._mails = tuple(self._house.mailboxes.get(self._name, ()))
        return b"+OK\r\n"

    def _transact(self, command: str, words: list[str], mails: tuple[bytes, ...]) -> bytes:
        if command == "NOOP":
            return b"+OK\r\n"
        if command == "STAT":
            return b"+OK %d %d\r\n" % (len(mails), sum(map(len, mails)))
        numbers = _numbers(words, len(mails))
        if numbers is None:
            return b"-ERR No such message\r\n"
        if command in ("LIST", "UIDL"):
            lines = [f"{number} {_property(command, number, mails[number - 1])}" for number in numbers]
            return _listing(lines) if not words else f"+OK {lines[0]}\r\n".encode()
        if command in ("RETR", "TOP") and words:
            self._house.fetched += 1
            return _text(mails[numbers[0] - 1], None if command == "RETR" else words[1:])
        return b"-ERR Command unknown\r\n"


def _numbers(words: list[str], count: int) -> Sequence[int] | None:
    """Return the message numbers a command speaks of: all of them without an argument; None for a wrong one."""
    if not words:
        return range(1, count + 1)
    number = int(words[0]) if words[0].isdecimal() else 0
    return (number,) if 1 <= number <= count else None


def _property(command: str, number: int, mail: bytes) -> str:
    return str(len(mail)) if command == "LIST" else hashlib.sha256(b"%d " % number + mail).hexdigest()[:40]


def _listing(lines: list[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in ["+OK", *lines, "."]).encode()


def _text(mail: bytes, top: list[str] | None) -> bytes:
    head, gap, body = mail.partition(b"\r\n\r\n")
    lines = body.split(b"\r\n")
    if top is not None:
        lines = lines[: int(top[0])] if top and top[0].isdecimal() else []
    content = head + gap + b"\r\n".join(lines)
    stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..").removeprefix(b"\r\n")
    return b"+OK\r\n" + stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"
