"""One instance with its providers, lived through from outside: it is told things, killed, started again, and judged.

`async with life(folder) as town:` starts the real core (see `kit.core`) over the demonstration's stage. Its clock runs
`speed` times as fast as ours, so that the 60 s a doubt may take pass in three.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from broadcaster.bootstrap import filled
from broadcaster.client import Client
from broadcaster.config import load_config
from broadcaster.demo.smtp import SmtpProvider
from broadcaster.demo.stage import SAMPLE, Stage, stage
from broadcaster.demo.x import XProvider
from broadcaster.documents import dump
from broadcaster.errors import Conflict, Refused, ServiceUnreachable, StoreError
from broadcaster.model import Draft, Mode, Subscriber
from broadcaster.store import open_store
from tests.desk.persons import seat
from tests.faults.kit.clock import RacingClock
from tests.faults.kit.core import Core, Order
from tests.faults.kit.judging import Verdict, judge
from tests.faults.kit.waiting import until

SPEED = 15.0
OFFICERS = ("duty-a", "duty-b")
"""Who hands in, and who approves."""
TEMPLATES = {"flood-level4": 6, "flood-level3": 3, "power-cut": 1}
"""What a stream is made of, and how often: emergencies, warnings, information."""
UPDATES = 0.4
"""The share of updates in a stream."""
_PATIENT_S = 600.0
_OPEN = ("ready", "sending", "retry_wait", "in_doubt")
_FREE = "public_utility = true\nposts_per_15_min = 100000\nposts_per_24_h = 100000\n"
_LANE = "[channels.{}.lane]\nrate_per_s = 50\nburst = 100\n"


class Life:
    """See the module. `told` maps each acknowledged alert to its key; `unclear` holds keys never acknowledged."""

    def __init__(self, folder: Path, ready: Stage, clock: RacingClock, order: Order) -> None:
        self.folder = folder
        self.stage = ready
        self.clock = clock
        self.told: dict[str, str] = {}
        self.unclear: set[str] = set()
        self.core: Core | None = None
        self.endings: list[int] = []
        self.starting = asyncio.Lock()
        self.editions: dict[str, list[int]] = {}
        self.sessions: tuple[str, ...] = ("", "")
        self._order = order
        self.lasting: timedelta | None = None
        """How long what is said holds; None: as its template says."""
        self._count = 0
        self._handing_in: set[str] = set()

    @property
    def x(self) -> XProvider:
        """The account's provider."""
        return self.stage.x

    @property
    def mail(self) -> SmtpProvider:
        """The relay."""
        return self.stage.smtp

    @property
    def client(self) -> Client:
        """The desk over its socket, for the officer who hands in."""
        return Client(self.stage.socket, session=self.sessions[0])

    @property
    def approver(self) -> Client:
        """The desk for the officer who approves."""
        return Client(self.stage.socket, session=self.sessions[1])

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.folder / "data" / "broadcaster.db"

    @property
    def log(self) -> Path:
        """Whatever the core has said."""
        return self._order.log

    async def furnish(self, people: int) -> None:
        """Write officers, each with an open session, and residents into the store; the core must not run."""
        mode = load_config(self.stage.config).mode
        await subscribe(self.store, mode, people, self.clock)
        self.sessions = await officers(self.store, mode, self.clock)

    # ------------------------------------------------------------ the process

    def start(self, failpoints: str = "", *, held: bool = False, **environment: str) -> Core:
        """Start the core, armed with failpoints; do not wait for it."""
        said = {"BROADCASTER_FAILPOINTS": failpoints, **environment} if failpoints else environment
        self.core = Core(replace(self._order, environment=said, held=held))
        return self.core

    async def answering(self, limit_s: float = 30.0) -> None:
        """Wait until the desk answers."""
        await until(self._answers, limit_s, self.tail)

    async def alive_or_dead(self) -> bool:
        """Wait until the desk answers or the process is dead; return whether it answers."""
        while self.core is not None and self.core.alive:
            if await self._answers():
                return True
            await asyncio.sleep(0.02)
        return False

    async def kill(self) -> int:
        """Kill the core with -9."""
        return await self.end(signal.SIGKILL)

    async def end(self, number: int = signal.SIGTERM, limit_s: float = 30.0) -> int:
        """Send the core a signal and wait for its end."""
        if self.core is None:
            return 0
        self.core.signal(signal.SIGCONT)
        self.core.signal(number)
        return await self.core.ended(limit_s)

    def tail(self) -> str:
        """Return the end of the log."""
        return self.log.read_text(encoding="utf-8")[-4000:] if self.log.exists() else ""

    async def keep(self) -> None:
        """Start the core again whenever it has died, as the supervisor does, until cancelled."""
        while True:
            async with self.starting:
                if self.core is None or not self.core.alive:
                    self.endings += [] if self.core is None else [await self.core.ended()]
                    self.start()
            await asyncio.sleep(0.1)

    async def _answers(self) -> bool:
        try:
            await asyncio.to_thread(Client(self.stage.socket, 5.0).health)
        except (ServiceUnreachable, OSError):
            return False
        return True

    # ------------------------------------------------------------ saying things

    def draft(self, template: str = SAMPLE) -> Draft:
        """Return a draft unlike the ones before."""
        self._count += 1
        draft, now = _filled(template, self.stage.config), self.clock.now()
        lasting = self.lasting or draft.infos[0].expires - (draft.infos[0].effective or now)
        infos = tuple(
            replace(
                each,
                headline=f"{self._count}: {each.headline}",
                effective=now,
                expires=now + lasting,
                web=self.stage.page,
            )
            for each in draft.infos
        )
        return replace(draft, infos=infos)

    async def say(
        self,
        *,
        of: str | None = None,
        template: str = SAMPLE,
        key: str = "",
        limit_s: float = 40.0,
        draft: Draft | None = None,
    ) -> str:
        """Hand in an alert, or with `of` the next version of that one, until it is acknowledged, as often as it takes:
        always under the same key. Return its identifier.
        """
        key = key or secrets.token_hex(16)
        body = dump(draft or self.draft(template))
        self.unclear.add(key)
        end = time.monotonic() + limit_s
        while True:
            try:
                alert = await asyncio.to_thread(self._hand_in, of, body, key)
            except (ServiceUnreachable, StoreError, ConnectionError):
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.05)
            else:
                self.unclear.discard(key)
                self.told[alert] = key
                return alert

    async def hand_in(self, draft: Draft, key: str) -> str:
        """Hand in once. Raise what the desk raises; an acknowledged alert is remembered."""
        alert = await asyncio.to_thread(self._hand_in, None, dump(draft), key)
        self.told[alert] = key
        return alert

    def _hand_in(self, of: str | None, body: Any, key: str) -> str:
        """In a thread: it goes on when whoever waits for it is cancelled, so it is counted."""
        client = self.client
        self._handing_in.add(key)
        try:
            sent = client.submit(body, key) if of is None else client.update(of, body, key)
            if not sent["accepted"]:
                sent = self.approver.approve(sent["submission"], sent["digest"])
        finally:
            self._handing_in.discard(key)
        assert sent["accepted"], sent
        return str(sent["alert"]["identifier"])

    async def stream(self, chance: random.Random, pause_s: float = 0.05) -> None:
        """Say one thing after the other, new ones and updates, until cancelled: between deaths that may take long."""
        latest: list[tuple[str, str]] = []
        while True:
            before = chance.choice(latest) if latest and chance.random() < UPDATES else None
            of, template = before or (None, chance.choices(*zip(*TEMPLATES.items(), strict=True))[0])
            with suppress(Conflict), self._slowed():
                said = await self.say(of=of, template=template, limit_s=_PATIENT_S)
                latest = [*(each for each in latest if each != before), (said, template)][-6:]
            await asyncio.sleep(pause_s)

    @contextmanager
    def _slowed(self) -> Iterator[None]:
        """A traced process may use up a rendering's processor time on being traced: the person is told, and says it
        anew. Any other refusal is a mistake of the test.
        """
        try:
            yield
        except Refused as error:
            if {each.code for each in error.problems if each.blocking} != {"template_time"}:
                raise

    # ------------------------------------------------------------ the end

    def names(self, *, resolve: bool) -> None:
        """Let the core's name lookups fail from now on, or work again."""
        if resolve:
            self._order.names_down.unlink(missing_ok=True)
        else:
            self._order.names_down.touch()

    def look(self) -> None:
        """Note which edition each publisher shows now."""
        for channel in ("page", "feeds"):
            manifest = self.folder / "data" / channel / "public" / "edition.json"
            with suppress(FileNotFoundError):
                self.editions.setdefault(channel, []).append(json.loads(manifest.read_bytes())["number"])

    async def settled(self, limit_s: float = 60.0) -> None:
        """Wait until nobody hands in and nothing is open any more but what waits for a person."""
        await until(lambda: asyncio.to_thread(self._is_settled), limit_s, lambda: f"{self.rows()}\n{self.tail()}")

    async def answer_questions(self) -> int:
        """Do as an officer who has looked: send again whatever waits for a person, or drop it where something newer
        has been said. Return how much that was.
        """
        asked = [number for (number,) in self.query("SELECT id FROM delivery WHERE state IN ('needs_human', 'held')")]
        for number in asked:
            try:
                await asyncio.to_thread(self.client.decide, number, "resend", "looked: not there")
            except Conflict:
                await asyncio.to_thread(self.client.decide, number, "drop", "overtaken")
        return len(asked)

    def _is_settled(self) -> bool:
        return not self._handing_in and not self.query(f"SELECT 1 FROM delivery WHERE state IN {_OPEN} LIMIT 1")

    def rows(self) -> list[Any]:
        """Return what is still open, for messages."""
        wanted = "id, identifier, channel, state, reason, attempt, progress, total"
        return [tuple(row) for row in self.query(f"SELECT {wanted} FROM delivery WHERE state IN {_OPEN}")]

    def states(self, state: str) -> int:
        """Return how many deliveries are in this state."""
        (number,) = self.query("SELECT count(*) FROM delivery WHERE state = ?", state)[0]
        return int(number)

    def query(self, statement: str, *values: object) -> list[Any]:
        """Read the store from outside."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(statement, values).fetchall()

    def table(self, statement: str) -> tuple[list[str], list[Any]]:
        """Read the store from outside; return names of columns, and rows."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10)) as connection:
            cursor = connection.execute(statement)
            return [each[0] for each in cursor.description], cursor.fetchall()

    async def verdict(self, *, stop: bool = True) -> Verdict:
        """Stop the core and judge all that happened."""
        if stop and self.core is not None and self.core.alive:
            await self.end()
        return await judge(self)


_templates: dict[str, Draft] = {}


def _filled(template: str, config: Path) -> Draft:
    """Return the draft of a template; filling it takes a while, so it is done once in a process."""
    if template not in _templates:
        _templates[template] = filled(load_config(config), template)
    return _templates[template]


@asynccontextmanager
async def life(
    folder: Path,
    *,
    mode: Mode = Mode.LIVE,
    speed: float = SPEED,
    people: int = 3,
    bare: bool = False,
    start: bool = True,
    by_name: bool = False,
    account: Callable[[RacingClock], XProvider] | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Life]:
    """Build an instance with providers, officers and residents (`bare`: without a store yet) and, unless `start` is
    False, start its core; end it at the end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    origin = time.time()
    clock = RacingClock(folder / "clock", origin, speed)
    x = account(clock) if account else XProvider(limit_15min=100_000, limit_24h=100_000, now=clock.time)
    async with stage(folder, x, canary=False) as ready:  # whatever comes is counted: it was said by the test
        _configure(ready.config, mode, by_name=by_name)
        order = Order(
            config=ready.config,
            log=folder / "core.log",
            clock=folder / "clock",
            origin=origin,
            speed=speed,
            environment=dict(environment or {}),
        )
        town = Life(folder, ready, clock, order)
        if not bare:
            await town.furnish(people)
        try:
            if start:
                town.start()
                await town.answering()
            yield town
        finally:
            if town.core is not None and town.core.alive:
                await town.kill()


def _configure(config: Path, mode: Mode, *, by_name: bool) -> None:
    """`by_name`: account and relay are reached by a name that has to be looked up."""
    text = config.read_text(encoding="utf-8").replace('mode = "drill"', f'mode = "{mode.value}"')
    if by_name:
        text = text.replace('base_url = "http://127.0.0.1', 'base_url = "http://localhost')
        text = text.replace('[channels.mail]\nhost = "127.0.0.1"', '[channels.mail]\nhost = "localhost"')
    text = text.replace("[channels.twitter]\n", f"[channels.twitter]\n{_FREE}")
    text = f"{text}\n[officers]\nsession_idle_minutes = 720\n"
    lanes = "\n".join(_LANE.format(name) for name in ("twitter", "mail", "page", "feeds"))
    config.write_text(f"{text}\n{lanes}", encoding="utf-8")


async def officers(path: Path, mode: Mode, clock: RacingClock) -> tuple[str, ...]:
    """Write the officers into the store, each with an open session; return the sessions."""
    async with open_store(path, mode) as store:
        return tuple([await seat(store, name, clock.now()) for name in OFFICERS])


async def subscribe(path: Path, mode: Mode, people: int, clock: RacingClock) -> None:
    """Write the residents into the store before anybody else opens it."""
    from tests.contract.values import OFFICER

    async with open_store(path, mode) as store:
        found = [Subscriber(address=f"resident{number}@residents.example") for number in range(people)]
        await store.put(found, OFFICER, clock.now())
