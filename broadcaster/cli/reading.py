"""`history`, `incident`, `handover`, `audit list`: what was sent before, how an incident went, what the next shift must
know, who did what.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from broadcaster.cli.people import reader, who
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import row_lines
from broadcaster.cli.words import words
from broadcaster.errors import Conflict

_TARGET = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@command("history")
@click.option("--before", type=click.IntRange(min=1), help=words("help_before"))
@click.option("--limit", type=click.IntRange(1, 500), default=20, help=words("help_limit"))
def history(session: Session, before: int | None, limit: int) -> None:
    """Show all alerts, newest first."""
    client = session.client()
    found, zone = client.history(before, limit), client.board(1)["zone"]
    lines = [line for row in found["rows"] for line in (*row_lines(row, zone), "")]
    more = [words("history_more", before=found["before"])] if found["before"] else []
    session.show(found, *(lines or [words("board_empty")]), *more)


@command("incident")
@click.argument("number")
@click.option("--csv", "table", type=_TARGET, help=words("help_csv"))
@click.option("--markdown", "report", type=_TARGET, help=words("help_markdown"))
def incident(session: Session, number: str, table: Path | None, report: Path | None) -> None:
    """Show the chronology, or write it into a file."""
    from broadcaster.papers.chronology import as_csv, as_lines, as_markdown  # noqa: PLC0415 - only here

    if (table is not None) + (report is not None) + session.json > 1:
        raise click.UsageError(words("usage_one_form"))
    found = session.client().chronology(_incident(number))
    if table is not None:
        _write(table, as_csv(found, reader()))
    elif report is not None:
        _write(report, as_markdown(found, reader()))
    else:
        session.show(found, *(() if session.json else as_lines(found, reader())))


@command("handover")
@click.option("--markdown", is_flag=True, help=words("help_as_markdown"))
def handover(session: Session, markdown: bool) -> None:
    """Show the hand-over sheet."""
    from broadcaster.papers.handover import sheet_lines, sheet_markdown  # noqa: PLC0415 - only here

    if markdown and session.json:
        raise click.UsageError(words("usage_one_form"))
    found = session.client().handover()
    if session.json:
        session.show(found)
    elif markdown:
        click.echo(sheet_markdown(found, reader()), nl=False)
    else:
        session.show(found, *sheet_lines(found, reader()))


@command("audit list")
@click.option("--before", type=click.IntRange(min=1), help=words("help_before_entry"))
@click.option("--limit", type=click.IntRange(1, 500), default=20, help=words("help_limit"))
def entries(session: Session, before: int | None, limit: int) -> None:
    """Show the newest entries of the chain, or those before one."""
    client = session.client()
    if before is None:
        found = client.audit(None, limit)
    else:
        after = max(0, before - 1 - limit)
        found = client.audit(after, before - 1 - after) if before > 1 else {**client.audit(None, 1), "entries": []}
    first = found["entries"][0]["seq"] if found["entries"] else 1
    more = [words("audit_more", before=first)] if first > 1 else []
    session.show(found, *_entry_lines(found, client.board(1)["zone"]), *more)


def _entry_lines(found: Any, zone: str) -> Iterator[str]:
    """Yield number, time, what, about what, and who, newest first."""
    from broadcaster.papers.telling import Teller  # noqa: PLC0415 - only here

    teller = Teller(reader(), zone)
    for each in reversed(found["entries"]):
        at, event = teller.local(each["at"]), teller.known(f"event_{each['event']}", each["event"])
        yield f"{each['seq']:>6}  {at:%Y-%m-%d %H:%M:%S}  {event}  {each['subject']}  {who(each['actor'])}"


def _incident(text: str) -> int:
    """Return the incident's number, from itself or from a serial of it."""
    number = text.partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 10):  # noqa: PLR2004 (as the store reads serials)
        raise click.UsageError(words("incident_wrong", number=text))
    return int(number)


def _write(target: Path, paper: str) -> None:
    """Write the paper: rows end as CSV has it (RFC 4180), and a file that is there is not silently replaced."""
    if str(target) == "-":
        click.echo(paper, nl=False)
        return
    try:
        with target.open("x", encoding="utf-8", newline="") as file:
            file.write(paper)
    except FileExistsError:
        raise Conflict("backup_exists", file=str(target)) from None
    except OSError as error:
        raise click.FileError(str(target), hint=error.strerror or type(error).__name__) from None
    say(words("written", file=target))
