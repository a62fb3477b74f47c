"""`upstream rules`, `approve`, `hold`, `release`: what may be said without a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from broadcaster.cli.people import reader
from broadcaster.cli.sending import confirm
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import clock, mode
from broadcaster.cli.words import words
from broadcaster.errors import NotFound
from broadcaster.papers.automatic import rule_bounds, rule_standing, stopped


@command("upstream rules")
def rules(session: Session) -> None:
    """Show the rules that may speak without a person, and whether they are stopped."""
    found = session.client().automatic()
    session.show(found, *_lines(found))


def _lines(found: Any) -> Iterator[str]:
    if not found["rules"]:
        yield words("automatic_none")
    if stop := found["stop"]:
        yield stopped(stop, reader(), clock(stop["at"], found["zone"]))
    for rule in found["rules"]:
        yield from _rule_lines(rule)


def _rule_lines(rule: Any) -> Iterator[str]:
    yield f"{rule['rule']}: {rule_standing(rule, reader())}"
    yield from (f"  {line}" for line in rule_bounds(rule, reader()))


@command("upstream approve")
@click.argument("rule")
@click.option("--yes", is_flag=True, help=words("help_yes"))
def approve(session: Session, rule: str, yes: bool) -> None:
    """Give one's word that a rule may speak without a person; it does from the second person's word on."""
    client = session.client()
    found = client.automatic()
    seen = next((each for each in found["rules"] if each["rule"] == rule), None)
    if seen is None:
        raise NotFound("automatic_rule_not_found", rule=rule)
    if not session.json:
        for line in _shown(found, seen):
            say(line)
    if session.interactive and not yes:
        confirm(found["mode"], "confirm_rule")
    given = client.approve_automatic(rule, seen["digest"])
    session.show(given, words("automatic_approved_now" if given["second"] else "automatic_proposed_now", rule=rule))


def _shown(found: Any, rule: Any) -> Iterator[str]:
    yield mode(found["mode"])
    yield from _rule_lines(rule)
    if rule["words"]:
        yield words("automatic_example")
    for info in (rule["words"] or {"infos": ()})["infos"]:
        yield f"--- [{info['language']}] {info['headline']}"
        yield f"{info['description']}\n{info['instruction']}"


@command("upstream hold")
@click.option("--why", "reason", default="", metavar="REASON", help=words("help_why"))
def hold(session: Session, reason: str) -> None:
    """Stop all automatic sending at once."""
    session.show(session.client().hold_automatic(reason), words("automatic_held"))


@command("upstream release")
def release(session: Session) -> None:
    """Let automatic sending go on."""
    session.client().release_automatic()
    session.show({"released": True}, words("automatic_released"))
