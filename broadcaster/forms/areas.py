"""How areas are worded: the words of templates/areas.toml."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from broadcaster.model import JAPANESE
from broadcaster.ports.world import City

SEPARATORS = re.compile(r"[、，,]\s*")
"""What a person puts between area names."""
_BLOCK = re.compile(r"(?:([0-9０-９]{1,2})丁目)?")
_SHOWN = 2
"""Areas a headline names before it counts the rest."""
_OTHER = "en"
"""The words for a language the file does not name."""


@dataclass(frozen=True, slots=True)
class AreaWords:
    """Words per language: the whole city, the joint of a list, a list cut short."""

    by_language: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, path: Path) -> AreaWords:
        """Read the file."""
        return cls(tomllib.loads(path.read_text(encoding="utf-8")))

    def whole(self, city: City, language: str) -> str:
        """Return how the whole city is named as an area. It is an explicit choice, never what an empty area means."""
        return self._of(language)["whole"].format(city=city_name(city, language))

    def worded(self, city: City, name: str, language: str) -> str:
        """Return one area, or the whole city, in the language's words and letters."""
        whole = name == self.whole(city, JAPANESE)
        return self.whole(city, language) if whole else area_name(city, name, language)

    def joined(self, names: Sequence[str], language: str) -> str:
        """Return the names as a list in running text."""
        return self._of(language)["joint"].join(names)

    def shortened(self, names: Sequence[str], language: str) -> str:
        """Return the first areas and how many there are: a headline has to fit a short post. The description, which
        every longer form carries, names each.
        """
        if len(names) <= _SHOWN:
            return self.joined(names, language)
        first = self.joined(names[:_SHOWN], language)
        return self._of(language)["short"].format(first=first, count=len(names), more=len(names) - _SHOWN)

    def _of(self, language: str) -> Mapping[str, str]:
        return self.by_language.get(language) or self.by_language[_OTHER]


def city_name(city: City, language: str) -> str:
    """Return who speaks, in the letters of the language."""
    return city.name if language.partition("-")[0] == JAPANESE else city.name_en


def contact(city: City, language: str) -> str:
    """Return who to ask, in the letters of the language where the city says it in both."""
    return city.contact if language.partition("-")[0] == JAPANESE else city.contact_en or city.contact


def area_name(city: City, name: str, language: str) -> str:
    """Return an area, or a block of one (`芋窪1丁目`), in the language's letters; as typed where none are known."""
    if language.partition("-")[0] == JAPANESE:
        return name
    town = max((town for town in city.areas_en if name.startswith(town)), key=len, default="")
    block = _BLOCK.fullmatch(name.removeprefix(town))
    if not town or block is None:
        return name
    return city.areas_en[town] + (f" {unicodedata.normalize('NFKC', block[1])}-chome" if block[1] else "")
