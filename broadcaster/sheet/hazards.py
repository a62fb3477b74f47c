"""Templates by two keys: a letter for the hazard, a digit for what is said of it; an order's digit is its level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from broadcaster.forms import Template

FREE = "free"
"""The hazard that is free text."""
_KNOWN = {
    "flood": "f",
    "landslide": "l",
    "earthquake": "e",
    "heavy-rain": "r",
    "shelter": "s",
    "headquarters": "h",
    "water": "w",
    "power": "p",
    "missing-person": "m",
    "correction": "c",
    FREE: "x",
}
"""The hazards a city meets, gravest first, with letters that do not change when templates are added."""
_LETTERS = "abdgijkntuvyzoq"
_OVER = "0"
"""The digit of what ends."""


class Variant(NamedTuple):
    """What can be said of a hazard, and its digit. `template` None is free text."""

    key: str
    template: Template | None


class Hazard(NamedTuple):
    """A hazard and its letter."""

    key: str
    id: str
    variants: tuple[Variant, ...]


def hazards(templates: Iterable[Template]) -> tuple[Hazard, ...]:
    """Return all there is to choose from, the known hazards first, free text last."""
    by_hazard: dict[str, list[Template]] = {}
    for template in templates:
        by_hazard.setdefault(template.hazard, []).append(template)
    known = [name for name in _KNOWN if name in by_hazard]
    others = sorted(set(by_hazard) - set(known))
    letters = dict(zip(others, _LETTERS, strict=False))
    found = [
        Hazard(_KNOWN.get(name) or letters[name], name, _variants(by_hazard[name])) for name in chain(known, others)
    ]
    return (*found, Hazard(_KNOWN[FREE], FREE, (Variant("1", None),)))


def _variants(templates: Sequence[Template]) -> tuple[Variant, ...]:
    ordered = sorted(templates, key=lambda each: (each.kind.ends, each.level or 0, each.id))
    taken = {str(each.level) for each in ordered if each.level}
    free = (str(number) for number in range(1, 10) if str(number) not in taken)
    return tuple(_keyed(ordered, free))


def _keyed(templates: Iterable[Template], free: Iterator[str]) -> Iterator[Variant]:
    over = False
    for template in templates:
        if template.level:
            yield Variant(str(template.level), template)
        elif template.kind.ends and not over:
            over = True
            yield Variant(_OVER, template)
        else:
            yield Variant(next(free), template)
