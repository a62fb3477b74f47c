"""A draft as a document, from an alert file or a filled template."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from broadcaster.cli.session import Session
from broadcaster.cli.words import words


@dataclass(frozen=True, slots=True)
class Given:
    """A draft, and the digest of what it was made from: the same words give the same one, whenever they are said."""

    draft: Any
    source: str


def draft_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a draft comes from: a file, or a template with its values."""
    for option in (
        click.option("--set", "values", multiple=True, metavar="K=V", help=words("help_set")),
        click.option("--template", default="", help=words("help_template")),
        click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True)),
    ):
        function = option(function)
    return function


def draft_of(session: Session, file: Path | None, template: str = "", values: Sequence[str] = ()) -> Any:
    """Return the draft. Raise `Refused` with every problem and its place."""
    return given(session, file, template, values).draft


def given(
    session: Session, file: Path | None, template: str = "", values: Sequence[str] = (), channels: Sequence[str] = ()
) -> Given:
    """Return the draft for these channels (none: all) and its source. Raise `Refused` with every problem."""
    if (file is None) == (not template):
        raise click.UsageError(words("usage_file_or_template"))
    from broadcaster.documents import dump, read_draft  # noqa: PLC0415 - pydantic is not needed to see the board

    if file is None:
        draft, said = dump(_filled(session, template, values)), [template, *values]
    else:
        text = sys.stdin.read() if str(file) == "-" else _text(file)
        draft, said = dump(read_draft(text, _kind(file, text), now=_now())), [text]
    if channels:
        draft["channels"] = list(channels)
    return Given(draft, sha256(json.dumps([said, *channels]).encode()).hexdigest())


def _kind(file: Path, text: str) -> str:
    if str(file) == "-":
        return ".json" if text.lstrip().startswith("{") else ".toml"
    return file.suffix or ".toml"


def _now() -> datetime:
    from broadcaster.clock import SystemClock  # noqa: PLC0415 - asyncio is not needed to see the board

    return SystemClock().now()


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
