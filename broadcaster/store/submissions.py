"""What waits for a second person, and what an officer decides about one delivery."""

from __future__ import annotations

from datetime import datetime

from broadcaster.errors import NotFound
from broadcaster.model import Actor, Delivery
from broadcaster.ports.store import Acceptance, Decision, Submission, SubmissionState, Verb
from broadcaster.rules import deciding
from broadcaster.store import drafts, ledger, rows, settling, trail
from broadcaster.store.base import Part
from broadcaster.store.intake import check_key, close_submission, made_from
from broadcaster.store.transaction import Row, Tx


class Submissions(Part):
    """Serves the other half of `ports.store.Intake`."""

    async def submit(self, acceptance: Acceptance) -> int:
        """Keep it waiting for approval and return its number. Idempotent by key. Raise `Conflict`."""
        return await self._write(lambda tx: _submit(tx, acceptance))

    async def submission(self, number: int) -> Submission:
        """Return one. Raise `NotFound`."""
        return await self._read(lambda tx: _fetch(tx, number))

    async def submissions(self) -> tuple[Submission, ...]:
        """Return those waiting, oldest first."""
        found = await self._read(lambda tx: tx.all("intake.submissions_waiting"))
        return tuple(_submission(row) for row in found)

    async def handed_back(self, submission: Submission) -> Submission | None:
        """Return what was handed back last of the same draft, before this submission."""
        draft = submission.acceptance.draft
        if draft is None:
            return None
        row = await self._read(lambda tx: tx.one("intake.handed_back", draft=draft, before=submission.id))
        return None if row is None else _submission(row)

    async def hand_back(self, number: int, actor: Actor, at: datetime, reason: str) -> None:
        """Close a waiting submission without sending. Raise `NotFound` or `Conflict`."""

        def work(tx: Tx) -> None:
            by = trail.who(actor)
            close_submission(tx, number, SubmissionState.RETURNED.value, by, reason)
            drafts.give_back(tx, _fetch(tx, number).acceptance)
            trail.append(tx, at=at, event="returned", subject=f"submission {number}", actor=by, reason=reason)

        await self._write(work)

    async def decide(self, delivery: int, decision: Decision) -> Delivery:
        """Apply a decision with its resolution record. Raise `NotFound`, `Conflict`."""
        return await self._write(lambda tx: _decide(tx, delivery, decision))


def _fetch(tx: Tx, number: int) -> Submission:
    row = tx.one("intake.submission", number=number)
    if row is None:
        raise NotFound("submission_not_found", number=number)
    return _submission(row)


def _submit(tx: Tx, given: Acceptance) -> int:
    found = check_key(tx, given)
    if found is not None and found.submission is not None:
        return found.submission
    acceptance = drafts.take(tx, given)
    tx.run("intake.insert_submission", body=rows.spelled(acceptance))
    number = tx.number("intake.newest_submission")
    tx.run("intake.keep_key", key=acceptance.key, body_digest=acceptance.body_digest, alert=None, submission=number)
    trail.append(
        tx,
        at=acceptance.at,
        event="submitted",
        subject=f"submission {number}",
        actor=trail.who(acceptance.author),
        serial=acceptance.alert.serial,
        digest=acceptance.digest,
        **made_from(acceptance),
    )
    return number


def _decide(tx: Tx, number: int, decision: Decision) -> Delivery:
    before = settling.fetch(tx, number)
    newer = tx.number("intake.latest_version", incident=before.incident) > before.version
    settlement = deciding.decided(before, decision, newer_exists=newer)
    by = trail.who(decision.actor)
    settling.resolve(tx, before.id, decision.at, actor=by, verb=decision.verb.value, why=decision.why)
    if decision.verb is Verb.RESEND:
        ledger.again(tx, number, decision.at)
    after = settling.apply(tx, before, settlement, decision.at)
    trail.append(
        tx,
        at=decision.at,
        event="decided",
        subject=f"delivery {number}",
        actor=by,
        verb=decision.verb.value,
        why=decision.why,
        before=before.state.value,
        after=after.state.value,
    )
    return after


def _submission(row: Row) -> Submission:
    return Submission(
        id=row["id"],
        acceptance=rows.read(Acceptance, row["body"]),
        state=SubmissionState(row["state"]),
        closed_by=row["closed_by"],
        reason=row["reason"],
    )
