"""Which line of a TOML text a value stands on: the standard library's reader does not say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


def lines_of(text: str) -> Mapping[Path, int]:
    """Return the line, from 1, of each table header and key. Good enough to point at: it does not parse values."""
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _keys(header[2])
            if header[1] == "[[":
                table = (*table, sum(1 for path in found if path[:-1] == table and isinstance(path[-1], int)))
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_keys(key[1])), number)
    return found


def line_of(found: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of `path`, or of the nearest thing around it: a table, or the first of its parts."""
    for length in range(len(path), 0, -1):
        within = [line for known, line in found.items() if known[:length] == path[:length]]
        if within:
            return found.get(path[:length], min(within))
    return None


def _keys(dotted: str) -> Path:
    """Split a dotted key by letting the standard library read it."""
    try:
        table: object = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return (dotted,)
    keys: list[str | int] = []
    while isinstance(table, dict):
        key, table = next(iter(table.items()))
        keys.append(key)
    return tuple(keys)
