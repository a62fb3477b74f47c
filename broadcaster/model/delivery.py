"""What is owed: deliveries, attempts, receipts, and the residents who take mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadcaster.model.alert import JAPANESE, Grade, Kind
from broadcaster.model.cap import Category, Severity
from broadcaster.model.message import NO_COST, Cost


class State(StrEnum):
    """Where a delivery stands: the states of delivery.md."""

    READY = "ready"
    SENDING = "sending"
    RETRY_WAIT = "retry_wait"
    IN_DOUBT = "in_doubt"
    NEEDS_HUMAN = "needs_human"
    HELD = "held"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CLOSED_SUPERSEDED = "closed_superseded"
    CLOSED_EXPIRED = "closed_expired"

    @property
    def settled(self) -> bool:
        """Whether nothing more will be tried by itself and no person is waited for."""
        return self not in _OPEN

    @property
    def good(self) -> bool:
        """Whether the provider has it."""
        return self in (State.ACCEPTED, State.CONFIRMED)


_OPEN = frozenset({State.READY, State.SENDING, State.RETRY_WAIT, State.IN_DOUBT, State.NEEDS_HUMAN, State.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One alert owed to one target of one channel, as the store has it now. Times are aware, in UTC.

    `key` is the idempotency key shown to the provider; `attempt` counts from 1 with the first `sending`;
    `reads` how often a doubt was looked up; `epoch` identifies the process start that holds the lease.
    """

    id: int
    alert: str
    incident: int
    version: int
    kind: Kind
    grade: Grade
    channel: str
    target: str
    key: str
    state: State
    attempt: int
    reads: int
    accepted_at: datetime
    due_at: datetime
    expires_at: datetime
    stale_at: datetime
    updated_at: datetime
    deadline: datetime | None = None
    doubt_since: datetime | None = None
    epoch: int = 0
    ref: str = ""
    url: str = ""
    reason: str = ""
    detail: str = ""
    possible_duplicate: bool = False
    progress: int = 0
    total: int = 0
    unserved: int = 0
    """Recipients of a mail who ended without it, or of whom nobody knows."""
    reached_at: datetime | None = None
    """When the provider had it; of a mail, when half of its recipients had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A limit as the provider's own reply states it; it wins over our count until it resets."""

    name: str
    remaining: int
    resets_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A provider's word that it has the message. `url` is where a person can see it."""

    ref: str
    url: str = ""
    detail: str = ""
    readings: tuple[Reading, ...] = ()


class Outcome(StrEnum):
    """What an attempt came to: the classes of delivery.md."""

    ACCEPTED = "accepted"
    NOT_SENT = "not_sent"
    NOT_ACCEPTED = "not_accepted"
    CHANNEL_DOWN = "channel_down"
    DUPLICATE = "duplicate"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try or one look, kept for ever."""

    number: int
    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    ref: str = ""
    cost: Cost = NO_COST


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did something. Where officers have accounts, `name` is the person's id and `uid` None, since two persons may
    share a Unix account; else both are those of the Unix user at the socket. `via` names the machine token, if one
    acted for the person.
    """

    name: str
    uid: int | None = None
    via: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A resident who wants mail. Empty `areas` or `categories` mean all of them, by the resident's own choice."""

    address: str
    language: str = JAPANESE
    areas: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    min_severity: Severity = Severity.UNKNOWN


class RecipientState(StrEnum):
    """Where one recipient of one mail delivery stands."""

    PENDING = "pending"
    STARTED = "started"
    RETRY = "retry"
    ACCEPTED = "accepted"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One row of the recipient ledger. `token` is stable per subscriber and delivery, for the Message-ID."""

    id: int
    address: str
    language: str
    token: str
    attempt: int
    possible_duplicate: bool = False
