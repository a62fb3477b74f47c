"""`officers`: who may do what at the desk."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import click

from broadcaster.cli.app import Group
from broadcaster.cli.asking import secret
from broadcaster.cli.people import who
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.words import help_of, words
from broadcaster.errors import Refused, Unauthenticated
from broadcaster.model import Problem

ROLES = ("viewer", "composer", "approver", "admin")
_VERBS = ("list", "add", "enrol", "roles", "reset", "enable", "disable", "unlock", "confirm", "passphrase")

officers = Group(
    {verb: f"officers:{'every' if verb == 'list' else verb}" for verb in _VERBS},
    name="officers",
    help=help_of("officers"),
    prefix="officers_",
)


@command("officers list")
def every(session: Session) -> None:
    """Show everybody, and what waits for a second person."""
    found = session.client().officers()
    lines = [_member(each) for each in found["officers"]] or [words("officers_none")]
    session.show(found, *lines, *(_change(each) for each in found["changes"]))


def _member(each: Any) -> str:
    officer = each["officer"]
    marks = [words("officer_disabled")] if officer["disabled"] else []
    marks += [] if each["enrolled"] else [words("officer_not_enrolled")]
    marks += [] if officer["second_factor"] else [words("officer_no_second_factor")]
    marks += [words("officer_paused")] if each["paused_until"] else []
    roles = " ".join(role for role in ROLES if role in officer["roles"])
    return f"{officer['name']}  {officer['display']}  {roles}" + (f"  ({', '.join(marks)})" if marks else "")


def _change(each: Any) -> str:
    wish = each["wish"]
    roles = " ".join(role for role in ROLES if role in wish["roles"])
    what = words(f"change_{wish['verb']}", name=wish["name"], roles=roles)
    return words("officers_change", number=each["id"], what=what, by=who(each["by"]["name"]))


@command("officers add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help=words("help_role"))
@click.option("--display", default="", help=words("help_display"))
@click.option("--no-second-factor", is_flag=True, help=words("help_no_second_factor"))
def add(session: Session, name: str, roles: tuple[str, ...], display: str, no_second_factor: bool) -> None:
    """Ask for a new officer."""
    asked = session.client().add_officer(name, display or name, roles, second_factor=not no_second_factor)
    _asked(session, name, asked)


@command("officers reset")
@click.argument("name")
def reset(session: Session, name: str) -> None:
    """Ask for a new enrolment."""
    _asked(session, name, session.client().officer(name, "reset"))


@command("officers roles")
@click.argument("name")
@click.argument("roles", nargs=-1, required=True, type=click.Choice(ROLES))
def roles(session: Session, name: str, roles: tuple[str, ...]) -> None:
    """Ask for other roles."""
    _asked(session, name, session.client().officer(name, "roles", {"roles": list(roles)}))


@command("officers enable")
@click.argument("name")
def enable(session: Session, name: str) -> None:
    """Ask to let somebody in again."""
    _asked(session, name, session.client().officer(name, "enable"))


def _asked(session: Session, name: str, asked: Any) -> None:
    number, ticket = asked["change"], asked["ticket"]
    lines = [words("change_done", name=name) if number is None else words("change_waits", number=number)]
    if ticket:
        until = datetime.fromisoformat(asked["ticket_until"]).astimezone()
        lines.append(words("ticket_shown", name=name, ticket=ticket, until=f"{until:%Y-%m-%d %H:%M}"))
    session.show(asked, *lines)


@command("officers disable")
@click.argument("name")
def disable(session: Session, name: str) -> None:
    """Let somebody in no more, at once."""
    session.client().officer(name, "disable")
    session.show({"name": name, "disabled": True}, words("officer_now_disabled", name=name))


@command("officers unlock")
@click.argument("name")
def unlock(session: Session, name: str) -> None:
    """End the pause after wrong tries."""
    session.client().officer(name, "unlock")
    session.show({"name": name, "unlocked": True}, words("officer_now_unlocked", name=name))


@command("officers confirm")
@click.argument("number", type=int)
@click.option("--refuse", is_flag=True, help=words("help_refuse"))
def confirm(session: Session, number: int, refuse: bool) -> None:
    """Agree to what another has asked for."""
    session.client().close_change(number, confirmed=not refuse)
    done = words("change_refused" if refuse else "change_confirmed", number=number)
    session.show({"change": number, "confirmed": not refuse}, done)


@command("officers enrol")
@click.argument("name")
def enrol(session: Session, name: str) -> None:
    """Set passphrase and second factor with the ticket an admin has handed over."""
    client, ticket = session.client(named=False), secret("ask_ticket")
    found = client.ticket(name, ticket)
    passphrase = _chosen()
    code = _second_factor(found) if found["officer"]["second_factor"] else ""
    client.enrol(name, ticket, passphrase, code)
    said = words("officer_now_enrolled" if code else "officer_now_enrolled_alone", name=name)
    session.show({"name": name, "enrolled": True}, said)


@command("officers passphrase")
def passphrase(session: Session) -> None:
    """Take another passphrase."""
    client = session.client()
    officer = client.me()["officer"]
    if officer is None:
        raise Unauthenticated("session_needed")
    present, new = secret("ask_passphrase"), _chosen()
    client.change_passphrase(present, new, secret("ask_code") if officer["second_factor"] else "")
    session.show({"name": officer["name"], "changed": True}, words("passphrase_changed"))


def _chosen() -> str:
    passphrase = secret("ask_new_passphrase")
    if sys.stdin.isatty() and secret("ask_again") != passphrase:
        raise Refused([Problem(code="passphrase_differs", place="passphrase")])
    return passphrase


def _second_factor(found: Any) -> str:
    """Show the secret for the authenticator app, as a picture on a terminal, and ask for its first code.

    It goes to the terminal's error stream: standard output may be kept in a file.
    """
    say(words("second_factor_secret", secret=found["secret"]), err=True)
    say(found["address"], err=True)
    if sys.stderr.isatty():
        import segno  # noqa: PLC0415 - only where there is somebody to look

        segno.make(found["address"], error="l").terminal(out=sys.stderr, border=2, compact=True)
    return secret("ask_first_code")
