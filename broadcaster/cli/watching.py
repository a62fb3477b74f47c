"""`upstream`: the feeds of others that are watched."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from broadcaster.cli.app import Group
from broadcaster.cli.session import Session, command
from broadcaster.cli.tables import automatic_lines, clock, heard_lines
from broadcaster.cli.words import help_of, words

upstream = Group(
    {
        "list": "watching:feeds",
        "poll": "watching:poll",
        "rules": "automatic:rules",
        "approve": "automatic:approve",
        "hold": "automatic:hold",
        "release": "automatic:release",
    },
    name="upstream",
    help=help_of("upstream"),
    prefix="upstream_",
)


@command("upstream list")
def feeds(session: Session) -> None:
    """Say how each feed stands, as the running service sees it."""
    board = session.client().board()
    shown = {name: board[name] for name in ("feeds", "heard", "automatic")}
    session.exit_code = 1 if any(each["trouble"] for each in board["feeds"]) else 0
    session.show(shown, *_lines(board))


def _lines(board: Any) -> Iterator[str]:
    if not board["feeds"]:
        yield words("upstream_none")
    for each in board["feeds"]:
        yield _health(each, board["zone"])
    yield from automatic_lines(board)
    yield from heard_lines(board)


@command("upstream poll")
def poll(session: Session) -> None:
    """Read every feed once, beside the service or without it, and say what a first reading would bring."""
    from broadcaster.documents import dump  # noqa: PLC0415 - heavy, and only here

    config = session.settings()
    found = dump(asyncio.run(_glanced(session)))
    session.exit_code = 1 if any(each["trouble"] for each in found["feeds"]) else 0
    session.show(found, *_found(found, config.city.zone.key))


async def _glanced(session: Session) -> Any:
    from broadcaster.bootstrap import glanced  # noqa: PLC0415 - heavy, and only here

    return await glanced(session.settings())


def _found(found: Any, zone: str) -> Iterator[str]:
    if not found["feeds"]:
        yield words("upstream_none")
    for each in found["feeds"]:
        yield _health({**each, "feed": each["name"]}, zone)
    for draft in found["drafts"]:
        yield words("upstream_would_draft", title=draft["title"])
    yield from heard_lines({"heard": found["told"], "zone": zone})


def _health(each: Any, zone: str) -> str:
    if each["trouble"]:
        why = words(each["trouble"], **each["params"])
        return f"  ! {words('board_feed', feed=each['feed'], since=clock(each['since'], zone), why=why)}"
    newest = clock(each["newest_at"], zone) if each["newest_at"] else "-"
    return f"    {words('upstream_fine', feed=each['feed'], newest=newest)}"
