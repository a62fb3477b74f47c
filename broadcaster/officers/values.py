"""What goes into the officers' room and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from broadcaster.model import Actor, Mode, Officer, Role, Scope
from broadcaster.officers.hashing import Hasher
from broadcaster.ports.store import Change, Roster
from broadcaster.ports.world import Clock, Entropy
from broadcaster.rules.login import DEFAULT, Lifetimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """What all work with officers needs. `key` is the instance's (`keyfile`), never shown; `city` the name in Latin
    letters, which keeps the QR code of the second factor small enough for a terminal.
    """

    store: Roster
    key: bytes = field(repr=False)
    hasher: Hasher
    clock: Clock
    entropy: Entropy
    mode: Mode
    city: str
    lifetimes: Lifetimes = DEFAULT

    def now(self) -> datetime:
        """The time."""
        return self.clock.now()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and as what. Without `accounts` everybody at the socket is a person with all roles; with them, whoever
    brings no session or token has no `officer` and no role. `owner` is the Unix user the service runs as, or root.
    """

    actor: Actor
    owner: bool
    accounts: bool
    roles: frozenset[Role] = frozenset()
    officer: Officer | None = None
    scopes: frozenset[Scope] | None = None
    """Those of the machine token; None where there is none."""
    session: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person says to be let in. `code` is that of the second factor, empty where the account has none."""

    name: str
    passphrase: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A session that has begun. `session` is its secret: shown this once, kept by the program that asked."""

    session: str = field(repr=False)
    officer: Officer
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An officer as admins see one. `enrolled`: has a passphrase; `paused_until`: too many wrong tries."""

    officer: Officer
    enrolled: bool
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Everybody, and what waits for a second person to agree."""

    officers: tuple[Member, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What became of a change: done, or waiting under the number `change`. `ticket` is the one-time code with which the
    officer enrols, shown this once; it is good as soon as the change is done.
    """

    change: int | None
    ticket: str = field(default="", repr=False)
    ticket_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """What a new officer brings: the ticket, and to enrol with it a passphrase and the first code of the app."""

    name: str
    ticket: str = field(repr=False)
    passphrase: str = field(default="", repr=False)
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Whom a ticket is for, and the secret for the authenticator app: empty where no second factor is asked for."""

    officer: Officer
    secret: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A machine token that was made: its secret is shown this once."""

    token: str = field(repr=False)
    name: str
    until: datetime
