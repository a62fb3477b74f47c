"""Machine tokens: a program that acts for the person who made it. It drafts and reads; it never approves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from broadcaster.errors import Forbidden, NotFound, Refused
from broadcaster.model import Problem, Role, Scope
from broadcaster.officers import codes
from broadcaster.officers.values import Bureau, Caller, Issued
from broadcaster.ports.store import Token
from broadcaster.rules import login

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWish:
    """What a token is to be good for. `uid`, where given, is the only Unix user it works for."""

    name: str
    scopes: frozenset[Scope]
    days: int
    uid: int | None = None


async def add(bureau: Bureau, wish: TokenWish, caller: Caller) -> Issued:
    """Make a token for the person who asks, since whoever could make one for another could speak as that other.

    Raise `Refused`, `Forbidden`, `Conflict`.
    """
    if caller.officer is None or caller.session is None:
        raise Forbidden("person_needed")
    problems = list(login.name_problems(wish.name))
    if not wish.scopes:
        problems.append(Problem(code="token_no_scope", place="scopes"))
    if not 0 < wish.days <= LONGEST_DAYS:
        problems.append(Problem(code="token_days_wrong", place="days", params={"most": LONGEST_DAYS}))
    if problems:
        raise Refused(problems)
    now, secret = bureau.now(), codes.bearer(codes.TOKEN, bureau.entropy)
    until = now + timedelta(days=wish.days)
    token = Token(name=wish.name, officer=caller.officer, scopes=wish.scopes, until=until, made_at=now, uid=wish.uid)
    await bureau.store.add_token(token, codes.hashed(secret), now)
    return Issued(token=secret, name=wish.name, until=until)


async def listed(bureau: Bureau, caller: Caller) -> tuple[Token, ...]:
    """Return the person's own tokens; an admin's list is of all."""
    every = await bureau.store.tokens()
    return every if _sees_all(caller) else tuple(each for each in every if each.officer.name == caller.actor.name)


async def revoke(bureau: Bureau, name: str, caller: Caller) -> None:
    """Let it act no more, from the next request on. Raise `NotFound`."""
    if name not in {each.name for each in await listed(bureau, caller)}:
        raise NotFound("token_not_found", name=name)
    await bureau.store.revoke_token(name, caller.actor, bureau.now())


def _sees_all(caller: Caller) -> bool:
    return Role.ADMIN in caller.roles or (caller.owner and caller.officer is None)
