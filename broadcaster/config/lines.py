"""Which line of a TOML text a value stands on: the standard library's reader does not say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from broadcaster.documents import parse_toml

Path = tuple[str | int, ...]

_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")

_PLAIN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


@dataclass(slots=True)
class Lines:
    """The line, from 1, of each table header and key; and for each table without a header that of its first part."""

    own: dict[Path, int] = field(default_factory=dict[Path, int])
    first: dict[Path, int] = field(default_factory=dict[Path, int])

    def of(self, path: Path) -> int | None:
        """Return the line of `path`, or of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            if line := self.own.get(path[:length]) or self.first.get(path[:length]):
                return line
        return None

    def note(self, path: Path, line: int) -> None:
        """This stands here; what was said before holds."""
        self.own.setdefault(path, line)
        for length in range(1, len(path)):
            self.first.setdefault(path[:length], line)


def lines_of(text: str) -> Lines:
    """Return the lines of a text that is TOML. Good enough to point at: it does not parse values."""
    found = Lines()
    table: Path = ()
    lists = Counter[Path]()
    for number, line in enumerate(text.split("\n"), 1):
        if (header := _header(line)) is not None:
            table, listed = header
            if listed:
                lists[table] += 1
                table = (*table, lists[table] - 1)
            found.note(table, number)
        elif key := _KEY.match(line):
            found.note((*table, *_keys(key[1])), number)
    return found


def _header(line: str) -> tuple[Path, bool] | None:
    """Return the path of `[a.b]` or `[[a.b]]`, and whether it is one of several; None if the line is neither."""
    stripped = line.strip()
    brackets = 2 if stripped.startswith("[[") else 1
    name, closing, rest = stripped[brackets:].partition("]" * brackets)
    after = rest.lstrip()
    if not stripped.startswith("[") or not closing or (after and not after.startswith("#")):
        return None
    path = _keys(name)
    return (path, brackets > 1) if path else None


def _keys(dotted: str) -> Path:
    """Split a dotted key, any but a plain one by letting the standard library read it; empty if it is none."""
    if _PLAIN.fullmatch(dotted):
        return tuple(dotted.split("."))
    try:
        table: object = parse_toml(f"{dotted} = 0")
    except ValueError:
        return ()
    keys: list[str | int] = []
    while isinstance(table, Mapping) and table:
        key, table = next(iter(table.items()))
        keys.append(str(key))
    return tuple(keys)
