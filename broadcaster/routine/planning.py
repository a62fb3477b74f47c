"""What people do with plans: put in, approve, retire, look ahead, leave out, let go."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from broadcaster.errors import BroadcasterError, Conflict, Forbidden, NotFound, Refused
from broadcaster.model import (
    Actor,
    Draft,
    Mode,
    Occurrence,
    OccurrenceRow,
    Part,
    Plan,
    PlanRow,
    Problem,
    Quiet,
    Standing,
)
from broadcaster.ports.store import Choice
from broadcaster.routine.folder import Folder, Shelf
from broadcaster.routine.room import Room
from broadcaster.routine.script import SOME_INCIDENT
from broadcaster.rules import recurrence, routine

SHOWN, DAYS_SHOWN = 5, 366
"""How many of the next occurrences an approver is shown, and how far ahead they are looked for."""
OF_THE_MOMENT = frozenset({"x_near_duplicate"})
"""Problems that are about what was said just now, not about the plan: it is not said now."""
_TICK = timedelta(microseconds=1)
log = logging.getLogger("broadcaster.routine")

_Key = tuple[str, datetime, Part]


class RoutineVerb(StrEnum):
    """A person's decision about one occurrence."""

    SKIP = "skip"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A decision about one occurrence, and why."""

    plan: str
    due: datetime
    verb: RoutineVerb
    part: Part = Part.ANNOUNCE
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All plans, and the occurrences that wait for a person. `suspended`: an emergency is in force."""

    mode: Mode
    now: datetime
    zone: str
    suspended: bool
    plans: tuple[PlanRow, ...]
    waiting: tuple[OccurrenceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """One coming occurrence. `reason` says why it would be left out as things stand; empty: it will be said."""

    plan: str
    title: str
    due: datetime
    part: Part
    reason: str = ""
    detail: str = ""
    state: Standing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """One plan as an approver looks at it: what it would say now (its twin after it), and when it comes next."""

    mode: Mode
    zone: str
    row: PlanRow
    drafts: tuple[Draft, ...]
    ahead: tuple[Ahead, ...]
    quiet: Quiet
    """The hours in which nothing of its category is said."""
    problems: tuple[Problem, ...] = ()
    """What keeps a plan from being put in that is only looked at."""


class Planning:
    """What may be asked about routine announcements. `changed` is called after whatever concerns the alarm clock;
    `shelf` keeps plans as files, None: the store alone has those put in here.
    """

    def __init__(self, room: Room, changed: Callable[[], None] = lambda: None, shelf: Shelf | None = None) -> None:
        self._room = room
        self._shelf = shelf
        self._store = room.store
        self._changed = changed

    # ------------------------------------------------------------ looking

    async def overview(self) -> Overview:
        """Return all plans, and what waits for a person."""
        now = self._room.now()
        return Overview(
            mode=self._room.desk.mode,
            now=now,
            zone=self._room.calendar.zone.key,
            suspended=bool(await self._store.emergencies(now)),
            plans=await self._store.plans(),
            waiting=tuple(row for row in await self._store.open_occurrences() if row.state.asks),
        )

    async def view(self, name: str) -> PlanView:
        """Return one plan with its words. Raise `NotFound`, `Refused` where it has none any more."""
        row = await self._store.plan(name)
        return self._view(row, await self.ahead(DAYS_SHOWN, name), self._words(row.plan))

    def _words(self, plan: Plan) -> tuple[Draft, ...]:
        now, script = self._room.now(), self._room.script
        drafts = (script.announcement(plan, now, now), script.lifting(plan, SOME_INCIDENT, now + plan.valid, now))
        return tuple(draft for draft in drafts if draft is not None)

    def _view(
        self, row: PlanRow, ahead: tuple[Ahead, ...], drafts: tuple[Draft, ...], problems: tuple[Problem, ...] = ()
    ) -> PlanView:
        return PlanView(
            mode=self._room.desk.mode,
            zone=self._room.calendar.zone.key,
            row=row,
            drafts=drafts,
            ahead=ahead[:SHOWN],
            quiet=self._room.calendar.hours(row.plan.category),
            problems=problems,
        )

    async def ahead(self, days: int, only: str = "", files: Iterable[Plan] = ()) -> tuple[Ahead, ...]:
        """Return what comes within so many days, soonest first, with why it is left out; `only` one plan's.

        `files` are plan files as they stand: one the service has not taken over yet counts as not approved.
        """
        now = self._room.now()
        until = now + timedelta(days=days)
        rows = {(row.plan, row.due, row.part): row for row in await self._store.occurrences(now, until)}
        silence = max((alert.expires for alert in await self._store.emergencies(now)), default=now)
        plans = {row.plan.id: row for row in await self._store.plans() if not row.retired}
        plans |= {plan.id: _untold(plan, now) for plan in files if plan.id not in plans or plans[plan.id].plan != plan}
        chosen = [row for row in plans.values() if only in ("", row.plan.id)]
        found = [each for row in chosen for each in self._of_plan(row, now, until, rows, silence)]
        return tuple(sorted(found, key=lambda each: (each.due, each.plan)))

    async def _coming(self, row: PlanRow, days: int) -> tuple[Ahead, ...]:
        """Return the next occurrences of one plan that need not be known yet."""
        now = self._room.now()
        silence = max((alert.expires for alert in await self._store.emergencies(now)), default=now)
        coming = self._of_plan(row, now, now + timedelta(days=days), {}, silence)
        return tuple(islice(coming, SHOWN))

    def _of_plan(
        self, row: PlanRow, now: datetime, until: datetime, rows: Mapping[_Key, OccurrenceRow], silence: datetime
    ) -> Iterator[Ahead]:
        called_off = {key[1] for key, each in rows.items() if key[0] == row.plan.id and each.state is Standing.SKIPPED}
        for each in recurrence.between(row.plan, now, until, self._room.calendar):
            kept = rows.get((each.plan, each.due, each.part))
            reason, detail = _reason(row, each, kept, called_off, silence)
            yield Ahead(
                plan=each.plan,
                title=row.plan.title,
                due=each.due,
                part=each.part,
                reason=reason,
                detail=detail,
                state=kept.state if kept else None,
            )

    # ------------------------------------------------------------ plans

    async def put(self, plan: Plan, actor: Actor) -> PlanRow:
        """Add a plan, or replace the one of its id; it speaks once it is approved. Raise `Refused` with every problem
        of its words and times, `Conflict` where the id belongs to a plan file.
        """
        now = self._room.now()
        known = {row.plan.id: row for row in await self._store.plans()}
        if problems := await self._problems(plan, now):
            raise Refused(problems)
        old = known.get(plan.id)
        kept = old is None or old.retired or bool(old.file)
        file = self._shelf.keep(plan) if self._shelf is not None and kept else ""
        if old is not None and old.file and not old.retired and not file:
            raise Conflict("plan_of_file", plan=plan.id, file=old.file)
        row = PlanRow(plan=plan, digest=self._room.script.digest(plan), author=actor, at=now, file=file)
        await self._store.put_plan(row)
        self._changed()
        return await self._store.plan(plan.id)

    async def look(self, plan: Plan) -> PlanView:
        """Return a plan as it would be if it were put in: when it comes, its words, and every problem they have."""
        now = self._room.now()
        problems = await self._problems(plan, now)
        digest = "" if problems else self._room.script.digest(plan)
        row = PlanRow(plan=plan, digest=digest or "-", approved=digest or "-", author=Actor(name=""), at=now)
        ahead = await self._coming(row, DAYS_SHOWN)  # approved, so that no day is left out for want of that
        return self._view(row, ahead, () if problems else self._words(plan), tuple(problems))

    async def approve(self, name: str, seen: str, actor: Actor) -> PlanRow:
        """Let a series speak in the words of the digest that was seen. Raise `Forbidden` for its author on a live
        instance, `Conflict` where it has changed, `NotFound`.
        """
        row = await self._store.plan(name)
        if not routine.may_approve(row.author, actor, self._room.desk.mode):
            raise Forbidden("plan_same_person", plan=name, actor=actor.name)
        if seen != row.digest or self._room.script.digest(row.plan) != row.digest:
            raise Conflict("plan_changed", plan=name)
        approved = await self._store.approve_plan(name, seen, actor, self._room.now())
        self._changed()
        return approved

    async def retire(self, name: str, actor: Actor, why: str) -> None:
        """Silence a plan. Raise `NotFound`."""
        await self._store.retire_plan(name, actor, self._room.now(), why)
        self._changed()

    async def _problems(self, plan: Plan, now: datetime) -> list[Problem]:
        """Return all that would keep it from being said, as far as it can be told today."""
        problems: list[Problem] = []
        if recurrence.first_after(plan, now, self._room.calendar) is None:
            problems.append(Problem(code="plan_never", place="when"))
        try:
            draft = self._room.script.announcement(plan, now, now)
            self._room.script.lifting(plan, SOME_INCIDENT, now + plan.valid, now)
            shown = (await self._room.desk.preview(draft)).problems
            problems += [each for each in shown if each.blocking and each.code not in OF_THE_MOMENT]
        except Refused as refused:
            problems += refused.problems
        except NotFound as missing:
            problems.append(Problem(code=missing.code, place="template", params=missing.params))
        return problems

    # ------------------------------------------------------------ occurrences

    async def decide(self, wish: Wish, actor: Actor) -> OccurrenceRow:
        """Leave one occurrence out, or let it go. Raise `NotFound` where there is none, `Conflict` where it is said or
        over.
        """
        plan, now = (await self._store.plan(wish.plan)).plan, self._room.now()
        row = await self._store.occurrence(wish.plan, wish.due, wish.part)
        if row is None and not self._comes(plan, wish.due, wish.part):
            raise NotFound("occurrence_not_found", plan=wish.plan, due=wish.due.isoformat())
        choice = Choice(
            plan=wish.plan,
            due=wish.due,
            part=wish.part,
            state=Standing.SKIPPED if wish.verb is RoutineVerb.SKIP else _let_go(row, wish, now),
            until=row.until if row else wish.due + plan.valid,
            actor=actor,
            at=now,
            why=wish.why,
        )
        if choice.until <= now:
            raise Conflict("occurrence_over", plan=wish.plan, due=wish.due.isoformat())
        decided = await self._store.decide_occurrence(choice)
        self._changed()
        return decided

    def _comes(self, plan: Plan, due: datetime, part: Part) -> bool:
        coming = recurrence.between(plan, due - _TICK, due, self._room.calendar)
        return any(each.due == due and each.part is part for each in coming)

    # ------------------------------------------------------------ at the start

    async def refresh(self, folder: Folder) -> None:
        """Take over what the plan files say now, and notice plans whose words have changed (a template, the city's
        name): whatever differs has to be approved again. A plan whose file is gone is silenced; one whose file cannot
        be read stays as it was.
        """
        for problem in folder.problems:
            words = {"event": "plan_file_wrong", "place": problem.place, "code": problem.code}
            log.warning("A plan file cannot be read.", extra=words)
        known = {row.plan.id: row for row in await self._store.plans()}
        for plan in folder.plans:
            await self._take_over(plan, known.get(plan.id))
        named = {plan.id for plan in folder.plans} | set(folder.broken)
        for name, row in known.items():
            if row.file and not row.retired and name not in named:
                await self._store.retire_plan(name, row.author, self._room.now(), "file_gone")
            elif not row.file and not row.retired:
                await self._renew(row)
        self._changed()

    async def _take_over(self, plan: Plan, row: PlanRow | None) -> None:
        file = f"{plan.id}.toml"
        if row is not None and not row.file and not row.retired:
            log.warning(
                "A plan file has the name of a plan from the desk.", extra={"event": "plan_twice", "file": file}
            )
            return
        await self._renew(
            PlanRow(plan=plan, digest="", author=Actor(name=file), at=self._room.now(), file=file), known=row
        )

    async def _renew(self, row: PlanRow, known: PlanRow | None = None) -> None:
        """Write the plan with the digest of today's words, unless that is what is there."""
        before = known or row
        try:
            digest = self._room.script.digest(row.plan)
        except BroadcasterError as error:
            words = {"event": "plan_broken", "plan": row.plan.id, "code": error.code, "why": str(error)}
            log.warning("The plan %s cannot be said.", row.plan.id, extra=words)
            digest = ""
        if before.retired or before.digest != digest:
            await self._store.put_plan(replace(row, digest=digest, at=self._room.now()))


def _untold(plan: Plan, now: datetime) -> PlanRow:
    file = f"{plan.id}.toml"
    return PlanRow(plan=plan, digest="", author=Actor(name=file), at=now, file=file)


def _reason(
    row: PlanRow, each: Occurrence, kept: OccurrenceRow | None, called_off: set[datetime], silence: datetime
) -> tuple[str, str]:
    """Return why it would be left out, and the detail of that."""
    if kept is not None and kept.state is not Standing.PLANNED:
        return kept.reason, kept.detail
    if each.reason:
        return each.reason, each.detail
    if not row.speaks:
        return "not_approved", ""
    if each.reserve_of is not None and each.reserve_of not in called_off:
        return "reserve", each.reserve_of.isoformat()
    return ("emergency", "") if each.due < silence else ("", "")


def _let_go(row: OccurrenceRow | None, wish: Wish, now: datetime) -> Standing:
    """Return the state of an occurrence that a person lets go: at once, or again at its time. Raise `Conflict`."""
    if row is None or not (row.state.asks or row.state is Standing.SKIPPED or wish.part is Part.LIFT):
        raise Conflict("occurrence_not_waiting", plan=wish.plan, due=wish.due.isoformat())
    return Standing.PLANNED if row.state is Standing.SKIPPED and wish.due > now else Standing.RELEASED
