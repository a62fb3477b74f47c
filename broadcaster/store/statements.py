"""Named statements: SQL stands in `sql/*.sql`, each after a line `-- name: what_it_does`, and is called by
`file.what_it_does`. Parameters are named (`:incident`), so that another backend can spell them its own way; SQLite is
given them by place, since its driver gives the interpreter's lock away to look up each name. A limit is written
`0 + :limit`: SQLite plans by the value of a bare one, and so prepares the statement anew each time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parent
_NAME = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)
_PARAMETER = re.compile(r"(?<![\w:]):([a-z]\w*)")


class Statement(NamedTuple):
    """A statement whose parameters are numbered, and their names in that order."""

    sql: str
    names: tuple[str, ...]


def parse(text: str, prefix: str) -> dict[str, str]:
    """Return the statements of one file by name. Raise `ValueError` for a name used twice."""
    parts = _NAME.split(text)[1:]
    found: dict[str, str] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if f"{prefix}.{name}" in found:
            message = f"{prefix}.{name} is defined twice"
            raise ValueError(message)
        found[f"{prefix}.{name}"] = body.strip().rstrip(";")
    return found


@cache
def statements() -> Mapping[str, str]:
    """Return every statement of the store by `file.name`."""
    found: dict[str, str] = {}
    for path in sorted((_HERE / "sql").glob("*.sql")):
        found |= parse(path.read_text(encoding="utf-8"), path.stem)
    return found


@cache
def numbered() -> Mapping[str, Statement]:
    """Return every statement of the store by `file.name`, with its parameters by place."""
    return {name: _numbered(sql) for name, sql in statements().items()}


def _numbered(sql: str) -> Statement:
    names = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
    return Statement(_PARAMETER.sub(lambda found: f"?{names.index(found[1]) + 1}", sql), names)


@cache
def migration_files() -> tuple[Path, ...]:
    """Return the numbered migrations in order."""
    return tuple(sorted((_HERE / "migrations").glob("[0-9][0-9][0-9][0-9]_*.sql")))
