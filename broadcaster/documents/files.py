"""Alert files as text: TOML and JSON, read strictly."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from broadcaster.errors import Refused
from broadcaster.model import Problem

LARGEST = 1024 * 1024
"""Bytes. A real alert in twenty languages is a hundredth of it."""


def document(source: Path | str, suffix: str) -> dict[str, Any]:
    """Return the table a file or text holds; `suffix` is `.toml` or `.json`. Raise `Refused`."""
    text = _text(source)
    if len(text) > LARGEST:
        raise _refused("file_too_large", limit=LARGEST)
    if suffix not in (".toml", ".json"):
        raise _refused("file_kind_unknown", suffix=suffix)
    try:
        made = (
            tomllib.loads(text) if suffix == ".toml" else json.loads(text, object_pairs_hook=_once, parse_constant=_no)
        )
    except (ValueError, RecursionError) as error:
        raise _refused("toml_wrong" if suffix == ".toml" else "file_not_json", why=str(error)) from None
    if not isinstance(made, dict):
        raise _refused("type_wrong", wanted="table")
    return made


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
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        msg = f"repeated: {', '.join(twice)}"
        raise ValueError(msg)
    return made


def _no(constant: str) -> None:
    raise ValueError(constant)


def _refused(code: str, **params: str | int) -> Refused:
    return Refused([Problem(code=code, params=params)])
