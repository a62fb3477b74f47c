"""Plans and what came of their occurrences: the routine room's side of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broadcaster.model import Actor, Alert, OccurrenceRow, Part, PlanRow, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """The occurrence an acceptance says, written in the same transaction. That raises `Conflict` where the occurrence
    is settled, it is past `latest`, the series does not speak in the words of `digest` any more, or an emergency is in
    force.

    `lift_at` is when the twin that ends it is due, None without one; `lift_until` when that is over.
    """

    plan: str
    due: datetime
    part: Part
    until: datetime
    latest: datetime
    digest: str
    lift_at: datetime | None = None
    lift_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A person's decision about one occurrence: `PLANNED`, `RELEASED` or `SKIPPED`. `until` is when it is over."""

    plan: str
    due: datetime
    part: Part
    state: Standing
    until: datetime
    actor: Actor
    at: datetime
    why: str = ""


class RoutineBook(Protocol):
    """Plans and occurrences."""

    async def plans(self) -> tuple[PlanRow, ...]:
        """Return every plan, retired ones included, by id."""
        ...

    async def plan(self, name: str) -> PlanRow:
        """Return one. Raise `NotFound`."""
        ...

    async def put_plan(self, row: PlanRow) -> None:
        """Add or replace by id. An approval given before stays and counts while it is for the same digest."""
        ...

    async def approve_plan(self, name: str, digest: str, actor: Actor, at: datetime) -> PlanRow:
        """Let the series speak. Raise `NotFound`, or `Conflict` where it is not what was seen."""
        ...

    async def retire_plan(self, name: str, actor: Actor, at: datetime, why: str) -> None:
        """Silence it. Raise `NotFound`."""
        ...

    async def occurrence(self, name: str, due: datetime, part: Part) -> OccurrenceRow | None:
        """Return what came of one; None: nothing yet."""
        ...

    async def occurrences(self, after: datetime, until: datetime) -> tuple[OccurrenceRow, ...]:
        """Return those due after one moment, up to and including another."""
        ...

    async def open_occurrences(self) -> tuple[OccurrenceRow, ...]:
        """Return those that may still come to something, soonest first."""
        ...

    async def last_said(self, name: str) -> OccurrenceRow | None:
        """Return the newest announcement of a plan that went out."""
        ...

    async def settle_occurrences(self, rows: tuple[OccurrenceRow, ...]) -> int:
        """Write down what became of these, unless that is settled already; return how many were."""
        ...

    async def decide_occurrence(self, choice: Choice) -> OccurrenceRow:
        """Apply a person's decision. Raise `Conflict` where it is said already."""
        ...

    async def come_again(self, now: datetime) -> int:
        """After the clock went back: let come up again what it had jumped over; return how many."""
        ...

    async def emergencies(self, now: datetime) -> tuple[Alert, ...]:
        """Return the alerts in force under which routine is silent (`rules.routine.suspends`)."""
        ...
