"""Breaking the glass: a countdown that anybody on duty can stop, and the look afterwards."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import click

from broadcaster.cli.asking import code_for
from broadcaster.cli.concluding import WAIT_PACE_S, conclude
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import clock, mode, serial
from broadcaster.cli.words import words
from broadcaster.client import Client
from broadcaster.errors import Conflict, NotFound


def broken(session: Session, client: Client, done: Any, *, reason: str, wait: bool) -> None:
    """Start the countdown for what waits. With `wait`, first wait until it may be started, then until it is over and
    the deliveries are settled; without, say what stands now.
    """
    number, offered = done["submission"], _offered(client, done["submission"])
    if offered and not wait:
        told = words("break_glass_from", number=number, at=clock(offered[0], offered[1]))
        submitted = words("submitted", mode=mode(done["mode"]), serial=serial(done["alert"]), number=number)
        session.show({**done, "break_glass_from": offered[0]}, submitted, told)
        return
    while wait and _offered(client, number):
        time.sleep(WAIT_PACE_S)
    breaking = client.break_glass(number, done["digest"], reason, code_for(client))
    if not wait:
        session.show({**done, "breaking": breaking}, words("break_glass_begun", number=number))
        return
    if not session.json:
        say(words("break_glass_begun", number=number))
    _count_down(session, client, number)
    conclude(session, client, _outcome(client, done), wait=True)


def _offered(client: Client, number: int) -> tuple[str, str] | None:
    """Return from when the glass may be broken and the zone to say it in, None where it may be now or never."""
    board = client.board()
    at = board["breakable"].get(str(number))
    if at is None or datetime.fromisoformat(at) <= datetime.fromisoformat(board["now"]):
        return None
    return at, board["zone"]


def _count_down(session: Session, client: Client, number: int) -> None:
    """Wait until it is over, and show how long that takes. Raise `Conflict` where it was stopped."""
    last = None
    while True:
        board = client.board()
        found = [each for each in board["breaking"] if each["submission"] == number]
        if not found:
            break
        left = (datetime.fromisoformat(found[0]["due_at"]) - datetime.fromisoformat(board["now"])).total_seconds()
        if session.interactive and int(left) != last:
            last = int(left)
            say(words("break_glass_seconds", seconds=max(0, last)))
        time.sleep(WAIT_PACE_S)
    if any(each["id"] == number for each in board["waiting"]):
        raise Conflict("break_glass_was_stopped", number=number)


def _outcome(client: Client, done: Any) -> Any:
    """Return the hand-in as accepted. Raise `Conflict` where it was returned meanwhile."""
    try:
        row = client.report(done["alert"]["identifier"])["row"]
    except NotFound:
        raise Conflict("break_glass_was_stopped", number=done["submission"]) from None
    return {**done, "accepted": True, "deliveries": row["deliveries"], "warnings": []}


@command("stop")
@click.argument("submission", type=int)
@click.option("--reason", default="", help=words("help_stop_reason"))
def stop(session: Session, submission: int, reason: str) -> None:
    """Stop a countdown."""
    session.client().stop_breaking(submission, reason)
    session.show({"submission": submission, "stopped": True}, words("break_glass_stopped", number=submission))


@command("review")
@click.argument("alert")
@click.argument("note")
def review(session: Session, alert: str, note: str) -> None:
    """Say what was found about an alert that went out without a second person."""
    session.client().review(alert, note)
    session.show({"alert": alert, "reviewed": True}, words("reviewed", alert=alert))
