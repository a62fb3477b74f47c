"""`login` and `logout`: who the commands of this Unix user act for."""

from __future__ import annotations

import os
from datetime import datetime

import click

from broadcaster.cli import keeping
from broadcaster.cli.asking import secret
from broadcaster.cli.session import Session, command
from broadcaster.cli.words import words
from broadcaster.errors import BroadcasterError, Unauthenticated


@command("login")
@click.argument("name", default="")
@click.option("--no-code", is_flag=True, help=words("help_no_code"))
def login(session: Session, name: str, no_code: bool) -> None:
    """Ask for passphrase and code, and keep the session for the commands that follow."""
    client = session.client(named=False)
    who = name or os.environ.get("USER", "")
    passphrase = secret("ask_passphrase")
    begun = client.login(who, passphrase, "" if no_code else secret("ask_code"))
    keeping.keep(session.socket, begun["session"])
    officer, until = begun["officer"], begun["expires_at"]
    document = {"officer": officer, "expires_at": until}
    local = f"{datetime.fromisoformat(until).astimezone():%H:%M}"
    session.show(document, words("logged_in", display=officer["display"], name=officer["name"], until=local))


@command("logout")
def logout(session: Session) -> None:
    """End the session, and forget it whether or not the service still knows it."""
    client = session.client()
    try:
        client.logout()
    except Unauthenticated:
        pass
    except BroadcasterError:
        keeping.forget(session.socket)
        raise
    keeping.forget(session.socket)
    session.show({"ended": True}, words("logged_out"))
