"""The routes about sheets before they are sent: what they are filled by, drafts, pre-filled follow-ups, reach."""

from __future__ import annotations

from typing import Any

from broadcaster.api import shapes
from broadcaster.api.asking import Ask, Route, get, post
from broadcaster.documents import city_document
from broadcaster.errors import Refused
from broadcaster.model import Kind, Problem
from broadcaster.ports.store import DraftRow
from broadcaster.sheet import to_json


async def _setting(ask: Ask) -> shapes.Setting:
    office = ask.desk.office
    city = city_document(office.context.city)
    return shapes.Setting(mode=office.mode, city=city, policy=office.policy, channels=tuple(office.channels))


async def _drafts(ask: Ask) -> tuple[DraftRow, ...]:
    return await ask.desk.drafts()


async def _draft(ask: Ask) -> DraftRow:
    return await ask.desk.draft(ask.number("draft"))


async def _open_draft(ask: Ask) -> DraftRow:
    return await ask.desk.open_draft(ask.body.body, ask.actor, ask.body.key)


async def _save_draft(ask: Ask) -> DraftRow:
    return await ask.desk.save_draft(ask.number("draft"), ask.body.version, ask.body.body, ask.actor)


async def _drop_draft(ask: Ask) -> DraftRow:
    return await ask.desk.drop_draft(ask.number("draft"), ask.actor)


async def _sheet(ask: Ask) -> dict[str, Any]:
    kind = _kind(ask.query.get("kind", Kind.UPDATE.value))
    sheet: dict[str, Any] = to_json(await ask.desk.sheet(ask.path["alert"], kind))
    return sheet


async def _reach(ask: Ask) -> shapes.Reached:
    wanted = ask.body
    return shapes.Reached(subscribers=await ask.desk.reach(wanted.areas, wanted.categories, wanted.severity))


def _kind(text: str) -> Kind:
    known = [kind.value for kind in Kind if kind.refers]
    if text not in known:
        raise Refused([Problem(code="choice_unknown", place="kind", params={"allowed": ", ".join(known)})])
    return Kind(text)


DRAFTING: tuple[Route, ...] = (
    get("/setting", "What sheets are filled and checked by: city, rules, channels", _setting, shapes.Setting),
    get("/alerts/{alert}/sheet", "A sheet to follow it, filled in", _sheet, dict[str, Any], "kind"),
    get("/drafts", "Sheets being filled, the last changed first", _drafts, tuple[DraftRow, ...]),
    post("/drafts", "Keep a new sheet", _open_draft, shapes.NewDraft, DraftRow),
    get("/drafts/{draft}", "One draft, whatever its state", _draft, DraftRow),
    post("/drafts/{draft}", "Change the version that was seen", _save_draft, shapes.SaveDraft, DraftRow),
    post("/drafts/{draft}/drop", "Give it up", _drop_draft, None, DraftRow),
    post("/reach", "How many subscribers a new alert would be mailed to", _reach, shapes.Reach, shapes.Reached),
)
