"""Breaking the glass: countdowns that outlive the process, and the looks afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broadcaster.model import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaking:
    """A countdown that runs: at `due_at` the submission is sent without a second person, unless somebody stops it.
    `digest` is that of the texts the breaker was shown.
    """

    submission: int
    actor: Actor
    reason: str
    digest: str
    started_at: datetime
    due_at: datetime


class Glass(Protocol):
    """Countdowns and reviews."""

    async def start_breaking(self, breaking: Breaking) -> None:
        """Start a countdown. Raise `Conflict` where one runs already or the submission no longer waits; `NotFound`."""
        ...

    async def stop_breaking(self, submission: int, actor: Actor, at: datetime, reason: str) -> None:
        """Stop it; the submission waits on. Raise `Conflict` where none runs."""
        ...

    async def lapse_breaking(self, submission: int, at: datetime, why: str) -> None:
        """End it without sending, since it can no longer be carried out; `why` is a code."""
        ...

    async def breakings(self) -> tuple[Breaking, ...]:
        """Return those that run, the one that is due first first."""
        ...

    async def breaker(self, identifier: str) -> Actor | None:
        """Return who broke the glass for an alert nobody has looked at since; None: nothing to look at."""
        ...

    async def review(self, identifier: str, actor: Actor, at: datetime, note: str) -> None:
        """Keep what an approver found afterwards. Raise `Conflict` where it is there already."""
        ...
