"""The officers' room itself: one method per thing a program may ask."""

from __future__ import annotations

from broadcaster.model import Actor
from broadcaster.officers import doors, entering
from broadcaster.officers.values import Begun, Bureau, Caller, Credentials


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

    async def freshly(self, caller: Caller, code: str) -> None:
        """Take the second factor again, before what is grave. Raise `Forbidden`, `Unauthenticated`."""
        await entering.freshly(self._bureau, caller, code)

    def close(self) -> None:
        """Let go."""
        self._bureau.hasher.close()
