"""The way round the second person: only for what cannot wait, only when nobody comes, and never unseen.

Whoever breaks the glass has waited for an approver, gives a reason and a fresh second factor; then a countdown runs
that any officer can stop; and it stands flagged on the board until an approver has looked at it afterwards.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from broadcaster.model import Actor, Mode, Severity
from broadcaster.ports.store import Acceptance, Breaking
from broadcaster.rules import approval
from broadcaster.rules.policy import DEFAULT, Policy

WAIT = timedelta(minutes=3)
"""How long it has waited for an approver before."""
COUNTDOWN = timedelta(seconds=20)
LATE = timedelta(minutes=5)
"""A countdown that ended while the service was down is carried out up to this long after; then nothing is sent, since
nobody could have stopped it for so long, and the night has gone on."""


def offered_at(mode: Mode, acceptance: Acceptance, policy: Policy = DEFAULT) -> datetime | None:
    """Return from when the glass may be broken for what waits; None: never, it is not grave enough."""
    alert = acceptance.alert
    if not approval.needed(mode, alert, policy) or alert.severity is not Severity.EXTREME:
        return None
    return acceptance.at + WAIT


def late(breaking: Breaking, now: datetime) -> bool:
    """Return whether it is too late to carry it out."""
    return now - breaking.due_at > LATE


def may_review(breaker: Actor, actor: Actor) -> bool:
    """Return whether this person may look at it afterwards: not whoever broke the glass."""
    return not approval.same_person(breaker, actor)
