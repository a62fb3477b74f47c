"""The board as the core tells it: channels against their targets and budgets, and who follows it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from broadcaster.client import Client
from broadcaster.model import Mode
from tests.desk.test_api import Served, served
from tests.desk.world import world


async def test_each_channel_has_its_target_and_its_budgets(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        states = {state.channel: state for state in (await here.desk.board()).channels}
        assert {name: state.target_s for name, state in states.items()} == {
            "twitter": 30,
            "mail": 300,
            "page": 5,
            "feeds": 5,
        }
        assert not states["page"].budgets
        for budget in states["twitter"].budgets:
            assert budget.left == budget.amount - budget.reserve
            assert budget.left_grave == budget.amount
            assert budget.resets_at is None


async def present(here: Served) -> list[str]:
    return [officer["name"] for officer in (await here.ask("board"))["officers"]]


async def test_an_officer_is_present_while_the_board_is_followed(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        assert await present(here) == []
        streams = [Client(here.socket, 10).boards() for _ in range(2)]
        for stream in streams:
            first = await asyncio.to_thread(next, stream)
            assert len(first["officers"]) == 1, "one person, however many boards"
        streams[0].close()
        assert len(await present(here)) == 1
        streams[1].close()
        while await present(here):
            await asyncio.sleep(0)
