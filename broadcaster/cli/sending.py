"""`send`: hand a draft in, and if wished wait until it has gone out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from broadcaster.cli.concluding import conclude
from broadcaster.cli.drafts import draft_options, given
from broadcaster.cli.glass import broken
from broadcaster.cli.people import headline
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import channel, mode, serial
from broadcaster.cli.words import problem, words
from broadcaster.client import Client
from broadcaster.errors import Forbidden


def _by_a_person(context: click.Context, _: click.Parameter, reason: str) -> str:
    """Return the reason. Raise `Forbidden` under a machine token, before minutes are waited for nothing."""
    session = context.find_object(Session)
    if reason and session and session.is_machine:
        raise Forbidden("break_glass_person")
    return reason


break_glass_option = click.option(
    "--break-glass", default="", metavar="REASON", callback=_by_a_person, help=words("help_break_glass")
)
"""The reason for sending without a second person."""


def handing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every hand-in has: key, break-glass, yes, wait."""
    for option in (
        click.option("--wait", is_flag=True, help=words("help_wait")),
        click.option("--yes", is_flag=True, help=words("help_yes")),
        break_glass_option,
        click.option("--key", default="", help=words("help_key")),
    ):
        function = option(function)
    return function


@command("send")
@draft_options
@click.option("--channel", "channels", multiple=True, help=words("help_channel"))
@handing_options
def send(
    session: Session,
    file: Path | None,
    template: str,
    values: tuple[str, ...],
    channels: tuple[str, ...],
    **handing: Any,
) -> None:
    """Hand a draft in."""
    said, client = given(session, file, template, values, channels), session.client()
    digest = ask(session, client, said.draft, handing["yes"])
    done = client.submit(said.draft, key_of(handing), digest, source=said.source)
    finish(session, client, done, handing)


def key_of(handing: dict[str, Any]) -> str:
    """Return the key the caller gave, or a new one."""
    return str(handing["key"]) or secrets.token_hex(16)


def ask(session: Session, client: Client, draft: Any, yes: bool) -> str:
    """Show a person on a terminal what would go out and to whom, and ask; return the digest of what was shown.

    Live and drill are confirmed by different words, since "are you sure?" was the same for both in Hawaii 2018.
    """
    if yes or not session.interactive:
        return ""
    shown = client.preview(draft)
    for line in summary(shown):
        say(line)
    confirm(shown["mode"])
    return str(shown["digest"])


def confirm(which: str, question: str = "confirm") -> None:
    """Ask for the word of this mode, by a sentence of the catalogue. Raise `click.Abort`."""
    word = words(f"confirm_word_{which}")
    if click.prompt(words(question, mode=mode(which), word=word), default="", show_default=False) != word:
        raise click.Abort


def summary(shown: Any) -> list[str]:
    """Return mode, serial, headline and for each channel whom it reaches, as lines."""
    alert = shown["alert"]
    lines = [f"{mode(shown['mode'])} {serial(alert)} {headline(alert)}"]
    for each in shown["channels"]:
        reached = words("reached", count=each["reached"]) if each["reached"] is not None else words("reached_all")
        lines.append(f"  {channel(each['channel'])}: {reached}")
    if shown["needs_approval"]:
        lines.append(words("needs_approval"))
    return [*lines, *(f"  {'!' if each['blocking'] else '-'} {problem(each)}" for each in shown["problems"])]


def finish(session: Session, client: Client, done: Any, how: Mapping[str, Any]) -> None:
    """Say what became of a hand-in. `how["wait"]`: wait until every delivery is settled or needs a person;
    `how["break_glass"]`: send what waits for a second person without one, after the countdown.
    """
    if not session.json:
        for each in done["warnings"]:
            say(f"  - {problem(each)}")
    if how.get("break_glass") and not done["accepted"]:
        broken(session, client, done, reason=how["break_glass"], wait=how["wait"])
    else:
        conclude(session, client, done, wait=how["wait"])
