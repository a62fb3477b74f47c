"""The real X channel under the real dispatcher over the real store, in this process, before a scripted provider.

Time stands still while bytes are on the wire and jumps when all is quiet, so that a quarter of an hour of waiting takes
milliseconds. `async with wired(tmp_path) as town:` then `town.x.script(...)`, `await town.accept(...)`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from broadcaster.demo.x import XProvider
from broadcaster.demo.x_account import Post
from broadcaster.errors import EgressRefused
from broadcaster.events import Event, Events, Topic
from broadcaster.model import Alert, Delivery, Grade, Kind, Message, Mode, Outcome, Receipt, State
from broadcaster.ports.channel import Composer, Situation
from channels.twitter import Settings, Twitter
from tests.channels import kit
from tests.unit.world import FakeReader, World

TIMEOUT_S = 1.0
"""Real seconds a request may take, where a test waits for its end."""


class Told(Events):
    """The hub, which keeps what the officer is told about lanes."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes: list[tuple[str, str, str]] = []
        """Channel, `open` or `closed`, and why."""

    def publish(self, event: Event) -> None:
        if event.topic is Topic.LANE:
            self.lanes.append((event.channel, event.state, event.reason))
        super().publish(event)


class Town(World):
    """One instance with two channels: `twitter`, which is real, and `line`, which must not notice anything."""

    def __init__(self, folder: Path, mode: Mode) -> None:
        super().__init__(folder / "broadcaster.db", mode)
        self.folder = folder
        self.events = self.told = Told()
        self.line = self.add(FakeReader("line", self.clock))
        self.x: XProvider
        self.entropy = kit.CountingEntropy()
        self.calls: list[tuple[float, str]] = []
        """Every request to post: when it began, and for which alert."""
        self._references: dict[str, str] = {}

    async def connect(self, *, lane: dict[str, Any] | None = None, **settings: object) -> None:
        """Build the channel as a start with this configuration would, instead of the one before."""
        if "twitter" in self.channels:
            await self.channels["twitter"].close()
        context = kit.world(self.folder, mode=self.mode, egress=_Anywhere())
        context = replace(context, clock=self.clock, entropy=self.entropy)
        values = Settings.model_validate({"public_utility": True, **self.x.settings(), **settings})
        self.add(Observed(values, context, self), **(lane or {}))

    def said(self, number: int, version: int, **changes: Any) -> Alert:
        """Return an alert as cities give it."""
        kind = changes.pop("kind", Kind.ALERT if version == 1 else Kind.UPDATE)
        return kit.alert(kind, incident=number, version=version, **changes)

    def words(self, said: Alert, channel: str, *, late: bool) -> Message:
        """Return what the channel itself makes of it."""
        situation = Situation(now=self.clock.now(), grade=Grade.of(said.severity, self.mode))
        composer = self.channels[channel]
        assert isinstance(composer, Composer)
        message = composer.compose(said, situation).message
        assert message is not None
        if message.reference:
            self._references[said.identifier] = message.reference
        return message if late else replace(message, late_texts=())

    async def post(self, grade: Grade = Grade.EMERGENCY, **more: Any) -> Delivery:
        """Accept an alert for X alone."""
        return (await self.accept(grade=grade, only=["twitter"], **more))[0]

    def moments(self, owed: Delivery) -> list[float]:
        """Return when each request to post it began, in seconds since the first request of all."""
        return [round(at - self.calls[0][0], 1) for at, alert in self.calls if alert == owed.alert]

    def ours(self, owed: Delivery) -> list[Post]:
        """Return what the provider has of it."""
        return [post for post in self.x.posts if self._references[owed.alert] in post.text]

    async def outcomes(self, owed: Delivery) -> list[tuple[Outcome, str]]:
        """Return what every attempt and look came to, with its reason."""
        return [(each.outcome, each.reason) for each in await self.store.attempts(owed.id)]

    async def once(self, owed: Delivery, *, flagged: bool = False) -> Delivery:
        """Wait until it is confirmed, and assert that it is up exactly once."""
        got = await self.until_state(owed, State.CONFIRMED)
        (post,) = self.ours(owed)
        assert (got.ref, got.possible_duplicate) == (post.id, flagged), await self.outcomes(owed)
        return got


class Observed(Twitter):
    """The channel as it is; time waits for it."""

    def __init__(self, settings: Settings, context: Any, town: Town) -> None:
        super().__init__(settings, context)
        self._town = town

    async def deliver(self, message: Message, key: str) -> Receipt:
        self._town.calls.append((self._town.clock.monotonic(), message.alert))
        with self._town.watched.under_way():
            return await super().deliver(message, key)

    async def find(self, message: Message, key: str) -> Receipt | None:
        with self._town.watched.under_way():
            return await super().find(message, key)


class _Anywhere:
    """An egress list with loopback and names that a test makes up."""

    def check(self, host: str, port: int) -> None:
        if host not in kit.LOOPBACK and not host.endswith(".example"):
            raise EgressRefused("egress_refused", host=host, port=port)


@asynccontextmanager
async def wired(
    folder: Path,
    *,
    mode: Mode = Mode.LIVE,
    provider: Callable[[Callable[[], float]], XProvider] | None = None,
    lane: dict[str, Any] | None = None,
    start: bool = True,
    **settings: object,
) -> AsyncIterator[Town]:
    """Build the town, its provider (`provider` makes another one, given its clock) and start the dispatcher."""
    town = Town(folder, mode)

    def now() -> float:
        return town.clock.now().timestamp()

    async with provider(now) if provider else XProvider(now=now) as town.x:
        await town.connect(lane=lane, **settings)
        if start:
            town.start()
        try:
            yield town
        finally:
            await town.close()
            await town.channels["twitter"].close()
