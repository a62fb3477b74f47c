"""Persons with accounts, their sessions, and the programs that act for them. What is secret is only there as a hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broadcaster.model import Actor, Officer, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person with what a login is checked against. `passphrase` is the argon2id hash, empty until the person has
    enrolled; the second factor's secret comes from `seed` and the instance's key; `step` is the time step of the last
    code taken. `ticket` is the hash of the one-time code of enrolment, good until `ticket_until`.
    """

    officer: Officer
    passphrase: str
    seed: str
    step: int = 0
    ticket: str = ""
    ticket_until: datetime | None = None
    failures: int = 0
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A login. `until` is when it ends in any case; `ended` that a person ended it."""

    id: int
    officer: Officer
    began_at: datetime
    seen_at: datetime
    until: datetime
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A program that may act for a person until `until`; `uid`, where given, is the only Unix user it works for."""

    name: str
    officer: Officer
    scopes: frozenset[Scope]
    until: datetime
    made_at: datetime
    uid: int | None = None
    revoked: bool = False


class Roster(Protocol):
    """Persons, sessions, tokens."""

    async def has_officers(self) -> bool:
        """Return whether anybody has an account."""
        ...

    async def accounts(self) -> tuple[Account, ...]:
        """Return every person, by name."""
        ...

    async def account(self, name: str) -> Account | None:
        """Return one person."""
        ...

    async def session(self, hashed: str) -> Session | None:
        """Return the session whose secret has this hash."""
        ...

    async def token(self, hashed: str) -> Token | None:
        """Return the machine token whose secret has this hash."""
        ...

    async def begin_session(self, name: str, step: int, hashed: str, at: datetime, until: datetime) -> bool:
        """Take the code of this time step (0: none was asked for), forget wrong tries, and open a session. False where
        that step is taken already, or the person is disabled or reset meanwhile.
        """
        ...

    async def login_failed(self, name: str, at: datetime) -> None:
        """Count a wrong try, with the pause it brings (`rules.login.pause`)."""
        ...

    async def take_step(self, name: str, step: int) -> bool:
        """Take the code of this time step; False where it is taken already."""
        ...

    async def seen(self, session: int, at: datetime) -> None:
        """Note that a session is used."""
        ...

    async def end_session(self, session: int, actor: Actor, at: datetime) -> None:
        """End it."""
        ...
