"""What the agency's codes speak of: names of May 2026, and the orders in which things are graver."""

from __future__ import annotations

import pytest

from broadcaster.rules.hazards import INTENSITIES, TSUNAMIS, hazard_of, highest, level_of, strongest


@pytest.mark.parametrize(
    ("code", "hazard", "level"),
    [
        ("33", "rain", 5),
        ("10", "rain", 2),
        ("49", "landslide", 4),
        ("08", "storm-surge", 3),
        ("18", "flood", None),
        ("35", "gale", None),
        ("13", "snowstorm", None),
        ("36", "snow", None),
        ("07", "waves", None),
        ("intensity:5-", "intensity", None),
        ("intensity:7", "intensity", None),
        ("14", "14", None),  # thunder stands alone
        ("Severe", "Severe", None),
    ],
)
def test_a_code_speaks_of_a_hazard_and_perhaps_of_a_level(code: str, hazard: str, level: int | None) -> None:
    assert (hazard_of(code), level_of(code)) == (hazard, level)


@pytest.mark.parametrize(
    ("codes", "intensity", "tsunami"),
    [
        ([], "", ""),
        (["03", "intensity:4"], "", ""),
        (["intensity:5-", "intensity:6+", "intensity:5+"], "i6-upper", ""),
        (["62", "51", "intensity:5-"], "i5-lower", "warning"),
        (["51", "52"], "", "major"),
        (["51", "53"], "", "major"),
    ],
)
def test_the_gravest_of_what_is_said_is_named(codes: list[str], intensity: str, tsunami: str) -> None:
    assert (strongest(iter(codes)), highest(iter(codes))) == (intensity, tsunami)


def test_the_gravest_come_first() -> None:
    assert [strongest(list(INTENSITIES)[place:]) for place in range(5)] == list(INTENSITIES.values())
    assert [highest(list(TSUNAMIS)[place:]) for place in range(3)] == list(TSUNAMIS.values())
