"""`drafts`: sheets that are being filled, by whomever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from broadcaster.cli.app import Group
from broadcaster.cli.people import reader, who
from broadcaster.cli.session import Session, command
from broadcaster.cli.tables import clock
from broadcaster.cli.words import help_of, problem, words

drafts = Group(
    {"list": "kept:listed", "show": "kept:show", "drop": "kept:drop"},
    name="drafts",
    help=help_of("drafts"),
    prefix="drafts_",
)


@command("drafts list")
def listed(session: Session) -> None:
    """List those that are open, the last changed first."""
    client = session.client()
    found = client.drafts()
    zone = client.setting()["city"]["zone"]
    session.show(found, *([_line(row, zone) for row in found] or [words("drafts_none")]))


@command("drafts show")
@click.argument("number", type=click.IntRange(min=1))
def show(session: Session, number: int) -> None:
    """Show one: who wrote in it, its words as far as they are filled, and what is still wrong."""
    from datetime import UTC, datetime  # noqa: PLC0415 - only here

    from broadcaster.sheet import from_json  # noqa: PLC0415 - see above
    from broadcaster.sheet.setting import press_of  # noqa: PLC0415 - jinja2 is not needed to list

    client = session.client()
    row, setting = client.draft(number), client.setting()
    press, sheet, now = press_of(setting), from_json(row["body"]), datetime.now(UTC)
    editors = reader().listed(who(each["name"]) for each in row["editors"])
    lines = [_line(row, setting["city"]["zone"]), words("drafts_editors", names=editors)]
    lines += _texts(press.texts(sheet, now))
    found = [
        {"code": each.code, "place": each.place, "params": dict(each.params), "blocking": each.blocking}
        for each in press.problems(sheet, now)
    ]
    lines += [f"  {'!' if each['blocking'] else '-'} {problem(each)}" for each in found]
    session.show({**row, "problems": found}, *lines)


@command("drafts drop")
@click.argument("number", type=click.IntRange(min=1))
def drop(session: Session, number: int) -> None:
    """Give one up."""
    row = session.client().drop_draft(number)
    session.show(row, words("draft_dropped", number=number))


def _line(row: Any, zone: str) -> str:
    time = clock(row["updated_at"], zone)
    return words(
        "drafts_line", number=row["id"], time=time, by=who(row["updated_by"]["name"]), title=reader().draft(row)
    )


def _texts(texts: Any) -> Iterator[str]:
    for tag, said in texts.items():
        yield f"--- [{tag}] {said.headline}"
        yield f"{said.description}\n{said.instruction}"
