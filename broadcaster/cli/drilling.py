"""`drill report`: how a drill went, step by step. It reads the store and needs no service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadcaster.cli.app import Group
from broadcaster.cli.session import Session, command
from broadcaster.cli.tables import channel, width
from broadcaster.cli.words import help_of, language, words
from broadcaster.papers.reading import Reader

if TYPE_CHECKING:
    from broadcaster.desk import Debrief, Mark

_STEP_COLUMNS, _SERIAL_COLUMNS = 26, 7

drill = Group({"report": "drilling:report"}, name="drill", help=help_of("drill"), prefix="drill_")


@command("drill report")
def report(session: Session) -> None:
    """Tell how long each step of the last incidents took."""
    found = debriefs(session.config_path)
    session.show({"incidents": documents(found)}, *lines(found))


def debriefs(config: Path) -> tuple[Debrief, ...]:
    """Read how the last incidents of this instance went. Raise `ConfigError`, `StoreError`."""
    from broadcaster.bootstrap import debriefed  # noqa: PLC0415 - heavy, and only here
    from broadcaster.config import load_config  # noqa: PLC0415 - see above

    return asyncio.run(debriefed(load_config(config)))


def documents(found: Sequence[Debrief]) -> list[dict[str, Any]]:
    """Return them as `--json` prints them: times in UTC, durations in seconds."""
    return [
        {"incident": each.incident, "headline": each.headline, "steps": [_document(mark) for mark in each.marks]}
        for each in found
    ]


def _document(mark: Mark) -> dict[str, Any]:
    said = {name: getattr(mark, name) for name in ("serial", "who", "channel", "target")}
    return {
        "step": mark.step.value,
        **said,
        "at": mark.at and mark.at.isoformat(),
        "after_s": None if mark.after is None else mark.after.total_seconds(),
        "took_s": None if mark.took is None else mark.took.total_seconds(),
    }


def lines(found: Sequence[Debrief]) -> Iterator[str]:
    """Yield them as a table each: since the first step, since the step before, what, which version, who."""
    yield words("debrief_title") if found else words("debrief_empty")
    for each in found:
        yield ""
        headline = each.said.get(language(), each.headline)
        yield words("debrief_incident", incident=each.incident, headline=headline)
        reader = Reader(language(), each.names)
        yield from (_line(mark, reader.who(mark.who)) for mark in each.marks)


def _line(mark: Mark, who: str) -> str:
    name = words(f"step_{mark.step.value}", channel=channel(mark.channel))
    what = name + " " * max(1, _STEP_COLUMNS - width(name))
    return f"  {_spell(mark.after):>9} {_spell(mark.took):>10}  {what}{mark.serial:<{_SERIAL_COLUMNS}}{who}".rstrip()


def _spell(span: timedelta | None) -> str:
    """Return `2:05.3` (minutes, seconds); a dash for what was not reached."""
    if span is None:
        return "-"
    minutes, seconds = divmod(span.total_seconds(), 60)
    return f"{minutes:.0f}:{seconds:04.1f}"
