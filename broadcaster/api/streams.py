"""Answers without an end: the board at each change, and all subscribers line by line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from itertools import count

from aiohttp import web

from broadcaster.api.peers import actor_of
from broadcaster.desk import Desk
from broadcaster.documents import dump
from broadcaster.errors import BroadcasterError
from broadcaster.events import Events, Subscription

QUIET_S = 15.0
"""A comment is sent this often, so that a client notices when the core has vanished."""
PACE_S = 0.25
"""The board is sent at most this often: a mail to 100,000 changes it with every batch. So soon it is also noticed that
an officer has left."""
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def events(desk: Desk, hub: Events) -> _Handler:
    """Return the handler of the event stream: each event is the whole board, so that a missed one loses nothing."""

    async def handle(request: web.Request) -> web.StreamResponse:
        actor = actor_of(request)
        response = await _open(request, "text/event-stream")
        with hub.subscribe() as changes, desk.presence.sitting(actor.name), suppress(OSError, BroadcasterError):
            while not _left(request):
                board = json.dumps(dump(await desk.board()), ensure_ascii=False)
                await response.write(f"event: board\ndata: {board}\n\n".encode())
                await _next_change(changes, request, response)
        return response

    return handle


def _left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _next_change(changes: Subscription, request: web.Request, response: web.StreamResponse) -> None:
    """Wait for a change, then let further ones gather for a moment: they are all in the next board. Return also when
    the client has left.
    """
    for turn in count(1):
        if _left(request) or await _within(PACE_S, changes):
            break
        if turn % round(QUIET_S / PACE_S) == 0:
            await response.write(b": still here\n\n")
    with suppress(TimeoutError):
        async with asyncio.timeout(PACE_S):
            while not _left(request):
                await changes.next()


async def _within(seconds: float, changes: Subscription) -> bool:
    """Return whether a change came within this time."""
    with suppress(TimeoutError):
        await asyncio.wait_for(changes.next(), seconds)
        return True
    return False


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
