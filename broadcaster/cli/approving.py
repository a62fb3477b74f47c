"""`approve`: a second person sends what a first has handed in, or hands it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from broadcaster.cli.glass import broken
from broadcaster.cli.looking import channel_lines
from broadcaster.cli.people import headline, who
from broadcaster.cli.sending import break_glass_option, confirm, finish
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import mode, serial
from broadcaster.cli.words import words
from broadcaster.client import Client
from broadcaster.errors import NotFound


@command("approve")
@click.argument("submission")
@click.option("--return", "reason", default="", metavar="REASON", help=words("help_return"))
@break_glass_option
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
        confirm(shown["mode"])
    if how["break_glass"]:
        waiting = {
            "alert": shown["acceptance"]["alert"],
            "digest": shown["acceptance"]["digest"],
            "submission": shown["id"],
            "mode": shown["mode"],
        }
        broken(session, client, waiting, reason=how["break_glass"], wait=how["wait"])
        return
    done = client.approve(shown["id"], shown["acceptance"]["digest"])
    finish(session, client, done, how)


def find(client: Client, submission: str) -> Any:
    """Return a submission by its number, or by the serial or identifier of its alert. Raise `NotFound`."""
    if submission.isascii() and submission.isdigit():
        return client.submission(int(submission))
    for each in client.board()["waiting"]:
        alert = each["acceptance"]["alert"]
        if submission in (alert["identifier"], serial(alert)):
            return client.submission(each["id"])
    raise NotFound("submission_not_found", submission=submission)


def show(submission: Any) -> None:
    """Print the very texts that would go out, marked where they differ from those of the version before."""
    acceptance = submission["acceptance"]
    alert = acceptance["alert"]
    say(f"{mode(submission['mode'])} {serial(alert)} {words('kind_' + alert['kind'])}: {headline(alert)}")
    author = who(acceptance["author"]["name"])
    say(words("board_submission", number=submission["id"], headline=headline(alert), author=author))
    if back := submission["handed_back"]:
        say(words("tui_mended", by=who(back["closed_by"]), reason=back["reason"]))
    if submission["overtaken"]:
        say(words("pending_overtaken"))
    if submission["previous"]:
        say(words("differences_legend"))
    for line in _unsaid(submission):
        say(line)
    for each in submission["channels"]:
        for line in channel_lines(each, whole=True):
            say(line)


def _unsaid(submission: Any) -> Iterator[str]:
    """Yield the words of each language that no channel shows in full: a post is short, feeds are no prose."""
    shown = {
        text["language"] for each in submission["channels"] if each["channel"] != "twitter" for text in each["texts"]
    }
    if any(path.endswith(".txt") for each in submission["channels"] for path in each["files"]):
        return
    for info in submission["acceptance"]["alert"]["infos"]:
        if info["language"] not in shown:
            yield f"--- [{info['language']}] {info['headline']}"
            yield f"{info['description']}\n{info['instruction']}"
            yield ", ".join(area["area_desc"] for area in info["areas"])
