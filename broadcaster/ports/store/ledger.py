"""The rows behind a channel's `Ledger`: who has got one mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broadcaster.model import Recipient


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


class Counting(Protocol):
    """Tells how far a bulk delivery is."""

    async def tally(self, delivery: int, now: datetime) -> Tally:
        """Count."""
        ...


class RecipientBook(Counting, Protocol):
    """The rows behind a channel's `Ledger`."""

    async def claim_recipients(self, delivery: int, epoch: int, now: datetime, limit: int) -> tuple[Recipient, ...]:
        """Mark as started and return, committed. The audience is written in chunks as it is needed: subscribers whose
        wishes match the alert, and for every kind that refers, whoever was accepted or in doubt before in the
        incident (I11). Empty when the lease is lost or nobody is due. Extends the lease.
        """
        ...

    def begun(self, delivery: int, *recipients: int) -> None:
        """Note that these recipients may have it from now on. No commit, and hardly any time: the note outlives a
        killed process, not a power cut. `Outbox.begin` then puts back whoever was claimed and surely not begun; where
        it cannot be sure, everybody claimed is in doubt. Raise `StoreError` where that cannot be kept true.
        """
        ...

    def doubt_all(self, delivery: int) -> None:
        """Trust the notes of this run no longer: its channel does not say whom it begins."""
        ...

    async def record_recipients(
        self, delivery: int, epoch: int, now: datetime, results: Sequence[RecipientResult]
    ) -> bool:
        """Write down, in one commit, and move the delivery's progress. Return whether the run may go on: not once it is
        overtaken, expired, held or dropped, or another epoch has it.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientResult:
    """What becomes of a recipient: `state` from `RecipientState`, made by `rules.settle`."""

    id: int
    state: str
    due_at: datetime | None = None
    code: str = ""
    possible_duplicate: bool = False
