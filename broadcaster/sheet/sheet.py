"""What a person has chosen and typed, as one value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import ceil
from typing import Any, ClassVar

from broadcaster.documents import LARGEST, dump, load
from broadcaster.errors import Refused
from broadcaster.model import (
    JAPANESE,
    Alert,
    Category,
    Certainty,
    Info,
    Kind,
    Problem,
    ResponseType,
    Severity,
    Urgency,
)

FIELDS = ("event", "headline", "description", "instruction")
"""The texts of one language, in the order they are read."""


class _Strict:
    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class Wording(_Strict):
    """Words of one language, typed freely. An empty one leaves that text to the template."""

    event: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was typed."""
        return not any(getattr(self, name).strip() for name in FIELDS)


@dataclass(frozen=True, kw_only=True)
class Frame(_Strict):
    """What a template says in CAP's words, for a sheet without one."""

    category: tuple[Category, ...] = (Category.OTHER,)
    response_type: tuple[ResponseType, ...] = (ResponseType.MONITOR,)
    urgency: Urgency = Urgency.IMMEDIATE
    severity: Severity = Severity.MODERATE
    certainty: Certainty = Certainty.OBSERVED
    level: int | None = None


@dataclass(frozen=True, kw_only=True)
class Sheet(_Strict):
    """A form as it stands. Nothing in it need be right yet.

    `template` is a template's id; empty means free text, whose `frame` then counts. `slots` holds what was typed, by
    slot (`river`) or slot and language (`river.en`); the areas stand apart, by their Japanese names. `hours` 0 is the
    template's validity, `languages` empty every language of the template, `kind` None the template's kind.
    `of` is the identifier of the alert it follows and `incident` its number, both left out for a new one.
    """

    template: str = ""
    frame: Frame = Frame()
    kind: Kind | None = None
    of: str = ""
    incident: int | None = None
    areas: tuple[str, ...] = ()
    slots: Mapping[str, str] = field(default_factory=dict[str, str])
    hours: int = 0
    languages: tuple[str, ...] = ()
    texts: Mapping[str, Wording] = field(default_factory=dict[str, Wording])
    channels: tuple[str, ...] = ()
    silent: bool = False
    note: str = ""

    @property
    def title(self) -> str:
        """A line by which a person knows it again in a list: its own headline, else its template and areas."""
        own = self.texts.get(JAPANESE, Wording()).headline.strip()
        return own or " ".join(part for part in (self.template, "、".join(self.areas)) if part)

    @property
    def blank(self) -> bool:
        """Whether nothing has been chosen or typed that would be missed."""
        typed = any(value.strip() for value in self.slots.values())
        return not (self.areas or typed or self.note.strip() or any(not each.empty for each in self.texts.values()))

    def slot(self, key: str, value: str) -> Sheet:
        """Return the sheet with this in a slot; an empty value takes it out."""
        rest = {name: old for name, old in self.slots.items() if name != key}
        return replace(self, slots={**rest, key: value} if value else rest)

    def text(self, language: str, name: str, value: str) -> Sheet:
        """Return the sheet with one of its free texts changed."""
        wording = replace(self.texts.get(language, Wording()), **{name: value})
        rest = {tag: old for tag, old in self.texts.items() if tag != language}
        return replace(self, texts=rest if wording.empty else {**rest, language: wording})

    def following(self, alert: Alert, kind: Kind) -> Sheet:
        """Return the same words as a follow-up of an alert."""
        return replace(self, kind=kind, of=alert.identifier, incident=alert.incident)


def to_json(sheet: Sheet) -> Any:
    """Return the sheet as the desk keeps it: plain values, without what is as a new sheet has it."""
    blank = dump(Sheet())
    return {name: value for name, value in dump(sheet).items() if value != blank[name]}


def from_json(data: object) -> Sheet:
    """Return what `to_json` was given. Raise `Refused` with every problem: no misspelt field is quietly lost."""
    if len(json.dumps(data, ensure_ascii=False, default=str)) > LARGEST:
        raise Refused([Problem(code="file_too_large", place="body", params={"limit": LARGEST})])
    return load(Sheet, data)


def of_alert(alert: Alert, kind: Kind) -> Sheet:
    """Return a sheet that says again what an alert said, to be changed: for alerts that were not made from a sheet."""
    first = alert.primary
    sheet = Sheet(
        frame=_frame(alert, first),
        areas=tuple(area.area_desc for area in first.areas),
        slots=_foreign_areas(alert),
        hours=max(1, ceil((first.expires - (first.effective or alert.sent)) / timedelta(hours=1))),
        languages=tuple(info.language for info in alert.infos),
        texts={info.language: _wording(info) for info in alert.infos},
        channels=alert.channels,
    )
    return sheet.following(alert, kind)


def _frame(alert: Alert, info: Info) -> Frame:
    return Frame(
        category=info.category,
        response_type=info.response_type,
        urgency=info.urgency,
        severity=info.severity,
        certainty=info.certainty,
        level=alert.level,
    )


def _wording(info: Info) -> Wording:
    return Wording(**{name: getattr(info, name) for name in FIELDS})


def _foreign_areas(alert: Alert) -> dict[str, str]:
    """The names of the areas in each further language; a comma inside a name would make two of it."""
    return {
        f"areas.{info.language}": ", ".join(area.area_desc for area in info.areas)
        for info in alert.infos[1:]
        if not any(mark in area.area_desc for area in info.areas for mark in ",、，")
    }
