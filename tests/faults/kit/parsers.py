"""Every reader of bytes from outside, as one function each: none may crash, hang, or refuse otherwise than by an error
of our own. `PARSERS` names them; `check` reads once and minds the time.

A new one is a function that takes bytes and lets nothing but a surprise through, and a line in `PARSERS`.
"""

from __future__ import annotations

import asyncio
import atexit
import io
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from broadcaster.api.shapes import HandIn, Put
from broadcaster.config import load_config
from broadcaster.documents import digest, load, parse_json, read_draft
from broadcaster.errors import ConfigError, DeliveryError, Refused
from broadcaster.model import Message, Mode, Text
from broadcaster.pages import Options, Root
from broadcaster.pages.connection import Connection
from broadcaster.pages.edition import BrokenEdition, _parsed
from broadcaster.pages.server import Server
from broadcaster.rules import checks
from broadcaster.subscribers import _rows, row_of
from channels._http import Wire, failure
from channels._pop3 import Mailbox
from channels._smtp_wire import Lost, Unreadable
from channels._smtp_wire import Wire as SmtpWire
from channels._x_rules import EXCEPTIONAL, readings
from channels._x_timeline import is_it, posts
from channels.targets.directory import Manifest
from tests.channels import kit
from tests.faults.kit import pace, seeds
from tests.pages.kit import publish

LONGEST_S = 1.0
"""Seconds of processor time one reading may take, of the machine `pace` means."""
Read = Callable[[bytes], None]


class TooSlow(AssertionError):
    """A reading took longer than `LONGEST_S`."""


@dataclass(frozen=True, kw_only=True)
class Parser:
    """One reader: `seeds` are good inputs, `words` what its language is made of."""

    name: str
    read: Read
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()


def check(parser: Parser, data: bytes) -> None:
    """Read once. Raise whatever comes through, or `TooSlow`."""
    if (seconds := pace.took(lambda: parser.read(data), LONGEST_S)) > LONGEST_S:
        message = f"{parser.name}: {seconds:.1f} s for {len(data)} bytes"
        raise TooSlow(message)


# ---------------------------------------------------------------- what people write


def _toml(data: bytes) -> None:
    _draft(data, ".toml")


def _json(data: bytes) -> None:
    _draft(data, ".json")


def _draft(data: bytes, suffix: str) -> None:
    path = _folder() / f"alert{suffix}"
    path.write_bytes(data)
    with suppress(Refused):
        draft = read_draft(path, now=kit.NOW)
        digest(draft)
        checks.problems(draft, now=kit.NOW, city=kit.CITY, live=(), mode=Mode.LIVE)


def _config(data: bytes) -> None:
    path = _folder() / "config.toml"
    path.touch(mode=0o600)
    path.write_bytes(data)
    with suppress(ConfigError):
        load_config(path)


def _csv(data: bytes) -> None:
    for row in _rows(io.BytesIO(data), frozenset()):
        if row.subscriber is not None:
            row_of(row.subscriber)


def _api(data: bytes) -> None:
    with suppress(Refused, ValueError, RecursionError):
        body = parse_json(data.decode("utf-8"))
        for shape in (HandIn, Put):
            with suppress(Refused):
                load(shape, body)


def _manifest(data: bytes) -> None:
    with suppress(ValueError):
        assert Manifest.load(data).ref
    with suppress(BrokenEdition):
        _parsed(data)


# ---------------------------------------------------------------- what servers answer


def _http(data: bytes) -> None:
    """The bytes as a whole reply on the wire, and then as X's words in it."""
    _served().answer = data
    _runner().run(_exchange())


async def _exchange() -> None:
    try:
        reply = await _served().wire.send("POST", _served().url, {}, {"text": "x"})
    except DeliveryError:
        return
    failure(reply, EXCEPTIONAL, now=kit.NOW, hidden=["secret"], readings=readings(reply.headers))
    document = reply.document() or {}
    for post in posts(document):
        is_it(post, _message())


@cache
def _message() -> Message:
    body = "避難指示 https://city.example.lg.jp/bousai\n第1-1報 14:05"
    text = Text(language="ja", body=body)
    return Message(alert="hy-1-1", channel="twitter", texts=(text,), late_texts=(), reference="第1-1報")


def _smtp(data: bytes) -> None:
    _runner().run(_replies(data))


async def _replies(data: bytes) -> None:
    wire = SmtpWire()
    for piece in _pieces(data):
        wire.data_received(piece)
    wire.connection_lost(None)
    with suppress(Lost, Unreadable):
        while True:
            reply = await wire.reply(1.0)
            assert 200 <= reply.code < 600
            assert reply.short


def _pop3(data: bytes) -> None:
    _served().answer = data
    with suppress(DeliveryError):
        _runner().run(_served().mailbox.find("key-"))


# ---------------------------------------------------------------- what residents ask


def _pages(data: bytes) -> None:
    connection, transport = Connection(_host()), _Transport()
    connection.connection_made(transport)
    for piece in _pieces(data):
        connection.data_received(piece)
    connection.eof_received()
    connection.connection_lost(None)
    assert not transport.said or transport.said.startswith(b"HTTP/1.1 ")


class _Transport(asyncio.Transport):
    """Takes whatever is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 4711)})
        self.said = b""

    def write(self, data: Any) -> None:
        self.said += data[: 1 << 20]

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


@cache
def _host() -> Server:
    directory = _folder() / "public"
    publish(directory, 1)
    server = Server(Options(roots=(Root("/", directory),), port=0))
    _runner().run(server.look())
    return server


# ---------------------------------------------------------------- what they need


def _pieces(data: bytes) -> list[bytes]:
    """Cut in two where the first byte says: what comes in one packet and what does not must be the same."""
    cut = data[0] if data else 0
    return [piece for piece in (data[:cut], data[cut:]) if piece]


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="broadcaster-fuzz-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@cache
def _runner() -> asyncio.Runner:
    runner = asyncio.Runner()
    atexit.register(runner.close)
    return runner


class _Served:
    """A server that says the same to whoever connects, and what speaks to it."""

    def __init__(self) -> None:
        self.answer = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/2/tweets"
        self.wire = Wire(kit.Gate(), connect_s=5.0, total_s=10.0)
        self.mailbox = Mailbox(
            host="127.0.0.1",
            port=port,
            username="city",
            password=SecretStr("secret"),
            tls=None,
            timeout=5.0,
            egress=kit.Gate(),
        )
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection, suppress(OSError):
                connection.sendall(self.answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


@cache
def _served() -> _Served:
    return _Served()


PARSERS = {
    parser.name: parser
    for parser in (
        Parser(name="alert-toml", read=_toml, seeds=seeds.ALERTS_TOML, words=seeds.TOML),
        Parser(name="alert-json", read=_json, seeds=seeds.ALERTS_JSON, words=seeds.JSON),
        Parser(name="config", read=_config, seeds=seeds.CONFIG, words=(*seeds.TOML, b"_file", b"~x/", b"/dev/zero")),
        Parser(name="subscribers", read=_csv, seeds=seeds.PEOPLE, words=seeds.CSV),
        Parser(name="api", read=_api, seeds=seeds.BODIES, words=seeds.JSON),
        Parser(name="manifest", read=_manifest, seeds=seeds.MANIFESTS, words=seeds.JSON),
        Parser(name="http", read=_http, seeds=seeds.ANSWERS, words=(*seeds.JSON, *seeds.HTTP)),
        Parser(name="smtp", read=_smtp, seeds=seeds.REPLIES, words=seeds.SMTP),
        Parser(name="pop3", read=_pop3, seeds=seeds.MAILBOXES, words=seeds.POP3),
        Parser(name="pages", read=_pages, seeds=seeds.REQUESTS, words=seeds.HTTP),
    )
}
