"""Whether something may be said without a person: a pure decision, and the answer is nearly always no.

Ako 2018: a rule of its own sent an order to everybody. So the list of what may be is closed and stands here; a rule is
let speak by two persons beforehand, and again after any change; it speaks once of an event, of what has just happened,
and seldom. Whatever follows (a change, a correction, that it is over) is a person's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.model import Actor, Change, Mode, Notice
from broadcaster.ports.store import Consent, Licence, Limits, Spoken, Standing
from broadcaster.rules import approval

TYPES = frozenset({"VXSE51", "VXSE53", "VTSE41", "VTSE51"})
"""Telegrams of the agency that may ever lead to it: seismic intensities (震度速報, 震源・震度) and
tsunami warnings (津波警報, 津波情報).

VXSE52 names a hypocentre and no area of a city. What has an evacuation level is not here: that is the mayor's word.
"""
AHEAD = timedelta(minutes=2)
"""How far in the future a document may be dated: clocks differ a little, and more than that is no clock to trust."""
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What a rule that may speak by itself is held to. An older document is a draft."""

    max_age_minutes: int
    limits: Limits


def unfit(notice: Notice, guards: Guards, now: datetime) -> str:
    """Return why this document is none to speak of by itself; empty where it is one. Codes of the catalogue."""
    if notice.type not in TYPES or not notice.event_id or not notice.live:
        return "automatic_never"
    if notice.change is not Change.ISSUED:
        return "automatic_corrected"
    age = now - notice.reported_at
    old = age > timedelta(minutes=guards.max_age_minutes)
    return "automatic_stale" if old or age < -AHEAD else ""


def forbidden(licence: Licence, standing: Standing, now: datetime) -> str:
    """Return why a rule may not speak now; empty where it may. Asked before, and again by the accepting transaction."""
    if standing.stop is not None:
        return "automatic_stopped"
    if state(licence.digest, standing.consent) != "approved":
        return "automatic_unapproved"
    if standing.already:
        return "automatic_again"
    own = [each for each in standing.lately if each.rule == licence.rule]
    full = _full(own, licence.limits, now) or _full(standing.lately, licence.total, now)
    return "automatic_rate" if full else ""


def state(digest: str, consent: Consent | None) -> str:
    """Return how a rule stands: `approved`, `proposed` (one person's word is there), `changed` since, `unapproved`, or
    `broken` where its template cannot be read.
    """
    if not digest:
        return "broken"
    if consent is None:
        return "unapproved"
    if consent.digest != digest:
        return "changed"
    return "proposed" if consent.second is None else "approved"


def may_second(first: Actor, actor: Actor, mode: Mode) -> bool:
    """Return whether this person's word may be the second. A drill is for trying things out. No program's may."""
    return not actor.via and (mode is Mode.DRILL or not approval.same_person(first, actor))


def _full(said: Iterable[Spoken], limits: Limits, now: datetime) -> bool:
    times = [each.at for each in said]
    hour, day = (sum(at > now - window for at in times) for window in (_HOUR, _DAY))
    return hour >= limits.per_hour or day >= limits.per_day
