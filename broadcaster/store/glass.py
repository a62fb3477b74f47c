"""Countdowns that outlive the process, and the looks afterwards."""

from __future__ import annotations

from datetime import datetime

from broadcaster.errors import Conflict, NotFound
from broadcaster.model import Actor
from broadcaster.ports.store import Breaking, SubmissionState
from broadcaster.store import trail
from broadcaster.store.base import Part
from broadcaster.store.rows import ms, time_of
from broadcaster.store.transaction import Row, Tx


class Glass(Part):
    """Serves `ports.store.Glass`."""

    async def start_breaking(self, breaking: Breaking) -> None:
        """Start a countdown. Raise `Conflict`, `NotFound`."""
        await self._write(lambda tx: _start(tx, breaking))

    async def stop_breaking(self, submission: int, actor: Actor, at: datetime, reason: str) -> None:
        """Stop it; the submission waits on. Raise `Conflict` where none runs."""

        def work(tx: Tx) -> None:
            end(tx, submission)
            subject, by = f"submission {submission}", trail.who(actor)
            trail.append(tx, at=at, event="break_glass_stopped", subject=subject, actor=by, reason=reason)

        await self._write(work)

    async def lapse_breaking(self, submission: int, at: datetime, why: str) -> None:
        """End it without sending."""

        def work(tx: Tx) -> None:
            if tx.run("glass.end", submission=submission):
                trail.append(tx, at=at, event="break_glass_lapsed", subject=f"submission {submission}", why=why)

        await self._write(work)

    async def breakings(self) -> tuple[Breaking, ...]:
        """Return those that run, the one that is due first first."""
        return tuple(_breaking(row) for row in await self._read(lambda tx: tx.all("glass.running")))

    async def breaker(self, identifier: str) -> Actor | None:
        """Return who broke the glass for an alert nobody has looked at since."""
        row = await self._read(lambda tx: tx.one("glass.breaker", identifier=identifier))
        return None if row is None else Actor(name=row["actor"], uid=row["uid"])

    async def review(self, identifier: str, actor: Actor, at: datetime, note: str) -> None:
        """Keep what an approver found afterwards. Raise `Conflict`."""

        def work(tx: Tx) -> None:
            if not tx.run("glass.review", identifier=identifier, actor=actor.name, at=ms(at), note=note):
                raise Conflict("review_none", alert=identifier)
            trail.append(tx, at=at, event="reviewed", subject=identifier, actor=trail.who(actor), note=note)

        await self._write(work)


def end(tx: Tx, submission: int) -> None:
    """End a countdown. Raise `Conflict` where none runs, so that what was stopped is never carried out."""
    if not tx.run("glass.end", submission=submission):
        raise Conflict("break_glass_not_running", number=submission)


def _start(tx: Tx, breaking: Breaking) -> None:
    row = tx.one("intake.submission", number=breaking.submission)
    if row is None:
        raise NotFound("submission_not_found", number=breaking.submission)
    if row["state"] != SubmissionState.WAITING.value:
        raise Conflict("submission_closed", number=breaking.submission, state=row["state"])
    started = tx.run(
        "glass.start",
        submission=breaking.submission,
        actor=breaking.actor.name,
        uid=breaking.actor.uid,
        reason=breaking.reason,
        digest=breaking.digest,
        started_at=ms(breaking.started_at),
        due_at=ms(breaking.due_at),
    )
    if not started:
        raise Conflict("break_glass_running", number=breaking.submission)
    trail.append(
        tx,
        at=breaking.started_at,
        event="break_glass_started",
        subject=f"submission {breaking.submission}",
        actor=trail.who(breaking.actor),
        reason=breaking.reason,
        digest=breaking.digest,
        due_at=breaking.due_at.isoformat(timespec="milliseconds"),
    )


def _breaking(row: Row) -> Breaking:
    return Breaking(
        submission=row["submission"],
        actor=Actor(name=row["actor"], uid=row["uid"]),
        reason=row["reason"],
        digest=row["digest"],
        started_at=time_of(row["started_at"]),
        due_at=time_of(row["due_at"]),
    )
