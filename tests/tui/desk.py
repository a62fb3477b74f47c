"""A desk in front of a core: the real API on a real socket over the real store, in this process. Nothing is sent, since
no dispatcher runs; tests that need states bring them about through the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot, WaitForScreenTimeout

from broadcaster import __version__
from broadcaster.api import Rooms, application, serve
from broadcaster.client import Client
from broadcaster.events import Event, Events, Topic
from broadcaster.model import Mode
from broadcaster.tui.app import DeskApp
from tests.desk.world import CONFIG, World, world

SIZE = (80, 24)
_TURNS = 2000
_SETTLED_S = 1.0
"""Textual waits for every widget it saw, and one that is removed meanwhile never answers: the state is what counts, and
`until` waits for that.
"""


@dataclass
class Core:
    """The core a test looks into: its world, its socket, its events."""

    here: World
    socket: Path
    events: Events
    version: str = __version__
    """Which version it says it is."""

    def client(self, session: str = "") -> Client:
        return Client(self.socket, 30, session)

    def changed(self) -> None:
        """Say that the board has changed, as desk and dispatcher do."""
        self.events.publish(Event(topic=Topic.ALERT, at=self.here.clock.now()))


class Patient(Pilot[object]):
    """A pilot that does not mind what became of a widget."""

    async def _wait_for_screen(self, timeout: float = _SETTLED_S) -> bool:
        try:
            return await super()._wait_for_screen(_SETTLED_S)
        except WaitForScreenTimeout:
            return True


@dataclass
class Seat:
    """The desk as an officer sits in front of it."""

    app: DeskApp
    pilot: Pilot[object]
    core: Core

    async def until(self, true: Callable[[], bool]) -> None:
        """Let the app work until it is so; fail where it never is."""
        for _ in range(_TURNS):
            if true():
                return
            await self.pilot.pause(0.005)
        pytest.fail(f"it never came to be:\n{self.shown()}")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    def told(self) -> str:
        """What was said beside the screen, and is not over yet."""
        return "\n".join(note.message for note in self.app._notifications)

    def shown(self) -> str:
        """Everything that is on the screen now, line by line."""
        width, _ = self.app.size
        rows = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in row).ljust(width) for row in rows)


@asynccontextmanager
async def core(folder: Path, mode: Mode = Mode.DRILL, text: str = CONFIG) -> AsyncIterator[Core]:
    """Start a core of this configuration."""
    async with world(folder, mode, text) as here:
        made = Core(here, folder / "desk.sock", Events())
        here.desk._changed = here.desk.glass._changed = here.automatic._changed = made.changed
        async with served(made):
            yield made


@asynccontextmanager
async def served(made: Core) -> AsyncIterator[None]:
    """Answer on its socket."""
    here = made.here
    rooms = Rooms(
        desk=here.desk,
        events=made.events,
        officers=here.officers,
        planning=here.planning,
        automatic=here.automatic,
        version=made.version,
    )
    async with serve(application(rooms), made.socket):
        yield


@asynccontextmanager
async def seat(
    made: Core,
    language: str = "ja",
    size: tuple[int, int] = SIZE,
    hint: Mapping[str, str] | None = None,
    session: str = "",
) -> AsyncIterator[Seat]:
    """Sit down at the desk, as whom the session says, and wait until it shows the board."""
    app = DeskApp(made.client, made.here.clock, language=language, session=session, hint=hint)
    async with app.run_test(size=size):
        pilot = Patient(app)
        sitting = Seat(app, pilot, made)
        await sitting.until(lambda: app.board is not None)
        await pilot.pause()
        yield sitting
    await asyncio.sleep(0)
