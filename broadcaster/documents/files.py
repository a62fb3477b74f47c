"""Alert files as text: TOML and JSON, read strictly."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from broadcaster.errors import Refused
from broadcaster.model import Problem

LARGEST = 128 * 1024
"""Bytes. A real alert in twenty languages is a fifth of it; more would be read for longer than a person waits."""
DEEPEST = 32
"""Tables and lists within each other. Nothing of ours needs more than five."""
_DOTTED = re.compile(rf"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{DEEPEST}}}""")


def parse_toml(text: str) -> dict[str, Any]:
    """Return the table a TOML text holds. Raise `ValueError`.

    A key of many parts (`a.a.a ...`) is refused before it is read: the standard library's reader needs memory by the
    square of its length, and all of the machine's for a quarter of a megabyte.
    """
    if _DOTTED.search(text):
        msg = f"a key of more than {DEEPEST} parts"
        raise ValueError(msg)
    made: dict[str, Any] = _shallow(tomllib.loads(text))
    return made


def parse_json(text: str) -> Any:
    """Return what a JSON text holds, read strictly: no name twice, no NaN. Raise `ValueError`."""
    return _shallow(json.loads(text, object_pairs_hook=_once, parse_constant=_no))


def document(source: Path | str, suffix: str) -> dict[str, Any]:
    """Return the table a file or text holds; `suffix` is `.toml` or `.json`. Raise `Refused`."""
    text = _text(source)
    if len(text) > LARGEST:
        raise _refused("file_too_large", limit=LARGEST)
    if suffix not in (".toml", ".json"):
        raise _refused("file_kind_unknown", suffix=suffix)
    try:
        made = parse_toml(text) if suffix == ".toml" else parse_json(text)
    except (ValueError, RecursionError) as error:
        raise _refused("toml_wrong" if suffix == ".toml" else "file_not_json", why=str(error)) from None
    if not isinstance(made, dict):
        raise _refused("type_wrong", wanted="table")
    return made


def _shallow(made: Any) -> Any:
    """Return it, or raise `ValueError` where it is nested too deep for those who walk through it."""
    level = [made]
    for _ in range(DEEPEST):
        level = [child for each in level for child in _children(each)]
        if not level:
            return made
    msg = f"nested deeper than {DEEPEST}"
    raise ValueError(msg)


def _children(value: Any) -> list[Any]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in values if isinstance(each, dict | list)]


def _text(source: Path | str) -> str:
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        with source.open("rb") as file:
            return file.read(LARGEST + 1).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("not_utf8") from None
    except OSError as error:
        raise _refused("file_unreadable", path=str(source), why=error.strerror or type(error).__name__) from None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A key given twice means that one of two things was meant, and nobody knows which."""
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = sorted(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        msg = f"repeated: {', '.join(twice)}"
        raise ValueError(msg)
    return made


def _no(constant: str) -> None:
    raise ValueError(constant)


def _refused(code: str, **params: str | int) -> Refused:
    return Refused([Problem(code=code, params=params)])
