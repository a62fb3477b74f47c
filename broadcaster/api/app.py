"""The routes on aiohttp: read the body, ask the desk, answer in JSON; every error in one shape."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from broadcaster import __version__
from broadcaster.api.asking import Ask, Reload, Route
from broadcaster.api.openapi import description
from broadcaster.api.peers import caller_of, peer_of
from broadcaster.api.routes import ROUTES
from broadcaster.api.shapes import Failure, Fault
from broadcaster.api.streams import events, subscribers
from broadcaster.canary import Canary
from broadcaster.desk import Desk
from broadcaster.documents import dump, load, parse_json
from broadcaster.errors import (
    BroadcasterError,
    Busy,
    Conflict,
    Forbidden,
    NotFound,
    Refused,
    RenderingError,
    StoreError,
    Unauthenticated,
)
from broadcaster.events import Events
from broadcaster.model import Problem
from broadcaster.officers import Officers
from broadcaster.routine import Planning
from broadcaster.upstream import Automatic

BODY_BYTES = 2 * 1024 * 1024
"""No alert and no thousand subscribers are larger; whatever is, is refused before it is read."""
_STATUS: tuple[tuple[type[BroadcasterError], int], ...] = (
    (Refused, 422),
    (RenderingError, 422),
    (NotFound, 404),
    (Conflict, 409),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (Busy, 429),
    (StoreError, 503),
)
VERSION = "Broadcaster-Version"
"""The header of every answer that says which version of the service gave it."""
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = logging.getLogger("broadcaster.api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What the API speaks for."""

    desk: Desk
    events: Events
    officers: Officers
    planning: Planning
    automatic: Automatic
    reload: Reload | None = None
    """None: nothing can be read again."""
    canary: Canary | None = None
    """None: no canary is configured."""
    version: str = __version__
    """Which version of the service it says it is."""


def application(rooms: Rooms) -> web.Application:
    """Return the application with every route of the table, the streams and the description."""
    app = web.Application(middlewares=[_errors], client_max_size=BODY_BYTES)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _handler(rooms, route))
    app.router.add_get("/events", events(rooms.desk, rooms.events, rooms.officers))
    app.router.add_get("/subscribers", subscribers(rooms.desk, rooms.officers))
    app.router.add_get("/openapi.json", _describe)
    app.on_response_prepare.append(_signed(rooms.version))
    return app


def _handler(rooms: Rooms, route: Route) -> _Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        caller = await caller_of(request, rooms.officers, route.name)
        body = load(route.body, await _json(request)) if route.body is not None else None
        ask = Ask(
            desk=rooms.desk,
            officers=rooms.officers,
            planning=rooms.planning,
            automatic=rooms.automatic,
            reload=rooms.reload,
            canary=rooms.canary,
            path=request.match_info,
            query=request.query,
            body=body,
            caller=caller,
            peer=peer_of(request),
        )
        return web.json_response(dump(await route.handle(ask)))

    return handle


def _signed(version: str) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return what puts the version on every answer, the streams' too."""

    async def sign(_: web.Request, response: web.StreamResponse) -> None:
        response.headers[VERSION] = version

    return sign


async def _json(request: web.Request) -> object:
    try:
        return parse_json(await request.text())
    except (ValueError, LookupError, RecursionError):
        raise Refused([Problem(code="json_wrong", place="body")]) from None


async def _describe(_: web.Request) -> web.StreamResponse:
    return web.json_response(description())


@web.middleware
async def _errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BroadcasterError as error:
        return _failure(_status(error), fault(error))
    except web.HTTPException as error:
        return _failure(error.status, Fault(code=f"http_{error.status}", params={}))
    except Exception:
        log.exception("a request failed unexpectedly", extra={"event": "api_failed", "path": request.path})
        return _failure(500, Fault(code="internal_error", params={}))


def fault(error: BroadcasterError) -> Fault:
    """Return the error as clients read it."""
    problems = error.problems if isinstance(error, Refused) else ()
    return Fault(code=error.code, params=error.params, problems=problems)


def _status(error: BroadcasterError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _failure(status: int, what: Fault) -> web.Response:
    return web.json_response(dump(Failure(error=what)), status=status)
