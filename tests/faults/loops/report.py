"""`make faults-report`: which faults of the catalogue are covered, by which tests, as the tests themselves say it."""

from __future__ import annotations

import contextlib
import io
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.faults.loops.tally import say

CATALOGUE = Path(__file__).parents[1] / "catalogue.toml"
UNTRIED = "not tried"
ROOT = Path(__file__).parents[3]
COLLECTING = ("--collect-only", "-q", "--no-header", "--snapshot-warn-unused")
"""Where nothing runs, no picture is used: that is no error here."""


class Markers:
    """A pytest plugin that notes every `fault` marker of what was collected."""

    def __init__(self) -> None:
        self.tests: defaultdict[int, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            name = item.nodeid.partition("[")[0]
            for marker in item.iter_markers("fault"):
                for number in marker.args:
                    self.tests[int(number)].add(name)


def collected() -> Mapping[int, set[str]]:
    """Return the tests that cover each fault. Raise `SystemExit` if the tests cannot be collected."""
    markers, said = Markers(), io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main([*COLLECTING, str(ROOT / "tests")], plugins=[markers])
    if code != pytest.ExitCode.OK:
        sys.exit(f"The tests could not be collected:\n{said.getvalue()[-3000:]}")
    return markers.tests


def catalogue() -> tuple[Mapping[str, Mapping[str, str]], Mapping[str, str]]:
    """Return the faults in words, by number and section, and of those that no test brings about, why."""
    sections = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return sections, sections.pop(UNTRIED)


def main() -> int:
    """Print the report; return 1 if a test names a fault that the catalogue does not know."""
    tests = collected()
    sections, untried = catalogue()
    known = {int(number) for faults in sections.values() for number in faults}
    for section, faults in sections.items():
        covered = [number for number in faults if tests.get(int(number))]
        say(f"\n{section}: {len(covered)} of {len(faults)}")
        for number in covered:
            say(f"{number:>5}  {faults[number]}")
            for name in sorted(tests[int(number)]):
                say(f"         {name}")
        for number in (each for each in faults if each not in covered):
            say(f"{number:>5}  {faults[number]}\n         not tried: {untried.get(number, 'nobody says why')}")
    unknown = sorted(set(tests) - known)
    say(f"\nCovered: {len(known & set(tests))} of {len(known)}.")
    if unknown:
        say(f"Not in the catalogue: {unknown}")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
