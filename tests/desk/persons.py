"""Officers for tests. `seat` writes one into the store with an open session, for tests about something else; `enrol`
and `Person.log_in` go the whole way over the desk's API: ticket, passphrase, second factor, login.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from broadcaster.client import Client
from broadcaster.model import Actor, Role
from broadcaster.officers import codes
from broadcaster.ports.store import ChangeVerb, Wish
from broadcaster.rules.login import STEP_S
from broadcaster.store import Store

ALL = frozenset(Role)
DUTY = ("composer", "approver")
PASSPHRASE = "canary passphrase of {}"
_OWNER = Actor(name="owner", uid=0)
_FAR = timedelta(days=3650)


async def seat(store: Store, name: str, now: datetime, roles: Collection[Role] = ALL, display: str = "") -> str:
    """Make an officer without a second factor, log in, and return the session's secret."""
    far, secret = now + _FAR, f"{codes.SESSION}{name}"
    wish = Wish(
        verb=ChangeVerb.ADD,
        name=name,
        display=display or name,
        roles=frozenset(roles),
        second_factor=False,
        seed=name,
        ticket=name,
        ticket_until=far,
    )
    await store.change(wish, _OWNER, now, waits=False)
    assert await store.enrol(name, name, "no passphrase has this hash", 0, now)
    assert await store.begin_session(name, 0, codes.hashed(secret), now, far)
    return secret


@dataclass
class Person:
    """An officer who has enrolled, and the phone that shows the codes."""

    name: str
    secret: str
    session: str = ""

    @property
    def passphrase(self) -> str:
        return PASSPHRASE.format(self.name)

    def code(self, now: datetime, step: int = 0) -> str:
        """Return the code of now, or of a step later or earlier."""
        return pyotp.TOTP(self.secret).at(int(now.timestamp()) + step * STEP_S) if self.secret else ""

    def log_in(self, client: Client, now: datetime, step: int = 0) -> str:
        """Log in with the code of this step, and return the session's secret."""
        self.session = client.login(self.name, self.passphrase, self.code(now, step))["session"]
        return self.session


def enrol(client: Client, name: str, ticket: str, now: datetime) -> Person:
    """Take up a ticket, with the code before the present one: so the present one is still good to log in with."""
    found = client.ticket(name, ticket)
    made = Person(name, found["secret"])
    client.enrol(name, ticket, made.passphrase, made.code(now, -1))
    return made
