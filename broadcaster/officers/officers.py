"""The officers' room itself: one method per thing a program may ask."""

from __future__ import annotations

from collections.abc import Mapping

from broadcaster.model import Actor
from broadcaster.officers import doors, entering, machines, staff
from broadcaster.officers.machines import TokenWish
from broadcaster.officers.values import (
    Asked,
    Begun,
    Bureau,
    Caller,
    Credentials,
    Enrolment,
    Issued,
    Newcomer,
    Staff,
)
from broadcaster.ports.store import Token, Wish


class Officers:
    """What the desk API asks about persons."""

    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau
        self._strangers = entering.Strangers()

    # ------------------------------------------------------------ who asks

    async def identify(self, bearer: str, peer: Actor, *, owner: bool, used: bool = True) -> Caller:
        """Return who asks. Raise `Unauthenticated`."""
        return await doors.identify(self._bureau, bearer, peer, owner=owner, used=used)

    def permit(self, caller: Caller, route: str) -> None:
        """Return if this caller may ask this route. Raise `Unauthenticated`, `Forbidden`."""
        doors.permit(caller, route)

    # ------------------------------------------------------------ coming and going

    async def begin(self, given: Credentials, peer: Actor) -> Begun:
        """Let a person in. Raise `Unauthenticated`, `Busy`."""
        return await entering.begin(self._bureau, self._strangers, given, peer)

    async def end(self, caller: Caller) -> None:
        """Let a person out."""
        if caller.session is not None:
            await self._bureau.store.end_session(caller.session, caller.actor, self._bureau.now())

    async def change_passphrase(self, caller: Caller, given: Credentials, new: str, peer: Actor) -> None:
        """Give whoever asks another passphrase. Raise `Refused`, `Forbidden`, `Unauthenticated`, `Busy`."""
        await entering.change(self._bureau, caller, given, new, peer)

    async def freshly(self, caller: Caller, code: str) -> None:
        """Take the second factor again, before what is grave. Raise `Forbidden`, `Unauthenticated`."""
        await entering.freshly(self._bureau, caller, code)

    # ------------------------------------------------------------ who there is

    async def names(self) -> Mapping[str, str]:
        """Return how each person is shown, by id; those too who are let in no more, since records name them."""
        return {each.officer.name: each.officer.display for each in await self._bureau.store.accounts()}

    async def roll(self) -> Staff:
        """Return everybody, and what waits for a second person."""
        return await staff.roll(self._bureau)

    async def add(self, wish: Wish, caller: Caller) -> Asked:
        """Ask for a new officer. Raise `Refused`, `Conflict`."""
        return await staff.add(self._bureau, wish, caller)

    async def change(self, wish: Wish, caller: Caller) -> Asked:
        """Ask for a change of an officer who is there. Raise `Refused`, `NotFound`, `Conflict`."""
        return await staff.change(self._bureau, wish, caller)

    async def close_change(self, number: int, caller: Caller, *, confirmed: bool) -> None:
        """Agree to a change, or drop it. Raise `NotFound`, `Forbidden`, `Conflict`."""
        await staff.close(self._bureau, number, caller, confirmed=confirmed)

    async def disable(self, name: str, caller: Caller) -> None:
        """Let nobody in as this person, at once: stopping takes no second person. Raise `NotFound`, `Conflict`."""
        await self._bureau.store.disable(name, caller.actor, self._bureau.now())

    async def unlock(self, name: str, caller: Caller) -> None:
        """End the pause after wrong tries. Raise `NotFound`."""
        await self._bureau.store.unlock(name, caller.actor, self._bureau.now())

    async def look(self, newcomer: Newcomer, peer: Actor) -> Enrolment:
        """Show what a ticket is for. Raise `Unauthenticated`, `Busy`."""
        return await staff.look(self._bureau, self._strangers, newcomer, peer)

    async def enrol(self, newcomer: Newcomer, peer: Actor) -> None:
        """Set passphrase and second factor. Raise `Refused`, `Unauthenticated`, `Busy`."""
        await staff.enrol(self._bureau, self._strangers, newcomer, peer)

    # ------------------------------------------------------------ machines

    async def add_token(self, wish: TokenWish, caller: Caller) -> Issued:
        """Make a token for the person who asks. Raise `Refused`, `Forbidden`, `Conflict`."""
        return await machines.add(self._bureau, wish, caller)

    async def tokens(self, caller: Caller) -> tuple[Token, ...]:
        """Return the person's own tokens, or all for an admin."""
        return await machines.listed(self._bureau, caller)

    async def revoke_token(self, name: str, caller: Caller) -> None:
        """Let it act no more. Raise `NotFound`."""
        await machines.revoke(self._bureau, name, caller)

    def close(self) -> None:
        """Let go."""
        self._bureau.hasher.close()
