"""A page server under test, and a client that says exactly the bytes it is told to."""

from __future__ import annotations

import asyncio
import gzip
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import brotli

from broadcaster.demo.stage import free_port
from broadcaster.pages import Limits, Options, Root
from broadcaster.pages.server import Server
from channels.targets.directory import Directory, Manifest

STYLE = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def page(number: int) -> bytes:
    """A page that says its edition on every line: a mixture of two would show."""
    return b"<!DOCTYPE html><title>%d</title>" % number + b"<p>edition %d</p>\n" % number * 400


def files(number: int) -> dict[str, bytes]:
    """What one edition of a small site holds."""
    text = page(number)
    return {
        "index.html": text,
        "index.html.gz": gzip.compress(text, mtime=0),
        "index.html.br": brotli.compress(text),
        "index.txt": b"edition %d\n" % number,
        "alerts/index.html": b"<p>alerts of %d</p>" % number,
        "alerts/14-2.html": b"<p>14-2 in %d</p>" % number,
        "rss.xml": b'<?xml version="1.0"?><rss version="2.0"></rss>',
        "atom.xml": b'<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom"></feed>',
        "cap/1.xml": b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"></alert>',
        "other.xml": b"<urlset></urlset>",
        "data.json": b"{}",
        "strange.bin": b"\x00\x01",
    }


def publish(
    directory: Path, number: int, more: Mapping[str, bytes] | None = None, changed: Mapping[str, str] | None = None
) -> None:
    """Publish an edition as the channels do. `changed` puts wrong hashes into the manifest, by path."""
    found = files(number) if more is None else dict(more)
    digests = {name: sha256(data).hexdigest() for name, data in found.items()} | dict(changed or {})
    manifest = Manifest(
        channel="page",
        mode="drill",
        number=number,
        issued_at="2026-07-01T14:05:00+09:00",
        main="index.html",
        files=digests,
        style=STYLE,
    )
    Directory(directory).put(manifest, found)


@dataclass(frozen=True, slots=True)
class Reply:
    """One response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, port: int, source: str = "127.0.0.1") -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0)))

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def reply(self, *, head: bool = False) -> Reply:
        """Read one response; `head`: it answers HEAD."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
        length = 0 if head or status == 304 else int(headers["content-length"])
        return Reply(status, headers, await self.reader.readexactly(length))

    async def ask(self, path: str = "/", method: str = "GET", **headers: str) -> Reply:
        """Ask, keeping the connection. Header names have `_` for `-`."""
        self.say(request(path, method, **headers))
        return await self.reply(head=method == "HEAD")

    async def closed(self) -> bytes:
        """Return what comes until the server closes (a reset counts)."""
        try:
            return await asyncio.wait_for(self.reader.read(), 15)
        except ConnectionResetError:
            return b""

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


def request(path: str = "/", method: str = "GET", **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {"Host": "city.example", **headers}.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")


@asynccontextmanager
async def connected(port: int, source: str = "127.0.0.1") -> AsyncIterator[Client]:
    client = await Client.to(port, source)
    try:
        yield client
    finally:
        await client.close()


async def get(port: int, path: str = "/", method: str = "GET", **headers: str) -> Reply:
    """Ask once on a connection of its own."""
    async with connected(port) as client:
        return await client.ask(path, method, **headers)


@asynccontextmanager
async def serving(*roots: Root, limits: Limits | None = None) -> AsyncIterator[Server]:
    """A server in this process's loop."""
    server = Server(Options(roots=roots, port=0, limits=limits or Limits(), poll_s=0.02))
    await server.start()
    running = asyncio.create_task(server.run())
    try:
        yield server
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await server.close()


async def until(port: int, number: int) -> None:
    """Wait until this edition (or a later one) is served."""
    async with asyncio.timeout(15):
        while f'"/": {number}'.encode() not in (await get(port, "/healthz")).body:
            await asyncio.sleep(0.01)


class Process:
    """A page server of its own, as `python -m broadcaster.pages` runs it."""

    def __init__(self, directory: Path, port: int, *more: str, before: str = "") -> None:
        argv = ["-m", "broadcaster.pages", f"--listen=127.0.0.1:{port}", f"--root=/={directory}", *more]
        command = [sys.executable, *argv]
        if before:
            command = ["/bin/sh", "-c", f'{before}; exec "$0" "$@"', *command]
        self.port = port
        self._said = list[str]()
        self.process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE)

    async def ready(self) -> None:
        """Wait until it says that it listens. Raise `RuntimeError` with all it said if it ends instead."""
        async with asyncio.timeout(30):
            while "listening" not in (line := await asyncio.to_thread(self._line)):
                self._said.append(line)
                if not line:
                    raise RuntimeError("".join(self._said))

    async def tell(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, 15)

    def said(self) -> str:
        """Return all it said, once it has ended."""
        while line := self._line():
            self._said.append(line)
        return "".join(self._said)

    def _line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline().decode()


@asynccontextmanager
async def process(directory: Path, *more: str, port: int = 0, before: str = "") -> AsyncIterator[Process]:
    made = Process(directory, port or free_port(), *more, before=before)
    try:
        await made.ready()
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
        made.process.wait(15)
        assert made.process.stderr is not None
        made.process.stderr.close()
