"""What a notice means for the desk: a pure decision over one rule and what that rule knew before.

A **subject** is one thing that may have to be said: one event of the source (its EventID), or one hazard where the
source gives no event. It remembers, by area, what the source says now. The same warning in two telegrams changes
nothing; a later serial does; nothing is ever over because nobody speaks of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from broadcaster.model import Change, Notice, Subject, Warned
from broadcaster.ports.store import DraftRow, DraftState
from broadcaster.rules.automatic import Guards
from broadcaster.rules.hazards import hazard_of

_KIND = 4
"""Letters of a telegram's type before its number."""
_EVENT = ":"
"""Stands in the key of an event, and in no hazard's."""
PLAIN, PLAIN_PLACE = "PLAIN", "*"
"""Type and place of what a plain feed says: it names no area, so a rule over its words must ask for this one."""


class Step(StrEnum):
    """What has to happen at the desk."""

    DRAFT = "draft"
    """Something new: a draft."""
    UPDATE = "update"
    """Something known has changed: its draft changes, or an update of what was sent is proposed."""
    OVER = "over"
    """The source has lifted it: a person decides what that means here."""
    WITHDRAWN = "withdrawn"
    """The source says it was never so: a retraction of what was sent is proposed."""
    UNKNOWN = "unknown"
    """A correction or cancellation of something nobody here knows: told on the board, nothing else."""
    UNPLACED = "unplaced"
    """It names no area, or none that is known: told on the board. A missing area never widens."""
    NOT_LIVE = "not_live"
    """A drill or test of the source: told on the board, never a draft."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One rule of the configuration: what of which telegrams concerns this city. Empty `feeds`, `types` or `codes` mean
    all; `areas` are the source's codes, and none means none.
    """

    name: str
    template: str
    areas: frozenset[str]
    feeds: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    places: tuple[str, ...] = ()
    """The city's own areas that the draft names; empty leaves them to the officer."""
    automatic: Guards | None = None
    """What it is held to where it may speak without a person; None: it never does."""

    def hears(self, type_: str) -> bool:
        """Return whether it listens to this type. `VXKO` stands for all of its kind: each river has its own number."""
        return not self.types or type_ in self.types or type_[:_KIND] in self.types


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A step, and what is known afterwards; `subject` None where nothing new is to be remembered."""

    step: Step
    key: str
    subject: Subject | None = None


def findings(notice: Notice, watch: Watch, known: Mapping[str, Subject]) -> tuple[Finding, ...]:
    """Return what a notice means under one rule, given the subjects that rule knows by key. Most mean nothing: none."""
    if not watch.hears(notice.type):
        return ()
    if notice.warnings and all(not each.place.code for each in notice.warnings):
        return (Finding(step=Step.UNPLACED, key=notice.identifier),)
    found = (_decided(notice, watch, key, known.get(key)) for key in _keys(notice, watch, known))
    return tuple(each for each in found if each is not None)


def _keys(notice: Notice, watch: Watch, known: Iterable[str]) -> tuple[str, ...]:
    """Return the subjects it may speak of, each once."""
    if notice.event_id:
        return (f"{notice.type[:_KIND]}{_EVENT}{notice.event_id}",)
    hazards = {hazard_of(each.code) for each in _here(notice, watch) if each.code}
    wanted = {hazard_of(code) for code in watch.codes}
    if any(each.ended and not each.code for each in _here(notice, watch)):
        return tuple(sorted(wanted or hazards.union(key for key in known if _EVENT not in key)))
    return tuple(sorted(hazards & wanted if wanted else hazards))


def _decided(notice: Notice, watch: Watch, key: str, known: Subject | None) -> Finding | None:
    here = [each for each in _here(notice, watch) if notice.event_id or not each.code or hazard_of(each.code) == key]
    if not notice.live:
        return Finding(step=Step.NOT_LIVE, key=key) if here else None
    if known is not None and _late(notice, known):
        return None
    if notice.change is Change.CANCELLED:
        return _cancelled(notice, watch, key, known)
    return _compared(notice, watch, key, known, _said(here, watch, known.said if known else {})) if here else None


def _compared(notice: Notice, watch: Watch, key: str, known: Subject | None, said: Mapping[str, str]) -> Finding | None:
    before = known.said if known else {}
    if not before and not said:
        return None
    subject = _subject(notice, watch, key, said)
    if not before:
        corrects_nothing = notice.change is Change.CORRECTED and known is None
        return Finding(step=Step.UNKNOWN if corrects_nothing else Step.DRAFT, key=key, subject=subject)
    if not said:
        return Finding(step=Step.OVER, key=key, subject=subject)
    changed = said != before or notice.change is Change.CORRECTED
    return Finding(step=Step.UPDATE if changed else Step.NOTHING, key=key, subject=subject)


def _cancelled(notice: Notice, watch: Watch, key: str, known: Subject | None) -> Finding:
    if known is None or known.over:
        return Finding(step=Step.UNKNOWN, key=key)
    return Finding(step=Step.WITHDRAWN, key=key, subject=_subject(notice, watch, key, {}))


def _subject(notice: Notice, watch: Watch, key: str, said: Mapping[str, str]) -> Subject:
    return Subject(watch=watch.name, key=key, serial=notice.serial, reported_at=notice.reported_at, said=said)


def _said(here: list[Warned], watch: Watch, before: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is in force by area after this notice. What it does not speak of stays as it was."""
    spoken_of = {each.place.code for each in here}
    kept = {place: code for place, code in before.items() if place not in spoken_of}
    in_force = (each for each in here if not each.ended and (not watch.codes or each.code in watch.codes))
    return {**kept, **{each.place.code: each.code for each in in_force}}


def _here(notice: Notice, watch: Watch) -> list[Warned]:
    return [each for each in notice.warnings if each.place.code in watch.areas]


def _late(notice: Notice, known: Subject) -> bool:
    """Return whether something newer of it was read already. Times tie within a feed; then the serial tells, but not of
    a cancellation, which may come without one.
    """
    if notice.change is Change.CANCELLED:
        return notice.reported_at < known.reported_at
    return (notice.reported_at, notice.serial) < (known.reported_at, known.serial)


class Act(StrEnum):
    """What happens to the draft of a subject."""

    OPEN = "open"
    """A new draft."""
    REPLACE = "replace"
    """The draft says the newer words: no person has touched it yet."""
    FOLLOW = "follow"
    """A draft of an update of what was sent."""
    RETRACT = "retract"
    """A draft that cancels what was sent: the source says it was never so. A person sends it."""
    DROP = "drop"
    """The draft goes: nobody has touched it, and its reason is gone."""
    TELL = "tell"
    """It stays as it is, and the board says what has changed: what a person has in hand is never taken out of it."""
    NONE = "none"


def act(step: Step, draft: DraftRow | None) -> Act:
    """Return what follows from a step, given the draft the subject had become."""
    if step is Step.NOTHING:
        return Act.NONE
    if step in (Step.UNKNOWN, Step.UNPLACED, Step.NOT_LIVE):
        return Act.TELL
    if step is Step.DRAFT or draft is None or draft.state is DraftState.DROPPED:
        return Act.OPEN if step in (Step.DRAFT, Step.UPDATE) else Act.TELL
    if draft.state is DraftState.OPEN:
        return _open(step, draft)
    return {Step.UPDATE: Act.FOLLOW, Step.WITHDRAWN: Act.RETRACT}.get(step, Act.TELL)


def _open(step: Step, draft: DraftRow) -> Act:
    if len(draft.editors) > 1:
        return Act.TELL
    return Act.REPLACE if step is Step.UPDATE else Act.DROP
