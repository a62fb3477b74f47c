"""Tables as TOML 1.0: what JSON can say, keys in their order, tables after values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_of(table: Mapping[str, Any]) -> str:
    """Return the table as a document. Texts of several lines stay readable. Empty values are left out."""
    return "\n".join(_lines(table, ())).strip() + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    kept = {key: value for key, value in table.items() if value not in (None, "", [], {}, ())}
    yield from (f"{_key(key)} = {_value(value)}" for key, value in kept.items() if not _nested(value))
    for key, value in kept.items():
        here = (*path, key)
        name = ".".join(map(_key, here))
        if isinstance(value, Mapping):
            yield from ("", f"[{name}]", *_lines(value, here))
        elif _nested(value):
            for each in value:
                yield from ("", f"[[{name}]]", *_lines(each, here))


def _nested(value: object) -> bool:
    """Return whether it stands as tables of its own."""
    return isinstance(value, Mapping) or (
        isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value)
    )


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _value(value: object) -> str:
    """Return a value; JSON's texts, numbers and truths are TOML's too, but for DEL (TOML 1.0, Basic Strings)."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
