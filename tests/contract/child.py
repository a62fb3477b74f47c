"""What processes do that may be killed: one thing to a store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from broadcaster.errors import Conflict
from broadcaster.model import Kind, Mode, Part, PlanRow, Severity, State
from broadcaster.ports.store import Coming, Settlement
from broadcaster.store import Store, open_store
from tests.contract.values import NOW, OFFICER, SECOND_OFFICER, acceptance, alert, attempt, claim, planned
from tests.unit.plans import plan

KEY = "the client's key"
HOURS = 25


def plan_row(digest: str) -> PlanRow:
    """A plan as it is put in."""
    return PlanRow(plan=plan(), digest=digest, author=OFFICER, at=NOW)


def occurrence_of() -> Coming:
    """The occurrence of now."""
    hour = timedelta(hours=1)
    return Coming(plan="chime", due=NOW, part=Part.ANNOUNCE, until=NOW + hour, latest=NOW + hour, digest="words")


async def accept(store: Store) -> None:
    number, version = await store.next_serial(None)
    await store.accept(acceptance(alert(number, version), key=KEY, plan=[planned("twitter"), planned("mail")]))


async def begin(store: Store) -> None:
    await store.begin("node", NOW)


async def send(store: Store) -> None:
    """Claim and leave it `sending`."""
    await store.claim(claim(await store.begin("node", NOW)))


async def record(store: Store) -> None:
    (work,) = await store.claim(claim(await store.begin("node", NOW)))
    done = Settlement(state=State.ACCEPTED, due_at=NOW, ref="42")
    await store.record(work.delivery, work.delivery.epoch, attempt(work.delivery), done)


async def approve(store: Store) -> None:
    await store.put_plan(plan_row("words"))
    await store.approve_plan("chime", "words", SECOND_OFFICER, NOW)


async def announce(store: Store) -> None:
    """Say the occurrence of now, as an alarm clock would that remembers nothing."""
    number, version = await store.next_serial(None)
    said = acceptance(alert(number, version, Kind.ROUTINE, severity=Severity.MINOR), key=KEY)
    await store.accept(replace(said, occurrence=occurrence_of()))


async def contend(store: Store) -> None:
    """Say every occurrence of a hundred hours, against whoever else does."""
    for hour in range(HOURS):
        due = NOW + timedelta(hours=hour)
        number, version = await store.next_serial(None)
        said = acceptance(alert(number, version, Kind.ROUTINE, severity=Severity.MINOR))
        coming = replace(occurrence_of(), due=due, until=due + timedelta(hours=1), latest=due)
        try:
            await store.accept(replace(said, occurrence=coming))
        except Conflict as settled:
            assert settled.code == "occurrence_settled"  # noqa: PT017 (a child, not a test)


async def nothing(store: Store) -> None:
    """Opening is all that is asked."""


DOES: dict[str, Callable[[Store], Awaitable[None]]] = {
    each.__name__: each for each in (accept, begin, send, record, approve, announce, contend, nothing)
}


async def main(path: Path, does: str) -> None:
    async with open_store(path, Mode.LIVE) as store:
        await DOES[does](store)


def do(path: Path, does: str) -> None:
    asyncio.run(main(path, does))
