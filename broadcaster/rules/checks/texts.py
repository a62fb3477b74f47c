"""The texts of a draft, each with its place and language, and how long each may be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from broadcaster.model import Area, Draft, Info

LONGEST = {
    "event": 100,
    "headline": 200,
    "description": 10_000,
    "instruction": 10_000,
    "web": 500,
    "contact": 500,
    "area_desc": 200,
    "geocode": 100,
    "note": 2_000,
    "language": 100,
    "channel": 100,
}
"""Characters, per field. Far above what any channel can say; below what could hurt the service."""

_READING = re.compile(r"[（(][ぁ-ゖー\s]{1,40}[）)]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Field:
    """One text. `name` is the field's, `place` where it stands."""

    name: str
    place: str
    text: str
    language: str = ""

    @property
    def too_long(self) -> bool:
        """Whether it is over its field's length."""
        return len(self.text) > LONGEST[self.name]


def fields(draft: Draft) -> Iterator[Field]:
    """Yield every text of the draft."""
    for index, info in enumerate(draft.infos):
        yield from _of_info(f"infos[{index}]", info)
    yield Field("note", "note", draft.note)
    for index, channel in enumerate(draft.channels):
        yield Field("channel", f"channels[{index}]", channel)


def _of_info(place: str, info: Info) -> Iterator[Field]:
    language = info.language
    for name in ("event", "headline", "description", "instruction", "web", "contact", "language"):
        yield Field(name, f"{place}.{name}", getattr(info, name), language)
    for index, area in enumerate(info.areas):
        yield from _of_area(f"{place}.areas[{index}]", area, language)


def _of_area(place: str, area: Area, language: str) -> Iterator[Field]:
    yield Field("area_desc", f"{place}.area_desc", area.area_desc, language)
    for index, code in enumerate(area.geocodes):
        yield Field("geocode", f"{place}.geocodes[{index}].value_name", code.value_name, language)
        yield Field("geocode", f"{place}.geocodes[{index}].value", code.value, language)


def readable(draft: Draft) -> Iterator[Field]:
    """Yield the texts that are short enough to be looked into."""
    return (field for field in fields(draft) if not field.too_long)


def folded(text: str) -> str:
    """Return the text as a reader takes it: one width, no readings in brackets, no spaces (やさしい日本語 has both)."""
    return _SPACE.sub("", _READING.sub("", unicodedata.normalize("NFKC", text)))
