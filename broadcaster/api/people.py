"""The routes about persons: coming and going, and who is who."""

from __future__ import annotations

from broadcaster.api import shapes
from broadcaster.api.asking import Ask, Route, get, post
from broadcaster.officers import Begun, Credentials


async def _begin_session(ask: Ask) -> Begun:
    given = Credentials(name=ask.body.name, passphrase=ask.body.passphrase, code=ask.body.code)
    return await ask.officers.begin(given, ask.peer)


async def _end_session(ask: Ask) -> None:
    await ask.officers.end(ask.caller)


async def _me(ask: Ask) -> shapes.Me:
    caller = ask.caller
    return shapes.Me(
        officer=caller.officer,
        name=caller.actor.name,
        roles=tuple(sorted(caller.roles)),
        accounts=caller.accounts,
        owner=caller.owner,
        mode=ask.desk.mode,
        city=ask.desk.city,
        until=caller.until,
    )


PEOPLE: tuple[Route, ...] = (
    get("/me", "Who asks, and as what", _me, shapes.Me),
    post("/sessions", "Log in", _begin_session, shapes.Login, Begun),
    post("/sessions/end", "Log out", _end_session, None, None),
)
