"""Persons, sessions, tokens: who is who, and who is still in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from broadcaster.model import Actor, Officer, Role, Scope
from broadcaster.ports.store import Account, Session, Token
from broadcaster.rules import login
from broadcaster.store import trail
from broadcaster.store.base import Part
from broadcaster.store.rows import maybe_time, ms, time_of
from broadcaster.store.transaction import Row, Tx


class Roster(Part):
    """Serves `ports.store.Roster`."""

    async def has_officers(self) -> bool:
        """Return whether anybody has an account."""
        return bool(await self._read(lambda tx: tx.number("roster.any_officer")))

    async def accounts(self) -> tuple[Account, ...]:
        """Return every person, by name."""
        return tuple(account(row) for row in await self._read(lambda tx: tx.all("roster.officers")))

    async def account(self, name: str) -> Account | None:
        """Return one person."""
        row = await self._read(lambda tx: tx.one("roster.officer", officer=name))
        return None if row is None else account(row)

    async def session(self, hashed: str) -> Session | None:
        """Return the session whose secret has this hash."""
        row = await self._read(lambda tx: tx.one("roster.session", hash=hashed))
        return None if row is None else _session(row)

    async def token(self, hashed: str) -> Token | None:
        """Return the machine token whose secret has this hash."""
        row = await self._read(lambda tx: tx.one("roster.token", hash=hashed))
        return None if row is None else token(row)

    async def begin_session(self, name: str, step: int, hashed: str, at: datetime, until: datetime) -> bool:
        """Take the code, forget wrong tries, open a session. False: the code is taken, or the person not let in."""

        def work(tx: Tx) -> bool:
            if not _take(tx, name, step) or not tx.run("roster.forget_failures", officer=name):
                return False
            tx.run("roster.insert_session", hash=hashed, officer=name, at=ms(at), until=ms(until))
            trail.append(tx, at=at, event="session_began", subject=f"officer {name}", actor=name)
            return True

        return await self._write(work)

    async def login_failed(self, name: str, at: datetime) -> None:
        """Count a wrong try, with the pause it brings."""
        await self._write(lambda tx: _failed(tx, name, at))

    async def take_step(self, name: str, step: int) -> bool:
        """Take the code of this time step; False where it is taken already."""
        return await self._write(lambda tx: _take(tx, name, step))

    async def seen(self, session: int, at: datetime) -> None:
        """Note that a session is used."""
        await self._write(lambda tx: tx.run("roster.seen", id=session, at=ms(at)))

    async def end_session(self, session: int, actor: Actor, at: datetime) -> None:
        """End it."""

        def work(tx: Tx) -> None:
            if tx.run("roster.end_session", id=session, at=ms(at)):
                subject = f"officer {actor.name}"
                trail.append(tx, at=at, event="session_ended", subject=subject, actor=trail.who(actor))

        await self._write(work)


def _take(tx: Tx, name: str, step: int) -> bool:
    return not step or tx.run("roster.take_step", officer=name, step=step) > 0


def _failed(tx: Tx, name: str, at: datetime) -> None:
    row = tx.one("roster.officer", officer=name)
    if row is None:
        return
    failures = row["failures"] + 1
    pause = login.pause(failures)
    tx.run("roster.note_failure", officer=name, failures=failures, paused_until=ms(at + pause) if pause else None)
    seconds, subject = int(pause.total_seconds()), f"officer {name}"
    trail.append(tx, at=at, event="login_failed", subject=subject, failures=failures, pause_s=seconds)


def officer(row: Row) -> Officer:
    """Return the person of a row that has the columns of one."""
    return Officer(
        name=row["name"],
        display=row["display"],
        roles=frozenset(Role(role) for role in json.loads(row["roles"])),
        second_factor=bool(row["second_factor"]),
        disabled=bool(row["disabled"]),
    )


def account(row: Row) -> Account:
    """Return the person with what a login is checked against."""
    return Account(
        officer=officer(row),
        passphrase=row["passphrase"],
        seed=row["seed"],
        step=row["step"],
        ticket=row["ticket"],
        ticket_until=maybe_time(row["ticket_until"]),
        failures=row["failures"],
        paused_until=maybe_time(row["paused_until"]),
    )


def _session(row: Row) -> Session:
    return Session(
        id=row["id"],
        officer=officer(row),
        began_at=time_of(row["began_at"]),
        seen_at=time_of(row["seen_at"]),
        until=time_of(row["until"]),
        ended=row["ended_at"] is not None,
    )


def token(row: Row) -> Token:
    """Return a machine token with its person."""
    return Token(
        name=row["token"],
        officer=officer(row),
        scopes=frozenset(Scope(scope) for scope in json.loads(row["scopes"])),
        uid=row["uid"],
        made_at=time_of(row["made_at"]),
        until=time_of(row["until"]),
        revoked=row["revoked_at"] is not None,
    )


def listed(values: Iterable[StrEnum]) -> str:
    """Return roles or scopes as the store keeps them."""
    return json.dumps(sorted(value.value for value in values))
