"""Where two versions of a sheet differ, field by field: what the second of two officers is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from broadcaster.sheet.sheet import FIELDS, Sheet, Wording


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; `place` is as in `Press.problems`."""

    place: str
    ours: str
    theirs: str


def differences(ours: Sheet, theirs: Sheet) -> tuple[Difference, ...]:
    """Return every field that differs, in the order of the form."""
    mine, other = dict(_fields(ours)), dict(_fields(theirs))
    places = dict.fromkeys((*mine, *other))
    pairs = ((place, mine.get(place, ""), other.get(place, "")) for place in places)
    return tuple(Difference(*each) for each in pairs if each[1] != each[2])


def _fields(sheet: Sheet) -> Iterator[tuple[str, str]]:
    yield "template", sheet.template
    yield "kind", sheet.kind.value if sheet.kind else ""
    yield "of", sheet.of
    yield "areas", "、".join(sheet.areas)
    yield from ((f"slots.{key}", value) for key, value in sorted(sheet.slots.items()))
    yield "hours", str(sheet.hours or "")
    yield "languages", ", ".join(sheet.languages)
    yield "channels", ", ".join(sheet.channels)
    yield "silent", "+" if sheet.silent else ""
    yield "note", sheet.note
    if not sheet.template:
        yield "frame.level", str(sheet.frame.level or "")
        yield "frame.severity", sheet.frame.severity.value
    for language, wording in sorted(sheet.texts.items()):
        yield from _texts(language, wording)


def _texts(language: str, wording: Wording) -> Iterator[tuple[str, str]]:
    yield from ((f"texts.{language}.{name}", getattr(wording, name)) for name in FIELDS)
