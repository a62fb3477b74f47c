"""Times that stand in a text, as they were read from what a person typed: all of it told, nothing refused, since a
cut that began a week ago is as real as one an hour old.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.model import Problem

SLACK = timedelta(minutes=10)
"""So far ahead of now, or behind it, counts as now: clocks differ, and typing takes a while."""
LONG_AGO = timedelta(hours=6)
"""An hour alone that was last so long ago, and not today, may be one to come: `23:00` typed for an opening tonight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time and the field it was typed into. `ahead`: it is to be one that comes, not one that was; `dated`: the day
    was typed too, not only the hour. `at` is in the city's zone.
    """

    place: str
    at: datetime
    ahead: bool
    dated: bool


def problems(moments: Iterable[Moment], *, now: datetime, expires: datetime) -> Iterator[Problem]:
    """Yield a warning for each that lies on the wrong side of now, or after the alert has ended."""
    for each in moments:
        if each.ahead:
            yield from _coming(each, now, expires)
        else:
            yield from _past(each, now)


def _coming(moment: Moment, now: datetime, expires: datetime) -> Iterator[Problem]:
    if moment.at < now - SLACK:
        yield _warning("moment_past", moment)
    elif moment.at > expires:
        yield _warning("moment_after_expiry", moment, expires=_said(expires.astimezone(moment.at.tzinfo)))


def _past(moment: Moment, now: datetime) -> Iterator[Problem]:
    if moment.at > now + SLACK:
        yield _warning("moment_ahead", moment)
    elif not moment.dated and moment.at.date() < now.astimezone(moment.at.tzinfo).date() and now - moment.at > LONG_AGO:
        next_one = moment.at + timedelta(days=1)
        yield _warning("moment_long_ago", moment, dated=f"{next_one:%Y-%m-%dT%H:%M}")


def _warning(code: str, moment: Moment, **params: str) -> Problem:
    return Problem(code=code, place=moment.place, params={"at": _said(moment.at), **params}, blocking=False)


def _said(at: datetime) -> str:
    return f"{at:%m/%d %H:%M}"
