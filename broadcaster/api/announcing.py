"""The routes about announcements by the calendar."""

from __future__ import annotations

from broadcaster.api import shapes
from broadcaster.api.asking import Ask, Route, get, post
from broadcaster.documents import plan_from
from broadcaster.errors import Refused
from broadcaster.model import OccurrenceRow, PlanRow, Problem
from broadcaster.routine import Ahead, Overview, PlanView, Wish

MOST_DAYS = 366


async def _routine(ask: Ask) -> Overview:
    return await ask.planning.overview()


async def _routine_next(ask: Ask) -> tuple[Ahead, ...]:
    days = ask.maybe("days")
    return await ask.planning.ahead(min(MOST_DAYS, 30 if days is None else days), ask.query.get("plan", ""))


async def _plan(ask: Ask) -> PlanView:
    return await ask.planning.view(ask.path["plan"])


async def _put_plan(ask: Ask) -> PlanRow:
    return await ask.planning.put(plan_from(ask.body.id, ask.body.table), ask.actor)


async def _look_at_plan(ask: Ask) -> PlanView:
    return await ask.planning.look(plan_from(ask.body.id, ask.body.table))


async def _approve_plan(ask: Ask) -> PlanRow:
    return await ask.planning.approve(ask.path["plan"], ask.body.digest, ask.actor)


async def _retire_plan(ask: Ask) -> None:
    await ask.planning.retire(ask.path["plan"], ask.actor, ask.body.why)


async def _decide_occurrence(ask: Ask) -> OccurrenceRow:
    body = ask.body
    if body.due.utcoffset() is None:
        raise Refused([Problem(code="time_naive", place="due")])
    wish = Wish(plan=ask.path["plan"], due=body.due, verb=body.verb, part=body.part, why=body.why)
    return await ask.planning.decide(wish, ask.actor)


ANNOUNCING: tuple[Route, ...] = (
    get("/routine", "All plans, and the occurrences that wait for a person", _routine, Overview),
    get("/routine/next", "What comes, with why it is left out", _routine_next, tuple[Ahead, ...], "days", "plan"),
    get("/routine/{plan}", "One plan, what it would say now, and when it comes next", _plan, PlanView),
    post("/routine", "Add or replace a plan; it speaks once it is approved", _put_plan, shapes.PutPlan, PlanRow),
    post("/routine/look", "What a plan would say, and when it comes", _look_at_plan, shapes.PutPlan, PlanView),
    post("/routine/{plan}/approve", "Let a series speak", _approve_plan, shapes.ApprovePlan, PlanRow),
    post("/routine/{plan}/retire", "Silence a series", _retire_plan, shapes.RetirePlan, None),
    post(
        "/routine/{plan}/decision",
        "Leave out one occurrence, or let it go",
        _decide_occurrence,
        shapes.DecideOccurrence,
        OccurrenceRow,
    ),
)
