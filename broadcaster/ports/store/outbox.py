"""Claiming and recording: the dispatcher's side of the store."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from broadcaster.model import Attempt, Cost, Delivery, Message, Reading, Recipient, State


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
    claimed along with the first (publishers: one edition fulfils them all). Of each bulk delivery up to `recipients`
    are marked as started in the same transaction, so that the first mails wait for no second one. `deadline` is when
    the lease ends; `jumped` by how much the wall clock has just been set ahead, by which alone nothing expires.
    """

    channel: str
    epoch: int
    now: datetime
    deadline: datetime
    limit: int
    reserved_only: bool = False
    together: bool = False
    recipients: int = 0
    jumped: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One claimed delivery and what it needs. `message` is None for publishers; `recipients` are the first of a bulk
    delivery: whoever does not serve them has to give them back.
    """

    delivery: Delivery
    message: Message | None
    newer_exists: bool = False
    recipients: tuple[Recipient, ...] = ()


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
    unserved: int | None = None
    resolution: str = ""
    """Why a doubt was resolved, when it was: written as a resolution record by the service itself."""
    burn_attempt: bool = True
    """False where the attempt is not counted (channel down: delivery.md, outcome classes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When something is due next: `work` for a claim (a delivery, or the expiry of one), `look` for a doubt or a
    read-back. None: nothing waits.
    """

    work: datetime | None = None
    look: datetime | None = None

    @property
    def first(self) -> datetime | None:
        """Return the earlier of the two."""
        return min((at for at in (self.work, self.look) if at is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """One past attempt's cost."""

    at: datetime
    cost: Cost


class Standby(Protocol):
    """A lane that would take up what is just being accepted."""

    def ask(self) -> Claim | None:
        """Return what it would claim this moment; None: nothing."""
        ...

    def hand(self, works: Awaitable[tuple[Work, ...]]) -> None:
        """Take what that claim brings once it is committed; until then it counts as under way."""
        ...


class Outbox(Protocol):
    """Claiming and recording."""

    def stand_by(self, channel: str, lane: Standby | None) -> None:
        """Let this lane's claim follow each acceptance for its channel at once; None: no lane any more. For speed only:
        a lane that is not asked, or got nothing, claims by itself.
        """
        ...

    async def begin(self, node: str, now: datetime) -> int:
        """Open a new epoch and return it. Every `sending` of a dead epoch becomes `in_doubt`; of its recipients those
        who were begun, and where that is not known for certain all who were claimed. A delivery that was `sending` at
        three starts in a row is quarantined as `needs_human`.
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
        """Return `accepted` deliveries whose read-back is due. It is given up after thirty, which take a day."""
        ...

    async def record(
        self, delivery: Delivery, epoch: int, attempt: Attempt, settlement: Settlement, lane: Lane | None = None
    ) -> bool:
        """Write the attempt, the settlement, the audit entry and the lane in one transaction. False: the lease was
        lost (another epoch, or no longer `sending`/`in_doubt`); the late result is kept and flagged.
        """
        ...

    async def next_due(self, channel: str) -> Due:
        """Return when this channel next has something due."""
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

    async def clock_went_back(self, now: datetime) -> int:
        """Let what was put off by a clock that was ahead wait no longer than was meant; return how many did. `begin`
        does it too.
        """
        ...

    async def sweep(self, now: datetime, jumped: timedelta = timedelta()) -> tuple[Delivery, ...]:
        """Settle what has expired while it waited, on all channels, not by a jump alone; return what changed."""
        ...
