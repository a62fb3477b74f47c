"""From the board to a sent order of level 4, live, by two officers: every key beyond the text is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from broadcaster.client import Client
from broadcaster.model import Mode
from broadcaster.tui.app import DeskApp
from broadcaster.tui.screens.approve import ReviewScreen
from broadcaster.tui.screens.board import BoardScreen
from broadcaster.tui.screens.compose import ComposeScreen
from broadcaster.tui.screens.pick import PickScreen
from broadcaster.tui.screens.preview import PreviewScreen
from broadcaster.tui.screens.send import SendScreen
from tests.desk import persons
from tests.tui.desk import SIZE, Core, Seat, core

MOST = 25


class Counted:
    """Hands that press keys one by one, and type texts that do not count."""

    def __init__(self, here: Seat) -> None:
        self.here, self.pressed = here, 0

    async def press(self, *keys: str) -> None:
        self.pressed += len(keys)
        await self.here.press(*keys)

    async def at(self, screen: type) -> None:
        await self.here.until(lambda: isinstance(self.here.app.screen, screen))
        await self.here.pilot.pause()

    async def ready(self) -> None:
        """Wait until the preview is there."""
        await self.here.until(lambda: getattr(self.here.app.screen, "shown", None) is not None)
        await self.here.pilot.pause()


@asynccontextmanager
async def officer(made: Core, name: str, language: str) -> AsyncIterator[Counted]:
    session = await persons.seat(made.here.store, name, made.here.clock.now())
    app = DeskApp(lambda secret: Client(made.socket, 10, secret), made.here.clock, language=language, session=session)
    async with app.run_test(size=SIZE) as pilot:
        here = Seat(app, pilot, made)
        await here.until(lambda: app.board is not None)
        await pilot.pause()
        yield Counted(here)


@pytest.mark.parametrize(("language", "typed"), [("ja", "4芋窪"), ("en", "4 芋窪")])
async def test_a_novice_sends_an_order_with_few_keys(tmp_path: Path, language: str, typed: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        async with officer(made, "duty-a", language) as author:
            await author.press("n")
            await author.at(PickScreen)
            await author.press("f", "4")
            await author.at(ComposeScreen)
            await author.press("2", "3", "tab")
            await author.here.press(*"空堀川")
            await author.press("tab", "1", "tab")
            await author.here.press(*"第三小学校")
            await author.press("f5")
            await author.at(PreviewScreen)
            await author.ready()
            await author.press("enter")
            await author.at(SendScreen)
            await author.here.press(*typed.replace(" ", ""))
            await author.press("enter")
            await author.at(BoardScreen)
            (waiting,) = (await made.here.desk.board()).waiting
            assert [each.name for each in (waiting.acceptance.author, *waiting.acceptance.editors)] == ["duty-a"]
            assert await made.here.store.drafts() == ()
        async with officer(made, "duty-b", language) as second:
            await second.press("enter")
            await second.at(ReviewScreen)
            await second.ready()
            await second.press("a")
            await second.at(SendScreen)
            await second.here.press(*typed.replace(" ", ""))
            await second.press("enter")
            await second.at(BoardScreen)
        (row,) = (await made.here.desk.board()).rows
        assert row.alert.level == 4
        assert row.approved_by == "duty-b"
        assert author.pressed + second.pressed <= MOST
