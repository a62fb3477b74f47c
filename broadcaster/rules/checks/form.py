"""What must be there: languages, places, things to do; and how long each field may be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from broadcaster.model import JAPANESE, Draft, Info, Kind, Problem, ResponseType
from broadcaster.ports.world import City
from broadcaster.rules.checks.texts import LONGEST, fields
from broadcaster.rules.districts import WHOLE

_MOST = {"infos": 20, "areas": 500, "category": 12, "response_type": 9, "geocodes": 50, "channels": 50}
_LANGUAGE = re.compile(  # RFC 5646, 2.1: langtag
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)


def problems(draft: Draft, city: City) -> Iterator[Problem]:
    """Yield what is missing, double, over-long or not a language."""
    for field in fields(draft):
        if field.too_long:
            params = {"length": len(field.text), "limit": LONGEST[field.name]}
            yield Problem(code="field_too_long", place=field.place, params=params)
    yield from _too_many("infos", len(draft.infos), "infos")
    yield from _too_many("channels", len(draft.channels), "channels")
    if len(set(draft.channels)) < len(draft.channels):
        yield Problem(code="channel_twice", place="channels", blocking=False)
    yield from _languages(draft)
    for index, info in enumerate(draft.infos[: _MOST["infos"]]):
        yield from _info(f"infos[{index}]", info, draft.kind, city)
    yield from _differences(draft)


def _too_many(name: str, count: int, place: str) -> Iterator[Problem]:
    if count > _MOST[name]:
        yield Problem(code="too_many", place=place, params={"count": count, "limit": _MOST[name]})


def _languages(draft: Draft) -> Iterator[Problem]:
    if not draft.infos:
        yield Problem(code="infos_missing", place="infos")
        return
    if draft.infos[0].language != JAPANESE:
        yield Problem(code="language_first", place="infos[0].language", params={"language": JAPANESE})
    seen = set[str]()
    for index, info in enumerate(draft.infos):
        tag, place = info.language, f"infos[{index}].language"
        if tag.casefold() in seen:
            yield Problem(code="language_twice", place=place, params={"language": tag[:100]})
        seen.add(tag.casefold())
        if len(tag) > LONGEST["language"] or not _LANGUAGE.fullmatch(tag):
            yield Problem(code="language_invalid", place=place, params={"language": tag[:100]})
        elif tag != (usual := canonical(tag)):
            yield Problem(code="language_case", place=place, params={"language": tag, "usual": usual})


def canonical(tag: str) -> str:
    """Return the usual spelling (RFC 5646, 2.1.1): `zh-Hant-TW`. After a singleton all is lower-case."""
    parts = tag.lower().split("-")
    for index, part in enumerate(parts[1:], 1):
        if len(part) == 1:
            break
        if len(part) == 2:  # noqa: PLR2004 - a region
            parts[index] = part.upper()
        elif len(part) == 4 and part.isalpha():  # noqa: PLR2004 - a script
            parts[index] = part.title()
    return "-".join(parts)


def _info(place: str, info: Info, kind: Kind, city: City) -> Iterator[Problem]:
    for name in ("event", "headline", "description"):
        if not getattr(info, name).strip():
            yield Problem(code="text_missing", place=f"{place}.{name}")
    if not info.instruction.strip() and _needs_action(info, kind):
        yield Problem(code="action_missing", place=f"{place}.instruction")
    if not info.category:
        yield Problem(code="category_missing", place=f"{place}.category")
    yield from _too_many("category", len(info.category), f"{place}.category")
    yield from _too_many("response_type", len(info.response_type), f"{place}.response_type")
    yield from _areas(place, info, city)


def _needs_action(info: Info, kind: Kind) -> bool:
    """Residents asked for what to do. Only a routine notice may say outright that nothing is to be done."""
    return not (kind is Kind.ROUTINE and info.response_type == (ResponseType.NONE,))


def _areas(place: str, info: Info, city: City) -> Iterator[Problem]:
    """No area is never everybody: a polygon that failed to load sent an order to ten million people (2025)."""
    if not info.areas:
        yield Problem(code="place_missing", place=f"{place}.areas")
    yield from _too_many("areas", len(info.areas), f"{place}.areas")
    for index, area in enumerate(info.areas[: _MOST["areas"]]):
        here = f"{place}.areas[{index}]"
        yield from _too_many("geocodes", len(area.geocodes), f"{here}.geocodes")
        if not area.area_desc.strip():
            yield Problem(code="place_missing", place=f"{here}.area_desc")
        elif info.language == JAPANESE and not is_known(area.area_desc, city):
            params = {"area": area.area_desc[:100], "city": city.name}
            yield Problem(code="area_unknown", place=f"{here}.area_desc", params=params)


def is_known(area: str, city: City) -> bool:
    """Return whether the area names one of the city's towns, or the whole city in so many words."""
    if not city.areas or area.strip() in WHOLE:
        return True
    return city.name in area or any(name in area for name in city.areas)


def _differences(draft: Draft) -> Iterator[Problem]:
    """Languages that name another number of places, or another severity, tell residents different things."""
    for index, info in enumerate(draft.infos[1:], 1):
        first = draft.infos[0]
        if len(info.areas) != len(first.areas):
            params = {"count": len(info.areas), "first": len(first.areas)}
            yield Problem(code="areas_differ", place=f"infos[{index}].areas", params=params, blocking=False)
        if info.severity is not first.severity:
            said = {"severity": info.severity.value, "first": first.severity.value}
            yield Problem(code="severity_differs", place=f"infos[{index}].severity", params=said, blocking=False)
