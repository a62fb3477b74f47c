"""The alarm clock: waits until something is due, asks the rules what becomes of it, and hands it to the desk.

It remembers nothing that matters. A restart looks back over a week, and whatever has a row already is settled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.clock import Timekeeper
from broadcaster.desk import Firing
from broadcaster.dispatcher.calls import first
from broadcaster.errors import BroadcasterError, Conflict, Refused, StoreError
from broadcaster.failpoints import hit
from broadcaster.model import Actor, Draft, Late, Occurrence, OccurrenceRow, Part, Plan, PlanRow, Standing
from broadcaster.ports.store import Approval, ApprovalBy, Coming
from broadcaster.routine.room import Room
from broadcaster.rules import recurrence, routine

HEARTBEAT = 15.0
"""Seconds between two looks at the clocks while nothing is due."""
RETRY = 1.0
"""Seconds before a turn that the store or another service got in the way of is taken again."""
AGAIN = timedelta(minutes=15)
"""How often everything is looked through though nothing is due: a service that has died since may have changed it."""
BACK = timedelta(days=7)
"""How far a start looks back for what was missed. What is older was missed for good, and its row would help nobody."""
log = logging.getLogger("broadcaster.routine")
_MOVED = "The clock was moved; what it passed over is held."
_LOST = "The clock is before this version was made; nothing is announced by it."

_Key = tuple[str, datetime, Part]


class _Again(Exception):
    """Something came in between; the turn is taken again, and finds what is settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What one look through everything knows. `since` and `jumped` bound what the clock was set over."""

    now: datetime
    since: datetime
    jumped: datetime | None
    emergency: bool
    rows: Mapping[_Key, OccurrenceRow]


class Runner:
    """Says what is due. `changed` is called when the board may have changed."""

    def __init__(self, room: Room, changed: Callable[[], None] = lambda: None) -> None:
        self._room = room
        self._store = room.store
        self._changed = changed
        self._woken = asyncio.Event()
        self._stopping = False
        self._time = Timekeeper(room.clock, log, moved=_MOVED, lost=_LOST)
        self._looked = self._time.now - BACK
        self._jumped: datetime | None = None
        self._next = self._time.now
        self._noticed = True

    def wake(self) -> None:
        """Something was put in, approved or decided: look through everything."""
        self._noticed = True
        self._woken.set()

    def stop(self) -> None:
        """End after the turn under way."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping:
            self._woken.clear()
            await first(self._room.clock, self._woken, await self._safe_turn())

    # ------------------------------------------------------------ the turn

    async def _safe_turn(self) -> float:
        try:
            return await self.turn()
        except _Again:
            return RETRY
        except StoreError as error:
            words = {"event": "routine_store_failed", "code": error.code}
            log.warning("Routine announcements cannot reach the store.", extra=words)
        except Exception:  # the alarm clock never dies: whatever it was, it is logged and tried again
            log.exception("The alarm clock stumbled.", extra={"event": "routine_error"})
        return RETRY

    async def turn(self) -> float:
        """Look at the clocks, and through everything if something is due; return how many seconds to wait."""
        await self._mind_the_clock()
        if self._time.lost:
            return HEARTBEAT
        now = self._time.now
        if self._noticed or self._next <= now:
            await self._look_through(now)
        return max(0.0, min(HEARTBEAT, (self._next - now).total_seconds()))

    async def _mind_the_clock(self) -> None:
        """Notice a wall clock that was moved. What it was set over is held; what it goes back before comes up again,
        unless it was said.
        """
        jump, now = self._time.look(), self._time.now
        if not jump:
            return
        self._noticed = True
        if jump > timedelta():
            self._jumped = self._jumped or now - jump
        else:
            self._looked, self._jumped = min(self._looked, now - BACK), None
            await self._store.come_again(now)

    async def _look_through(self, now: datetime) -> None:
        self._noticed = False
        try:
            await self._take_all(now)
        except BaseException:
            self._noticed = True
            raise

    async def _take_all(self, now: datetime) -> None:
        plans = {row.plan.id: row for row in await self._store.plans() if row.speaks}
        turn = await self._gather(now)
        waiting = {key: row for key, row in turn.rows.items() if row.state.open}
        for plan in plans.values():
            for each in self._due(plan, turn):
                await self._take(plan, each, turn)
        for row in waiting.values():
            await self._mind(row, plans.get(row.plan), turn)
        self._looked, self._jumped = now, None
        self._next = await self._following(plans.values(), now)

    async def _gather(self, now: datetime) -> _Turn:
        seen = (*await self._store.occurrences(self._looked, now), *await self._store.open_occurrences())
        return _Turn(
            now=now,
            since=self._looked,
            jumped=self._jumped,
            emergency=bool(await self._store.emergencies(now)),
            rows={(row.plan, row.due, row.part): row for row in seen},
        )

    def _due(self, row: PlanRow, turn: _Turn) -> Iterator[Occurrence]:
        """Yield what the calendar has brought since the last look; a series speaks from its approval on."""
        at = row.since or turn.now
        since = max(turn.since, at) if at <= turn.now else turn.since  # approved by a clock that was ahead
        for each in recurrence.between(row.plan, since, turn.now, self._room.calendar):
            if each.part is Part.ANNOUNCE and (each.plan, each.due, each.part) not in turn.rows:
                yield each

    async def _following(self, plans: Iterable[PlanRow], now: datetime) -> datetime:
        """Return when there is something to look at again."""
        moments = [now + AGAIN]
        moments += filter(None, (recurrence.first_after(row.plan, now, self._room.calendar) for row in plans))
        waiting = await self._store.open_occurrences()
        moments += [row.until if row.state.asks else row.due for row in waiting]
        return min(moment for moment in moments if moment > now)

    # ------------------------------------------------------------ one occurrence

    async def _take(self, plan: PlanRow, each: Occurrence, turn: _Turn) -> None:
        """Settle what has just become due."""
        until = each.due + plan.plan.valid
        row = OccurrenceRow(
            plan=each.plan, due=each.due, part=each.part, state=Standing.PLANNED, until=until, at=turn.now
        )
        reason, detail = each.reason, each.detail
        if not reason and each.reserve_of is not None:
            reason = await self._stood_in_for(each.plan, each.reserve_of)
        if reason:
            await self._settle(replace(row, state=Standing.SKIPPED, reason=reason, detail=detail))
        else:
            await self._judge(plan, row, turn)

    async def _stood_in_for(self, plan: str, due: datetime) -> str:
        """Return why a reserve day is not needed; empty where the day it stands in for was called off."""
        original = await self._store.occurrence(plan, due, Part.ANNOUNCE)
        return "held_as_planned" if original is not None and original.state is Standing.SENT else ""

    async def _mind(self, row: OccurrenceRow, plan: PlanRow | None, turn: _Turn) -> None:
        """Look after one that is open: say what was released or is due, close what nobody decided in time."""
        due = row.state is Standing.RELEASED or (row.due <= turn.now and not row.state.asks)
        if turn.now >= row.until or (due and plan is None):
            await self._settle(replace(row, state=Standing.SKIPPED, at=turn.now, reason=_over(row, plan)))
        elif due and plan is not None:
            await self._judge(plan, row, turn)

    async def _judge(self, plan: PlanRow, row: OccurrenceRow, turn: _Turn) -> None:
        jumped = turn.jumped is not None and row.due > turn.jumped
        coming = routine.Coming(
            due=row.due,
            until=row.until,
            now=turn.now,
            jumped=jumped,
            released=row.state is Standing.RELEASED,
            emergency=turn.emergency,
        )
        verdict = routine.judge(plan.plan, coming, self._room.calendar)
        if verdict.state is None:
            await self._say(plan, row, turn)
        else:
            await self._settle(replace(row, state=verdict.state, at=turn.now, reason=verdict.reason))

    async def _settle(self, row: OccurrenceRow) -> None:
        if await self._store.settle_occurrences((row,)):
            words = {"event": "occurrence_settled", "plan": row.plan, "state": row.state.value, "reason": row.reason}
            log.info("A routine announcement is now %s.", row.state.value, extra=words)
            self._changed()

    async def _say(self, plan: PlanRow, row: OccurrenceRow, turn: _Turn) -> None:
        """Hand it in. What forbids it is written down; what only came in between lets the turn be taken again."""
        hit("o0")
        try:
            await self._hand_in(plan, row)
        except Conflict as error:
            await self._in_the_way(error, row, turn)
        except (StoreError, _Again):
            raise
        except Exception as error:  # noqa: BLE001 (one plan's mistake must not silence the others)
            await self._failed(error, row, turn)
        hit("o2")

    async def _failed(self, error: Exception, row: OccurrenceRow, turn: _Turn) -> None:
        """Write down that it could not be said; an officer is told, and may let it go once that is mended."""
        if not isinstance(error, BroadcasterError):
            log.error("An announcement raised something unforeseen.", exc_info=error, extra={"event": "routine_error"})
        reason = error.code if isinstance(error, BroadcasterError) else "unexpected"
        await self._settle(replace(row, state=Standing.FAILED, at=turn.now, reason=reason, detail=_told(error)))

    async def _in_the_way(self, error: Conflict, row: OccurrenceRow, turn: _Turn) -> None:
        match error.code:
            case "routine_suspended":
                await self._settle(replace(row, state=Standing.SUSPENDED, at=turn.now, reason="emergency"))
            case "incident_ended":
                await self._settle(replace(row, state=Standing.HELD, at=turn.now, reason=error.code))
            case "occurrence_settled":
                return  # another service said it
            case "plan_silent" | "occurrence_late" | "version_overtaken":
                raise _Again
            case _:
                await self._failed(error, row, turn)

    async def _hand_in(self, row: PlanRow, occurrence: OccurrenceRow) -> None:
        plan, now = row.plan, self._room.now()
        if (digest := self._room.script.digest(plan)) != row.digest:
            await self._store.put_plan(replace(row, digest=digest, at=now))
            raise _Again
        if occurrence.part is Part.LIFT:
            draft = await self._lifting(row, occurrence, now)
        else:
            draft = self._room.script.announcement(plan, occurrence.due, now)
        await self._room.desk.announce(draft, _firing(row, occurrence, now))

    async def _lifting(self, row: PlanRow, occurrence: OccurrenceRow, now: datetime) -> Draft:
        """Return the draft that ends the announcement. Raise `Conflict` where that is over already."""
        incident = (await self._store.alert(occurrence.of)).alert.incident
        if (await self._store.incident(incident))[-1].kind.ends:
            raise Conflict("incident_ended", incident=incident)
        draft = self._room.script.lifting(row.plan, incident, occurrence.until, now)
        if draft is None:
            raise Conflict("incident_ended", incident=incident)
        return draft


def _firing(row: PlanRow, occurrence: OccurrenceRow, now: datetime) -> Firing:
    plan, lift = row.plan, row.plan.lift
    lifted = occurrence.due + lift.after if lift and occurrence.part is Part.ANNOUNCE else None
    by, at = row.approver or row.author, row.approved_at or now
    return Firing(
        key=f"routine/{plan.id}/{occurrence.part.value}/{occurrence.due:%Y%m%dT%H%M%SZ}",
        author=Actor(name=f"routine {plan.id}"),
        approval=Approval(actor=by, by=ApprovalBy.SERIES, at=at, digest=row.digest),
        occurrence=Coming(
            plan=plan.id,
            due=occurrence.due,
            part=occurrence.part,
            until=occurrence.until,
            latest=_latest(plan, occurrence),
            digest=row.digest,
            lift_at=lifted,
            lift_until=None if lifted is None else lifted + plan.valid,
        ),
    )


def _latest(plan: Plan, occurrence: OccurrenceRow) -> datetime:
    """Return up to when it may be said: by itself no later than the plan allows, with a person's word until it is over.

    The store holds it to that by the time of the acceptance itself, however long the words took to be made.
    """
    by_itself = occurrence.state is not Standing.RELEASED and plan.late is not Late.SEND
    return min(occurrence.until, occurrence.due + plan.max_late) if by_itself else occurrence.until


def _over(row: OccurrenceRow, plan: PlanRow | None) -> str:
    """Return why an open occurrence comes to nothing: what it waited for stays its reason."""
    return row.reason or ("too_late" if plan else "plan_silent")


def _told(error: Exception) -> str:
    """Return what is wrong, for the row: place and code of each problem; of what nobody foresaw only its type."""
    if isinstance(error, Refused):
        return "; ".join(f"{each.place}: {each.code}" for each in error.problems if each.blocking)
    return str(error) if isinstance(error, BroadcasterError) else type(error).__name__
