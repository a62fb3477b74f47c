"""How a drill went: the steps of each incident with the time each took, told from the audit chain and the attempts.

Pure. It judges nobody: it says when what was done and by whom, and what was not done at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from broadcaster.desk.happenings import Happening
from broadcaster.model import Delivery, Kind, State


class Step(StrEnum):
    """A step of an alert's life, in the usual order."""

    OPENED = "opened"
    """Somebody began to write."""
    COMPOSED = "composed"
    """The last word was written."""
    HANDED_IN = "handed_in"
    APPROVED = "approved"
    ACCEPTED = "accepted"
    """It is on disk and owed; of a correction or a lifting, that step stands in its place."""
    CORRECTED = "corrected"
    LIFTED = "lifted"
    FIRST_BYTE = "first_byte"
    """A channel began to send."""
    CONFIRMED = "confirmed"
    """It was read back from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A delivery and when its first attempt began; None where none has."""

    delivery: Delivery
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The draft an alert was made from: by whom, from when to when."""

    serial: str
    who: str
    opened_at: datetime
    composed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One step of one version. `at` None: it has not been reached. `after` is counted from the incident's first step,
    `took` from the step before; both are None with it.
    """

    step: Step
    serial: str
    who: str = ""
    channel: str = ""
    target: str = ""
    at: datetime | None = None
    after: timedelta | None = None
    took: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Debrief:
    """One incident: what it was, and its steps in the order of time, those that were not reached last."""

    incident: int
    headline: str
    marks: tuple[Mark, ...]
    said: Mapping[str, str] = field(default_factory=dict[str, str])
    """The headline by language."""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """How officers are shown, by id."""


def debrief(incident: int, told: Sequence[Happening], sent: Iterable[Sent], written: Iterable[Written] = ()) -> Debrief:
    """Return how an incident went, from its chronology, its deliveries and its drafts."""
    marks = [*_written(written), *_people(told), *_channels(told, sent)]
    headline = next((line.headline for line in told if line.headline), "")
    missing = (mark for mark in marks if mark.at is None)
    return Debrief(incident=incident, headline=headline, marks=(*_timed(marks), *missing))


_STEPS: Mapping[str, Step] = {
    Kind.CORRECTION.value: Step.CORRECTED,
    Kind.CANCEL.value: Step.CORRECTED,
    Kind.ALL_CLEAR.value: Step.LIFTED,
}


def _written(drafts: Iterable[Written]) -> Iterator[Mark]:
    for each in drafts:
        yield Mark(step=Step.OPENED, serial=each.serial, who=each.who, at=each.opened_at)
        yield Mark(step=Step.COMPOSED, serial=each.serial, who=each.who, at=each.composed_at)


def _people(told: Iterable[Happening]) -> Iterator[Mark]:
    """An acceptance without a submission before it was handed in at the same moment."""
    submitted: set[str] = set()
    for line in told:
        if line.code == "submitted":
            submitted.add(line.serial)
            yield _mark(Step.HANDED_IN, line)
        elif line.code.startswith("approved_"):
            yield _mark(Step.APPROVED, line)
        elif line.code == "accepted":
            if line.serial not in submitted:
                yield _mark(Step.HANDED_IN, line)
            yield _mark(_STEPS.get(str(line.params["kind"]), Step.ACCEPTED), line)


def _mark(step: Step, line: Happening) -> Mark:
    return Mark(step=step, serial=line.serial, who=line.who, at=line.at)


def _channels(told: Iterable[Happening], sent: Iterable[Sent]) -> Iterator[Mark]:
    confirmed: dict[int, datetime] = {}
    for line in told:
        if line.delivery and line.params.get("after") == State.CONFIRMED.value:
            confirmed.setdefault(line.delivery, line.at)
    for each in sent:
        delivery = each.delivery
        serial, where = f"{delivery.incident}-{delivery.version}", (delivery.channel, delivery.target)
        for step, at in ((Step.FIRST_BYTE, each.began_at), (Step.CONFIRMED, confirmed.get(delivery.id))):
            yield Mark(step=step, serial=serial, channel=where[0], target=where[1], at=at)


def _timed(marks: Iterable[Mark]) -> Iterator[Mark]:
    """Put the steps that were reached in the order of time, and count from the first one and from the one before. The
    channels run side by side: each counts from the acceptance it follows.
    """
    reached = sorted(((mark.at, mark) for mark in marks if mark.at is not None), key=_order)
    start = before = reached[0][0] if reached else None
    accepted: dict[str, datetime] = {}
    for at, mark in reached:
        since = accepted.get(mark.serial, before) if mark.channel else before
        yield replace(mark, after=at - (start or at), took=at - (since or at))
        if not mark.channel:
            before = accepted[mark.serial] = at


def _order(reached: tuple[datetime, Mark]) -> tuple[datetime, int, str]:
    at, mark = reached
    return at, list(Step).index(mark.step), mark.channel
