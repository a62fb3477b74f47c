"""`approve`: a second person sends what a first has handed in, or hands it back."""

from __future__ import annotations

from typing import Any

import click

from broadcaster.cli.sending import confirm, finish
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import channel, headline, mode, serial
from broadcaster.cli.words import words
from broadcaster.client import Client
from broadcaster.errors import NotFound


@command("approve")
@click.argument("submission")
@click.option("--return", "reason", default="", metavar="REASON", help=words("help_return"))
@click.option("--break-glass", default="", metavar="REASON", help=words("help_break_glass"))
@click.option("--yes", is_flag=True, help=words("help_yes"))
@click.option("--wait", is_flag=True, help=words("help_wait"))
def approve(session: Session, submission: str, reason: str, **how: Any) -> None:
    """Approve, or hand back."""
    client = session.client()
    shown = find(client, submission)
    if reason:
        client.hand_back(shown["id"], reason)
        session.show({"submission": shown["id"], "returned": True}, words("returned", number=shown["id"]))
        return
    if not session.json:
        show(shown)
    if session.interactive and not how["yes"]:
        confirm("drill" if shown["acceptance"]["alert"]["status"] == "Exercise" else "live")
    done = client.approve(shown["id"], shown["acceptance"]["digest"], how["break_glass"])
    finish(session, client, done, wait=how["wait"])


def find(client: Client, submission: str) -> Any:
    """Return a submission by its number, or by the serial or identifier of its alert. Raise `NotFound`."""
    if submission.isascii() and submission.isdigit():
        return client.submission(int(submission))
    for each in client.board()["waiting"]:
        alert = each["acceptance"]["alert"]
        if submission in (alert["identifier"], serial(alert)):
            return each
    raise NotFound("submission_not_found", submission=submission)


def show(submission: Any) -> None:
    """Print the very texts that would go out."""
    acceptance = submission["acceptance"]
    alert = acceptance["alert"]
    which = mode("drill" if alert["status"] == "Exercise" else "live")
    say(f"{which} {serial(alert)} {words('kind_' + alert['kind'])}: {headline(alert)}")
    say(
        words(
            "board_submission", number=submission["id"], headline=headline(alert), author=acceptance["author"]["name"]
        )
    )
    for info in alert["infos"]:
        if info["language"] not in said_in(acceptance["messages"]):
            say(f"--- [{info['language']}] {info['headline']}")
            say(f"{info['description']}\n{info['instruction']}")
            say(", ".join(area["area_desc"] for area in info["areas"]))
    for message in acceptance["messages"]:
        for text in message["texts"]:
            say(f"--- {channel(message['channel'])} [{text['language']}] {text['subject']}")
            say(text["body"])
    targets = sorted({channel(each["channel"]) for each in acceptance["plan"]})
    say(f"--- {', '.join(targets)}")


def said_in(messages: Any) -> set[str]:
    """Return the languages whose words some message says in full: pages and feeds have no message to be shown."""
    return {text["language"] for message in messages if message["channel"] != "twitter" for text in message["texts"]}
