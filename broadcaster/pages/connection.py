"""One client: bytes in, parsed by httptools, answers out. The hot path of the house.

Anything unusual is refused and closed: other methods, bodies, heads too long or too slow, floods in one packet. A
request head seen before, to the byte, is answered from memory without being parsed: browsers and load balancers repeat
themselves.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Protocol, cast
from urllib.parse import unquote_to_bytes

import httptools  # pyright: ignore[reportMissingTypeStubs]

from broadcaster.pages.gate import Gate
from broadcaster.pages.options import LOOPBACK, Limits
from broadcaster.pages.site import Answer, Question, plain

_REMEMBERED = 2048
"""Longer heads are not worth a place in memory."""
_CLOSE = b"Connection: close\r\n"
_HEALTH = b"/healthz"


class Host(Protocol):
    """What a connection needs of the server."""

    limits: Limits
    gate: Gate
    memory: dict[bytes, bytes]
    """Answers by the whole head that asks for them; emptied whenever date or site change."""
    now: float
    """Monotonic seconds, as of the last sweep."""
    date: bytes
    """The Date header."""

    def answer(self, path: str, question: Question) -> Answer:
        """Return the answer to GET."""
        ...

    def health(self) -> Answer:
        """Return how the server is, for this machine only."""
        ...

    def remember(self, head: bytes, answer: bytes) -> None:
        """Keep an answer until date or site change."""
        ...


class Connection(asyncio.Protocol):
    """See the module. Times are the host's monotonic seconds; `sweep` enforces the limits on them."""

    __slots__ = (
        "_asked",
        "_body",
        "_closing",
        "_header",
        "_hosts",
        "_left",
        "_local",
        "_open",
        "_parser",
        "_paused",
        "_said",
        "_size",
        "_target",
        "_transport",
        "_turn",
        "_weight",
        "host",
        "since",
    )

    def __init__(self, host: Host) -> None:
        self.host = host
        self.since = host.now
        """When the present state began: connected, head begun, answered, stopped reading, closing."""
        self._left = host.limits.requests
        self._closing = self._paused = False
        self._local = False
        self._asked = True
        """Whether a request is being waited for or under way; False: idle between two."""
        self._size = 0
        """Bytes read since the last whole request; 0 means that the parser stands between two."""
        self._turn = self._hosts = self._weight = 0
        self._said = b""
        """The last answer, until it is remembered or not."""
        self._open = False
        self._target = b""
        self._header = dict[bytes, bytes]()
        self._body = False
        self._parser: httptools.HttpRequestParser | None = None

    # ------------------------------------------------------------ asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there: let it in or drop it."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        self._local = address in LOOPBACK
        if not self.host.gate.enter(self, address):
            self._closing = True
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client is gone."""
        self._closing = True
        self._parser = None
        self.host.gate.leave(self)

    def data_received(self, data: bytes) -> None:
        """Answer from memory, or parse."""
        if self._closing:
            return  # lingering: what a refused client still sends is read and thrown away
        if self._size == 0 and self._left > 1 and (known := self.host.memory.get(data)) is not None:
            self._left -= 1
            self._asked = False
            self.since = self.host.now
            self._transport.write(known)
            return
        self._read(data)

    def eof_received(self) -> bool:
        """The client will send nothing more: close when all is written."""
        self._close()
        return False

    def pause_writing(self) -> None:
        """The client does not read: take no more requests from it."""
        self._paused = True
        self.since = self.host.now
        if not self._closing:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._paused = False
        self.since = self.host.now
        if not self._closing:
            self._transport.resume_reading()

    # ------------------------------------------------------------ the gate and the sweep

    @property
    def busy(self) -> bool:
        """Whether an answer is on its way out."""
        return self._paused

    def drop(self) -> None:
        """End it now."""
        self._closing = True
        self._transport.abort()

    def sweep(self, now: float) -> None:
        """Enforce the limits on time."""
        limits, waited = self.host.limits, now - self.since
        if self._closing or self._paused:
            if waited > (limits.write_s if self._transport.get_write_buffer_size() else limits.linger_s):
                self.drop()
        elif self._asked and waited > limits.head_s:
            self._late()
        elif not self._asked and waited > limits.idle_s:
            self._close()

    def finish(self) -> None:
        """Close once what is being written is written: the server stops."""
        self._close()

    def _late(self) -> None:
        if self._size:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._close()

    # ------------------------------------------------------------ reading

    def _read(self, data: bytes) -> None:
        if not self._asked:
            self._asked, self.since = True, self.host.now
        alone = self._size == 0
        self._size += len(data)
        answered = self._parse(data)
        said, self._said = self._said, b""
        if self._closing:
            return
        if answered:
            self._asked = self._open  # the next one may have begun in the same packet
            self._size = int(self._open)
        if self._size > self.host.limits.head:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif alone and answered == 1 and not self._open:
            self._remember(data, said)

    def _parse(self, data: bytes) -> int:
        """Return how many requests were answered."""
        self._turn = 0
        if self._parser is None:
            self._parser = httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._close()  # it was answered as plain HTTP/1.1; we speak nothing else
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST)
        return self._turn

    def on_message_begin(self) -> None:
        """httptools: a request begins."""
        self._target, self._hosts, self._weight, self._body, self._open = b"", 0, 0, False, True
        self._header = {}

    def on_url(self, url: bytes) -> None:
        """httptools: the target, or a piece of it."""
        self._target += url
        if len(self._target) > self.host.limits.request_line:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: one header line."""
        name = name.lower()
        if name == b"host":
            self._hosts += 1
        elif name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0 ")):
            self._body = True
        elif name in (b"accept-encoding", b"if-none-match") and name in self._header:
            value = self._header[name] + b"," + value
        self._header[name] = value
        self._weight += len(name) + len(value) + 4
        if self._weight > self.host.limits.head:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """httptools: the head is there. Refuse what is not a plain GET or HEAD."""
        parser = cast("httptools.HttpRequestParser", self._parser)
        version: str = parser.get_http_version()
        if version not in ("1.0", "1.1"):
            self._refuse(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
        elif parser.get_method() not in (b"GET", b"HEAD"):
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, b"Allow: GET, HEAD\r\n")
        elif self._body or self._hosts > 1 or (version == "1.1" and not self._hosts):
            self._refuse(HTTPStatus.BAD_REQUEST)

    def on_message_complete(self) -> None:
        """httptools: a whole request. Answer it."""
        self._open = False
        if self._closing:
            return
        self._turn += 1
        if self._turn > self.host.limits.pipelined:
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS)
            return
        parser = cast("httptools.HttpRequestParser", self._parser)
        self._left -= 1
        last = self._left <= 0 or parser.get_http_version() == "1.0" or not parser.should_keep_alive()
        self._write(self._answer(), head_only=parser.get_method() == b"HEAD", last=last)

    # ------------------------------------------------------------ answering

    def _answer(self) -> Answer:
        path = _path(self._target)
        if path is None:
            return plain(b"HTTP/1.1 400 Bad Request\r\n")
        if path == _HEALTH and self._local:
            return self.host.health()
        header = self._header
        question = Question(
            header.get(b"accept-encoding"), header.get(b"if-none-match"), header.get(b"if-modified-since")
        )
        return self.host.answer(path.decode("utf-8", "replace"), question)

    def _write(self, answer: Answer, *, head_only: bool, last: bool) -> None:
        body = b"" if head_only else answer.body
        self._said = b"".join((answer.status, self.host.date, _CLOSE if last else b"", answer.head, body))
        self._transport.write(self._said)
        self._asked = False
        self.since = self.host.now
        if last:
            self._close()

    def _remember(self, data: bytes, said: bytes) -> None:
        """Keep the answer to a request that came alone in one packet: the same bytes ask the same, of anybody."""
        if len(data) <= _REMEMBERED and _path(self._target) != _HEALTH:
            self.host.remember(data, said)

    def _refuse(self, status: HTTPStatus, extra: bytes = b"") -> None:
        """Say why in a status, stop reading, and close after a moment in which the client can read it."""
        if self._closing:
            return
        answer = plain(b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode()), extra=extra)
        self._transport.write(b"".join((answer.status, self.host.date, _CLOSE, answer.head)))
        self._closing, self.since = True, self.host.now
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _close(self) -> None:
        if not self._closing:
            self._closing, self.since = True, self.host.now
            self._transport.close()


def _path(target: bytes) -> bytes | None:
    """Return the path of a request target in origin or absolute form, decoded; None if it is neither."""
    path = target.partition(b"?")[0].partition(b"#")[0]
    if path.lower().startswith((b"http://", b"https://")):
        rest = path.partition(b"://")[2]
        path = b"/" + rest.partition(b"/")[2]
    if not path.startswith(b"/"):
        return None
    return unquote_to_bytes(path) if b"%" in path else path
