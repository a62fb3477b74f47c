"""Which residents' districts an alert concerns: theirs by name, a part of it, what it lies in, the whole city.

A resident who wants mail about 芋窪 has to get the order for 芋窪1丁目, and the one for the whole city. What is said is
never read as more than it says: a name nobody knows concerns only those who wished for that very name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from broadcaster.ports.world import City

WHOLE = ("全域", "市内全域")
"""The whole city in so many words, besides its name with 全域."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """The names that wishes are held against; `everywhere` any wish at all."""

    names: frozenset[str]
    everywhere: bool = False

    def meets(self, wished: frozenset[str]) -> bool:
        """Whether a resident with these wishes is concerned; no wish is every district, by the resident's choice."""
        return not wished or (self.everywhere and bool(self.names)) or not wished.isdisjoint(self.names)


@dataclass(frozen=True, slots=True)
class Districts:
    """A city's name and districts, as its configuration lists them."""

    city: str = ""
    areas: tuple[str, ...] = ()

    @classmethod
    def of(cls, city: City) -> Districts:
        """Return those of a city."""
        return cls(city.name, city.areas)

    def concerned(self, said: Iterable[str]) -> Concerned:
        """Return whom the areas of an alert concern."""
        names = [name.strip() for name in said]
        near = (district for name in names for district in self._near(name))
        return Concerned(frozenset((*names, *near)), any(self._is_whole(name) for name in names))

    def _is_whole(self, name: str) -> bool:
        return name in WHOLE or (bool(self.city) and name in (self.city, f"{self.city}全域"))

    def _near(self, name: str) -> Iterable[str]:
        """The district it is a part of (the longest that fits: 立野東 before 立野), and the blocks within it."""
        local = name.removeprefix(self.city)
        around = max((area for area in self.areas if local.startswith(area)), key=len, default="")
        within = [
            area for area in self.areas if local and area.startswith(local) and area[len(local) :][:1].isdecimal()
        ]
        return [area for area in (around, *within) if area]
