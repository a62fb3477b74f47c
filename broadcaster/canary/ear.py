"""Listening: what came of one test on each channel it was for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from broadcaster.canary.room import Room, rehearsal_of
from broadcaster.model import Delivery
from broadcaster.ports.channel import Channel, Finder, Verifier
from broadcaster.rules.canary import Hush, answered, why_not


@dataclass(frozen=True, slots=True)
class Ear:
    """Hears answers."""

    room: Room

    async def hear(self, identifier: str) -> Mapping[str, datetime | Hush]:
        """Return when each channel answered, or what is known of its silence so far. Raise `NotFound`."""
        row = await self.room.store.alert(identifier)
        owed = defaultdict[str, list[Delivery]](list)
        for each in row.deliveries:
            owed[each.channel].append(each)
        return {name: self._of(name, owed[name]) for name in row.alert.channels}

    def _of(self, name: str, deliveries: list[Delivery]) -> datetime | Hush:
        channel = self.room.office.channels.get(name)
        readable = channel is not None and _readable(channel)
        return answered(deliveries, readable=readable) or why_not(deliveries)


def _readable(channel: Channel) -> bool:
    """Return whether it can be seen from outside that a test arrived."""
    place = rehearsal_of(channel)
    voice = place.voice if place and place.voice else channel
    return isinstance(voice, Finder | Verifier)
