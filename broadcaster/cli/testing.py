"""`canary`: test messages, what has answered them, and the public addresses looked at from outside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from broadcaster.cli.app import Group
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import clock, columns, moment, silent_lines
from broadcaster.cli.words import help_of, words
from broadcaster.papers import silence

if TYPE_CHECKING:
    from broadcaster.client import Client

_PACE_S = 0.5
_UNITS = ((86400, "tui_days"), (3600, "tui_hours"), (60, "tui_minutes"), (1, "tui_seconds"))
canary = Group(
    {"list": "testing:places", "run": "testing:run", "status": "testing:status", "look": "testing:look"},
    name="canary",
    help=help_of("canary"),
    prefix="canary_",
)


@command("canary list")
def places(session: Session) -> None:
    """Say when tests come round, and where each channel says its own. Needs no running service."""
    from broadcaster.documents import dump  # noqa: PLC0415 - heavy, and only here

    found = dump(asyncio.run(_overview(session)))
    session.show(found, *_places(found))


async def _overview(session: Session) -> Any:
    from broadcaster.bootstrap import tests_ahead  # noqa: PLC0415 - heavy, and only here

    return await tests_ahead(session.settings())


def _places(found: Any) -> Iterator[str]:
    times = "  ".join(clock(each, found["zone"]) for each in found["ahead"])
    yield words("canary_next", times=times) if times else words("canary_no_next")
    ways = ", ".join(_channel(each) for each in found["ways"])
    yield words("canary_ways", ways=ways) if ways else words("canary_no_ways")
    rows = [(_channel(each["channel"]), _where(each)) for each in found["places"]]
    yield from columns([*rows, *((url, words("canary_looked_at")) for url in found["addresses"])])


def _channel(name: str) -> str:
    return silence.subject({"organ": "channel", "name": name}, words)


def _where(place: Any) -> str:
    if not place["place"]:
        return words("canary_no_place")
    where = words("canary_unlisted") if place["place"] == "canary" else place["place"]
    return words("canary_tested", place=where) if place["tested"] else words("canary_not_tested")


@command("canary status")
def status(session: Session) -> None:
    """Say when each channel and public address last answered; exit 1 where one is silent."""
    found = session.client().canary()
    session.exit_code = 1 if any(each["silent_since"] for each in found["pulses"]) else 0
    session.show(_aged(found), *_status(found))


def _aged(found: Any) -> Any:
    """Return it with the measure for monitoring: seconds since each last answered, None where it never has."""
    now = moment(found["now"])
    ages = [(each, silence.age(each, now)) for each in found["pulses"]]
    pulses = [{**each, "age_s": None if age is None else int(age.total_seconds())} for each, age in ages]
    return {**found, "pulses": pulses}


def _status(found: Any) -> Iterator[str]:
    if not found["pulses"]:
        yield words("canary_nothing")
    yield from silent_lines(found["pulses"], found["zone"])
    yield from (f"    {_pulse(each, found)}" for each in found["pulses"] if not each["silent_since"])
    done = [each for each in found["soundings"] if each["state"] != "planned"]
    if done:
        state = words(f"sounding_{done[0]['state']}")
        yield words("canary_last", time=clock(done[0]["due"], found["zone"]), state=state)
    times = "  ".join(clock(each, found["zone"]) for each in found["ahead"][:1])
    yield words("canary_next", times=times) if times else words("canary_no_next")


def _pulse(each: Any, found: Any) -> str:
    """Return how one that is not silent is."""
    about, age = silence.subject(each, words), silence.age(each, moment(found["now"]))
    if each["failing_since"]:
        since = clock(each["failing_since"], found["zone"])
        return words("canary_failing", subject=about, since=since, why=silence.why(each, words))
    return words("canary_never", subject=about) if age is None else words("canary_fine", subject=about, age=_span(age))


def _span(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    size, code = next((unit for unit in _UNITS if seconds >= unit[0]), _UNITS[-1])
    return words(code, count=seconds // size)


@command("canary run")
@click.option("--seconds", type=click.IntRange(0, 3600), default=60, help=words("help_canary_seconds"))
def run(session: Session, seconds: int) -> None:
    """Say a test message now, and wait for the answers; exit 1 where one is missing."""
    client = session.client()
    sounding = client.test_now()
    serial = "-".join(sounding["alert"].rsplit("-", 2)[1:])
    if not session.json:
        say(words("canary_said", serial=serial))
    found = _answered(client, sounding, seconds)
    session.exit_code = 1 if found["missing"] else 0
    names = "、".join(_channel(name) for name in found["missing"])
    line = words("canary_waiting", names=names) if names else words("canary_all_answered")
    session.show({"sounding": sounding, **found}, line)


def _answered(client: Client, sounding: Any, seconds: int) -> Any:
    """Wait until every channel has answered this test, at most so long; return which have and which have not."""
    end = time.monotonic() + seconds
    while True:
        deliveries = client.report(sounding["alert"])["row"]["deliveries"]
        pulses = {each["name"]: each for each in client.canary()["pulses"] if each["organ"] == "channel"}
        named = dict.fromkeys(each["channel"] for each in deliveries)
        missing = [name for name in named if not _since(pulses.get(name), sounding["at"])]
        if not missing or time.monotonic() >= end:
            return {"answered": [name for name in named if name not in missing], "missing": missing}
        time.sleep(_PACE_S)


def _since(pulse: Any, at: str) -> bool:
    """Return whether it has answered since then."""
    return pulse is not None and bool(pulse["answered_at"]) and moment(pulse["answered_at"]) >= moment(at)


@command("canary look")
def look(session: Session) -> None:
    """Look at the public addresses once, from this machine; exit 1 where residents would not get what is published.

    Needs no running service, only the configuration: run by cron on another machine, it sees what residents see.
    """
    found = asyncio.run(_looked(session))
    session.exit_code = 1 if any(each["trouble"] for each in found) else 0
    session.show({"addresses": found}, *(_sight(each) for each in found))


async def _looked(session: Session) -> list[dict[str, Any]]:
    from broadcaster.bootstrap import looked  # noqa: PLC0415 - heavy, and only here

    return [dict(each) for each in await looked(session.settings())]


def _sight(each: Any) -> str:
    if not each["trouble"]:
        return f"    {words('canary_seen', subject=words('canary_address', name=each['url']))}"
    about = {"organ": "address", "name": each["url"], "reason": each["trouble"], "params": each["params"]}
    return f"  ! {silence.subject(about, words)}: {silence.why(about, words)}"
