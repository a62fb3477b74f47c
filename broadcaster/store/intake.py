"""Accepting: alert, messages, deliveries, approvals and audit entry in one transaction (docs/delivery.md, promise)."""

from __future__ import annotations

import hashlib

from broadcaster import failpoints
from broadcaster.errors import Conflict, NotFound
from broadcaster.model import TESTS, Delivery, State
from broadcaster.ports.store import Acceptance, ApprovalBy, Known, Planned, Settlement
from broadcaster.rules import lane, ordering
from broadcaster.store import canary, drafts, expanding, glass, routine, rows, settling, trail
from broadcaster.store.claiming import Claiming
from broadcaster.store.rows import ms
from broadcaster.store.transaction import Tx


class Accepting(Claiming):
    """Serves the accepting half of `ports.store.Intake`. What is accepted may be claimed right after."""

    async def known(self, key: str) -> Known | None:
        """Return what this key stands for."""
        return await self._read(lambda tx: known(tx, key))

    async def newest_incident(self) -> int:
        """Return the highest incident number given out so far, reserved ones included; 0 before the first."""
        return await self._read(lambda tx: tx.number("intake.newest_incident"))

    async def next_serial(self, incident: int | None) -> tuple[int, int]:
        """Return (incident number, next version); None reserves a new number. Raise `NotFound`."""
        if incident is None:
            return await self._write(_reserve), 1
        latest = await self._read(lambda tx: tx.number("intake.latest_version", incident=incident))
        if not latest or incident == TESTS:
            raise NotFound("incident_not_found", incident=incident)
        return incident, latest + 1

    async def accept(self, acceptance: Acceptance, submission: int | None = None) -> tuple[Delivery, ...]:
        """Write it all, supersede what is older, close the submission. Idempotent by key. Raise `Conflict`."""
        failpoints.hit("a0")
        following = self._following({planned.channel for planned in acceptance.plan})
        accepted = await self._write(lambda tx: accept_one(tx, acceptance, submission), *following)
        failpoints.hit("a3")
        return accepted


def known(tx: Tx, key: str) -> Known | None:
    """Return what this key stands for."""
    row = tx.one("intake.known", key=key)
    if row is None:
        return None
    return Known(body_digest=row["body_digest"], alert=row["identifier"], submission=row["submission"])


def check_key(tx: Tx, acceptance: Acceptance) -> Known | None:
    """Return what is there under the key. Raise `Conflict` if that was another body."""
    found = known(tx, acceptance.key)
    if found is not None and found.body_digest != acceptance.body_digest:
        raise Conflict("key_reused", key=acceptance.key)
    return found


def close_submission(tx: Tx, number: int, state: str, by: str, reason: str) -> None:
    """Close a waiting submission, and end its countdown. Raise `NotFound`, or `Conflict` where it is closed already."""
    row = tx.one("intake.submission", number=number)
    if row is None:
        raise NotFound("submission_not_found", number=number)
    if not tx.run("intake.close_submission", number=number, state=state, closed_by=by, reason=reason):
        raise Conflict("submission_closed", number=number, state=row["state"])
    tx.run("glass.end", submission=number)


def _reserve(tx: Tx) -> int:
    tx.run("intake.reserve_incident")
    return tx.number("intake.newest_incident")


def accept_one(tx: Tx, acceptance: Acceptance, submission: int | None) -> tuple[Delivery, ...]:
    """Write all that accepting means, within the caller's transaction. Raise `Conflict`."""
    found = check_key(tx, acceptance)
    if found is not None and found.alert is not None:
        return _deliveries(tx, tx.number("intake.alert_number", identifier=found.alert))
    waiting = submission if submission is not None or found is None else found.submission
    if waiting is not None:
        by = ", ".join(trail.who(each.actor) for each in acceptance.approvals)
        if any(each.by is ApprovalBy.BREAK_GLASS for each in acceptance.approvals):
            glass.end(tx, waiting)
        close_submission(tx, waiting, "approved", by, "")
    else:
        acceptance = drafts.take(tx, acceptance)
    _take_version(tx, acceptance)
    number = _write_alert(tx, acceptance)
    _write_parts(tx, acceptance, number)
    superseded = _supersede(tx, acceptance)
    routine.say(tx, acceptance)
    canary.say(tx, acceptance)
    failpoints.hit("a1")
    _note(tx, acceptance, superseded)
    failpoints.hit("a2")
    return _deliveries(tx, number)


def _take_version(tx: Tx, acceptance: Acceptance) -> None:
    """The number comes from the database (docs/delivery.md, order 1): only the next one may be taken."""
    said = acceptance.alert
    if not tx.run("intake.raise_version", incident=said.incident, version=said.version):
        raise Conflict("version_overtaken", incident=said.incident, version=said.version)
    tx.run("intake.age_newest", incident=said.incident)


def _write_alert(tx: Tx, acceptance: Acceptance) -> int:
    said = acceptance.alert
    tx.run(
        "intake.insert_alert",
        identifier=said.identifier,
        incident=said.incident,
        version=said.version,
        kind=said.kind.value,
        digest=acceptance.digest,
        author=acceptance.author.name,
        author_uid=acceptance.author.uid,
        accepted_at=ms(acceptance.at),
        expires_at=ms(said.expires),
        body=rows.spelled(said),
        prepared=rows.spelled(acceptance.prepared),
    )
    number = tx.number("intake.alert_number", identifier=said.identifier)
    tx.run("intake.keep_key", key=acceptance.key, body_digest=acceptance.body_digest, alert=number, submission=None)
    return number


def _write_parts(tx: Tx, acceptance: Acceptance, number: int) -> None:
    for message in acceptance.messages:
        tx.run(
            "intake.insert_message",
            alert=number,
            channel=message.channel,
            posts=message.cost.posts,
            microusd=message.cost.microusd,
            body=rows.spelled(message),
        )
    for approval in acceptance.approvals:
        tx.run(
            "intake.insert_approval",
            alert=number,
            actor=approval.actor.name,
            uid=approval.actor.uid,
            by=approval.by.value,
            at=ms(approval.at),
            digest=approval.digest,
            reason=approval.reason,
        )
    for planned in acceptance.plan:
        _write_delivery(tx, acceptance, number, planned)


def _write_delivery(tx: Tx, acceptance: Acceptance, number: int, planned: Planned) -> None:
    said, key = acceptance.alert, delivery_key(acceptance.alert.identifier, planned.channel, planned.target)
    tx.run(
        "intake.insert_delivery",
        alert=number,
        identifier=said.identifier,
        incident=said.incident,
        version=said.version,
        kind=said.kind.value,
        grade=int(planned.grade),
        reserved=int(lane.reserved(said.kind, planned.grade)),
        channel=planned.channel,
        target=planned.target,
        key=key,
        accepted_at=ms(acceptance.at),
        due_at=ms(planned.due_at),
        expires_at=ms(planned.expires_at),
        stale_at=ms(planned.stale_at),
    )
    if planned.recipients:
        language = said.primary.language
        expanding.name(tx, key, [(address, language) for address in planned.recipients])


def delivery_key(identifier: str, channel: str, target: str) -> str:
    """Return the idempotency key a provider is shown: the same for every attempt, on every machine."""
    return hashlib.sha256(f"{identifier}\n{channel}\n{target}".encode()).hexdigest()[:32]


def _supersede(tx: Tx, acceptance: Acceptance) -> list[int]:
    """Older versions that wait will never start (docs/delivery.md, order 2)."""
    said = acceptance.alert
    overtaken = tx.all("intake.overtaken", incident=said.incident, version=said.version)
    older = [rows.delivery(row) for row in overtaken]
    for delivery in older:
        state = ordering.closed(delivery, State.SUPERSEDED)
        settling.apply(tx, delivery, Settlement(state=state, reason="superseded"), acceptance.at)
    return [delivery.id for delivery in older]


def _note(tx: Tx, acceptance: Acceptance, superseded: list[int]) -> None:
    said = acceptance.alert
    trail.append(
        tx,
        at=acceptance.at,
        event="accepted",
        subject=said.identifier,
        actor=trail.who(acceptance.author),
        serial=said.serial,
        kind=said.kind.value,
        digest=acceptance.digest,
        approvals=[
            {"actor": trail.who(each.actor), "by": each.by.value, "reason": each.reason}
            for each in acceptance.approvals
        ],
        deliveries=[f"{each.channel}/{each.target}" for each in acceptance.plan],
        superseded=superseded,
        **made_from(acceptance),
    )


def made_from(acceptance: Acceptance) -> dict[str, object]:
    """Return what the trail says of the draft: its number and who wrote in it; nothing where there was none."""
    if acceptance.draft is None:
        return {}
    return {"draft": acceptance.draft, "editors": [trail.who(each) for each in acceptance.editors]}


def _deliveries(tx: Tx, alert: int) -> tuple[Delivery, ...]:
    return tuple(rows.delivery(row) for row in tx.all("intake.deliveries_of", alert=alert))
