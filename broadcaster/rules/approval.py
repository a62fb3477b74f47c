"""Who may send what (docs/delivery.md, I9).

Live and grave needs a second person, or the recorded break-glass. The retraction that was prepared and approved with
its alert needs none again: Hawaii 2018 and Otsu 2014 lost forty minutes over a correction, and whoever sees the mistake
first must be able to end it. A correction in other words is a new message and is approved like one.
"""

from __future__ import annotations

from datetime import datetime

from broadcaster.model import Actor, Alert, Grade, Kind, Mode
from broadcaster.ports.store import Acceptance
from broadcaster.rules.policy import DEFAULT, Policy

GRAVE_LEVEL = 3
"""From this evacuation level on a mayor tells people to leave: never one person's word, whatever the severity says."""


def needed(mode: Mode, alert: Alert, policy: Policy = DEFAULT) -> bool:
    """Return whether this alert needs a second person: Severe or above or of evacuation level 3 or above, and live, or
    in a drill that rehearses approval.
    """
    grave = Grade.of(alert.severity, Mode.LIVE) >= Grade.WARNING or (alert.level or 0) >= GRAVE_LEVEL
    return grave and (mode is Mode.LIVE or policy.rehearsed)


def in_advance(kind: Kind) -> bool:
    """Return whether a prepared draft of this kind was approved together with its alert.

    An all-clear is not: that the danger is over is a new judgement (Otsu 2014, a second false alarm went out as 解除).
    """
    return kind in (Kind.CORRECTION, Kind.CANCEL)


def allowed(acceptance: Acceptance, actor: Actor) -> bool:
    """Return whether this may be the second person: a person, and neither the author nor anyone who edited."""
    return not actor.via and not any(same_person(each, actor) for each in (acceptance.author, *acceptance.editors))


def same_person(author: Actor, actor: Actor) -> bool:
    """Return whether they are, or may be, one person. A Unix user who handed in before there were accounts may be
    anybody who has an account now.
    """
    if author.uid is not None and actor.uid is None:
        return True
    same_uid = author.uid is not None and author.uid == actor.uid
    return same_uid or author.name.casefold() == actor.name.casefold()


def fresh(acceptance: Acceptance, now: datetime, policy: Policy = DEFAULT) -> bool:
    """Return whether a submission may still be approved: its texts name the time it was handed in."""
    return now - acceptance.at <= policy.approval_within and now < acceptance.alert.expires
