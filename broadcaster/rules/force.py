"""What is in force, and what has ended and why: the public state, as `model.Edition` describes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from broadcaster.model import Alert, Ended, Ending, Kind, Severity

_ENDED_BY = {
    Kind.CORRECTION: Ending.CORRECTED,
    Kind.CANCEL: Ending.CANCELLED,
    Kind.ALL_CLEAR: Ending.CLEARED,
}
_GRAVITY = {severity: place for place, severity in enumerate(Severity)}


def partition(alerts: Iterable[Alert], now: datetime) -> tuple[tuple[Alert, ...], tuple[Ended, ...]]:
    """Return (in force, ended).

    In force is at most one version of each incident, the newest, unless it closes the incident or has expired;
    gravest first, then highest evacuation level, then newest. Ended is everything else, newest end first.
    """
    in_force: list[Alert] = []
    ended: list[Ended] = []
    for versions in _by_incident(alerts):
        ended += [_overtaken(old, new) for old, new in pairwise(versions)]
        newest = versions[-1]
        if over := _own_end(newest, now):
            ended.append(over)
        else:
            in_force.append(newest)
    return tuple(sorted(in_force, key=_gravest_first)), tuple(sorted(ended, key=_latest_first))


def _by_incident(alerts: Iterable[Alert]) -> list[Sequence[Alert]]:
    groups: defaultdict[int, list[Alert]] = defaultdict(list)
    for alert in alerts:
        groups[alert.incident].append(alert)
    return [sorted(group, key=lambda alert: alert.version) for group in groups.values()]


def _overtaken(old: Alert, new: Alert) -> Ended:
    """A version ends with its successor, unless it had ended by itself before."""
    if own := _own_end(old, new.sent):
        return own
    return Ended(alert=old, why=_ENDED_BY.get(new.kind, Ending.SUPERSEDED), at=new.sent)


def _own_end(alert: Alert, now: datetime) -> Ended | None:
    if alert.kind.ends:
        return Ended(alert=alert, why=_ENDED_BY[alert.kind], at=alert.sent)
    if alert.expires <= now:
        return Ended(alert=alert, why=Ending.EXPIRED, at=alert.expires)
    return None


def _gravest_first(alert: Alert) -> tuple[int, int, float, int]:
    return _GRAVITY[alert.severity], -(alert.level or 0), -alert.sent.timestamp(), -alert.incident


def _latest_first(ended: Ended) -> tuple[float, int, int]:
    return -ended.at.timestamp(), -ended.alert.incident, -ended.alert.version
