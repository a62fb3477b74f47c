"""Rules that may speak without a person: by whose word, whether they are stopped, and what they have said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broadcaster.model import Actor, Mode
from broadcaster.ports.store.intake import Acceptance


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that is said by itself in an hour and in a day (24 hours)."""

    per_hour: int
    per_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A rule's approval, for the words and guards of `digest`. It counts once there is a `second` person."""

    rule: str
    digest: str
    first: Actor
    first_at: datetime
    second: Actor | None = None
    second_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """All automatic sending is stopped, since when and by whom."""

    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Something that was said by itself: the rule, the event it was about, and the alert it became."""

    rule: str
    key: str
    alert: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that decides whether a rule may speak now. `lately` is what all rules have said within a day; `already`:
    this event was spoken of, by whichever rule and however long ago.
    """

    consent: Consent | None = None
    stop: Stop | None = None
    lately: tuple[Spoken, ...] = ()
    already: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """By what a rule may speak: the digest that two persons have approved, its own limits and those of all rules."""

    rule: str
    digest: str
    limits: Limits
    total: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """An alert to be accepted without a person, in the transaction that takes the document it comes from. That raises
    `Conflict` where the rule may not speak after all: somebody has stopped it, or another rule was faster.
    """

    licence: Licence
    key: str
    acceptance: Acceptance


class AutomaticBook(Protocol):
    """What is known of rules that may speak by themselves."""

    async def consents(self) -> tuple[Consent, ...]:
        """Return every rule's approval, by rule; rules that are gone included."""
        ...

    async def consent(self, given: Consent, mode: Mode) -> Consent:
        """Write down one person's word for a rule, given as a first one: it is that, or the second to the same digest.
        Raise `Forbidden` where the first was the same person's.
        """
        ...

    async def automatic_stop(self) -> Stop | None:
        """Return whether all of it is stopped."""
        ...

    async def hold_automatic(self, actor: Actor, at: datetime, why: str) -> Stop:
        """Stop all of it. Stopped already, it stays as it was."""
        ...

    async def release_automatic(self, actor: Actor, at: datetime) -> None:
        """Let it go on. Raise `Conflict` where nothing is stopped."""
        ...

    async def standing(self, rule: str, key: str, now: datetime) -> Standing:
        """Return what decides whether this rule may speak of this event now."""
        ...
