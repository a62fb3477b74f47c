"""Persons with accounts, their sessions, and the programs that act for them. What is secret is only there as a hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from broadcaster.model import Actor, Officer, Role, Scope


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


class ChangeVerb(StrEnum):
    """What is to be done with an officer."""

    ADD = "add"
    RESET = "reset"
    ROLES = "roles"
    ENABLE = "enable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be made of an officer. ADD needs all of it; RESET the seed, and the ticket of a new enrolment; ROLES
    the roles; ENABLE nothing more. `ticket` is a hash.
    """

    verb: ChangeVerb
    name: str
    display: str = ""
    roles: frozenset[Role] = frozenset()
    second_factor: bool = True
    seed: str = ""
    ticket: str = ""
    ticket_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A wish that waits for a second person to agree."""

    id: int
    wish: Wish
    by: Actor
    at: datetime


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

    async def change(self, wish: Wish, actor: Actor, at: datetime, *, waits: bool) -> int | None:
        """Do it, or let it wait for a second person and return its number. Raise `Conflict`, `NotFound`."""
        ...

    async def changes(self) -> tuple[Change, ...]:
        """Return those that wait, oldest first."""
        ...

    async def close_change(self, number: int, actor: Actor, at: datetime, *, confirmed: bool) -> None:
        """Do it, or drop it. Raise `NotFound`, `Conflict`."""
        ...

    async def disable(self, name: str, actor: Actor, at: datetime) -> None:
        """Let nobody in as this person, and end the sessions. Raise `NotFound`, `Conflict` for the last admin."""
        ...

    async def unlock(self, name: str, actor: Actor, at: datetime) -> None:
        """Forget wrong tries and the pause they brought. Raise `NotFound`."""
        ...

    async def enrol(self, name: str, ticket: str, passphrase: str, step: int, at: datetime) -> bool:
        """Set the passphrase and use up ticket and code. False where either is not, or no longer, good."""
        ...

    async def set_passphrase(self, name: str, passphrase: str, step: int, keeping: int, at: datetime) -> bool:
        """Take the code of this step, set another passphrase, and end all sessions but `keeping`. False where the code
        is taken already.
        """
        ...

    async def add_token(self, token: Token, hashed: str, at: datetime) -> None:
        """Let a program act. Raise `Conflict` where the name is taken."""
        ...

    async def tokens(self) -> tuple[Token, ...]:
        """Return every token, by name."""
        ...

    async def revoke_token(self, name: str, actor: Actor, at: datetime) -> None:
        """Let it act no more. Raise `NotFound`."""
        ...
