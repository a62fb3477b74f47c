"""Corrections, cancels and all-clears that are ready before they are needed.

Hawaii 2018 had no correction at hand and took 38 minutes, Otsu 2014 took 40. So each accepted alert stores these drafts
with it, already rendered; sending one is a short command, and its times are those of then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from broadcaster.desk.composing import build_alert, compose
from broadcaster.desk.values import FOLLOW_UP_LIFE, Office
from broadcaster.errors import RenderingError
from broadcaster.model import EASY_JAPANESE, Alert, Certainty, Draft, Info, Kind, Problem, ResponseType, Urgency

KINDS = (Kind.CORRECTION, Kind.CANCEL, Kind.ALL_CLEAR)
WRITTEN = ("ja", EASY_JAPANESE, "en", "zh", "ko")
"""Languages templates/prepared/ is written in; any other is told in English."""
_RULE = "\n---\n"


def prepare(office: Office, alert: Alert) -> tuple[Draft, ...]:
    """Return what may have to follow this alert, in each of its languages. Raise `RenderingError`."""
    if alert.kind.ends:
        return ()
    return tuple(_draft(office, alert, kind) for kind in KINDS)


async def problems(office: Office, alert: Alert, earlier: Sequence[Alert]) -> tuple[Problem, ...]:
    """Return what would keep each prepared draft from being sent, as warnings: better known now than in need."""
    found: list[Problem] = []
    try:
        drafts = prepare(office, alert)
    except RenderingError as error:
        return (Problem(code=error.code, place="prepared", params=error.params, blocking=False),)
    for draft in drafts:
        versions = (*earlier, alert)
        follower = build_alert(office, draft, (alert.incident, alert.version + 1), versions)
        composed = await compose(office, draft, follower, versions)
        place = f"prepared.{draft.kind.value}"
        blocking = [each for each in composed.problems if each.blocking]
        found += [replace(each, place=f"{place}.{each.place}", blocking=False) for each in blocking]
    return tuple(found)


def renewed(draft: Draft, alert: Alert, now: datetime, *, silent: bool | None) -> Draft:
    """Return a prepared draft as it is sent now: valid from now for 24 hours, on the channels of the alert."""
    infos = tuple(replace(info, effective=now, expires=now + FOLLOW_UP_LIFE) for info in draft.infos)
    return replace(
        draft,
        infos=infos,
        incident=alert.incident,
        channels=alert.channels,
        silent=draft.silent if silent is None else silent,
    )


def _draft(office: Office, alert: Alert, kind: Kind) -> Draft:
    return Draft(
        kind=kind,
        infos=tuple(_info(office, alert, info, kind) for info in alert.infos),
        status=alert.status,
        incident=alert.incident,
        channels=alert.channels,
    )


def _info(office: Office, alert: Alert, info: Info, kind: Kind) -> Info:
    headline, description, instruction = _words(office, alert, info, kind)
    return replace(
        info,
        headline=headline,
        description=description,
        instruction=instruction,
        response_type=(ResponseType.ALL_CLEAR if kind is Kind.ALL_CLEAR else ResponseType.NONE,),
        urgency=Urgency.PAST,
        certainty=Certainty.OBSERVED,
        effective=None,
        expires=alert.sent + FOLLOW_UP_LIFE,
    )


def _words(office: Office, alert: Alert, info: Info, kind: Kind) -> tuple[str, str, str]:
    city = office.context.city
    values = {
        "serial": alert.serial,
        "event": info.event,
        "headline": info.headline,
        "areas": [area.area_desc for area in info.areas],
        "issued": alert.sent,
        "city": city.name,
        "city_en": city.name_en or city.name,
        "contact": info.contact or city.contact,
    }
    text = office.context.renderer.render(f"prepared/{kind.value}.{_written(info.language)}.txt", values)
    headline, description, instruction = (part.strip() for part in text.split(_RULE))
    return headline, description, instruction


def _written(language: str) -> str:
    return next((tag for tag in (language, language.partition("-")[0]) if tag in WRITTEN), "en")
