"""Announcements by the calendar: plans, and each occurrence as one row that is written once."""

from __future__ import annotations

from datetime import datetime

from broadcaster import failpoints
from broadcaster.errors import Conflict, NotFound
from broadcaster.model import Actor, Alert, OccurrenceRow, Part, Plan, PlanRow, Standing
from broadcaster.ports.store import Acceptance, Choice, Coming
from broadcaster.rules import routine
from broadcaster.store import rows, trail
from broadcaster.store.base import Part as StorePart
from broadcaster.store.rows import maybe_time, ms, time_of
from broadcaster.store.transaction import Row, Tx


class Routine(StorePart):
    """Serves `ports.store.RoutineBook`."""

    async def plans(self) -> tuple[PlanRow, ...]:
        """Return every plan, retired ones included, by id."""
        return tuple(map(_plan, await self._read(lambda tx: tx.all("routine.plans"))))

    async def plan(self, name: str) -> PlanRow:
        """Return one. Raise `NotFound`."""
        return await self._read(lambda tx: _fetch(tx, name))

    async def put_plan(self, row: PlanRow) -> None:
        """Add or replace by id."""
        await self._write(lambda tx: _put(tx, row))

    async def approve_plan(self, name: str, digest: str, actor: Actor, at: datetime) -> PlanRow:
        """Let the series speak. Raise `NotFound`, `Conflict`."""
        return await self._write(lambda tx: _approve(tx, name, digest, actor, at))

    async def retire_plan(self, name: str, actor: Actor, at: datetime, why: str) -> None:
        """Silence it. Raise `NotFound`."""

        def work(tx: Tx) -> None:
            _fetch(tx, name)
            if tx.run("routine.retire_plan", id=name):
                trail.append(tx, at=at, event="plan_retired", subject=f"plan {name}", actor=trail.who(actor), why=why)

        await self._write(work)

    async def occurrence(self, name: str, due: datetime, part: Part) -> OccurrenceRow | None:
        """Return what came of one; None: nothing yet."""
        return await self._read(lambda tx: _find(tx, name, due, part))

    async def occurrences(self, after: datetime, until: datetime) -> tuple[OccurrenceRow, ...]:
        """Return those due after one moment, up to and including another."""
        found = await self._read(lambda tx: tx.all("routine.occurrences", after=ms(after), until=ms(until)))
        return tuple(map(_occurrence, found))

    async def open_occurrences(self) -> tuple[OccurrenceRow, ...]:
        """Return those that may still come to something, soonest first."""
        return tuple(map(_occurrence, await self._read(lambda tx: tx.all("routine.open_occurrences"))))

    async def last_said(self, name: str) -> OccurrenceRow | None:
        """Return the newest announcement of a plan that went out."""
        row = await self._read(lambda tx: tx.one("routine.last_sent", plan=name))
        return None if row is None else _occurrence(row)

    async def settle_occurrences(self, rows: tuple[OccurrenceRow, ...]) -> int:
        """Write down what became of these, unless that is settled already; return how many were."""
        return await self._write(lambda tx: sum(_settle(tx, row) for row in rows)) if rows else 0

    async def decide_occurrence(self, choice: Choice) -> OccurrenceRow:
        """Apply a person's decision. Raise `Conflict`."""
        return await self._write(lambda tx: _decide(tx, choice))

    async def come_again(self, now: datetime) -> int:
        """After the clock went back: let come up again what it had jumped over; return how many."""
        return await self._write(lambda tx: _come_again(tx, now))

    async def emergencies(self, now: datetime) -> tuple[Alert, ...]:
        """Return the alerts in force under which routine is silent."""
        return await self._read(lambda tx: _emergencies(tx, now))


def say(tx: Tx, acceptance: Acceptance) -> None:
    """Take the occurrence an acceptance says, within its transaction. Raise `Conflict`: then nothing is accepted."""
    coming = acceptance.occurrence
    if coming is None:
        return
    if not tx.number("routine.speaks", id=coming.plan, digest=coming.digest):
        raise Conflict("plan_silent", plan=coming.plan)
    if acceptance.at > coming.latest:
        raise Conflict("occurrence_late", plan=coming.plan, due=coming.due.isoformat())
    if _emergencies(tx, acceptance.at):
        raise Conflict("routine_suspended", plan=coming.plan)
    taken = tx.run(
        "routine.say",
        plan=coming.plan,
        due_at=ms(coming.due),
        part=coming.part.value,
        until_at=ms(coming.until),
        at=ms(acceptance.at),
        of=acceptance.alert.identifier,
    )
    if not taken:
        raise Conflict("occurrence_settled", plan=coming.plan, due=coming.due.isoformat())
    failpoints.hit("o1")
    _plan_lift(tx, acceptance, coming)


def _plan_lift(tx: Tx, acceptance: Acceptance, coming: Coming) -> None:
    if coming.lift_at is None or coming.lift_until is None:
        return
    lift = OccurrenceRow(
        plan=coming.plan,
        due=coming.lift_at,
        part=Part.LIFT,
        state=Standing.PLANNED,
        until=coming.lift_until,
        at=acceptance.at,
        of=acceptance.alert.identifier,
    )
    _write(tx, lift)


def _emergencies(tx: Tx, now: datetime) -> tuple[Alert, ...]:
    in_force = (rows.alert(row["body"]) for row in tx.all("routine.in_force", now=ms(now)))
    return tuple(alert for alert in in_force if routine.suspends(alert))


def _fetch(tx: Tx, name: str) -> PlanRow:
    row = tx.one("routine.plan", id=name)
    if row is None:
        raise NotFound("plan_not_found", plan=name)
    return _plan(row)


def _put(tx: Tx, row: PlanRow) -> None:
    tx.run(
        "routine.put_plan",
        id=row.plan.id,
        body=rows.spelled(row.plan),
        digest=row.digest,
        author=row.author.name,
        author_uid=row.author.uid,
        at=ms(row.at),
        file=row.file,
    )
    by = trail.who(row.author)
    trail.append(tx, at=row.at, event="plan_put", subject=f"plan {row.plan.id}", actor=by, digest=row.digest)


def _approve(tx: Tx, name: str, digest: str, actor: Actor, at: datetime) -> PlanRow:
    _fetch(tx, name)
    if not tx.run(
        "routine.approve_plan", id=name, digest=digest, approver=actor.name, approver_uid=actor.uid, at=ms(at)
    ):
        raise Conflict("plan_changed", plan=name)
    trail.append(tx, at=at, event="plan_approved", subject=f"plan {name}", actor=trail.who(actor), digest=digest)
    return _fetch(tx, name)


def _find(tx: Tx, name: str, due: datetime, part: Part) -> OccurrenceRow | None:
    row = tx.one("routine.occurrence", plan=name, due_at=ms(due), part=part.value)
    return None if row is None else _occurrence(row)


def _settle(tx: Tx, row: OccurrenceRow) -> int:
    written = _write(tx, row)
    if written:
        trail.append(
            tx,
            at=row.at,
            event="occurrence",
            subject=f"plan {row.plan}",
            due=row.due.isoformat(),
            part=row.part.value,
            state=row.state.value,
            reason=row.reason,
        )
    return written


def _write(tx: Tx, row: OccurrenceRow) -> int:
    return tx.run(
        "routine.settle",
        plan=row.plan,
        due_at=ms(row.due),
        part=row.part.value,
        state=row.state.value,
        until_at=ms(row.until),
        at=ms(row.at),
        reason=row.reason,
        detail=row.detail,
        of=row.of,
        by=row.by,
    )


def _decide(tx: Tx, choice: Choice) -> OccurrenceRow:
    by = trail.who(choice.actor)
    decided = tx.run(
        "routine.decide",
        plan=choice.plan,
        due_at=ms(choice.due),
        part=choice.part.value,
        state=choice.state.value,
        until_at=ms(choice.until),
        at=ms(choice.at),
        reason="officer" if choice.state is Standing.SKIPPED else "",
        by=by,
    )
    if not decided:
        raise Conflict("occurrence_settled", plan=choice.plan, due=choice.due.isoformat())
    trail.append(
        tx,
        at=choice.at,
        event="occurrence_decided",
        subject=f"plan {choice.plan}",
        actor=by,
        due=choice.due.isoformat(),
        part=choice.part.value,
        state=choice.state.value,
        why=choice.why,
    )
    found = _find(tx, choice.plan, choice.due, choice.part)
    if found is None:
        raise NotFound("occurrence_not_found", plan=choice.plan, due=choice.due.isoformat())
    return found


def _come_again(tx: Tx, now: datetime) -> int:
    count = tx.run("routine.come_again", now=ms(now))
    if count:
        trail.append(tx, at=now, event="occurrences_again", subject="clock went back", count=count)
    return count


def _plan(row: Row) -> PlanRow:
    approver = Actor(name=row["approver"], uid=row["approver_uid"]) if row["approver"] else None
    return PlanRow(
        plan=rows.read(Plan, row["body"]),
        digest=row["digest"],
        author=Actor(name=row["author"], uid=row["author_uid"]),
        at=time_of(row["at"]),
        file=row["file"],
        approved=row["approved"],
        approver=approver,
        approved_at=maybe_time(row["approved_at"]),
        since=maybe_time(row["since"]),
        retired=bool(row["retired"]),
    )


def _occurrence(row: Row) -> OccurrenceRow:
    return OccurrenceRow(
        plan=row["plan"],
        due=time_of(row["due_at"]),
        part=Part(row["part"]),
        state=Standing(row["state"]),
        until=time_of(row["until_at"]),
        at=time_of(row["at"]),
        reason=row["reason"],
        detail=row["detail"],
        of=row["of"],
        by=row["by"],
    )
