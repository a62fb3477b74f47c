"""What an officer looks at: all alerts with their deliveries, what waits for a person, and the channels' health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from broadcaster.desk.values import Office
from broadcaster.model import Attempt, Mode
from broadcaster.ports.store import AlertRow, Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """A channel as its lane remembers it. `down` is why its breaker is open, empty when it is not."""

    channel: str
    down: str = ""
    until: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The whole board at one moment."""

    mode: Mode
    now: datetime
    city: str
    zone: str
    """The city's time zone by its IANA name: in it people read times."""
    page: str
    rows: tuple[AlertRow, ...]
    waiting: tuple[Submission, ...]
    channels: tuple[ChannelState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One alert with every attempt of its deliveries, by delivery."""

    mode: Mode
    now: datetime
    city: str
    zone: str
    row: AlertRow
    attempts: Mapping[str, tuple[Attempt, ...]]


async def board(office: Office, limit: int) -> Board:
    """Take the board now."""
    now, store, city = office.now(), office.store, office.context.city
    counts = await store.counts()
    return Board(
        mode=office.mode,
        now=now,
        city=city.name,
        zone=city.zone.key,
        page=city.public_url,
        rows=await store.board(now, limit),
        waiting=await store.submissions(),
        channels=tuple([await _state(office, name, counts.get(name, {})) for name in office.channels]),
    )


async def report(office: Office, identifier: str) -> Report:
    """Take one alert's part of the board, with every try. Raise `NotFound`."""
    row = await office.store.alert(identifier)
    attempts = {str(each.id): await office.store.attempts(each.id) for each in row.deliveries}
    city = office.context.city
    return Report(mode=office.mode, now=office.now(), city=city.name, zone=city.zone.key, row=row, attempts=attempts)


async def _state(office: Office, name: str, counts: Mapping[str, int]) -> ChannelState:
    breaker = (await office.store.lane(name)).breaker
    if breaker.opened_at is None:
        return ChannelState(channel=name, counts=counts)
    return ChannelState(channel=name, down=breaker.reason, until=breaker.open_until, counts=counts)
