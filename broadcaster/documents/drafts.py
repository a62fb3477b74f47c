"""From an alert file to a draft. What people write may be short; what comes out is complete, or every problem is told.

Names are CAP 1.2's in snake_case. Shorthand: whatever all languages share stands once at the top and is taken over by
each info; an area may be its name alone; a category need be no list; `expires` may be a time from now (`"6h"`).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError
from pydantic_core import PydanticCustomError

from broadcaster.documents.files import document
from broadcaster.documents.values import place_of, validation_problems
from broadcaster.errors import Refused
from broadcaster.model import (
    JAPANESE,
    Area,
    Category,
    Certainty,
    Draft,
    Geocode,
    Info,
    Kind,
    MsgType,
    Problem,
    ResponseType,
    Severity,
    Status,
    Urgency,
)

T = TypeVar("T")

_SPAN = re.compile(r"(?:([0-9]{1,3})d)?(?:([0-9]{1,3})h)?(?:([0-9]{1,4})m)?")
_MOST_INFOS = 100
"""More languages than any alert has; what is missing in each is told for each, and nobody reads a thousand of those."""
_NEEDED = ("category", "event", "headline", "description", "instruction", "expires", "urgency", "severity", "certainty")
_KINDS = {MsgType.ALERT: Kind.ALERT, MsgType.UPDATE: Kind.UPDATE, MsgType.CANCEL: Kind.CANCEL}


def read_draft(source: Path | str, suffix: str = "", *, now: datetime | None = None) -> Draft:
    """Return the draft in a file, or in a text of the kind `suffix` names. Raise `Refused` with every problem.

    A time span counts from `effective`, so that the same file is the same draft; where that is missing, from `now`.
    """
    kind = suffix or (source.suffix if isinstance(source, Path) else "")
    return draft_from(document(source, kind), now=now)


def draft_from(data: Mapping[str, Any], *, now: datetime | None = None) -> Draft:
    """Return the draft in a table. Raise `Refused` with every problem and its place."""
    table = _renamed(data)
    if len(_parts(table)) > _MOST_INFOS:
        raise Refused([Problem(code="too_long", place="infos", params={"bound": str(_MOST_INFOS)})])
    problems = list(_missing(table))
    try:
        file = _File.model_validate(table)
    except ValidationError as error:
        raise Refused([*validation_problems(error), *problems]) from None
    problems += _contradictions(file)
    made = None if problems else _Making(file=file, now=now, problems=problems).draft()
    if made is None or problems:
        raise Refused(problems)
    return made


def sketch(source: Path | str, suffix: str, now: datetime) -> Draft | None:
    """Return what can be made of a file that `read_draft` refuses, so that its words can be looked at all the same:
    what cannot be read is left out, what is missing is blank. Never to be sent. None where it is no table at all, or
    far too long a one.
    """
    try:
        table = copy.deepcopy(_renamed(document(source, suffix)))
    except Refused:
        return None
    if len(_parts(table)) > _MOST_INFOS:
        return None
    for error in _faults(table):
        _drop(table, error)
    for _, part in _parts(table):
        part |= {name: value for name, value in _blank(now).items() if part.get(name, table.get(name)) is None}
    return None if _faults(table) else _Making(file=_File.model_validate(table), now=now, problems=[]).draft()


# ------------------------------------------------------------------ what a file may hold


def _moment(value: object) -> object:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise PydanticCustomError("say.time_unreadable", "no time") from None
    if not isinstance(value, datetime):
        raise PydanticCustomError("say.time_unreadable", "no time")
    if value.utcoffset() is None:
        raise PydanticCustomError("say.time_naive", "no offset")
    return _in_range(value)


def _in_range(moment: datetime) -> datetime:
    """Refuse what cannot be told in UTC (the years 1 and 9999)."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("say.time_unreadable", "out of range") from None
    return moment


def _moment_or_span(value: object) -> object:
    if isinstance(value, str) and value and (found := _SPAN.fullmatch(value.strip())) and any(found.groups()):
        days, hours, minutes = (int(part or 0) for part in found.groups())
        return timedelta(days=days, hours=hours, minutes=minutes)
    return _moment(value)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _area(value: object) -> object:
    return {"area_desc": value} if isinstance(value, str) else value


def _codes(value: object) -> object:
    """Take `{ JMA = "1322000" }` for a list with one code."""
    if isinstance(value, Mapping) and "value_name" not in value:
        return [{"value_name": name, "value": code} for name, code in value.items()]
    return value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _Geocode(_Part):
    value_name: StrictStr
    value: StrictStr


class _Area(_Part):
    area_desc: StrictStr
    geocodes: Annotated[tuple[_Geocode, ...], BeforeValidator(_codes)] = ()


class _Words(_Part):
    """What one language says, or all share."""

    language: StrictStr | None = None
    category: Annotated[tuple[Category, ...], BeforeValidator(_listed)] | None = None
    event: StrictStr | None = None
    headline: StrictStr | None = None
    description: StrictStr | None = None
    instruction: StrictStr | None = None
    urgency: Urgency | None = None
    severity: Severity | None = None
    certainty: Certainty | None = None
    response_type: Annotated[tuple[ResponseType, ...], BeforeValidator(_listed)] | None = None
    effective: Annotated[Any, BeforeValidator(_moment)] = None
    expires: Annotated[Any, BeforeValidator(_moment_or_span)] = None
    web: StrictStr | None = None
    contact: StrictStr | None = None
    areas: tuple[Annotated[_Area, BeforeValidator(_area)], ...] | None = None


class _File(_Words):
    """A whole file."""

    kind: Kind | None = None
    msg_type: MsgType | None = None
    status: Status = Status.ACTUAL
    level: StrictInt | None = None
    incident: Annotated[StrictInt, Field(ge=1, le=2**53)] | None = None
    channels: Annotated[tuple[StrictStr, ...], BeforeValidator(_listed)] = ()
    silent: StrictBool = False
    note: StrictStr = ""
    infos: tuple[_Words, ...] = ()


def _renamed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Let CAP's own singular names stand for ours, and drop what is None (JSON's null)."""
    made = _plural(data, {"info": "infos", "area": "areas"})
    if isinstance(infos := made.get("infos"), list | tuple):
        made["infos"] = [_info_renamed(info) for info in infos]
    return _areas_renamed(made)


def _info_renamed(info: Any) -> Any:
    return _areas_renamed(_plural(info, {"area": "areas"})) if isinstance(info, Mapping) else info


def _areas_renamed(table: dict[str, Any]) -> dict[str, Any]:
    if isinstance(areas := table.get("areas"), list | tuple):
        table["areas"] = [
            _plural(area, {"geocode": "geocodes"}) if isinstance(area, Mapping) else area for area in areas
        ]
    return table


def _plural(table: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    given = {name: value for name, value in table.items() if value is not None}
    return {names[name] if name in names and names[name] not in given else name: given[name] for name in given}


# ------------------------------------------------------------------ from the parts to the draft


def _missing(table: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what stands neither in an info nor above all of them; looked for in the raw table, to be told at once."""
    for place, info in _parts(table):
        given = info if isinstance(info, Mapping) else {}
        for name in _NEEDED:
            if given.get(name) is None and name not in table:
                yield Problem(code="field_missing", place=place_of((name,), place))


def _parts(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return each info of the raw table with its place, or the table itself."""
    infos = table.get("infos")
    listed = enumerate(infos) if isinstance(infos, list | tuple) else ()
    return [(f"infos[{index}]", info) for index, info in listed] or [("", table)]


def _faults(table: Mapping[str, Any]) -> list[tuple[int | str, ...]]:
    """Return the paths of what cannot be read, the last ones of a list first."""
    try:
        _File.model_validate(table)
    except ValidationError as error:
        return sorted((detail["loc"] for detail in error.errors()), key=str, reverse=True)
    return []


def _drop(table: dict[str, Any], path: tuple[int | str, ...]) -> None:
    """Remove what the path leads to, as far as it leads anywhere."""
    part: Any = table
    try:
        for step in path[:-1]:
            part = part[step]
        del part[path[-1]]
    except (LookupError, TypeError):
        return


def _blank(now: datetime) -> dict[str, Any]:
    unknown = dict.fromkeys(("urgency", "severity", "certainty"), "Unknown")
    texts = dict.fromkeys(("event", "headline", "description", "instruction"), "")
    return {**unknown, **texts, "category": ["Other"], "expires": now + timedelta(hours=1)}


def _contradictions(file: _File) -> Iterator[Problem]:
    if file.kind is not None and file.msg_type not in (None, file.kind.msg_type):
        params = {"kind": file.kind.value, "msg_type": file.kind.msg_type.value}
        yield Problem(code="msg_type_differs", place="msg_type", params=params)


def _each(file: _File) -> tuple[tuple[str, _Words], ...]:
    """Return each info with its place; a file without infos is itself the only one."""
    return tuple((f"infos[{index}]", words) for index, words in enumerate(file.infos)) or (("", file),)


@dataclass
class _Making:
    file: _File
    now: datetime | None
    problems: list[Problem]

    def draft(self) -> Draft:
        file = self.file
        kind = file.kind or (_KINDS[file.msg_type] if file.msg_type else Kind.ALERT)
        return Draft(
            kind=kind,
            infos=tuple(self._info(place, words) for place, words in _each(file)),
            status=file.status,
            level=file.level,
            incident=file.incident,
            channels=file.channels,
            silent=file.silent,
            note=file.note,
        )

    def _info(self, place: str, words: _Words) -> Info:
        areas: tuple[_Area, ...] = self._shared(words, "areas") or ()
        effective: datetime | None = self._shared(words, "effective")
        texts = {name: self._shared(words, name) for name in ("event", "headline", "description", "instruction")}
        graded = {name: self._shared(words, name) for name in ("urgency", "severity", "certainty", "category")}
        return Info(
            language=self._shared(words, "language") or JAPANESE,
            **texts,
            **graded,
            expires=self._expires(place_of(("expires",), place), self._shared(words, "expires"), effective),
            response_type=self._shared(words, "response_type") or (),
            effective=effective,
            web=self._shared(words, "web") or "",
            contact=self._shared(words, "contact") or "",
            areas=tuple(_area_of(area) for area in areas),
        )

    def _shared(self, words: _Words, name: str) -> Any:
        own = getattr(words, name)
        return getattr(self.file, name) if own is None else own

    def _expires(self, place: str, given: datetime | timedelta, effective: datetime | None) -> datetime:
        if isinstance(given, datetime):
            return given
        start = effective or self.now
        try:
            if start is not None:
                return start + given
            self.problems.append(Problem(code="span_without_start", place=place))
        except OverflowError:
            self.problems.append(Problem(code="time_unreadable", place=place))
        return datetime.max.replace(tzinfo=UTC)


def _area_of(area: _Area) -> Area:
    codes = tuple(Geocode(value_name=code.value_name, value=code.value) for code in area.geocodes)
    return Area(area_desc=area.area_desc, geocodes=codes)
