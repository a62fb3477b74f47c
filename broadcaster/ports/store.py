"""What the core asks of the store, cut by who asks. One class may serve all of them.

Every method is one transaction, or one snapshot where it only reads. Every method may raise `StoreError`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from broadcaster.model import (
    Actor,
    Alert,
    Attempt,
    Cost,
    Delivery,
    Draft,
    Edition,
    Grade,
    Message,
    Mode,
    Reading,
    State,
    Subscriber,
)

# ---------------------------------------------------------------- intake: the desk's side


class ApprovalBy(StrEnum):
    """How a live alert of grade WARNING or above came to be allowed."""

    SECOND_PERSON = "second_person"
    BREAK_GLASS = "break_glass"


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
    """A delivery to be made by acceptance."""

    channel: str
    target: str
    grade: Grade
    due_at: datetime
    expires_at: datetime
    stale_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """All that one accepting transaction writes. `body_digest` is of what the client sent under `key`;
    `digest` of all rendered texts. `prepared` are the drafts of correction and all-clear, already checked to render.
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

    async def next_serial(self, incident: int | None) -> tuple[int, int]:
        """Return (incident number, next version); None reserves a new number. Raise `NotFound`."""
        ...

    async def accept(self, acceptance: Acceptance, submission: int | None = None) -> tuple[Delivery, ...]:
        """Write alert, messages, deliveries, approvals and audit entry; supersede older `ready`, `retry_wait` and
        `held` deliveries of the incident; close the submission. The same key and body again: return what is there.
        Raise `Conflict` on another body under the key, or on a version that is no longer the next.
        """
        ...

    async def submit(self, acceptance: Acceptance) -> int:
        """Keep it waiting for approval and return its number. Idempotent by key like `accept`."""
        ...

    async def submission(self, number: int) -> Submission:
        """Raise `NotFound`."""
        ...

    async def submissions(self) -> tuple[Submission, ...]:
        """Return those waiting, oldest first."""
        ...

    async def hand_back(self, number: int, actor: Actor, at: datetime, reason: str) -> None:
        """Close a waiting submission without sending. Raise `NotFound` or `Conflict`."""
        ...

    async def decide(self, delivery: int, decision: Decision) -> Delivery:
        """Apply it (`rules.settle` says what is possible) with its resolution record. Raise `NotFound`, `Conflict`."""
        ...


# ---------------------------------------------------------------- outbox: the dispatcher's side


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Whether a channel is tried at all. `open_until` None while `open` means: until a person or `check` closes it."""

    failures: int = 0
    opened_at: datetime | None = None
    open_until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What a channel's lane remembers over a restart."""

    tokens: float = 0.0
    tokens_at: datetime | None = None
    breaker: Breaker = Breaker()
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A wish for work: up to `limit` due deliveries of one channel. `reserved_only` takes nothing but corrections,
    cancels, all-clears and grade EMERGENCY. With `together`, further due deliveries of the same target are
    claimed along with the first (publishers: one edition fulfils them all). `deadline` is when the lease ends.
    """

    channel: str
    epoch: int
    now: datetime
    deadline: datetime
    limit: int
    reserved_only: bool = False
    together: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One claimed delivery and what it needs. `message` is None for publishers."""

    delivery: Delivery
    message: Message | None
    newer_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a delivery: `rules.settle` makes it, the store writes it. None leaves a field as it is."""

    state: State
    due_at: datetime | None = None
    reads: int = 0
    doubt_since: datetime | None = None
    ref: str | None = None
    url: str | None = None
    reason: str = ""
    detail: str = ""
    possible_duplicate: bool | None = None
    resolution: str = ""
    """Why a doubt was resolved, when it was: written as a resolution record by the service itself."""
    burn_attempt: bool = True
    """False where the attempt is not counted (channel down: delivery.md, outcome classes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """One past attempt's cost."""

    at: datetime
    cost: Cost


class Outbox(Protocol):
    """Claiming and recording."""

    async def begin(self, node: str, now: datetime) -> int:
        """Open a new epoch and return it. Every `sending` of a dead epoch becomes `in_doubt` (started recipients
        too). A delivery that was `sending` at three starts in a row is quarantined as `needs_human`.
        """
        ...

    async def claim(self, claim: Claim) -> tuple[Work, ...]:
        """Turn due `ready`/`retry_wait` deliveries into `sending`, committed, and return them: gravest grade first,
        then oldest due. In the same transaction whatever expired or was overtaken is settled instead. At most one
        `sending` per incident, channel and target; never an older version after a newer one.
        """
        ...

    async def doubts(self, channel: str, now: datetime, limit: int) -> tuple[Work, ...]:
        """Return `in_doubt` deliveries whose look is due."""
        ...

    async def unconfirmed(self, channel: str, now: datetime, limit: int) -> tuple[Work, ...]:
        """Return `accepted` deliveries of the last 24 hours whose read-back is due."""
        ...

    async def record(
        self, delivery: Delivery, epoch: int, attempt: Attempt, settlement: Settlement, lane: Lane | None = None
    ) -> bool:
        """Write the attempt, the settlement, the audit entry and the lane in one transaction. False: the lease was
        lost (another epoch, or no longer `sending`/`in_doubt`); the late result is kept and flagged.
        """
        ...

    async def next_due(self, channel: str) -> datetime | None:
        """Return when this channel next has something due (deliveries, looks, read-backs, expiries)."""
        ...

    async def lane(self, channel: str) -> Lane:
        """Return what the lane remembers."""
        ...

    async def save_lane(self, channel: str, lane: Lane) -> None:
        """Remember it."""
        ...

    async def spent(self, channel: str, since: datetime) -> tuple[Spent, ...]:
        """Return the costs of attempts that reached, or may have reached, the provider."""
        ...

    async def sweep(self, now: datetime) -> tuple[Delivery, ...]:
        """Settle what has expired while it waited, on all channels; return what changed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How far a bulk delivery is. `next_due` is when the next retry or doubt of a recipient is due."""

    total: int
    accepted: int
    failed: int
    pending: int
    retry: int
    in_doubt: int
    unknown: int
    possible_duplicates: int
    next_due: datetime | None = None
    expanded: bool = True


class RecipientBook(Protocol):
    """The rows behind a channel's `Ledger`."""

    async def claim_recipients(self, delivery: int, epoch: int, now: datetime, limit: int) -> tuple[RecipientRow, ...]:
        """Mark as started and return, committed. The audience is written in chunks as it is needed: subscribers whose
        wishes match the alert, and for every kind that refers, whoever was accepted or in doubt before in the
        incident (I11). Empty when the lease is lost or nobody is due. Extends the lease.
        """
        ...

    async def record_recipients(
        self, delivery: int, epoch: int, now: datetime, results: Sequence[RecipientResult]
    ) -> None:
        """Write down, in one commit, and move the delivery's progress."""
        ...

    async def tally(self, delivery: int, now: datetime) -> Tally:
        """Count."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """A claimed recipient."""

    id: int
    address: str
    language: str
    token: str
    attempt: int
    possible_duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientResult:
    """What becomes of a recipient: `state` from `RecipientState`, made by `rules.settle`."""

    id: int
    state: str
    due_at: datetime | None = None
    code: str = ""
    possible_duplicate: bool = False


# ---------------------------------------------------------------- archive: reading


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert with its deliveries, for boards."""

    alert: Alert
    accepted_at: datetime
    author: str
    approved_by: str
    in_force: bool
    deliveries: tuple[Delivery, ...] = ()


class Archive(Protocol):
    """Snapshots."""

    async def alert(self, identifier: str) -> AlertRow:
        """Return one alert by identifier or by serial (`14-2`). Raise `NotFound`."""
        ...

    async def incident(self, number: int) -> tuple[Alert, ...]:
        """Return all versions, oldest first. Raise `NotFound`."""
        ...

    async def prepared(self, identifier: str) -> tuple[Draft, ...]:
        """Return the drafts prepared with an alert."""
        ...

    async def board(self, now: datetime, limit: int = 50) -> tuple[AlertRow, ...]:
        """Return alerts with open deliveries first, then those in force, then the newest."""
        ...

    async def delivery(self, number: int) -> Delivery:
        """Raise `NotFound`."""
        ...

    async def attempts(self, delivery: int) -> tuple[Attempt, ...]:
        """Return every try, oldest first."""
        ...

    async def new_edition(self, now: datetime, mode: Mode) -> Edition:
        """Take the next edition number and the public state of this moment, in one transaction."""
        ...

    async def recent_bodies(self, channel: str, since: datetime) -> tuple[str, ...]:
        """Return bodies that went out or may have, newest first."""
        ...

    async def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Return deliveries by channel and state."""
        ...


# ---------------------------------------------------------------- subscribers, audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Subscribers by language and by area."""

    total: int
    by_language: Mapping[str, int] = field(default_factory=dict[str, int])
    by_area: Mapping[str, int] = field(default_factory=dict[str, int])


class Subscribers(Protocol):
    """Residents who take mail, one row per address."""

    async def put(self, subscribers: Iterable[Subscriber], actor: Actor, now: datetime) -> tuple[int, int]:
        """Add or replace by address; return (added, changed)."""
        ...

    async def remove(self, addresses: Iterable[str], actor: Actor, now: datetime) -> int:
        """Delete; return how many were there."""
        ...

    def all(self) -> AsyncIterator[Subscriber]:
        """Yield every subscriber by address, in pages."""
        ...

    async def stats(self) -> Stats:
        """Count."""
        ...

    async def reach(self, alert: Alert) -> int:
        """Count who would get this alert."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One link of the audit chain. `hash` covers all other fields and `previous`."""

    seq: int
    at: datetime
    actor: str
    event: str
    subject: str
    body: str
    previous: str
    hash: str


class AuditTrail(Protocol):
    """The hash chain. Most entries are written by the transactions they belong to."""

    async def note(self, actor: Actor, event: str, subject: str, body: Mapping[str, object], at: datetime) -> None:
        """Append an entry of its own."""
        ...

    def entries(self) -> AsyncIterator[Entry]:
        """Yield all, oldest first."""
        ...
