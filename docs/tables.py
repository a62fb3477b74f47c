"""The README's tables of what was measured and proved, written from committed results: `make tables`.

A block stands between `<!-- NAME -->` and `<!-- /NAME -->` in README.md and README.ja.md. Nobody writes in it by hand:
it is rendered from one JSON file, and a test holds that each README says what the file says, so that no table is
better than what its command printed. A further block is one entry of `BLOCKS`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs import measured, proved

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
READMES = {"README.md": "en", "README.ja.md": "ja"}
"""Each README and its language."""


@dataclass(frozen=True)
class Block:
    """One table: its name in the comments, the results it comes from, and how they are told in a language."""

    name: str
    source: Path
    told: Callable[[Any, str], str]

    def text(self, language: str) -> str:
        """Return the block as it is to stand in the README of this language."""
        return self.told(json.loads(self.source.read_text(encoding="utf-8")), language).strip()


BLOCKS = (
    Block("bench", RESULTS / "summary.json", measured.table),
    Block("faults", ROOT / "tests" / "faults" / "results.json", proved.tables),
)


def between(name: str) -> re.Pattern[str]:
    """Return what finds a block with its two comments."""
    return re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)


def filled(readme: str, language: str) -> str:
    """Return a README with every block as the results say. Raise `LookupError` where a block's place is missing."""
    for block in BLOCKS:
        found = between(block.name).search(readme)
        if found is None:
            message = f"the README has no place for the block {block.name!r}"
            raise LookupError(message)
        readme = f"{readme[: found.end(1)]}{block.text(language)}\n{readme[found.start(2) :]}"
    return readme


def main() -> None:
    """Write every block anew."""
    for name, language in READMES.items():
        path = ROOT / name
        path.write_text(filled(path.read_text(encoding="utf-8"), language), encoding="utf-8")


if __name__ == "__main__":
    main()
