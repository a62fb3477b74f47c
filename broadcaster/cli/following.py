"""`update`, `correct`, `cancel`, `clear`: what may follow an alert."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from broadcaster.cli.drafts import draft_of
from broadcaster.cli.sending import ask, confirm, finish, handing_options, key_of
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import mode, serial
from broadcaster.cli.words import words
from broadcaster.client import Client

REFERRING = ("update", "correction", "cancel", "all-clear")
_FILE = click.Path(path_type=Path, allow_dash=True)


@command("update")
@click.argument("alert")
@click.argument("file", type=_FILE)
@handing_options
def update(session: Session, alert: str, file: Path, **handing: Any) -> None:
    """Send the next version."""
    draft, client = draft_of(session, file), session.client()
    row = client.report(alert)["row"]
    kind = draft["kind"] if draft["kind"] in REFERRING else "update"
    digest = ask(session, client, {**draft, "kind": kind, "incident": row["alert"]["incident"]}, handing["yes"])
    sent = client.update(alert, draft, key_of(handing), digest, handing["break_glass"])
    finish(session, client, sent, wait=handing["wait"])


@command("correct")
@click.argument("alert")
@click.argument("file", required=False, type=_FILE)
@click.option("--silent/--notify", default=None, help=words("help_silent"))
@handing_options
def correct(session: Session, alert: str, file: Path | None, silent: bool | None, **handing: Any) -> None:
    """Correct it, quietly or with notice."""
    if file is not None and silent is None:
        raise click.UsageError(words("usage_silent_or_notify"))
    _follow(session, alert, "correction", file, handing, silent=silent)


@command("cancel")
@click.argument("alert")
@click.argument("file", required=False, type=_FILE)
@handing_options
def cancel(session: Session, alert: str, file: Path | None, **handing: Any) -> None:
    """Take it back."""
    _follow(session, alert, "cancel", file, handing)


@command("clear")
@click.argument("alert")
@click.argument("file", required=False, type=_FILE)
@handing_options
def clear(session: Session, alert: str, file: Path | None, **handing: Any) -> None:
    """Say that it is over."""
    _follow(session, alert, "all-clear", file, handing)


def _follow(
    session: Session, alert: str, kind: str, file: Path | None, handing: dict[str, Any], *, silent: bool | None = None
) -> None:
    client = session.client()
    wish: dict[str, Any] = {"silent": silent, "break_glass": handing["break_glass"]}
    if file is not None:
        wish["draft"] = draft_of(session, file)
    if session.interactive and not handing["yes"]:
        _ask(client, alert, kind, wish.get("draft"))
    finish(session, client, client.follow_up(alert, kind, key_of(handing), **wish), wait=handing["wait"])


def _ask(client: Client, alert: str, kind: str, draft: Any) -> None:
    """Show the words that would go out, and ask."""
    report = client.report(alert)
    ready = [draft] if draft else [each for each in client.prepared(alert) if each["kind"] == kind]
    say(f"{mode(report['mode'])} {words('kind_' + kind)}: {serial(report['row']['alert'])}")
    for info in (info for each in ready for info in each["infos"]):
        say(f"  [{info['language']}] {info['headline']}\n    {info['description']}\n    {info['instruction']}")
    confirm(report["mode"])
