"""When a test goes out, what counts as an answer, and when silence is an alarm, is told again, and is over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.model import Delivery, Mode, Pulse, State

AGAIN, LONGEST_AGAIN = timedelta(minutes=30), timedelta(hours=12)
"""An alarm that goes on is told again after this time, then after twice as long each time, up to the longest."""
RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(minutes=15)
"""The same for an alarm that reached nobody."""
_DOUBLINGS = 16
"""Far behind the longest wait, and far below what a time can hold."""
CALM = timedelta(minutes=15)
"""What comes and goes is told no more often than this."""
PROPAGATION = timedelta(minutes=2)
"""How long an older edition may still be seen from outside after a newer one was published: caches are allowed some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """The times the canary keeps. A test waits `answer` for its answers and goes out at most `late`; without any answer
    for `overdue` a channel counts as silent. `announce` before a test the page tells of it. Public addresses are looked
    at `every` so often, may be `max_age` old, and are silent once they have failed for `patience`.
    """

    answer: timedelta
    late: timedelta
    overdue: timedelta
    announce: timedelta
    every: timedelta
    max_age: timedelta
    patience: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """Why something did not answer: a code of the catalogue that `params` fill."""

    code: str
    params: Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An edition: the one that was published, or the one that was seen from outside. `digest` is that of its main file,
    by its manifest; `intact` whether the file that was seen has it.
    """

    number: int
    issued_at: datetime
    mode: Mode
    digest: str
    intact: bool = True


# ------------------------------------------------------------------ when a test goes out


def left_out(due: datetime, now: datetime, max_late: timedelta, *, jumped: bool, emergency: bool) -> str:
    """Return why a test that is due is left out, empty where it goes out. In an emergency the lanes are for the
    emergency, whose own deliveries show what works.
    """
    if jumped:
        return "clock_jumped"
    if now - due > max_late:
        return "too_late"
    return "emergency" if emergency else ""


# ------------------------------------------------------------------ what counts as an answer


def answered(deliveries: Iterable[Delivery], *, readable: bool) -> datetime | None:
    """Return when the last target of a channel answered; None while one has not. Where it can be read back, only what
    was seen from outside counts; elsewhere the provider's word.
    """
    owed = tuple(deliveries)
    good = {State.CONFIRMED} if readable else {State.CONFIRMED, State.ACCEPTED}
    if not owed or any(each.state not in good or each.unserved for each in owed):
        return None
    return max(each.updated_at for each in owed)


def why_not(deliveries: Iterable[Delivery]) -> Hush:
    """Return what is known of a channel whose test did not arrive."""
    owed = tuple(deliveries)
    worst = next((each for each in owed if not each.state.good), None)
    if worst is not None:
        return Hush(code="canary_unsaid", params={"state": worst.state.value, "reason": worst.reason or "unknown"})
    return Hush(code="canary_unseen" if owed else "canary_unsayable", params={})


def overdue(pulse: Pulse, now: datetime, after: timedelta, awake: datetime) -> bool:
    """Return whether nothing was heard of it for too long, whatever the reason: a watch that fell asleep is none. Time
    in which nobody could listen does not count: it is `awake` since the service began, or its clock was set.
    """
    return now - max(pulse.answered_at or pulse.since, awake) > after


def seen(shown: Shown, held: Shown | None, now: datetime, max_age: timedelta) -> Hush | None:
    """Return what is wrong with what the public gets; None where it is what was published. `held` is the edition that
    was published last, None where that is not known here.
    """
    if not shown.intact:
        return Hush(code="canary_altered", params={"number": shown.number})
    if held is not None and shown.mode is not held.mode:
        return Hush(code="canary_other_mode", params={"number": shown.number})
    if now - shown.issued_at > max_age:
        return Hush(code="canary_stale", params={"number": shown.number, "minutes": _minutes(now - shown.issued_at)})
    return None if held is None else _compared(shown, held, now)


def _compared(shown: Shown, held: Shown, now: datetime) -> Hush | None:
    params = {"number": shown.number, "held": held.number}
    if shown.number > held.number:
        return Hush(code="canary_foreign", params=params)
    if shown.number == held.number:
        return None if shown.digest == held.digest else Hush(code="canary_altered", params={"number": shown.number})
    return Hush(code="canary_behind", params=params) if now - held.issued_at > PROPAGATION else None


def _minutes(time: timedelta) -> int:
    return time // timedelta(minutes=1)


# ------------------------------------------------------------------ silence


def heard(pulse: Pulse, at: datetime) -> Pulse:
    """Return the state after an answer. Whoever was alarmed is told that it is over."""
    ends = pulse.silent and pulse.alarms > 0
    return replace(
        pulse,
        answered_at=at if pulse.answered_at is None else max(at, pulse.answered_at),
        failing_since=None,
        silent_since=None,
        reason="",
        params={},
        alarm_at=at if ends else pulse.alarm_at if pulse.lifting else None,
        tries=0 if ends else pulse.tries,
        lifting=ends or pulse.lifting,
    )


def missed(pulse: Pulse, hush: Hush, now: datetime, patience: timedelta = timedelta()) -> Pulse:
    """Return the state after a try without an answer: silence once that has lasted for `patience`."""
    failing = pulse.failing_since or now
    after = replace(pulse, failing_since=failing, reason=hush.code, params=dict(hush.params))
    if pulse.silent or now - failing < patience:
        return after
    calm = pulse.told_at + CALM if pulse.told_at else now
    return replace(
        after,
        silent_since=now,
        alarm_at=min(max(now, calm), now + CALM),
        alarms=pulse.alarms if pulse.lifting else 0,
        tries=0,
        lifting=False,
    )


# ------------------------------------------------------------------ alarms


def tells(pulse: Pulse, now: datetime) -> bool:
    """Return whether an alarm, or its end, is due. A moment further ahead than any wait was set by a clock that was."""
    at = pulse.alarm_at
    return at is not None and (at <= now or at - now > LONGEST_AGAIN)


def told(pulse: Pulse, now: datetime) -> Pulse:
    """Return the state after somebody was told."""
    if pulse.lifting:
        return replace(pulse, lifting=False, alarms=0, alarm_at=None, tries=0, told_at=now)
    again = min(AGAIN * 2 ** min(pulse.alarms, _DOUBLINGS), LONGEST_AGAIN)
    return replace(pulse, alarms=pulse.alarms + 1, told_at=now, alarm_at=now + again, tries=0)


def untold(pulse: Pulse, now: datetime) -> Pulse:
    """Return the state after nobody could be told."""
    wait = min(RETRY * 2 ** min(pulse.tries, _DOUBLINGS), LONGEST_RETRY)
    return replace(pulse, tries=pulse.tries + 1, alarm_at=now + wait)


def ways(known: Collection[str], silent: Collection[str]) -> tuple[str, ...]:
    """Return by which ways an alarm goes: every one that is not itself silent. Where no other is left, also that: it
    may be only half dead.
    """
    return tuple(each for each in known if each not in silent) or tuple(known)
