"""What a loop of kills counts, and how it is printed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.kit.judging import Verdict

HEAD = (
    "what was killed",
    "tried",
    "fired",
    "acknowledged",
    "lost",
    "copies",
    "unflagged",
    "out of order",
    "broken",
    "asked a person",
)
KEYS = ("what", "tried", "fired", "told", "lost", "copies", "unflagged", "disorder", "broken", "asked")
"""The same for programs."""


@dataclass
class Tally:
    """Kills tried and fired by name, and what came out in the end."""

    name: str
    tried: Counter[str] = field(default_factory=Counter[str])
    fired: Counter[str] = field(default_factory=Counter[str])
    verdict: Verdict = field(default_factory=Verdict)
    asked: int = 0

    def __add__(self, other: Tally) -> Tally:
        tried, fired = self.tried + other.tried, self.fired + other.fired
        return Tally(self.name, tried, fired, self.verdict + other.verdict, self.asked + other.asked)

    @property
    def good(self) -> bool:
        """Whether every promise held."""
        found = self.verdict
        return not (found.lost or found.unflagged or found.disorder or found.phantom or found.broken)

    @property
    def row(self) -> tuple[object, ...]:
        """One line of the table."""
        found = self.verdict
        return (
            self.name,
            self.tried.total(),
            self.fired.total(),
            found.acknowledged,
            len(found.lost),
            found.copies,
            len(found.unflagged),
            len(found.disorder),
            len(found.broken) + len(found.phantom),
            self.asked,
        )

    def details(self) -> list[str]:
        """Every finding in words."""
        found = self.verdict
        kinds = {
            "lost": found.lost,
            "unflagged copy": found.unflagged,
            "out of order": found.disorder,
            "not accepted but received": found.phantom,
            "broken": found.broken,
        }
        return [f"{kind}: {words}" for kind, each in kinds.items() for words in each]


@dataclass
class Found:
    """What came of many power cuts."""

    cuts: int = 0
    told: int = 0
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    hows: Counter[str] = field(default_factory=Counter[str])


def table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """Return a table for a terminal."""
    texts = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in texts
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def say(text: str = "") -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
