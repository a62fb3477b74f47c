"""From an alert to what is owed: one planned delivery for each target of each channel it goes to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from broadcaster.model import Alert, Delivery, Grade, Mode, State
from broadcaster.ports.store import Planned
from broadcaster.rules import ordering
from broadcaster.rules.policy import DEFAULT, Policy

_UNSAID = (State.READY, State.RETRY_WAIT, State.SENDING, State.HELD)


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


def left_untold(deliveries: Iterable[Delivery], publishers: Collection[str]) -> tuple[str, ...]:
    """Return the channels on which a version is still to be said, or not to everybody yet, and never will be once a
    silent one follows: that ends what waits, and says nothing there itself.
    """
    waiting = (each.channel for each in deliveries if each.state in _UNSAID and each.channel not in publishers)
    return tuple(dict.fromkeys(waiting))
