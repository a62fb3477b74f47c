"""A draft as a document, from an alert file or a filled template."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from broadcaster.cli.session import Session
from broadcaster.cli.words import words


def draft_of(session: Session, file: Path | None, template: str = "", values: Sequence[str] = ()) -> Any:
    """Return the draft. Raise `Refused` with every problem and its place."""
    if (file is None) == (not template):
        raise click.UsageError(words("usage_file_or_template"))
    from broadcaster.clock import SystemClock  # noqa: PLC0415 - asyncio is not needed to see the board
    from broadcaster.documents import dump, read_draft  # noqa: PLC0415 - pydantic is not needed to see the board

    if file is None:
        return dump(_filled(session, template, values))
    now = SystemClock().now()
    if str(file) == "-":
        text = sys.stdin.read()
        return dump(read_draft(text, ".json" if text.lstrip().startswith("{") else ".toml", now=now))
    return dump(read_draft(_text(file), file.suffix or ".toml", now=now))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.FileError(str(file), hint=getattr(error, "strerror", None) or words("cli_not_utf8")) from None


def _filled(session: Session, template: str, values: Sequence[str]) -> Any:
    from broadcaster.bootstrap import filled  # noqa: PLC0415 - see above

    return filled(session.settings(), template, dict(_pair(value) for value in values))


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(words("usage_set", text=text))
    return name.strip(), value
