"""What becomes of an occurrence when it comes up, and who lets a series speak."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from broadcaster.model import (
    Actor,
    Alert,
    Draft,
    Grade,
    Kind,
    Late,
    Mode,
    Plan,
    Problem,
    Severity,
    Standing,
    Urgency,
)
from broadcaster.rules import approval
from broadcaster.rules.calendar import Calendar

SUSPENDING_LEVEL = 3
"""From this evacuation level on nobody is to hear of elections and chimes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of it; None: it is said."""

    state: Standing | None = None
    reason: str = ""


SAY = Verdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """An occurrence that is due. `until` is when it is over; `jumped`: the clock was set over it; `released`: a person
    lets it go.
    """

    due: datetime
    until: datetime
    now: datetime
    jumped: bool = False
    released: bool = False
    emergency: bool = False


def judge(plan: Plan, coming: Coming, calendar: Calendar) -> Verdict:
    """Return what becomes of a due occurrence. Past its validity nothing is said, whoever wants it; by itself nothing
    is said later than `max_late` unless the plan wants it so.
    """
    if coming.now >= coming.until:
        return Verdict(state=Standing.SKIPPED, reason="clock_jumped" if coming.jumped else "too_late")
    if coming.jumped and not coming.released:
        return Verdict(state=Standing.HELD, reason="clock_jumped")
    if calendar.is_quiet(plan.category, coming.now):
        return Verdict(state=Standing.SKIPPED, reason="quiet_hours")
    if coming.emergency:
        return Verdict(state=Standing.SUSPENDED, reason="emergency")
    late = coming.now - coming.due > plan.max_late
    return _late(plan) if late and not coming.released else SAY


def _late(plan: Plan) -> Verdict:
    match plan.late:
        case Late.SKIP:
            return Verdict(state=Standing.SKIPPED, reason="too_late")
        case Late.ASK:
            return Verdict(state=Standing.HELD, reason="late")
        case Late.SEND:
            return SAY


def suspends(alert: Alert) -> bool:
    """Return whether routine announcements are silent while this alert is in force: from level 3 on, and for whatever
    is Extreme without a level (an earthquake). The retraction of a false alarm silences nothing.
    """
    if alert.kind is Kind.ROUTINE or alert.primary.urgency is Urgency.PAST:
        return False
    return (alert.level or 0) >= SUSPENDING_LEVEL or alert.severity is Severity.EXTREME


def may_approve(author: Actor, approver: Actor, mode: Mode) -> bool:
    """Return whether this person may let the series speak. Nobody looks at each announcement again, so on a live
    instance it takes a second person once, though it is not grave; a drill is for trying things out. No program may.
    """
    return not approver.via and (mode is Mode.DRILL or not approval.same_person(author, approver))


def too_grave(draft: Draft) -> Problem | None:
    """Return what is wrong with a routine draft that would touch what is kept for emergencies: the budgets' reserve,
    the reserved lane, the second person's look at each order.
    """
    grave = any(Grade.of(info.severity, Mode.LIVE) >= Grade.WARNING for info in draft.infos)
    return Problem(code="routine_grave", place="severity") if grave or draft.level is not None else None
