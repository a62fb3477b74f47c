"""Logging in, and the second factor asked for again before what is grave."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from broadcaster.errors import Forbidden, Refused, Unauthenticated
from broadcaster.model import Actor
from broadcaster.officers import codes
from broadcaster.officers.values import Begun, Bureau, Caller, Credentials
from broadcaster.ports.store import Account
from broadcaster.rules import login

STRANGERS = 1_000
"""Names nobody has, whose wrong tries are counted: they are answered as those of officers are."""


class Strangers:
    """Wrong tries under names that nobody has. Kept in memory only, and never logged: somebody in a hurry types the
    passphrase into the field for the name.
    """

    def __init__(self) -> None:
        self._tries: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def paused_until(self, name: str) -> datetime | None:
        """Return until when this name is not tried."""
        tries = self._tries.get(codes.hashed(name))
        return None if tries is None else tries[1]

    def failed(self, name: str, now: datetime) -> None:
        """Count a wrong try."""
        key = codes.hashed(name)
        count = self._tries.pop(key, (0, now))[0] + 1
        self._tries[key] = (count, now + login.pause(count))
        while len(self._tries) > STRANGERS:
            self._tries.popitem(last=False)


async def begin(bureau: Bureau, strangers: Strangers, given: Credentials, peer: Actor) -> Begun:
    """Let a person in. Whatever was wrong is answered in the same words after the same time.

    Raise `Unauthenticated` (`login_refused`, `login_paused`), `Busy`.
    """
    async with bureau.hasher.turn(peer.uid or 0):
        account = await bureau.store.account(given.name)
        check_pause(bureau, account.paused_until if account else strangers.paused_until(given.name))
        right = await bureau.hasher.matches(account.passphrase if account else "", login.spelled(given.passphrase))
        step = _step(bureau, account, given.code) if right else None
        begun = await _open(bureau, account, step) if account is not None and step is not None else None
        if begun is None:
            await failed(bureau, strangers, given.name, account)
            raise Unauthenticated("login_refused")
        return begun


async def freshly(bureau: Bureau, caller: Caller, code: str) -> None:
    """Take a code for something grave, from a person who is already in.

    Nothing is asked where there is nothing to ask for: of a Unix user without an account, of an account without a
    second factor (drills only). Raise `Forbidden`, `Unauthenticated`.
    """
    if caller.officer is None and not caller.accounts:
        return
    account = None if caller.session is None else await bureau.store.account(caller.actor.name)
    if account is None:
        raise Forbidden("person_needed")
    check_pause(bureau, account.paused_until)
    step = _step(bureau, account, code)
    if step is None or (step and not await bureau.store.take_step(account.officer.name, step)):
        await bureau.store.login_failed(account.officer.name, bureau.now())
        raise Unauthenticated("code_refused")


async def change(bureau: Bureau, caller: Caller, given: Credentials, new: str, peer: Actor) -> None:
    """Give a person who is logged in another passphrase; the old one and a code are asked for again.

    Raise `Refused` (the new one), `Forbidden`, `Unauthenticated`, `Busy`.
    """
    if caller.session is None:
        raise Forbidden("person_needed")
    if problems := tuple(login.passphrase_problems(new, caller.actor.name)):
        raise Refused(problems)
    name = caller.actor.name
    async with bureau.hasher.turn(peer.uid or 0):
        account = await bureau.store.account(name)
        if account is None:
            raise Forbidden("person_needed")
        check_pause(bureau, account.paused_until)
        right = await bureau.hasher.matches(account.passphrase, login.spelled(given.passphrase))
        step = _step(bureau, account, given.code) if right else None
        hashed = await bureau.hasher.hashed(login.spelled(new))
        done = step is not None and await bureau.store.set_passphrase(name, hashed, step, caller.session, bureau.now())
        if not done:
            await bureau.store.login_failed(name, bureau.now())
            raise Unauthenticated("login_refused")


def check_pause(bureau: Bureau, until: datetime | None) -> None:
    """Return if something may be tried now. Raise `Unauthenticated`."""
    left = login.paused(until, bureau.now())
    if left:
        raise Unauthenticated("login_paused", seconds=int(left.total_seconds()) + 1)


def _step(bureau: Bureau, account: Account | None, code: str) -> int | None:
    """Return the time step of the code, 0 where none is asked for, None where it is wrong."""
    if account is None:
        return None
    if not account.officer.second_factor:
        return 0
    return codes.step_of(bureau.key, account, code, bureau.now())


async def _open(bureau: Bureau, account: Account, step: int) -> Begun | None:
    secret, now = codes.bearer(codes.SESSION, bureau.entropy), bureau.now()
    until = now + bureau.lifetimes.absolute
    officer = account.officer
    if not await bureau.store.begin_session(officer.name, step, codes.hashed(secret), now, until):
        return None
    return Begun(session=secret, officer=officer, expires_at=until)


async def failed(bureau: Bureau, strangers: Strangers, name: str, account: Account | None) -> None:
    """Count a wrong try, of somebody or of nobody."""
    now = bureau.now()
    if account is None:
        strangers.failed(name, now)
    else:
        await bureau.store.login_failed(name, now)
