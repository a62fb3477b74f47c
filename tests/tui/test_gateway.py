"""The stream of boards through a core that answers with an error, with nonsense, or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from broadcaster.client import Client
from broadcaster.errors import Forbidden
from broadcaster.tui.gateway import Away, Gateway
from tests.desk.world import Clock


def failure(status: int, code: str) -> bytes:
    body = json.dumps({"error": {"code": code, "params": {}, "problems": []}})
    return f"HTTP/1.0 {status} x\r\n\r\n{body}".encode()


@asynccontextmanager
async def answering(path: Path, answer: bytes) -> AsyncIterator[None]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(serve, str(path)):
        yield


BOARD = b'HTTP/1.0 200 OK\r\n\r\nevent: board\ndata: {"rows": []}\n\n'


@pytest.mark.parametrize(
    "answer", [failure(503, "store_busy"), b"", b"HTTP/1.0 200 OK\r\n\r\ndata: {nonsense\n\n", b"SSH-2.0 x y\r\n\r\n"]
)
async def test_whatever_is_wrong_it_is_tried_again(tmp_path: Path, answer: bytes) -> None:
    path = tmp_path / "desk.sock"
    gateway = Gateway(lambda session: Client(path, 5, session), Clock())
    async with aclosing(gateway.watch()) as seen:
        async with answering(path, answer):
            assert isinstance(await anext(seen), Away)
        path.unlink(missing_ok=True)
        async with answering(path, BOARD):
            assert await anext(seen) == {"rows": []}


async def test_who_may_not_look_is_told(tmp_path: Path) -> None:
    path = tmp_path / "desk.sock"
    gateway = Gateway(lambda session: Client(path, 5, session), Clock())
    async with answering(path, failure(403, "peer_unknown")), aclosing(gateway.watch()) as seen:
        with pytest.raises(Forbidden):
            await anext(seen)
