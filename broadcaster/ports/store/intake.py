"""Accepting, and what people decide: the desk's side of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from broadcaster.model import Actor, Alert, Delivery, Draft, Grade, Message, Sounding
from broadcaster.ports.store.routine import Coming


class ApprovalBy(StrEnum):
    """How a live alert of grade WARNING or above came to be allowed."""

    SECOND_PERSON = "second_person"
    BREAK_GLASS = "break_glass"
    PREPARED = "prepared"
    """A retraction, unchanged as it was prepared and approved with the alert it takes back."""
    SERIES = "series"
    """A routine announcement, approved once with all of its series."""
    RULE = "rule"
    """What a watched feed said, by a rule that two persons have let speak beforehand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who allowed it. `digest` is that of all rendered texts the approver saw."""

    actor: Actor
    by: ApprovalBy
    at: datetime
    digest: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A delivery to be made by acceptance. `recipients` are those of a bulk delivery that goes to nobody else; empty:
    to whoever wishes for it.
    """

    channel: str
    target: str
    grade: Grade
    due_at: datetime
    expires_at: datetime
    stale_at: datetime
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """All that one accepting transaction writes. `body_digest` is of what the client sent under `key`;
    `digest` of all rendered texts. `prepared` are the drafts of correction and all-clear, already checked to render.
    `draft` is the number of the desk's draft it was made from; the transaction closes that and adds all who wrote in it
    to `editors`: those who had a hand in the words besides the author, of whom none may approve.
    """

    key: str
    body_digest: str
    digest: str
    alert: Alert
    author: Actor
    at: datetime
    messages: tuple[Message, ...]
    plan: tuple[Planned, ...]
    approvals: tuple[Approval, ...] = ()
    prepared: tuple[Draft, ...] = ()
    draft: int | None = None
    editors: tuple[Actor, ...] = ()
    occurrence: Coming | None = None
    """The occurrence of a routine plan that it says."""
    sounding: Sounding | None = None
    """The test it is. Accepting it raises `Conflict` where that is settled already."""


class SubmissionState(StrEnum):
    """Where a submission stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Something handed in that waits for a second person."""

    id: int
    acceptance: Acceptance
    state: SubmissionState
    closed_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a client's key already stands for."""

    body_digest: str
    alert: str | None = None
    submission: int | None = None


class Verb(StrEnum):
    """An officer's decision on one delivery."""

    RESEND = "resend"
    HOLD = "hold"
    RELEASE = "release"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The resolution record of delivery.md: who decided what, and why."""

    verb: Verb
    actor: Actor
    at: datetime
    why: str


class Intake(Protocol):
    """Accepting, and what people decide."""

    async def known(self, key: str) -> Known | None:
        """Return what this key stands for."""
        ...

    async def newest_incident(self) -> int:
        """Return the highest incident number given out so far, reserved ones included; 0 before the first."""
        ...

    async def next_serial(self, incident: int | None) -> tuple[int, int]:
        """Return (incident number, next version); None reserves a new number. Raise `NotFound`."""
        ...

    async def accept(self, acceptance: Acceptance, submission: int | None = None) -> tuple[Delivery, ...]:
        """Write alert, messages, deliveries, approvals and audit entry; supersede older `ready`, `retry_wait` and
        `held` deliveries of the incident; close submission and draft. The same key and body again: return what is
        there. Raise `Conflict` on another body under the key, or on a version that is no longer the next.
        """
        ...

    async def submit(self, acceptance: Acceptance) -> int:
        """Keep it waiting for approval, close its draft, return its number. Idempotent by key like `accept`."""
        ...

    async def submission(self, number: int) -> Submission:
        """Raise `NotFound`."""
        ...

    async def submissions(self) -> tuple[Submission, ...]:
        """Return those waiting, oldest first."""
        ...

    async def handed_back(self, submission: Submission) -> Submission | None:
        """Return what was handed back last of the same draft, before this submission."""
        ...

    async def hand_back(self, number: int, actor: Actor, at: datetime, reason: str) -> None:
        """Close a waiting submission without sending; its draft is open again. Raise `NotFound` or `Conflict`."""
        ...

    async def decide(self, delivery: int, decision: Decision) -> Delivery:
        """Apply it (`rules.deciding` says what can be) with its resolution record. Raise `NotFound`, `Conflict`."""
        ...
