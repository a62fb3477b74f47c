"""What the loopback X does instead of its honest answer, one act a request.

`take=True` lets it do the work first: the post is up, and only the reply goes wrong. That case matters most.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from broadcaster.demo.x_errors import HOSTS, trouble

_HELD = 1024 * 1024
"""Bytes that may wait to be written."""

Honest = Callable[[], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Scene:
    """What an act may use: the request, the honest handler (which does the work), and the end of the server."""

    request: web.Request
    honest: Honest
    over: asyncio.Event


Act = Callable[[Scene], Awaitable[web.StreamResponse]]


def honest() -> Act:
    """Return the act of answering as always, to place a fault later in the row."""

    async def act(scene: Scene) -> web.StreamResponse:
        return await scene.honest()

    return act


def answer(
    status: int,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
    take: bool = False,
) -> Act:
    """Return the act of giving this reply; `body` may be bytes, else it is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()

    async def act(scene: Scene) -> web.StreamResponse:
        await _work(scene, take=take)
        return web.Response(status=status, body=content, headers=headers, content_type=content_type)

    return act


def problem(name: str, *, host: str = HOSTS[1], headers: Mapping[str, str] | None = None, take: bool = False) -> Act:
    """Return the act of refusing with the error body of this name (see `demo.x_errors`)."""
    found = trouble(name, host)
    return answer(found.status, found.body, headers=headers, content_type="application/problem+json", take=take)


def page(status: int = 200, *, take: bool = False) -> Act:
    """Return the act of answering with a web page, as a portal or a broken gateway does."""
    body = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"
    return answer(status, body, content_type="text/html", take=take)


def without_id() -> Act:
    """Return the act of taking the post and answering 201 without its identifier."""
    return answer(201, {"data": {}}, take=True)


def redirect(to: str, status: int = 307) -> Act:
    """Return the act of sending the client elsewhere."""
    return answer(status, {}, headers={"Location": to})


def drop(*, take: bool = False) -> Act:
    """Return the act of cutting the connection without a reply."""

    async def act(scene: Scene) -> web.StreamResponse:
        await _work(scene, take=take)
        return _cut(scene)

    return act


def silence(*, take: bool = False) -> Act:
    """Return the act of never answering."""

    async def act(scene: Scene) -> web.StreamResponse:
        await _work(scene, take=take)
        await scene.over.wait()
        return _cut(scene)

    return act


def late(until: asyncio.Event) -> Act:
    """Return the act of answering honestly, but only after this event."""

    async def act(scene: Scene) -> web.StreamResponse:
        await until.wait()
        return await scene.honest()

    return act


def garbage(*, take: bool = False, raw: bytes = b"\x00\xff not http at all\r\n\r\n") -> Act:
    """Return the act of writing these bytes to the connection and closing it."""

    async def act(scene: Scene) -> web.StreamResponse:
        await _work(scene, take=take)
        if scene.request.transport is not None:
            scene.request.transport.write(raw)
        return _cut(scene, gently=True)

    return act


def pour(head: bytes, piece: bytes, *, take: bool = False) -> Act:
    """Return the act of writing these bytes to the connection, the second of them again and again without end."""

    async def act(scene: Scene) -> web.StreamResponse:
        await _work(scene, take=take)
        transport: Any = scene.request.transport
        transport.write(head)
        while not (transport.is_closing() or scene.over.is_set()):
            if transport.get_write_buffer_size() < _HELD:
                transport.write(piece)
            await asyncio.sleep(0)
        return _cut(scene)

    return act


def huge(size: int = 8 * 1024 * 1024, *, take: bool = False) -> Act:
    """Return the act of answering with this many bytes of JSON."""

    async def act(scene: Scene) -> web.StreamResponse:
        await _work(scene, take=take)
        response = await _begin(scene)
        with suppress(ConnectionError):  # whoever asked has read enough
            await response.write(b'{"data":{"id":"1","text":"')
            for _ in range(size // 65536):
                await response.write(b"x" * 65536)
            await response.write(b'"}}')
        return response

    return act


def drip(*, take: bool = False, pause_s: float = 0.05) -> Act:
    """Return the act of answering one byte at a time, and never finishing."""

    async def act(scene: Scene) -> web.StreamResponse:
        await _work(scene, take=take)
        response = await _begin(scene)
        with suppress(ConnectionError):
            while not scene.over.is_set():
                await response.write(b" ")
                await asyncio.sleep(pause_s)
        return response

    return act


def cut_short(*, take: bool = False) -> Act:
    """Return the act of promising more bytes than come."""
    head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n"
    return garbage(take=take, raw=head + b'{"data":{"id":"1')


async def _work(scene: Scene, *, take: bool) -> None:
    if take:
        await scene.honest()
    else:
        await scene.request.read()


async def _begin(scene: Scene) -> web.StreamResponse:
    response = web.StreamResponse(status=201, headers={"Content-Type": "application/json"})
    await response.prepare(scene.request)
    return response


def _cut(scene: Scene, *, gently: bool = False) -> web.StreamResponse:
    transport: Any = scene.request.transport
    if transport is not None:
        transport.close() if gently else transport.abort()
    return web.Response(status=500)
