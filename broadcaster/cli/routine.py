"""`routine`: announcements by the calendar: looking ahead, plans, and decisions about single occurrences."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadcaster.cli.app import Group
from broadcaster.cli.people import who
from broadcaster.cli.sending import confirm
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import clock, columns, mode, moment, routine_lines
from broadcaster.cli.words import help_of, words
from broadcaster.errors import NotFound

if TYPE_CHECKING:
    from broadcaster.client import Client

FARTHEST = 366
routine = Group(
    {
        name: f"routine:{attribute}"
        for name, attribute in {
            "list": "overview",
            "next": "ahead",
            "show": "show",
            "add": "add",
            "approve": "approve",
            "skip": "skip",
            "release": "release",
            "retire": "retire",
        }.items()
    },
    name="routine",
    help=help_of("routine"),
    prefix="routine_",
)


@command("routine list")
def overview(session: Session) -> None:
    """Show every plan, and what waits for a person."""
    found = session.client().routine()
    session.show(found, *_overview_lines(found))


def _overview_lines(found: Any) -> Iterator[str]:
    if found["suspended"]:
        yield words("routine_suspended_now")
    yield from routine_lines(found["waiting"], _titles(found["plans"]), found["zone"])
    plans = [row for row in found["plans"] if not row["retired"]]
    if not plans:
        yield words("routine_no_plans")
    yield from columns((row["plan"]["id"], _standing(row), row["plan"]["title"]) for row in plans)


def _titles(plans: Any) -> dict[str, str]:
    return {row["plan"]["id"]: row["plan"]["title"] for row in plans}


def _standing(row: Any) -> str:
    """Return whether a plan speaks, and by whose word."""
    if row["approved"] and row["approved"] == row["digest"]:
        return words("routine_approved", approver=who(row["approver"]["name"]))
    return words("routine_changed" if row["approved"] else "routine_unapproved")


@command("routine next")
@click.argument("plan", default="")
@click.option("--days", type=click.IntRange(1, FARTHEST), default=30, help=words("help_days_ahead"))
def ahead(session: Session, plan: str, days: int) -> None:
    """Show what comes, with why it is left out. Needs no running service."""
    from broadcaster.bootstrap import announcements_ahead  # noqa: PLC0415 - calendars and channels, only here
    from broadcaster.documents import dump  # noqa: PLC0415 - see above

    config = session.settings()
    found = dump(asyncio.run(announcements_ahead(config, days, plan)))
    lines = _ahead_lines(found, config.city.zone.key)
    session.show(found, *(lines or [words("routine_nothing_ahead", days=days)]))


def _ahead_lines(found: Iterable[Any], zone: str) -> list[str]:
    return list(
        columns(
            (_day(each["due"], zone), each["plan"], words(f"routine_short_{each['part']}"), _left_out(each))
            for each in found
        )
    )


def _day(due: str, zone: str) -> str:
    """Return day, weekday and time in the city."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only here

    local = moment(due).astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d} {words('weekdays').split()[local.weekday()]} {local:%H:%M}"


def _left_out(each: Any) -> str:
    """Return why it is left out, in words; empty where it will be said."""
    if not each["reason"]:
        return ""
    why = words("routine_unsayable") if each["state"] == "failed" else words(f"routine_reason_{each['reason']}")
    detail = each["detail"] if each["reason"] != "reserve" else each["detail"][:10]
    return f"- {why}" + (f" ({detail})" if detail else "")


@command("routine add")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--try", "trying", is_flag=True, help=words("help_try"))
def add(session: Session, file: Path, trying: bool) -> None:
    """Put a plan in: a file, or one of the samples by name. It speaks once it is approved."""
    from broadcaster.documents import dump, plan_table  # noqa: PLC0415 - pydantic, only here

    name, table = plan_table(file if file.exists() else _sample(file))
    client = session.client()
    if trying:
        seen = client.look_at_plan(name, dump(table))
        session.show(seen, *_view_lines(seen), words("routine_looked"))
        return
    row = client.put_plan(name, dump(table))
    view = client.plan(row["plan"]["id"])
    session.show(row, *_view_lines(view), words("routine_added", plan=name))


def _sample(file: Path) -> Path:
    """Return the plan of this name that comes with the program. Raise `click.FileError`."""
    from broadcaster.rendering import templates_dir  # noqa: PLC0415 - see above

    path = templates_dir() / "routine" / f"{file.name.removesuffix('.toml')}.toml"
    if not path.exists() or file.parent != Path():
        raise click.FileError(str(file), hint=words("routine_no_file"))
    return path


@command("routine show")
@click.argument("plan")
def show(session: Session, plan: str) -> None:
    """Show one plan: what it would say now, and when it comes next."""
    view = session.client().plan(plan)
    session.show(view, *_view_lines(view))


@command("routine approve")
@click.argument("plan")
@click.option("--yes", is_flag=True, help=words("help_yes"))
def approve(session: Session, plan: str, yes: bool) -> None:
    """Let a series speak in the words that are shown."""
    client = session.client()
    view = client.plan(plan)
    if not session.json:
        for line in _view_lines(view):
            say(line)
    if session.interactive and not yes:
        confirm(view["mode"], "confirm_series")
    row = client.approve_plan(plan, view["row"]["digest"])
    session.show(row, words("routine_approved_now", plan=plan))


def _view_lines(view: Any) -> Iterator[str]:
    """Yield what a plan would say now, and when it comes next."""
    plan = view["row"]["plan"]
    yield f"{mode(view['mode'])} {plan['id']}: {plan['title']}"
    for draft in view["drafts"]:
        for info in draft["infos"]:
            yield f"--- {words('kind_' + draft['kind'])} [{info['language']}] {info['headline']}"
            yield f"{info['description']}\n{info['instruction']}"
            yield ", ".join(area["area_desc"] for area in info["areas"])
    yield f"--- {words('routine_comes')}"
    yield from _ahead_lines(view["ahead"], view["zone"])


@command("routine skip")
@click.argument("plan")
@click.argument("when")
@click.option("--why", "reason", default="", metavar="REASON", help=words("help_why"))
@click.option("--lift", is_flag=True, help=words("help_lift"))
def skip(session: Session, plan: str, when: str, reason: str, lift: bool) -> None:
    """Leave one occurrence out."""
    _decide(session, plan, when, "skip", reason, lift=lift)


@command("routine release")
@click.argument("plan")
@click.argument("when")
@click.option("--why", "reason", default="", metavar="REASON", help=words("help_why"))
@click.option("--lift", is_flag=True, help=words("help_lift"))
def release(session: Session, plan: str, when: str, reason: str, lift: bool) -> None:
    """Let one occurrence go: suspended, held, or left out before."""
    _decide(session, plan, when, "release", reason, lift=lift)


def _decide(session: Session, plan: str, when: str, verb: str, reason: str, *, lift: bool) -> None:
    client, part = session.client(), "lift" if lift else "announce"
    due, zone = _due(client, plan, when, part)
    row = client.decide_occurrence(plan, due, verb, part, reason)
    state = words(f"routine_state_{row['state']}")
    session.show(row, words("routine_decided", plan=plan, time=clock(row["due"], zone), state=state))


def _due(client: Client, plan: str, when: str, part: str) -> tuple[str, str]:
    """Return the due time that begins with `when` in the city's time, as the desk tells it, and the zone.

    Raise `NotFound` where there is none, or where a day has several.
    """
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only here

    found = client.routine()
    zone = ZoneInfo(found["zone"])
    known = [each for each in (*found["waiting"], *client.routine_next(FARTHEST, plan)) if each["plan"] == plan]
    dues = {each["due"] for each in known if each["part"] == part}
    fitting = [due for due in dues if moment(due).astimezone(zone).isoformat(timespec="minutes").startswith(_iso(when))]
    if len(fitting) != 1:
        raise NotFound("occurrence_not_found", plan=plan, due=when)
    return fitting[0], found["zone"]


def _iso(when: str) -> str:
    """Take `2026-12-06 10:00` for `2026-12-06T10:00`."""
    return when.strip().replace(" ", "T")


@command("routine retire")
@click.argument("plan")
@click.option("--why", "reason", default="", metavar="REASON", help=words("help_why"))
def retire(session: Session, plan: str, reason: str) -> None:
    """Silence a plan."""
    session.client().retire_plan(plan, reason)
    session.show({"plan": plan, "retired": True}, words("routine_retired", plan=plan))
