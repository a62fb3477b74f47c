"""`resend`, `hold`, `release`, `drop`: an officer's decision on one delivery, kept with its reason; `reopen`."""

from __future__ import annotations

import click

from broadcaster.cli.session import Session, command
from broadcaster.cli.tables import channel, wrong_lines
from broadcaster.cli.words import words


def _decision(verb: str) -> click.Command:
    @command(verb)
    @click.argument("delivery", type=int)
    @click.option("--why", default="", metavar="REASON", help=words("help_why"))
    def decide(session: Session, delivery: int, why: str) -> None:
        done = session.client().decide(delivery, verb, why or words("why_default"))
        state = words(f"state_{done['state']}")
        session.show(done, words("decided", delivery=delivery, channel=channel(done["channel"]), state=state))

    return decide


resend = _decision("resend")
hold = _decision("hold")
release = _decision("release")
drop = _decision("drop")


@command("reopen")
@click.argument("name", metavar="CHANNEL")
def reopen(session: Session, name: str) -> None:
    """Try a channel again that was taken down."""
    session.client().reopen(name)
    session.show({"channel": name, "reopened": True}, words("check_reopened", channel=channel(name)))


@command("reload")
def reload(session: Session) -> None:
    """Have plan files and the rules over watched feeds read again."""
    done = session.client().reload()
    session.exit_code = 1 if done["problems"] else 0
    said = words("reloaded", plans=done["plans"], rules=done["rules"])
    session.show(done, said, *wrong_lines(done["problems"]))
