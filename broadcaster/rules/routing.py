"""From an alert to what is owed: one planned delivery for each target of each channel it goes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from broadcaster.model import Alert, Grade, Mode
from broadcaster.ports.store import Planned
from broadcaster.rules import ordering
from broadcaster.rules.policy import DEFAULT, Policy


def plan(
    alert: Alert,
    targets: Mapping[str, Sequence[str]],
    mode: Mode,
    now: datetime,
    *,
    publishers: Collection[str],
    policy: Policy = DEFAULT,
) -> tuple[Planned, ...]:
    """Return the deliveries of an alert that is accepted `now`.

    `targets` are those of every configured channel by its name, `publishers` the names of channels that show the public
    state. An alert without channels of its own goes to all. A silent one goes to publishers only.
    """
    grade = Grade.of(alert.severity, mode)
    stale_at = ordering.stale_at(grade, alert.sent, alert.expires, policy)
    return tuple(
        Planned(channel=channel, target=target, grade=grade, due_at=now, expires_at=alert.expires, stale_at=stale_at)
        for channel, names in targets.items()
        if goes_to(alert, channel, publisher=channel in publishers)
        for target in names
    )


def goes_to(alert: Alert, channel: str, *, publisher: bool) -> bool:
    """Return whether this channel owes something for the alert."""
    chosen = not alert.channels or channel in alert.channels
    return chosen and (publisher or not alert.silent)
