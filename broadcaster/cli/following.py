"""`update`, `extend`, `correct`, `cancel`, `clear`: what may follow an alert."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from broadcaster.cli.drafts import draft_options, given
from broadcaster.cli.sending import ask, confirm, finish, handing_options, key_of
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import mode, serial
from broadcaster.cli.words import words
from broadcaster.client import Client, longer

REFERRING = ("update", "correction", "cancel", "all-clear")


@command("update")
@click.argument("alert")
@draft_options
@handing_options
def update(
    session: Session, alert: str, file: Path | None, template: str, values: tuple[str, ...], **handing: Any
) -> None:
    """Send the next version."""
    said, client = given(session, file, template, values), session.client()
    row = client.report(alert)["row"]
    kind = said.draft["kind"] if said.draft["kind"] in REFERRING else "update"
    digest = ask(session, client, {**said.draft, "kind": kind, "incident": row["alert"]["incident"]}, handing["yes"])
    sent = client.update(alert, said.draft, key_of(handing), digest, source=said.source)
    finish(session, client, sent, handing)


@command("extend")
@click.argument("alert")
@click.argument("hours", type=click.IntRange(min=1))
@click.option("--silent", is_flag=True, help=words("help_silently"))
@handing_options
def extend(session: Session, alert: str, hours: int, silent: bool, **handing: Any) -> None:
    """Say the same once more as an update that holds so many hours from now."""
    client = session.client()
    report = client.report(alert)
    until = datetime.fromisoformat(report["now"]) + timedelta(hours=hours)
    draft = longer(report["row"]["alert"], until, silent=silent)
    digest = ask(session, client, draft, handing["yes"])
    sent = client.update(alert, draft, key_of(handing), digest, source=f"extend {hours} {silent}")
    finish(session, client, sent, handing)


@command("correct")
@click.argument("alert")
@draft_options
@click.option("--silent/--notify", default=None, help=words("help_silent"))
@handing_options
def correct(session: Session, alert: str, silent: bool | None, **how: Any) -> None:
    """Correct it, quietly or with notice."""
    if (how["file"] is not None or how["template"]) and silent is None:
        raise click.UsageError(words("usage_silent_or_notify"))
    _follow(session, alert, "correction", how, silent=silent)


@command("cancel")
@click.argument("alert")
@draft_options
@handing_options
def cancel(session: Session, alert: str, **how: Any) -> None:
    """Take it back."""
    _follow(session, alert, "cancel", how)


@command("clear")
@click.argument("alert")
@draft_options
@handing_options
def clear(session: Session, alert: str, **how: Any) -> None:
    """Say that it is over."""
    _follow(session, alert, "all-clear", how)


def _follow(session: Session, alert: str, kind: str, how: dict[str, Any], *, silent: bool | None = None) -> None:
    client = session.client()
    wish: dict[str, Any] = {"silent": silent}
    if how["file"] is not None or how["template"] or how["values"]:
        said = given(session, how["file"], how["template"], how["values"])
        wish |= {"draft": said.draft, "source": said.source}
    if session.interactive and not how["yes"]:
        _ask(client, alert, kind, wish.get("draft"))
    finish(session, client, client.follow_up(alert, kind, key_of(how), **wish), how)


def _ask(client: Client, alert: str, kind: str, draft: Any) -> None:
    """Show the words that would go out, and ask."""
    report = client.report(alert)
    ready = [draft] if draft else [each for each in client.prepared(alert) if each["kind"] == kind]
    say(f"{mode(report['mode'])} {words('kind_' + kind)}: {serial(report['row']['alert'])}")
    for info in (info for each in ready for info in each["infos"]):
        say(f"  [{info['language']}] {info['headline']}\n    {info['description']}\n    {info['instruction']}")
    confirm(report["mode"])
