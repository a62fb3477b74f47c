"""A draft as a document, from an alert file or a filled template."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from broadcaster.cli.session import Session
from broadcaster.cli.words import words
from broadcaster.errors import BroadcasterError, Refused
from broadcaster.model import Draft, Problem


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
    from broadcaster.documents import dump  # noqa: PLC0415 - pydantic is not needed to see the board

    if file is None:
        draft, said = dump(_filled(session, template, values)), [template, *values]
    else:
        text = _text(file)
        draft, said = dump(_read(session, text, _kind(file, text))), [text]
    if channels:
        draft["channels"] = list(channels)
    return Given(draft, sha256(json.dumps([said, *channels]).encode()).hexdigest())


def _read(session: Session, text: str, kind: str) -> Draft:
    """Return the draft a text holds. Where its form is wrong, what is wrong with its words is told along with it."""
    from broadcaster.documents import read_draft, sketch  # noqa: PLC0415 - see above

    now = _now()
    try:
        return read_draft(text, kind, now=now)
    except Refused as refused:
        rough = sketch(text, kind, now)
        raise Refused((*refused.problems, *_besides(session, rough, refused.problems))) from None


def _besides(session: Session, rough: Draft | None, told: Sequence[Problem]) -> list[Problem]:
    """Return what else is wrong, as far as it can be told. What it follows is not known here."""
    if rough is None:
        return []
    from broadcaster.bootstrap import previewed  # noqa: PLC0415 - see above

    try:
        found = asyncio.run(previewed(session.settings(), replace(rough, incident=None))).problems
    except BroadcasterError:
        return []
    unseen = {"incident", "kind", *(problem.place for problem in told)}
    return [each for each in found if each.blocking and not any(_same(each.place, place) for place in unseen)]


def _same(place: str, told: str) -> bool:
    """Return whether one is the other or a part of it, or what stands once at the top for all languages."""
    return place.startswith(told) or told.startswith(place) or place.endswith(f".{told}")


def _kind(file: Path, text: str) -> str:
    if str(file) == "-":
        return ".json" if text.lstrip().startswith("{") else ".toml"
    return file.suffix or ".toml"


def _now() -> datetime:
    from broadcaster.clock import SystemClock  # noqa: PLC0415 - asyncio is not needed to see the board

    return SystemClock().now()


def _text(file: Path) -> str:
    """Read no more than an alert may have. A terminal of another encoding would make half characters of it."""
    from broadcaster.documents import LARGEST  # noqa: PLC0415 - see above

    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
            content = source.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise Refused([Problem(code="file_too_large", params={"limit": LARGEST})])
        return content.decode("utf-8-sig")
    except OSError as error:
        raise click.FileError(str(file), hint=error.strerror or type(error).__name__) from None
    except UnicodeDecodeError:
        raise Refused([Problem(code="not_utf8")]) from None


def _filled(session: Session, template: str, values: Sequence[str]) -> Any:
    from broadcaster.bootstrap import filled_for  # noqa: PLC0415 - see above

    return filled_for(session.city(), template, dict(_pair(value) for value in values))


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(words("usage_set", text=text))
    return name.strip(), value
