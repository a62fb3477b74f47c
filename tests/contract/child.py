"""A process that may be killed: `python -m tests.contract.child FILE DOES` does one thing to a store and says so."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from broadcaster.model import Mode, State
from broadcaster.ports.store import Settlement
from broadcaster.store import Store, open_store
from tests.contract.values import NOW, acceptance, alert, attempt, claim, planned

KEY = "the client's key"


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


async def nothing(store: Store) -> None:
    """Opening is all that is asked."""


DOES: dict[str, Callable[[Store], Awaitable[None]]] = {
    each.__name__: each for each in (accept, begin, send, record, nothing)
}


async def main(path: Path, does: str) -> None:
    async with open_store(path, Mode.LIVE) as store:
        await DOES[does](store)
    sys.stdout.write("done\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
