"""`status`: the board, with what needs a person on top."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import click

from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import board_lines, report_lines
from broadcaster.cli.words import words
from broadcaster.client import Client
from broadcaster.errors import ServiceUnreachable
from broadcaster.papers.attention import attention

FAILING = ("failed", "in_doubt", "needs_human")


@command("status")
@click.argument("alert", required=False)
@click.option("--watch", is_flag=True, help=words("help_watch"))
def status(session: Session, alert: str | None, watch: bool) -> None:
    """Show the board, or one alert with every attempt."""
    client = session.client(named=False)  # looking needs nobody's name, and no login that has ended may hide the board
    if watch and session.json:
        raise click.UsageError(words("usage_watch_json"))
    if alert is not None:
        report = client.report(alert)
        session.exit_code = verdict(report["row"]["deliveries"])
        session.show(report, *report_lines(report))
    elif watch:
        with suppress(KeyboardInterrupt):  # it is how one ends it
            follow(client)
    else:
        board = client.board()
        wanting = attention(board)
        session.exit_code = verdict([entry["delivery"] for entry in wanting])
        session.show({**board, "attention": wanting}, *board_lines(board))


def verdict(deliveries: list[Any]) -> int:
    """Return 1 where any of them has failed or is in doubt."""
    return int(any(each["state"] in FAILING for each in deliveries))


def follow(client: Client) -> None:
    """Show the board until Ctrl-C: as a live screen on a terminal, else as one block per change."""
    import sys  # noqa: PLC0415 - rich is for terminals only

    if not sys.stdout.isatty():
        for board in boards(client):
            for line in board_lines(board):
                say(line)
            say()
        return
    from broadcaster.cli.live import show_live  # noqa: PLC0415 - rich is for terminals only

    show_live(boards(client))


def boards(client: Client) -> Iterator[Any]:
    """Yield the board at each change; wait for the service to come back when it goes away."""
    yield client.board()
    while True:
        try:
            yield from client.boards()
        except ServiceUnreachable:
            time.sleep(1)
