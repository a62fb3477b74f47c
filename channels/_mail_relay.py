"""What the pool has learnt of its relay: how many connections it bears, and whether envelopes may be sent ahead."""

from __future__ import annotations

import math
from dataclasses import dataclass

FIRST = 5
"""Connections before anything is known of the relay."""
MOST_CAUTION = 64
"""Rounds of successes before a number of connections that was refused again and again is tried once more."""


@dataclass(slots=True)
class Pace:
    """How many connections the relay seems to bear. One that was turned away at the door while others were served is
    one too many: that number is tried again ever more rarely, since a relay that is stormed locks its client out.
    """

    most: int
    limit: float = 0.0
    too_many: float = math.inf
    caution: int = 1

    def __post_init__(self) -> None:
        self.limit = float(min(FIRST, self.most))

    def success(self) -> bool:
        """A mail was taken; return whether one connection more may be opened since."""
        before = self.limit
        if before < self.most:
            step = 1 / before / (self.caution if before + 1 >= self.too_many else 1)
            self.limit = min(float(self.most), before + step)
        return int(self.limit) > int(before)

    def trouble(self) -> None:
        """A connection was refused, lost or sent away."""
        self.limit = max(1.0, self.limit - 1)

    def turned_away(self, live: int) -> None:
        """One more than those that live was refused."""
        self.too_many, self.caution = live + 1, min(MOST_CAUTION, 4 * self.caution)

    def let_in(self, live: int) -> None:
        """So many live now."""
        if live >= self.too_many:
            self.too_many, self.caution = math.inf, 1


@dataclass(slots=True)
class Foresight:
    """Whether envelopes are sent ahead. A server that promises PIPELINING should bear it, but the mail before would be
    in doubt where it does not: so one connection tries it first, and if that breaks, none does it again.
    """

    proven: bool = False
    failed: bool = False
    trier: object | None = None

    def wanted(self, worker: object) -> bool:
        """Whether this connection may send one ahead."""
        return self.proven or (not self.failed and self.trier in (None, worker))

    def tried(self, worker: object) -> None:
        """It did."""
        if not self.proven:
            self.trier = worker

    def ended(self, worker: object, *, broken: bool) -> None:
        """The connection is over, and perhaps because of that."""
        if self.trier is worker:
            self.trier = None
            self.failed = self.failed or (broken and not self.proven)
