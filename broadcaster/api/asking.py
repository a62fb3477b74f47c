"""One thing that may be asked, and one request for it: what the route tables are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from broadcaster.canary import Canary
from broadcaster.desk import Desk, Reloaded
from broadcaster.errors import Refused
from broadcaster.model import Actor, Problem
from broadcaster.officers import Caller, Officers
from broadcaster.routine import Planning
from broadcaster.upstream import Automatic

MOST_ROWS = 500
MOST_DIGITS = 18


Reload = Callable[[], Awaitable[Reloaded]]
"""Reads again what may change while the service runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request, read: path and query parameters as text, the body in its shape, and who asks."""

    desk: Desk
    officers: Officers
    planning: Planning
    canary: Canary | None
    automatic: Automatic
    reload: Reload | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    caller: Caller
    peer: Actor
    """The Unix user at the other end, whoever is logged in there."""

    @property
    def actor(self) -> Actor:
        """Who is on record for it."""
        return self.caller.actor

    def number(self, name: str) -> int:
        """Return a path parameter that is a number. Raise `Refused`."""
        return _number(self.path[name], name)

    def maybe(self, name: str) -> int | None:
        """Return a query parameter that is a number, None where it is not given. Raise `Refused`."""
        return _number(self.query[name], name) if name in self.query else None

    def limit(self) -> int:
        """Return how many rows are wanted, 1 to 500. Raise `Refused`."""
        return max(1, min(MOST_ROWS, _number(self.query.get("limit", "50"), "limit")))


def _number(text: str, place: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < MOST_DIGITS):
        raise Refused([Problem(code="type_wrong", place=place, params={"wanted": "int"})])
    return int(text)


Handle = Callable[[Ask], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One thing that may be asked. `body` and `result` are the shapes; `handle` is a line or two on the desk. Who may
    ask it stands in `rules.roles`, by `name`.
    """

    method: str
    path: str
    summary: str
    handle: Handle
    result: Any
    body: Any = None
    query: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The operation's name, from the handler."""
        return getattr(self.handle, "__name__", "").strip("_")


def get(path: str, summary: str, handle: Handle, result: Any, *query: str) -> Route:
    """Return a route that changes nothing."""
    return Route(method="GET", path=path, summary=summary, handle=handle, result=result, query=query)


def post(path: str, summary: str, handle: Handle, body: Any, result: Any) -> Route:
    """Return a route that does something: never a GET, since programs that scan mails and chats follow every link."""
    return Route(method="POST", path=path, summary=summary, handle=handle, result=result, body=body)
