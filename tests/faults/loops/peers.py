"""The peers, killed the same way: for each message one kill -9, at a random moment within twice the time that this
peer itself needs from the handing over to the arrival (measured before, without kills). Then it is started again.

Every one sends to the same collectors, which take 40 ms for a message as a provider across a network does.
What counts as handed over is each peer's own word for it:

- Broadcaster: the desk says accepted.
- Apprise: `notify()` was called. It is a library that keeps nothing; whoever calls it again after a kill gets copies.
- huey (SQLite, fsync on): the task is in its queue. It takes a task out before running it.
- Alertmanager: it answered 200. It keeps alerts in memory; Prometheus would send them again after a minute.
- Postfix: it answered 250 to the final dot.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import multiprocessing
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from broadcaster.demo.smtp import Phase, SmtpProvider, late
from tests.faults.kit.life import life
from tests.faults.loops.peer import DRAIN_S, PROVIDER_S, Hook, Peer, address, post
from tests.faults.loops.servers import Alertmanager, Postfix
from tests.nursery import LOADED

HEAD = ("killed once per message", "needs ms", "handed over", "lost", "copies", "unflagged", "asked a person")
KEYS = ("what", "needs_ms", "handed", "lost", "copies", "unflagged", "asked")
"""The same for programs."""
WARM_UP = 5
"""Messages that are not killed: they tell how long this peer needs."""
_fork = multiprocessing.get_context("forkserver")
_fork.set_forkserver_preload([*LOADED, "apprise", "apprise.plugins", "huey"])


@dataclass
class Count:
    """What came of one peer; `flagged` are copies it has called possible itself."""

    name: str
    handed: int = 0
    came: Counter[int] = field(default_factory=Counter[int])
    flagged: int = 0
    asked: int = 0
    needs_s: float = 0.0

    @property
    def lost(self) -> int:
        """Handed over, and never arrived."""
        return sum(1 for number in range(self.handed) if not self.came[number])

    @property
    def row(self) -> tuple[object, ...]:
        copies = sum(count - 1 for count in self.came.values() if count > 1)
        needs = round(self.needs_s * 1000)
        return self.name, needs, self.handed, self.lost, copies, max(0, copies - self.flagged), self.asked


class Forked(Peer):
    """A peer that is a Python library: its worker is forked from loaded modules."""

    worker: Callable[..., None]

    def __init__(self, folder: Path, smtp: SmtpProvider, hook: Hook) -> None:
        super().__init__(folder, smtp, hook)
        self._process: Any = None

    async def kill(self) -> None:
        os.kill(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(self._process.join)


class Apprise(Forked):
    name = "Apprise"

    @classmethod
    def missing(cls) -> str:
        return "" if importlib.util.find_spec("apprise") else "Apprise"

    async def start(self) -> None:
        here, there = _fork.Pipe()
        self._pipe = here
        self._process = _fork.Process(target=apprise_worker, args=(there, self.smtp.port), daemon=True)
        self._process.start()
        there.close()
        assert await asyncio.to_thread(here.recv) == "ready"

    async def hand_over(self, number: int) -> None:
        self._pipe.send(number)
        assert await asyncio.to_thread(self._pipe.recv) == number


class Huey(Forked):
    name = "huey on SQLite, fsync"

    @classmethod
    def missing(cls) -> str:
        return "" if importlib.util.find_spec("huey") else "huey"

    async def start(self) -> None:
        self._process = _fork.Process(
            target=huey_worker, args=(str(self.folder / "huey.db"), self.smtp.port), daemon=True
        )
        self._process.start()

    async def hand_over(self, number: int) -> None:
        await asyncio.to_thread(_huey(str(self.folder / "huey.db"), self.smtp.port), number)


def apprise_worker(pipe: Any, port: int) -> None:
    """Do what a program does that sends with Apprise: notify for each message as it comes."""
    apprise = importlib.import_module("apprise")
    pipe.send("ready")
    while True:
        number = pipe.recv()
        to = apprise.Apprise()
        to.add(f"mailto://127.0.0.1:{port}/?smtp=127.0.0.1&mode=insecure&from=a@b.example&to={address(number)}")
        pipe.send(number)
        to.notify(body=f"number {number}", title="alert")


def huey_worker(path: str, port: int) -> None:
    """Run huey's own consumer."""
    send = _huey(path, port)
    consumer = send.huey.create_consumer(
        workers=1, periodic=False, initial_delay=0.01, max_delay=0.02, backoff=1.0, check_worker_health=False
    )
    consumer.run()


def _huey(path: str, port: int) -> Any:
    queue = importlib.import_module("huey").SqliteHuey(filename=path, fsync=True, results=False)

    def send(number: int) -> None:
        post(port, number)

    return queue.task(name="send")(send)


class Broadcaster:
    """Ours, by the same clockwork; its life is the kit's own."""

    name = "Broadcaster"


async def ours(messages: int, seed: int) -> Count:
    """Hand our own desk the same messages, and kill its core as often."""
    chance, count = random.Random(seed), Count(Broadcaster.name)
    folder = Path(tempfile.mkdtemp(prefix="broadcaster-peer-"))
    try:
        async with life(folder, people=1) as town:
            town.mail.script(Phase.DOT, late(PROVIDER_S), always=True)
            keys: list[str] = []

            async def hand_over(_: int) -> None:
                keys.append(await town.say(draft=replace(town.draft(), channels=("mail",))))

            count.needs_s = await _needs(hand_over, lambda: town.mail.received.total)
            for number in range(WARM_UP, messages):
                await hand_over(number)
                await asyncio.sleep(chance.uniform(0, 2 * count.needs_s))
                await town.kill()
                town.start()
                await town.answering()
            await town.settled(DRAIN_S * 2)
            count.asked = await town.answer_questions()
            await town.settled(DRAIN_S)
            verdict = await town.verdict()
            verdict.holds()
            numbers = {row[0]: keys.index(row[1]) for row in town.query("SELECT key, identifier FROM delivery")}
            count.came.update(numbers[name.strip("<>").partition(".")[0]] for _, name in town.mail.received.arrivals)
            count.handed, count.flagged = messages, verdict.copies - len(verdict.unflagged)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return count


async def _needs(hand_over: Callable[[int], Awaitable[None]], total: Callable[[], int]) -> float:
    """Return the median time in seconds from a message's handing over to its arrival."""
    took = []
    for number in range(WARM_UP):
        before = total()
        await hand_over(number)
        began = time.monotonic()
        while total() == before:
            await asyncio.sleep(0.002)
        took.append(time.monotonic() - began)
    return statistics.median(took)


async def theirs(kind: type[Peer], messages: int, seed: int) -> Count:
    """Hand one peer its messages, and kill it after each."""
    chance, count = random.Random(seed), Count(kind.name)
    folder, hook = Path(tempfile.mkdtemp(prefix="broadcaster-peer-")), Hook()
    try:
        async with SmtpProvider(keep=()) as smtp, hook.listening():
            smtp.script(Phase.DOT, late(PROVIDER_S), always=True)
            peer = kind(folder, smtp, hook)
            await peer.start()
            try:
                count.needs_s = await _needs(peer.hand_over, lambda: peer.total)
                for number in range(WARM_UP, messages):
                    await peer.hand_over(number)
                    await asyncio.sleep(chance.uniform(0, 2 * count.needs_s))
                    await peer.kill()
                    await peer.start()
                await peer.drain()
            finally:
                await peer.kill()
            count.handed = messages
            count.came = hook.came + Counter(
                int(name.removeprefix("number").partition("@")[0]) for name in smtp.received.by_recipient.elements()
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return count


PEERS: tuple[type[Peer], ...] = (Apprise, Huey, Alertmanager, Postfix)


if __name__ == "__main__":
    sys.exit("python -m tests.faults.loops.kill runs this")
