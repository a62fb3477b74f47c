"""Breaking the glass: a countdown that everybody sees and anybody on duty can stop, carried out when it is due.

The countdown is a row of the store, so that it outlives the process; `run` carries out what is due. Officers who are
not at the desk are told by mail, as well as that goes: a relay that is down stops nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from broadcaster.desk import notices
from broadcaster.desk.values import Office
from broadcaster.desk.waiting import check_open
from broadcaster.errors import Conflict, Forbidden, NotFound, Refused, StoreError
from broadcaster.model import Actor, Alert, Problem
from broadcaster.ports.store import Acceptance, Approval, ApprovalBy, Breaking
from broadcaster.rules import breakglass

LOOK_S = 5.0
"""Seconds until the store is looked at again though nobody said that there is something: a clock may be set."""
log = logging.getLogger("broadcaster.desk")


class Glass:
    """Starting, stopping, carrying out and reviewing. `changed` is called after each."""

    def __init__(self, office: Office, changed: Callable[[], None]) -> None:
        self._office = office
        self._store = office.store
        self._changed = changed
        self._started = asyncio.Event()
        self._telling: set[asyncio.Task[None]] = set()

    async def check(self, number: int, seen: str, reason: str) -> None:
        """Return if the glass may be broken for this submission now. Raise `Refused`, `Conflict`, `NotFound`."""
        if not reason.strip():
            raise Refused([Problem(code="reason_missing", place="reason")])
        submission, now = await self._store.submission(number), self._office.now()
        check_open(self._office, submission, seen)
        offered = breakglass.offered_at(self._office.mode, submission.acceptance, self._office.policy)
        if offered is None:
            raise Conflict("break_glass_not_offered", number=number)
        if now < offered:
            raise Conflict("break_glass_early", number=number, seconds=int((offered - now).total_seconds()) + 1)

    async def start(self, number: int, seen: str, reason: str, actor: Actor) -> Breaking:
        """Start the countdown. Raise as `check`."""
        await self.check(number, seen, reason)
        now = self._office.now()
        due = now + breakglass.COUNTDOWN
        breaking = Breaking(
            submission=number, actor=actor, reason=reason.strip(), digest=seen, started_at=now, due_at=due
        )
        await self._store.start_breaking(breaking)
        told = {"event": "break_glass_started", "submission": number, "actor": actor.name, "due_at": due.isoformat()}
        log.warning("The glass is broken: a submission goes out without a second person.", extra=told)
        self._started.set()
        self._changed()
        self._tell(breaking, (await self._store.submission(number)).acceptance.alert)
        return breaking

    def _tell(self, breaking: Breaking, alert: Alert) -> None:
        task = asyncio.create_task(notices.tell(self._office, breaking, alert))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def told(self) -> None:
        """Wait until everybody was told who is to be told by mail."""
        await asyncio.gather(*self._telling)

    async def stop(self, number: int, actor: Actor, reason: str) -> None:
        """Stop the countdown; what waits goes on waiting. Raise `Conflict`."""
        await self._store.stop_breaking(number, actor, self._office.now(), reason)
        self._changed()

    async def review(self, identifier: str, actor: Actor, note: str) -> None:
        """Keep what an approver found afterwards. Raise `NotFound`, `Conflict`, `Forbidden` (the breaker's own)."""
        row = await self._store.alert(identifier)
        breaker = await self._store.breaker(row.alert.identifier)
        if breaker is None:
            raise Conflict("review_none", alert=row.alert.serial)
        if not breakglass.may_review(breaker, actor):
            raise Forbidden("review_own", actor=actor.name)
        await self._store.review(row.alert.identifier, actor, self._office.now(), note)
        self._changed()

    async def run(self) -> None:
        """Carry out what is due, until cancelled."""
        while True:
            self._started.clear()
            try:
                wait = await self.settle()
            except StoreError as error:
                log.warning(
                    "Countdowns could not be carried out.", extra={"event": "break_glass_failed", "code": error.code}
                )
                wait = 1.0
            await self._sleep(wait)

    async def settle(self) -> float:
        """Carry out what is due now; return in how many seconds the next is."""
        for breaking in await self._store.breakings():
            if breaking.due_at > self._office.now():
                return min(LOOK_S, (breaking.due_at - self._office.now()).total_seconds())
            await self._carry_out(breaking)
        return LOOK_S

    async def _carry_out(self, breaking: Breaking) -> None:
        now = self._office.now()
        try:
            acceptance = await self._still_open(breaking)
            granted = Approval(
                actor=breaking.actor,
                by=ApprovalBy.BREAK_GLASS,
                at=now,
                digest=breaking.digest,
                reason=breaking.reason,
            )
            await self._store.accept(replace(acceptance, approvals=(granted,), at=now), breaking.submission)
        except (Conflict, NotFound) as error:
            told = {"event": "break_glass_lapsed", "submission": breaking.submission, "code": error.code}
            log.warning("A countdown has ended and nothing was sent.", extra=told)
            await self._store.lapse_breaking(breaking.submission, now, error.code)
        self._changed()

    async def _still_open(self, breaking: Breaking) -> Acceptance:
        if breakglass.late(breaking, self._office.now()):
            raise Conflict("break_glass_late", number=breaking.submission)
        submission = await self._store.submission(breaking.submission)
        check_open(self._office, submission, breaking.digest)
        return submission.acceptance

    async def _sleep(self, seconds: float) -> None:
        """Wait so long, or until a countdown is started."""
        tasks = {
            asyncio.ensure_future(self._office.context.clock.sleep(seconds)),
            asyncio.ensure_future(self._started.wait()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
