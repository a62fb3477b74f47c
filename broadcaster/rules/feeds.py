"""Whether a watched feed can be trusted to speak: a pure decision over how it was left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.ports.store import FeedState

NOTED_EVERY = timedelta(minutes=1)
"""How often it is written down that a feed was read and had nothing new."""
_SAME = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a feed is red on the board, and since when. `code` names a sentence of the catalogue."""

    code: str
    params: Mapping[str, str | float]
    since: datetime


def read_well(before: FeedState, newest: datetime | None, now: datetime) -> FeedState:
    """Return the state after a list was read. One whose newest document is older than before has gone back in time: an
    old copy is being served, and what it lacks is not lifted.
    """
    known = before.newest_at
    if newest is not None and known is not None and newest < known - _SAME:
        params = {"newest": newest.isoformat(), "known": known.isoformat()}
        return failed(before, "feed_backwards", params, now)
    latest = max((each for each in (newest, known) if each is not None), default=None)
    return replace(before, read_at=now, newest_at=latest, trouble="", params={}, since=None)


def unchanged(before: FeedState, now: datetime) -> FeedState:
    """Return the state after the feed said that nothing has changed (304)."""
    return replace(before, read_at=now, trouble="", params={}, since=None)


def as_good_as(before: FeedState, after: FeedState) -> bool:
    """Return whether nothing but the time of a reading has changed, and not by much: that is not worth a commit."""
    if before.read_at is None or after.read_at is None:
        return before == after
    return replace(before, read_at=after.read_at) == after and after.read_at - before.read_at < NOTED_EVERY


def failed(before: FeedState, code: str, params: Mapping[str, str | float], now: datetime) -> FeedState:
    """Return the state after a try that gave nothing. What it said before stays said."""
    since = before.since if before.trouble and before.since else now
    return replace(before, trouble=code, params=dict(params), since=since)


def trouble(state: FeedState, silent_after: timedelta, now: datetime) -> Trouble | None:
    """Return what is wrong with a feed; None while it speaks. One that is read but brings nothing new for
    `silent_after` is silent (fault 89).
    """
    if state.trouble:
        return Trouble(code=state.trouble, params=state.params, since=state.since or now)
    if state.newest_at is not None and now - state.newest_at > silent_after:
        minutes = silent_after // timedelta(minutes=1)
        return Trouble(code="feed_silent", params={"minutes": minutes}, since=state.newest_at + silent_after)
    return None
