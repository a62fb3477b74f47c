"""The routes about persons: coming and going, and who is who."""

from __future__ import annotations

from collections.abc import Mapping

from broadcaster.api import shapes
from broadcaster.api.asking import Ask, Route, get, post
from broadcaster.api.peers import user_id
from broadcaster.officers import Asked, Begun, Credentials, Enrolment, Issued, Newcomer, Staff, TokenWish
from broadcaster.ports.store import ChangeVerb, Token, Wish


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


async def _names(ask: Ask) -> Mapping[str, str]:
    return await ask.officers.names()


async def _change_passphrase(ask: Ask) -> None:
    given = Credentials(name=ask.actor.name, passphrase=ask.body.passphrase, code=ask.body.code)
    await ask.officers.change_passphrase(ask.caller, given, ask.body.new, ask.peer)


async def _look(ask: Ask) -> Enrolment:
    return await ask.officers.look(Newcomer(name=ask.body.name, ticket=ask.body.ticket), ask.peer)


async def _enrol(ask: Ask) -> None:
    said = ask.body
    newcomer = Newcomer(name=said.name, ticket=said.ticket, passphrase=said.passphrase, code=said.code)
    await ask.officers.enrol(newcomer, ask.peer)


async def _officers(ask: Ask) -> Staff:
    return await ask.officers.roll()


async def _add_officer(ask: Ask) -> Asked:
    said = ask.body
    wish = Wish(
        verb=ChangeVerb.ADD,
        name=said.name,
        display=said.display,
        roles=said.roles,
        second_factor=said.second_factor,
    )
    return await ask.officers.add(wish, ask.caller)


async def _reset_officer(ask: Ask) -> Asked:
    return await ask.officers.change(Wish(verb=ChangeVerb.RESET, name=ask.path["officer"]), ask.caller)


async def _set_roles(ask: Ask) -> Asked:
    wish = Wish(verb=ChangeVerb.ROLES, name=ask.path["officer"], roles=ask.body.roles)
    return await ask.officers.change(wish, ask.caller)


async def _enable_officer(ask: Ask) -> Asked:
    return await ask.officers.change(Wish(verb=ChangeVerb.ENABLE, name=ask.path["officer"]), ask.caller)


async def _disable_officer(ask: Ask) -> None:
    await ask.officers.disable(ask.path["officer"], ask.caller)


async def _unlock_officer(ask: Ask) -> None:
    await ask.officers.unlock(ask.path["officer"], ask.caller)


async def _confirm_change(ask: Ask) -> None:
    await ask.officers.close_change(ask.number("change"), ask.caller, confirmed=True)


async def _refuse_change(ask: Ask) -> None:
    await ask.officers.close_change(ask.number("change"), ask.caller, confirmed=False)


async def _tokens(ask: Ask) -> tuple[Token, ...]:
    return await ask.officers.tokens(ask.caller)


async def _add_token(ask: Ask) -> Issued:
    said = ask.body
    uid = user_id(said.unix_user) if said.unix_user else None
    wish = TokenWish(name=said.name, scopes=said.scopes, days=said.days, uid=uid)
    return await ask.officers.add_token(wish, ask.caller)


async def _revoke_token(ask: Ask) -> None:
    await ask.officers.revoke_token(ask.path["token"], ask.caller)


PEOPLE: tuple[Route, ...] = (
    get("/me", "Who asks, and as what", _me, shapes.Me),
    get("/names", "How each officer is shown, by id", _names, Mapping[str, str]),
    post("/sessions", "Log in", _begin_session, shapes.Login, Begun),
    post("/sessions/end", "Log out", _end_session, None, None),
    post("/me/passphrase", "Another passphrase for whoever asks", _change_passphrase, shapes.Passphrase, None),
    post(
        "/enrolments/look", "Whom a ticket is for, and the secret of the second factor", _look, shapes.Enter, Enrolment
    ),
    post("/enrolments", "Set passphrase and second factor", _enrol, shapes.Enter, None),
    get("/officers", "Everybody, and the changes that wait for a second admin", _officers, Staff),
    post("/officers", "Ask for a new officer", _add_officer, shapes.NewOfficer, Asked),
    post("/officers/{officer}/reset", "Ask for a new enrolment", _reset_officer, None, Asked),
    post("/officers/{officer}/roles", "Ask for other roles", _set_roles, shapes.Roles, Asked),
    post("/officers/{officer}/enable", "Ask to let in again", _enable_officer, None, Asked),
    post("/officers/{officer}/disable", "Let in no more, at once", _disable_officer, None, None),
    post("/officers/{officer}/unlock", "End the pause after wrong tries", _unlock_officer, None, None),
    post("/changes/{change}/confirm", "Agree to what another has asked for", _confirm_change, None, None),
    post("/changes/{change}/refuse", "Drop what was asked for", _refuse_change, None, None),
    get("/tokens", "Machine tokens", _tokens, tuple[Token, ...]),
    post("/tokens", "Let a program act for you", _add_token, shapes.NewToken, Issued),
    post("/tokens/{token}/revoke", "Let it act no more", _revoke_token, None, None),
)
