"""A countdown outlives the process that began it: the real core is killed in the middle of one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broadcaster.documents import dump
from tests.faults.kit.life import Life, life
from tests.faults.kit.waiting import until

pytestmark = pytest.mark.timeout(120)


async def handed_in(town: Life) -> Any:
    draft = replace(town.draft(), channels=("page",))
    sent = await asyncio.to_thread(town.client.submit, dump(draft), "alone")
    assert not sent["accepted"]
    return sent


async def board(town: Life) -> Any:
    return await asyncio.to_thread(town.client.board)


async def offered(town: Life, number: int) -> bool:
    shown = await board(town)
    return bool(shown["breakable"][str(number)] <= shown["now"])


async def test_a_countdown_goes_on_after_a_kill_and_sends_once(tmp_path: Path) -> None:
    async with life(tmp_path, speed=60.0) as town:
        sent = await handed_in(town)
        number = sent["submission"]
        await until(lambda: offered(town, number), 20)
        await asyncio.to_thread(town.client.break_glass, number, sent["digest"], "nobody comes")
        await town.kill()
        town.start()
        await town.answering()
        await until(lambda: accepted(town), 20, town.tail)
        [row] = (await board(town))["rows"]
        assert (row["approved_how"], row["approved_by"], row["unreviewed"]) == ("break_glass", "duty-a", True)
        await asyncio.to_thread(town.approver.review, row["alert"]["identifier"], "looked")
        await town.settled()
        town.told[row["alert"]["identifier"]] = "alone"
        verdict = await town.verdict()
        verdict.holds()


async def accepted(town: Life) -> bool:
    return bool((await board(town))["rows"])
