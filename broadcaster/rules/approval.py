"""Who may send what (docs/delivery.md, I9).

Live and grave needs a second person, or the recorded break-glass. Taking back what was wrong needs one: Hawaii 2018 and
Otsu 2014 lost forty minutes over a correction, and whoever sees the mistake first must be able to end it.
"""

from __future__ import annotations

from datetime import datetime

from broadcaster.model import Actor, Alert, Grade, Kind, Mode, Urgency
from broadcaster.ports.store import Acceptance
from broadcaster.rules.policy import DEFAULT, Policy


def needed(mode: Mode, alert: Alert) -> bool:
    """Return whether this alert needs a second person: live, Severe or above, and not merely taking something back."""
    return Grade.of(alert.severity, mode) >= Grade.WARNING and not takes_back(alert)


def takes_back(alert: Alert) -> bool:
    """Return whether it only withdraws: a cancel, or a correction that asks nobody to do anything (urgency Past).

    A correction with a new place or a new order is a new order, and is approved like one.
    """
    withdrawn = all(info.urgency is Urgency.PAST for info in alert.infos)
    return alert.kind is Kind.CANCEL or (alert.kind is Kind.CORRECTION and withdrawn)


def allowed(acceptance: Acceptance, actor: Actor) -> bool:
    """Return whether this person may be the second one: neither the author's name nor the author's user id."""
    author = acceptance.author
    same_uid = author.uid is not None and author.uid == actor.uid
    return not same_uid and author.name.casefold() != actor.name.casefold()


def fresh(acceptance: Acceptance, now: datetime, policy: Policy = DEFAULT) -> bool:
    """Return whether a submission may still be approved: its texts name the time it was handed in."""
    return now - acceptance.at <= policy.approval_within and now < acceptance.alert.expires
