"""Answers without an end: the board at each change, and all subscribers line by line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import count

from aiohttp import web

from broadcaster.api.peers import caller_of
from broadcaster.desk import Desk
from broadcaster.documents import dump, dumps
from broadcaster.errors import BroadcasterError
from broadcaster.events import Events, Subscription
from broadcaster.officers import Caller, Officers

QUIET_S = 4.0
"""A comment is sent this often, so that a client notices when the core has vanished; so soon it is also noticed that a
session has ended."""
PACE_S = 0.25
"""The board is sent at most this often: a mail to 100,000 changes it with every batch. So soon it is also noticed that
an officer has left."""
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def events(desk: Desk, hub: Events, officers: Officers) -> _Handler:
    """Return the handler of the event stream: each event is the whole board, so that a missed one loses nothing. It
    stops as soon as whoever listens may no longer.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        caller = await caller_of(request, officers, "events")
        response = await _open(request, "text/event-stream")

        async def still() -> None:
            await caller_of(request, officers, "events", used=False)

        with hub.subscribe() as changes, _seat(desk, caller), suppress(OSError, BroadcasterError):
            while not _left(request):
                await still()
                board = dumps(await desk.board())
                await response.write(b"event: board\ndata: " + board + b"\n\n")
                await _next_change(changes, request, response, still)
        return response

    return handle


def _seat(desk: Desk, caller: Caller) -> AbstractContextManager[None]:
    """Let an officer be seen to be there; whoever only looks without a login is nobody's second person."""
    if not caller.roles or caller.scopes is not None:
        return nullcontext()
    return desk.presence.sitting(caller.actor.name, caller.officer.display if caller.officer else "")


def _left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _next_change(
    changes: Subscription, request: web.Request, response: web.StreamResponse, still: Callable[[], Awaitable[None]]
) -> None:
    """Wait for a change, then let further ones gather for a moment: they are all in the next board. Return also when
    the client has left. Meanwhile `still` is asked now and again; what it raises ends the stream.
    """
    for turn in count(1):
        if _left(request) or await _within(PACE_S, changes):
            break
        if turn % round(QUIET_S / PACE_S) == 0:
            await still()
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


def subscribers(desk: Desk, officers: Officers) -> _Handler:
    """Return the handler that writes every subscriber, one JSON value a line."""

    async def handle(request: web.Request) -> web.StreamResponse:
        await caller_of(request, officers, "subscribers")
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
