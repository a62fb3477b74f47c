"""A field's value into its place in the sheet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from broadcaster.model import Severity
from broadcaster.sheet import Frame, Sheet
from broadcaster.tui.forming import YES


def filled(sheet: Sheet, place: str, value: str, languages: Sequence[str]) -> Sheet:
    """Return the sheet with this value; `languages` are all there can be. A place it does not know changes nothing."""
    kind, _, rest = place.partition(".")
    match kind:
        case "slots":
            return sheet.slot(rest, value)
        case "texts":
            language, _, name = rest.partition(".")
            return sheet.text(language, name, value)
        case "languages":
            return _said(sheet, rest, value == YES, languages)
        case _:
            return replace(sheet, **_chosen(sheet, place, value))


def _chosen(sheet: Sheet, place: str, value: str) -> dict[str, Any]:
    """The sheet's own fields that a place changes."""
    match place:
        case "hours":
            return {"hours": int(value)}
        case "of":
            return {"of": value, "incident": sheet.incident if value == sheet.of else None}
        case "silent":
            return {"silent": value == YES}
        case "note":
            return {"note": value}
        case _:
            return _framed(sheet, place, value)


def _framed(sheet: Sheet, place: str, value: str) -> dict[str, Any]:
    match place:
        case "frame.level":
            return {"frame": _leveled(sheet.frame, int(value) if value else None)}
        case "frame.severity":
            return {"frame": replace(sheet.frame, severity=Severity(value))}
        case _:
            return {}


def _leveled(frame: Frame, level: int | None) -> Frame:
    """An order's severity goes with its level (docs/adr/0008)."""
    severity = {3: Severity.SEVERE, 4: Severity.EXTREME, 5: Severity.EXTREME}.get(level or 0, frame.severity)
    return replace(frame, level=level, severity=severity)


def _said(sheet: Sheet, language: str, wanted: bool, languages: Sequence[str]) -> Sheet:
    """Every language is written out as soon as one is chosen: an empty list means all."""
    before = sheet.languages or tuple(languages if sheet.template else languages[:1])
    after = tuple(tag for tag in languages if (wanted if tag == language else tag in before))
    return replace(sheet, languages=after)
