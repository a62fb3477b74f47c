"""`tokens`: programs that act for an officer. They draft and read; they never approve."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from broadcaster.cli.app import Group
from broadcaster.cli.session import Session, command
from broadcaster.cli.words import help_of, words

SCOPES = ("read", "draft")

tokens = Group(
    {"list": "tokens:every", "add": "tokens:add", "revoke": "tokens:revoke"},
    name="tokens",
    help=help_of("tokens"),
    prefix="tokens_",
)


@command("tokens add")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help=words("help_scope"))
@click.option("--days", type=int, required=True, help=words("help_days"))
@click.option("--unix-user", default="", help=words("help_unix_user"))
def add(session: Session, name: str, scopes: tuple[str, ...], days: int, unix_user: str) -> None:
    """Let a program act for whoever is logged in."""
    issued = session.client().add_token(name, scopes, days, unix_user)
    session.show(issued, words("token_issued", name=name, token=issued["token"], until=_day(issued["until"])))


@command("tokens list")
def every(session: Session) -> None:
    """Show the tokens."""
    found = session.client().tokens()
    session.show(found, *([_line(each) for each in found] or [words("tokens_none")]))


def _line(token: Any) -> str:
    now = datetime.now(UTC)
    ended = token["revoked"] or datetime.fromisoformat(token["until"]) <= now
    state = words("token_ended") if ended else words("token_until", until=_day(token["until"]))
    return f"{token['name']}  {token['officer']['name']}  {' '.join(sorted(token['scopes']))}  {state}"


@command("tokens revoke")
@click.argument("name")
def revoke(session: Session, name: str) -> None:
    """Let it act no more."""
    session.client().revoke_token(name)
    session.show({"name": name, "revoked": True}, words("token_revoked", name=name))


def _day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d}"
