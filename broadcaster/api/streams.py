"""Answers without an end: the board at each change, and all subscribers line by line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from broadcaster.api.peers import actor_of
from broadcaster.desk import Desk
from broadcaster.documents import dump
from broadcaster.errors import BroadcasterError
from broadcaster.events import Events, Subscription

QUIET_S = 15.0
"""A comment is sent this often, so that a vanished client is noticed."""
PACE_S = 0.25
"""The board is sent at most this often: a mail to 100,000 changes it with every batch."""
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def events(desk: Desk, hub: Events) -> _Handler:
    """Return the handler of the event stream: each event is the whole board, so that a missed one loses nothing."""

    async def handle(request: web.Request) -> web.StreamResponse:
        actor_of(request)
        response = await _open(request, "text/event-stream")
        with hub.subscribe() as changes, suppress(ConnectionResetError, BroadcasterError):
            while True:
                board = json.dumps(dump(await desk.board()), ensure_ascii=False)
                await response.write(f"event: board\ndata: {board}\n\n".encode())
                await _next_change(changes, response)
        return response

    return handle


async def _next_change(changes: Subscription, response: web.StreamResponse) -> None:
    """Wait for a change, then let further ones gather for a moment: they are all in the next board."""
    waiting = True
    while waiting:
        try:
            await asyncio.wait_for(changes.next(), QUIET_S)
            waiting = False
        except TimeoutError:
            await response.write(b": still here\n\n")
    with suppress(TimeoutError):
        async with asyncio.timeout(PACE_S):
            while True:
                await changes.next()


def subscribers(desk: Desk) -> _Handler:
    """Return the handler that writes every subscriber, one JSON value a line."""

    async def handle(request: web.Request) -> web.StreamResponse:
        actor_of(request)
        response = await _open(request, "application/x-ndjson")
        async for line in _lines(desk):
            await response.write(line)
        await response.write_eof()
        return response

    return handle


async def _lines(desk: Desk) -> AsyncIterator[bytes]:
    async for each in desk.subscribers():
        yield json.dumps(dump(each), ensure_ascii=False).encode() + b"\n"


async def _open(request: web.Request, media: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": media, "Cache-Control": "no-store"})
    await response.prepare(request)
    return response
