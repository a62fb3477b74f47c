"""What people may ask of the canary: how everything is, what comes, and a test at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.canary.room import Room, can_test, rehearsal_of
from broadcaster.errors import NotFound
from broadcaster.model import Actor, Mode, Pulse, Sounding
from broadcaster.rules import recurrence

PAST, AHEAD = timedelta(days=7), timedelta(days=30)
SHOWN = 5
"""How many of the next tests are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a channel says its tests. `tested`: it is to, and has somewhere; `place` names it for people."""

    channel: str
    tested: bool
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything that is watched, the tests of the last days, newest first, when the next ones are due, and by which
    ways people are told of silence.
    """

    mode: Mode
    now: datetime
    zone: str
    places: tuple[Place, ...]
    addresses: tuple[str, ...]
    pulses: tuple[Pulse, ...]
    soundings: tuple[Sounding, ...]
    ahead: tuple[datetime, ...]
    ways: tuple[str, ...]


class Canary:
    """Answers for the canary. `test` says one at once; None: it does not run here, only its store is looked at."""

    def __init__(self, room: Room, test: Callable[[Actor], Awaitable[Sounding]] | None = None) -> None:
        self._room = room
        self._test = test

    async def overview(self) -> Overview:
        """Return everything."""
        room, now = self._room, self._room.now()
        tested = room.tested()
        return Overview(
            mode=room.office.mode,
            now=now,
            zone=room.calendar.zone.key,
            places=tuple(
                Place(channel=name, tested=name in tested, place=_place(room, name)) for name in room.office.channels
            ),
            addresses=tuple(each.url for each in room.addresses()),
            pulses=await room.store.pulses(),
            soundings=tuple(reversed(await room.store.soundings(now - PAST))),
            ahead=self._ahead(now),
            ways=room.ways,
        )

    async def test(self, actor: Actor) -> Sounding:
        """Say a test at once. Raise `NotFound` where the canary does not run."""
        if self._test is None:
            raise NotFound("canary_off")
        return await self._test(actor)

    def _ahead(self, now: datetime) -> tuple[datetime, ...]:
        plan = self._room.schedule
        if plan is None:
            return ()
        coming = recurrence.between(plan, now, now + AHEAD, self._room.calendar)
        return tuple(each.due for each in coming if not each.reason)[:SHOWN]


def _place(room: Room, name: str) -> str:
    """Return where a channel would say tests, as a person names it; empty where nowhere."""
    channel = room.office.channels[name]
    place = rehearsal_of(channel)
    return place.place if place else ("canary" if can_test(channel) else "")
