"""`tui`: the officers' desk in this terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from broadcaster.cli.session import Session, command
from broadcaster.cli.words import language, words

if TYPE_CHECKING:
    from broadcaster.client import Client


@command("tui")
def tui(session: Session) -> None:
    """Open the desk."""
    from broadcaster.cli.keeping import bearer  # noqa: PLC0415 - what the screen needs is not for others
    from broadcaster.clock import SystemClock  # noqa: PLC0415 - see above
    from broadcaster.tui import open_desk  # noqa: PLC0415 - see above

    if session.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(words("usage_tui_terminal"))

    def connect(begun: str) -> Client:
        return session.client(named=False, session=begun)

    open_desk(connect, SystemClock(), language=language(), session=bearer(session.socket))
