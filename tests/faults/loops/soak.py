"""`make soak`: everything that can go wrong does, at random, under a stream of alerts; then every invariant is checked.

Kills at named moments and at any moment, pauses, a full disk (where a tmpfs may be mounted), clock jumps, every bad
answer of the account and of the relay, names that do not resolve: two at a time, for `--minutes`. The printed seed
makes the same choices again, though not at the same instant. In the end all is mended, time passes until everything
has come to rest, an officer answers what the board asks, and the collectors are compared with what was acknowledged.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from broadcaster.errors import BroadcasterError, Refused
from tests.faults.kit import Phase, http, smtp
from tests.faults.kit.disk import SmallDisk, small_disk
from tests.faults.kit.life import TEMPLATES, UPDATES, Life, life
from tests.faults.loops.killing import ALERTING
from tests.faults.loops.tally import say, table

SPEED = 6.0
LASTING = timedelta(minutes=30)
"""How long an alert of the stream holds: five minutes of ours."""
PAUSE_S = 1.0
DEVILS = 2
DISK = 96 << 20
JUMPS_S = (-3600, -60, -5, 5, 60, 600, 7200)
REST_S = 240.0
"""How long everything may take to come to rest in the end, while time is moved on."""
ANSWERS: tuple[Callable[[bool], http.Act], ...] = (
    lambda taken: http.answer(503, take=taken),
    lambda taken: http.answer(500, take=taken),
    lambda taken: http.drop(take=taken),
    lambda taken: http.silence(take=taken),
    lambda taken: http.garbage(take=taken),
    lambda taken: http.cut_short(take=taken),
    lambda taken: http.page(200, take=taken),
    lambda taken: http.huge(take=taken),
    lambda _: http.without_id(),
    lambda _: http.problem("rate-limited", headers={"Retry-After": "20"}),
    lambda _: http.redirect("http://127.0.0.1:9/"),
)
REPLIES = (
    (Phase.CONNECT, smtp.reply("421 4.3.2 Busy", close=True)),
    (Phase.RCPT, smtp.reply("450 4.2.0 Greylisted")),
    (Phase.MAIL, smtp.reply("451 4.3.0 Later")),
    (Phase.DATA, smtp.drop()),
    (Phase.BODY, smtp.drop()),
    (Phase.DOT, smtp.drop()),
    (Phase.DOT, smtp.drop(stored=True)),
    (Phase.DOT, smtp.noise(b"\x00\xff nonsense\r\n", stored=True)),
    (Phase.AFTER, smtp.drop()),
)


class Soak:
    """One run."""

    def __init__(self, town: Life, chance: random.Random, disk: SmallDisk | None) -> None:
        self.town = town
        self.chance = chance
        self.disk = disk
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.faults: Mapping[str, Callable[[], Awaitable[None]]] = {
            "killed at a named moment": self.named,
            "killed at any moment": self.killed,
            "paused": self.paused,
            "clock jumped": self.jumped,
            "bad answers of the account": self.answered,
            "bad replies of the relay": self.replied,
            "no name resolves": self.nameless,
            **({"disk full": self.full} if disk else {}),
        }

    async def run(self, seconds: float) -> None:
        """Let it all happen, then mend it and let it come to rest."""
        tasks = [asyncio.create_task(each) for each in (self.town.keep(), self.stream())]
        devils = [asyncio.create_task(self.devil()) for _ in range(DEVILS)]
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                await asyncio.wait(
                    [*tasks, *devils], timeout=min(60.0, end - time.monotonic()), return_when="FIRST_COMPLETED"
                )
                for task in (*tasks, *devils):
                    if task.done():
                        task.result()
                say(f"{len(self.town.told)} acknowledged, {self.done.total()} faults, {len(self.town.endings)} deaths")
        finally:
            await _cancelled(*devils, tasks[1])
            self.mend()
            keeping = tasks[0]
            try:
                await self.rest()
            finally:
                await _cancelled(keeping)

    async def stream(self) -> None:
        """Say one thing after the other, whatever comes of it."""
        latest: list[tuple[str, str]] = []
        while True:
            before = self.chance.choice(latest) if latest and self.chance.random() < UPDATES else None
            of, template = before or (None, self.chance.choices(*zip(*TEMPLATES.items(), strict=True))[0])
            try:
                said = await self.town.say(of=of, template=template, limit_s=30)
                latest = [*(each for each in latest if each != before), (said, template)][-4:]
            except BroadcasterError as error:
                problems = error.problems if isinstance(error, Refused) else ()
                self.refused.update([each.code for each in problems if each.blocking] or [error.code])
                latest = [each for each in latest if each != before]
            await asyncio.sleep(PAUSE_S)

    async def devil(self) -> None:
        """Do one bad thing after the other."""
        while True:
            await asyncio.sleep(self.chance.uniform(0.2, 3.0))
            name = self.chance.choice(list(self.faults))
            self.done[name] += 1
            await self.faults[name]()
            self.town.look()

    # ------------------------------------------------------------ what goes wrong

    async def named(self) -> None:
        """End the core, and let the next one die at a named moment."""
        point = self.chance.choice(ALERTING)
        async with self.town.starting:
            await self.town.kill()
            core = self.town.start(point if point.startswith("r") else f"{point}@{self.chance.randint(1, 4)}")
        with suppress(TimeoutError):
            await core.ended(self.chance.uniform(2, 8))

    async def killed(self) -> None:
        await self.town.end(self.chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)))

    async def paused(self) -> None:
        core = self.town.core
        if core is not None:
            core.signal(signal.SIGSTOP)
            await asyncio.sleep(self.chance.uniform(0.2, 4.0))
            core.signal(signal.SIGCONT)

    async def jumped(self) -> None:
        """Most jumps are corrected after a while; small ones stay."""
        seconds = self.chance.choice(JUMPS_S)
        self.town.clock.jump(seconds)
        if abs(seconds) > 60:
            await asyncio.sleep(self.chance.uniform(1.0, 5.0))
            self.town.clock.jump(-seconds)

    async def answered(self) -> None:
        acts = [self.chance.choice(ANSWERS)(self.chance.random() < 0.5) for _ in range(self.chance.randint(1, 5))]
        self.town.x.script(*acts, on=self.chance.choice(("post", "post", "timeline")))

    async def replied(self) -> None:
        for _ in range(self.chance.randint(1, 5)):
            phase, step = self.chance.choice(REPLIES)
            self.town.mail.script(phase, step)

    async def nameless(self) -> None:
        self.town.names(resolve=False)
        await asyncio.sleep(self.chance.uniform(1.0, 6.0))
        self.town.names(resolve=True)

    async def full(self) -> None:
        if self.disk is not None:
            await asyncio.to_thread(self.disk.fill)
            await asyncio.sleep(self.chance.uniform(0.5, 4.0))
            self.disk.free()

    # ------------------------------------------------------------ the end

    def mend(self) -> None:
        """Everything works again, and every answer is honest."""
        self.town.names(resolve=True)
        if self.disk is not None:
            self.disk.free()
        if self.town.core is not None:
            self.town.core.signal(signal.SIGCONT)
        self.town.x.honest()
        self.town.mail.honest()

    async def rest(self) -> None:
        """Let time pass until nothing is open; answer what is asked; again until nothing is asked."""
        await self.town.answering()
        while True:
            await self._passed()
            if not await self.town.answer_questions():
                return

    async def _passed(self) -> None:
        end = time.monotonic() + REST_S
        while True:
            try:
                await self.town.settled(4.0)
            except AssertionError:
                if time.monotonic() > end:
                    raise
                self.town.clock.jump(30)
            else:
                return


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _place(seed: int) -> AsyncGenerator[tuple[Life, SmallDisk | None], None]:
    folder = Path(tempfile.mkdtemp(prefix="broadcaster-soak-"))
    try:
        async with AsyncExitStack() as stack:
            disk: SmallDisk | None = None
            try:
                disk = stack.enter_context(small_disk(folder / "data", DISK))
            except (pytest.skip.Exception, pytest.fail.Exception) as error:
                say(f"The disk stays as large as it is: {error}")
            town = await stack.enter_async_context(life(folder, speed=SPEED, by_name=True))
            town.x.account.forgetful = bool(seed % 2)
            town.lasting = LASTING
            yield town, disk
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def soak(minutes: float, seed: int) -> bool:
    """Run, and print what came of it; return whether everything held."""
    async with _place(seed) as (town, disk):
        run = Soak(town, random.Random(seed), disk)
        try:
            await run.run(minutes * 60)
            await _judged(town, run)
        except AssertionError as error:
            say(f"\nBROKEN (seed {seed}):\n{error}")
            kept = Path(tempfile.mkdtemp(prefix="broadcaster-soak-broken-"))
            ignored = shutil.ignore_patterns("*.sock")
            shutil.copytree(town.folder, kept, dirs_exist_ok=True, symlinks=True, ignore=ignored)
            say(f"Store and log are kept in {kept}")
            return False
    say("\nEvery invariant held.")
    return True


async def _judged(town: Life, run: Soak) -> None:
    """Print what was done and what came of it. Raise `AssertionError` unless everything held."""
    verdict = await town.verdict()
    say()
    say(table(("fault", "times"), sorted(run.done.items())))
    say()
    counts = {name: len(value) if isinstance(value, list) else value for name, value in vars(verdict).items()}
    say(table(("in the end", "number"), list(counts.items())))
    if run.refused:
        say(f"\nTold to the person who handed in: {dict(run.refused)}")
    verdict.holds()


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    options = parser.parse_args()
    os.environ["BROADCASTER_CATALOG"] = "strict"
    say(f"seed {options.seed}, {options.minutes:g} minutes")
    return 0 if asyncio.run(soak(options.minutes, options.seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
