"""`subscribers`: import, export and counts of the residents who take mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadcaster.cli.app import Group
from broadcaster.cli.session import Session, command, drawn
from broadcaster.cli.words import help_of, problem, words
from broadcaster.errors import Conflict
from broadcaster.model import Actor, Subscriber

if TYPE_CHECKING:
    from broadcaster.client import Client
    from broadcaster.ports.store import Stats

subscribers = Group(
    {"import": "subscribing:bring_in", "export": "subscribing:export", "stats": "subscribing:stats"},
    name="subscribers",
    help=help_of("subscribers"),
    prefix="subscribers_",
)
_NOBODY = Actor(name="")
"""The service knows by the socket who asks; what a client says of itself does not count."""


class Book:
    """The service's subscribers, as the CSV room wants them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def put(self, subscribers: Iterable[Subscriber], actor: Actor, now: datetime) -> tuple[int, int]:  # noqa: ARG002 (see above)
        """Add or replace by address; return (added, changed)."""
        from broadcaster.documents import dump  # noqa: PLC0415 - pydantic is not needed for counts

        done = self._client.put_subscribers([dump(each) for each in subscribers])
        return done["added"], done["changed"]

    async def all(self) -> AsyncIterator[Subscriber]:
        """Yield every subscriber."""
        from broadcaster.documents import load  # noqa: PLC0415 - see above

        for each in self._client.subscribers():
            yield load(Subscriber, each)

    async def stats(self) -> Stats:
        """Count."""
        from broadcaster.ports.store import Stats  # noqa: PLC0415 - see above

        return Stats(**self._client.subscriber_stats())


@command("subscribers import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--skip-bad", is_flag=True, help=words("help_skip_bad"))
def bring_in(session: Session, file: Path, skip_bad: bool) -> None:
    """Check the whole file first; only then is anything changed."""
    from broadcaster.subscribers import import_csv  # noqa: PLC0415 - pydantic is not needed for counts

    areas, book = session.city().areas, Book(session.client())
    with drawn(session, "importing") as progress:
        reading = import_csv(file, book, _NOBODY, datetime.now(UTC), areas=areas, skip_bad=skip_bad, progress=progress)
        done = asyncio.run(reading)
    left_out = [{"place": each.place, "code": each.code, "params": dict(each.params)} for each in done.problems]
    document: dict[str, Any] = {"rows": done.rows, "added": done.added, "changed": done.changed, "problems": left_out}
    sentence = words("imported", added=done.added, changed=done.changed, left=len(left_out))
    session.show(document, sentence, *(f"  - {problem(each)}" for each in left_out))


@command("subscribers export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--encoding", type=click.Choice(["utf-8", "cp932"]), default="utf-8", help=words("help_encoding"))
def export(session: Session, file: Path, encoding: str) -> None:
    """Write all of them as CSV."""
    from broadcaster.subscribers import UTF8, export_csv  # noqa: PLC0415 - see above

    if file.exists():
        raise Conflict("backup_exists", file=str(file))
    file.touch(mode=0o600)  # it holds residents' addresses
    book, code = Book(session.client()), UTF8 if encoding == "utf-8" else encoding
    try:
        with drawn(session, "exporting") as progress:
            count = asyncio.run(export_csv(book, file, encoding=code, progress=progress))
    except BaseException:
        file.unlink(missing_ok=True)  # half a list must not pass for the whole, nor stand in the way of the next try
        raise
    session.show({"file": str(file), "count": count}, words("exported", count=count))


@command("subscribers stats")
def stats(session: Session) -> None:
    """Count."""
    found = session.client().subscriber_stats()
    lines = [words("subscribers_total", count=found["total"])]
    lines += [words("subscribers_suppressed", count=found["suppressed"])] if found["suppressed"] else []
    lines += [words("subscribers_language", name=name, count=count) for name, count in found["by_language"].items()]
    lines += [words("subscribers_area", name=name, count=count) for name, count in found["by_area"].items()]
    session.show(found, *lines)
