"""What the canary's rooms share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from broadcaster.desk import Office
from broadcaster.model import Plan
from broadcaster.ports.channel import Channel, Holding, Outward, Publisher, Rehearsal, Rehearsing
from broadcaster.ports.store import Archive, CanaryBook, Intake, RoutineBook
from broadcaster.rules.calendar import Calendar
from broadcaster.rules.canary import Habits


class CanaryStore(CanaryBook, RoutineBook, Archive, Intake, Protocol):
    """All that the canary asks of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A public address. `held` tells what was published there last."""

    url: str
    held: Callable[[], Awaitable[Holding | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The collaborators of whoever looks whether we are heard. `chosen` names the channels that are tested, empty: all
    that can be. `schedule` None: no test comes round by itself.
    """

    office: Office
    store: CanaryStore
    habits: Habits
    calendar: Calendar
    schedule: Plan | None = None
    chosen: tuple[str, ...] = ()
    mirrors: Sequence[tuple[str, str]] = field(default_factory=tuple)
    """Further addresses, each with the channel whose files it holds."""
    ways: tuple[str, ...] = ()
    """The names of the ways by which people are told of silence."""

    def now(self) -> datetime:
        """Return the wall clock."""
        return self.office.now()

    def tested(self) -> dict[str, Channel]:
        """Return the channels that can say a test where no resident hears it, and are to."""
        found = self.office.channels.items()
        return {name: each for name, each in found if name in (self.chosen or (name,)) and can_test(each)}

    def addresses(self) -> tuple[Address, ...]:
        """Return where the public finds what was published, each address once."""
        outward = {name: each for name, each in self.office.channels.items() if isinstance(each, Outward)}
        found = {each.address: Address(url=each.address, held=each.held) for each in outward.values()}
        found |= {url: Address(url=url, held=outward[name].held) for name, url in self.mirrors if name in outward}
        return tuple(found.values())


def can_test(channel: Channel) -> bool:
    """Return whether a channel has somewhere to test: publishers have unlisted files."""
    return isinstance(channel, Publisher) or rehearsal_of(channel) is not None


def rehearsal_of(channel: Channel) -> Rehearsal | None:
    """Return where a channel says tests, None where nowhere of its own."""
    return channel.rehearsal() if isinstance(channel, Rehearsing) else None
