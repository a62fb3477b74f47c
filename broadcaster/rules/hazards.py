"""Which codes of the agency's warnings speak of the same hazard, and at which level (JMA, names of May 2026).

A change within a hazard is the same thing growing or easing, not another thing: 10, then 03, then 43 is one rain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LEVELS: Mapping[str, Mapping[int, str]] = {
    "rain": {5: "33", 4: "43", 3: "03", 2: "10"},
    "landslide": {5: "39", 4: "49", 3: "09", 2: "29"},
    "storm-surge": {5: "38", 4: "48", 3: "08", 2: "19"},
}
"""The hazards whose warnings carry an evacuation level, gravest first."""
_UNLEVELLED: Mapping[str, tuple[str, ...]] = {
    "flood": ("04", "18"),
    "gale": ("35", "05", "15"),
    "snowstorm": ("32", "02", "13"),
    "snow": ("36", "06", "12"),
    "waves": ("37", "07", "16"),
}
_HAZARDS = {
    **{code: hazard for hazard, levels in LEVELS.items() for code in levels.values()},
    **{code: hazard for hazard, codes in _UNLEVELLED.items() for code in codes},
}
_LEVEL_OF = {code: level for levels in LEVELS.values() for level, code in levels.items()}
_INTENSITY = "intensity:"
INTENSITIES: Mapping[str, str] = {
    "intensity:7": "i7",
    "intensity:6+": "i6-upper",
    "intensity:6-": "i6-lower",
    "intensity:5+": "i5-upper",
    "intensity:5-": "i5-lower",
}
"""Observed intensities at which things break, strongest first, as templates name them."""
TSUNAMIS: Mapping[str, str] = {"53": "major", "52": "major", "51": "warning"}
"""Warnings of a tsunami, highest first, as templates name them (JMA 警報等情報要素／津波警報・注意報・予報)."""


def hazard_of(code: str) -> str:
    """Return what a code speaks of; the code itself where it stands alone."""
    return "intensity" if code.startswith(_INTENSITY) else _HAZARDS.get(code, code)


def level_of(code: str) -> int | None:
    """Return the level a warning is equivalent to, 2 to 5. It is never the city's own evacuation level."""
    return _LEVEL_OF.get(code)


def strongest(codes: Iterable[str]) -> str:
    """Return the strongest intensity among these codes as templates name it; empty where there is none."""
    return _first(INTENSITIES, codes)


def highest(codes: Iterable[str]) -> str:
    """Return the highest warning of a tsunami among these codes as templates name it; empty where there is none."""
    return _first(TSUNAMIS, codes)


def _first(names: Mapping[str, str], codes: Iterable[str]) -> str:
    said = set(codes)
    return next((name for code, name in names.items() if code in said), "")
