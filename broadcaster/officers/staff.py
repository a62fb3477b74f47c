"""Making officers: what an admin asks for, what a second agrees to, and what a new officer brings to be let in."""

from __future__ import annotations

from dataclasses import replace

from broadcaster.errors import Conflict, Forbidden, NotFound, Refused, Unauthenticated
from broadcaster.model import Actor, Mode, Problem, Role
from broadcaster.officers import codes
from broadcaster.officers.entering import Strangers, check_pause, failed
from broadcaster.officers.values import Asked, Bureau, Caller, Enrolment, Member, Newcomer, Staff
from broadcaster.ports.store import Account, ChangeVerb, Wish
from broadcaster.rules import login, staffing


async def roll(bureau: Bureau) -> Staff:
    """Return everybody, and what waits for a second person."""
    now = bureau.now()
    members = [
        Member(
            officer=each.officer,
            enrolled=bool(each.passphrase),
            paused_until=each.paused_until if each.paused_until and each.paused_until > now else None,
        )
        for each in await bureau.store.accounts()
    ]
    changes = [replace(each, wish=_bare(each.wish)) for each in await bureau.store.changes()]
    return Staff(officers=tuple(members), changes=tuple(changes))


def _bare(wish: Wish) -> Wish:
    return replace(wish, seed="", ticket="")


async def add(bureau: Bureau, wish: Wish, caller: Caller) -> Asked:
    """Ask for a new officer. Raise `Refused`, `Conflict`."""
    problems = [*login.name_problems(wish.name), *_add_problems(bureau, wish)]
    if not caller.accounts and Role.ADMIN not in wish.roles:
        problems.append(Problem(code="officer_first_admin", place="roles"))
    if problems:
        raise Refused(problems)
    return await _asked(bureau, wish, caller, frozenset(), ticket=True)


def _add_problems(bureau: Bureau, wish: Wish) -> list[Problem]:
    problems = [] if wish.roles else [Problem(code="officer_no_role", place="roles")]
    if not wish.second_factor and bureau.mode is Mode.LIVE:
        problems.append(Problem(code="second_factor_needed", place="second_factor"))
    if not 0 < len(wish.display) <= login.LONGEST or not wish.display.isprintable():
        problems.append(Problem(code="officer_display_wrong", place="display"))
    return problems


async def change(bureau: Bureau, wish: Wish, caller: Caller) -> Asked:
    """Ask for a change of an officer who is there. Raise `Refused`, `NotFound`, `Conflict`."""
    account = await _account(bureau, wish.name)
    if wish.verb is ChangeVerb.ROLES and not wish.roles:
        raise Refused([Problem(code="officer_no_role", place="roles")])
    return await _asked(bureau, wish, caller, account.officer.roles, ticket=wish.verb is ChangeVerb.RESET)


async def _asked(bureau: Bureau, wish: Wish, caller: Caller, before: frozenset[Role], *, ticket: bool) -> Asked:
    now, said = bureau.now(), codes.ticket(bureau.entropy) if ticket else ""
    if ticket:
        until = now + login.TICKET_LIFE
        wish = replace(wish, seed=bureau.entropy.token(), ticket=codes.ticket_hash(said), ticket_until=until)
    own = caller.officer.roles if caller.officer else frozenset[Role]()
    accounts, touched = await bureau.store.accounts(), wish.roles | before
    waits = staffing.waits(accounts, caller.actor, own, wish.name, touched)
    number = await bureau.store.change(wish, caller.actor, now, waits=waits)
    return Asked(change=number, ticket=said, ticket_until=wish.ticket_until)


async def close(bureau: Bureau, number: int, caller: Caller, *, confirmed: bool) -> None:
    """Agree to a change, or drop it. Raise `NotFound`, `Forbidden` (not a second person), `Conflict`."""
    found = [each for each in await bureau.store.changes() if each.id == number]
    if not found:
        raise NotFound("change_not_found", number=number)
    now = bureau.now()
    if confirmed and now - found[0].at > login.TICKET_LIFE:
        raise Conflict("change_old", number=number)
    accounts = await bureau.store.accounts()
    if confirmed and not staffing.may_confirm(found[0], caller.actor, accounts, owner=caller.owner):
        raise Forbidden("change_second_needed", number=number, actor=caller.actor.name)
    await bureau.store.close_change(number, caller.actor, now, confirmed=confirmed)


async def look(bureau: Bureau, strangers: Strangers, newcomer: Newcomer, peer: Actor) -> Enrolment:
    """Show who a ticket is for, and the secret for the authenticator app. Raise `Unauthenticated`, `Busy`."""
    async with bureau.hasher.turn(peer.uid or 0):
        account = await _ticketed(bureau, strangers, newcomer)
    officer = account.officer
    if not officer.second_factor:
        return Enrolment(officer=officer, secret="", address="")
    secret = codes.shared_secret(bureau.key, officer.name, account.seed)
    issuer = bureau.city if bureau.mode is Mode.LIVE else f"{bureau.city} drill"
    return Enrolment(officer=officer, secret=secret, address=codes.address(secret, officer.name, issuer))


async def enrol(bureau: Bureau, strangers: Strangers, newcomer: Newcomer, peer: Actor) -> None:
    """Set the passphrase, once the first code shows that the app has the secret.

    Raise `Refused` (the passphrase), `Unauthenticated` (ticket or code), `Busy`.
    """
    async with bureau.hasher.turn(peer.uid or 0):
        account = await _ticketed(bureau, strangers, newcomer)
        if problems := tuple(login.passphrase_problems(newcomer.passphrase, newcomer.name)):
            raise Refused(problems)
        step = 0
        if account.officer.second_factor:
            step = codes.step_of(bureau.key, account, newcomer.code, bureau.now()) or 0
            if not step:
                raise Unauthenticated("code_refused")
        hashed = await bureau.hasher.hashed(login.spelled(newcomer.passphrase))
        ticket = codes.ticket_hash(newcomer.ticket)
        if not await bureau.store.enrol(newcomer.name, ticket, hashed, step, bureau.now()):
            raise Unauthenticated("ticket_refused")


async def _ticketed(bureau: Bureau, strangers: Strangers, newcomer: Newcomer) -> Account:
    """Return whose ticket it is; a name nobody has is answered as a wrong ticket is."""
    account, now = await bureau.store.account(newcomer.name), bureau.now()
    check_pause(bureau, account.paused_until if account else strangers.paused_until(newcomer.name))
    right = account is not None and codes.same(account.ticket, codes.ticket_hash(newcomer.ticket))
    if account is None or not right or account.ticket_until is None or account.ticket_until <= now:
        await failed(bureau, strangers, newcomer.name, account)
        raise Unauthenticated("ticket_refused")
    return account


async def _account(bureau: Bureau, name: str) -> Account:
    account = await bureau.store.account(name)
    if account is None:
        raise NotFound("officer_not_found", name=name)
    return account
