"""Who asks: from what a request brings to a person and what the person may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from broadcaster.errors import Forbidden, Unauthenticated
from broadcaster.model import Actor
from broadcaster.officers import codes
from broadcaster.officers.values import Bureau, Caller
from broadcaster.rules import login, roles

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a session was last used: each note is a write."""


async def identify(bureau: Bureau, bearer: str, peer: Actor, *, owner: bool, used: bool = True) -> Caller:
    """Return who asks. `used` says that a person does something: it puts off the end of an idle session.

    Raise `Unauthenticated` for a secret that is not, or no longer, good: the same words whatever the reason.
    """
    if not bearer:
        accounts = await bureau.store.has_officers()
        return Caller(actor=peer, owner=owner, accounts=accounts, roles=frozenset() if accounts else roles.ANY)
    found = await (_machine if bearer.startswith(codes.TOKEN) else _person)(bureau, bearer, peer, used=used)
    if found is None:
        raise Unauthenticated("session_ended")
    return replace(found, owner=owner)


async def _person(bureau: Bureau, bearer: str, _: Actor, *, used: bool) -> Caller | None:
    session, now = await bureau.store.session(codes.hashed(bearer)), bureau.now()
    if session is None or session.ended or session.officer.disabled:
        return None
    if not login.alive(session.seen_at, session.until, now, bureau.lifetimes):
        return None
    if used and now - session.seen_at >= SEEN_EVERY:
        await bureau.store.seen(session.id, now)
    officer = session.officer
    return Caller(
        actor=Actor(name=officer.name),
        owner=False,
        accounts=True,
        roles=officer.roles,
        officer=officer,
        session=session.id,
        until=session.until,
    )


async def _machine(bureau: Bureau, bearer: str, peer: Actor, *, used: bool) -> Caller | None:  # noqa: ARG001 (as above)
    token = await bureau.store.token(codes.hashed(bearer))
    if token is None or token.revoked or token.officer.disabled or bureau.now() >= token.until:
        return None
    if token.uid is not None and token.uid != peer.uid:
        return None
    return Caller(
        actor=Actor(name=token.officer.name, via=token.name),
        owner=False,
        accounts=True,
        roles=token.officer.roles,
        officer=token.officer,
        scopes=token.scopes,
        until=token.until,
    )


def permit(caller: Caller, route: str) -> None:
    """Return if this caller may ask this route. Raise `Unauthenticated`, `Forbidden`."""
    if not caller.accounts:
        if roles.ROUTES[route].door is roles.Door.OWNER and not caller.owner:
            raise Forbidden("owner_needed")
    elif caller.officer is None:
        if not roles.unnamed(route, owner=caller.owner):
            raise Unauthenticated("session_needed")
    elif not roles.allowed(route, caller.roles, caller.scopes):
        if caller.scopes is not None:
            raise Forbidden("token_scope_missing", token=caller.actor.via)
        needed = roles.ROUTES[route].roles if route in roles.ROUTES else frozenset[str]()
        raise Forbidden("role_missing", actor=caller.actor.name, roles=", ".join(sorted(needed)))
