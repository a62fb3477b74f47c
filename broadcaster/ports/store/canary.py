"""Test messages and what came of them: the canary's side of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broadcaster.model import Pulse, Sounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What the audit trail is to say of one change."""

    event: str
    subject: str
    detail: str = ""


class CanaryBook(Protocol):
    """Soundings and pulses."""

    async def next_test(self) -> int:
        """Return the version the next test message will have."""
        ...

    async def soundings(self, after: datetime) -> tuple[Sounding, ...]:
        """Return those due after one moment, soonest first."""
        ...

    async def open_soundings(self) -> tuple[Sounding, ...]:
        """Return those that are announced or wait for answers, soonest first."""
        ...

    async def settle_sounding(self, sounding: Sounding) -> bool:
        """Write down that it is announced, left out or over, unless it is settled already; return whether it was."""
        ...

    async def come_soundings_again(self, now: datetime) -> int:
        """After the clock went back: let come up again what it had jumped over; return how many."""
        ...

    async def pulses(self) -> tuple[Pulse, ...]:
        """Return how every channel and address was left."""
        ...

    async def save_pulses(self, pulses: Sequence[Pulse], beats: Sequence[Beat], at: datetime) -> None:
        """Write down how they are, with what the audit trail is to say of it."""
        ...

    async def forget_pulses(self, pulses: Sequence[Pulse], at: datetime) -> None:
        """Watch these no longer."""
        ...
