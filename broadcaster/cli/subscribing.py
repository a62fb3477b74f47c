"""`subscribers`: import, export and counts of the residents who take mail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO

import click

from broadcaster.cli.app import Group
from broadcaster.cli.session import Session, command
from broadcaster.cli.words import help_of, words

CHUNK = 500
subscribers = Group(
    {"import": "subscribing:bring_in", "export": "subscribing:export", "stats": "subscribing:stats"},
    name="subscribers",
    help=help_of("subscribers"),
    prefix="subscribers_",
)
_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@command("subscribers import")
@click.argument("file", type=_FILE)
@click.option("--remove-others", is_flag=True, help=words("help_remove_others"))
def bring_in(session: Session, file: Path, remove_others: bool) -> None:
    """Check the whole file first; only then is anything changed."""
    from broadcaster.documents import dump  # noqa: PLC0415 - pydantic is not needed for counts
    from broadcaster.subscribers import read_csv  # noqa: PLC0415

    rows = read_csv(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig"))
    client, done = session.client(), {"added": 0, "changed": 0, "removed": 0}
    with drawn(session, "importing", len(rows)) as advance:
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            _sum(done, client.put_subscribers([dump(each) for each in part]))
            advance(len(part))
    if remove_others:
        kept = {each.address for each in rows}
        gone = [each["address"] for each in client.subscribers() if each["address"] not in kept]
        for start in range(0, len(gone), CHUNK):
            _sum(done, client.remove_subscribers(gone[start : start + CHUNK]))
    session.show(done, words("imported", **done))


def _sum(total: dict[str, int], more: Any) -> None:
    for name in total:
        total[name] += more[name]


@command("subscribers export")
@click.argument("file", type=_FILE, default=Path("-"))
def export(session: Session, file: Path) -> None:
    """Write all of them as CSV; under `--json` as one list."""
    client = session.client()
    if session.json:
        session.show(list(client.subscribers()))
        return
    from broadcaster.documents import load  # noqa: PLC0415 - pydantic is not needed for counts
    from broadcaster.model import Subscriber  # noqa: PLC0415
    from broadcaster.subscribers import write_csv  # noqa: PLC0415

    total = client.subscriber_stats()["total"]
    to_screen = str(file) == "-"
    with nullcontext(sys.stdout) if to_screen else file.open("w", encoding="utf-8", newline="") as out:
        with drawn(session, "exporting", total, quiet=to_screen) as advance:
            write_csv((load(Subscriber, each) for each in _counted(client.subscribers(), advance)), _text(out))
    if not to_screen:
        session.show({"count": total}, words("exported", count=total))


def _text(out: TextIO) -> TextIO:
    return out


def _counted(values: Iterator[Any], advance: Callable[[int], None]) -> Iterator[Any]:
    for value in values:
        advance(1)
        yield value


@command("subscribers stats")
def stats(session: Session) -> None:
    """Count."""
    found = session.client().subscriber_stats()
    lines = [words("subscribers_total", count=found["total"])]
    lines += [words("subscribers_language", name=name, count=count) for name, count in found["by_language"].items()]
    lines += [words("subscribers_area", name=name, count=count) for name, count in found["by_area"].items()]
    session.show(found, *lines)


@contextmanager
def drawn(session: Session, title: str, total: int, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Give a function to count on with: a bar on a terminal, else nothing."""
    if quiet or session.json or not sys.stdout.isatty():
        yield lambda count: None
        return
    from broadcaster.cli.live import counting  # noqa: PLC0415 - rich is for terminals only

    with counting(words(title), total) as counter:
        yield counter.add
