"""Plan files and rules are taken over while the service runs; what cannot be read changes nothing and is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from broadcaster.bootstrap import rulebook_of
from broadcaster.bootstrap.reloading import Reloader
from broadcaster.documents import dump
from broadcaster.tui.drawing import Paper, draw
from broadcaster.tui.lines import Sort, lines_of
from broadcaster.tui.words import Words
from tests.routine.house import DUTY_B, House, house
from tests.unit.test_config import AUTOMATIC

CHIME = """
title = "夕方のチャイム"
category = "chime"
template = "evening-chime"
values = { areas = "東大和市全域" }
valid_minutes = 60
max_late_minutes = 10
[[when]]
at = "16:30"
"""


@dataclass
class Service:
    """A house whose files may change."""

    house: House
    reloader: Reloader

    @property
    def file(self) -> Path:
        return self.house.config.routine.folder / "chime.toml"

    async def approved(self) -> None:
        row = await self.house.store.plan("chime")
        await self.house.planning.approve("chime", row.digest, DUTY_B)

    async def told(self) -> list[str]:
        shown = dump(await self.house.desk.board())
        paper = Paper(words=Words("ja"), now=self.house.clock.now(), zone="Asia/Tokyo", columns=120)
        return [draw(line, paper).plain for line in lines_of(shown, paper.now) if line.sort is Sort.WRONG]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with house(tmp_path) as here:
        here.config.routine.folder.mkdir()
        book = rulebook_of(here.config)
        reloader = Reloader(config=here.config, planning=here.planning, book=book, desk=here.desk, clock=here.clock)
        yield Service(here, reloader)


async def test_a_file_that_changes_is_taken_over_by_itself_and_a_broken_one_changes_nothing(service: Service) -> None:
    service.file.write_text(CHIME, "utf-8")
    running = asyncio.create_task(service.reloader.run())

    async def until_seen() -> None:
        stamp = service.reloader._stamp()
        async with asyncio.timeout(10):
            while service.reloader._seen != stamp:
                await asyncio.sleep(0.005)

    await until_seen()
    await service.approved()
    service.file.write_text(CHIME.replace('at = "16:30"', 'at = "夕方"'), "utf-8")
    await until_seen()
    assert (await service.house.store.plan("chime")).speaks, "the old plan stays in force"
    (line,) = await service.told()
    assert "chime.toml: when.0.at" in line.replace("[", ".").replace("]", "")
    service.file.write_text(CHIME.replace("16:30", "17:30"), "utf-8")
    await until_seen()
    row = await service.house.store.plan("chime")
    assert (row.plan.when[0].at.hour, row.speaks) == (17, False), "a change has to be approved again"
    assert await service.told() == []
    service.file.unlink()
    await until_seen()
    assert (await service.house.store.plan("chime")).retired
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_rules_are_taken_over_by_command_and_broken_ones_leave_the_old_in_force(service: Service) -> None:
    path = service.house.config.path
    before = path.read_text("utf-8")
    path.write_text(before + AUTOMATIC, "utf-8")
    fresh = rulebook_of(service.house.config)
    done = await service.reloader.reload()
    assert (done.rules, done.problems) == (1, ())
    again = Reloader(
        **{each: getattr(service.reloader, each) for each in ("config", "planning", "desk", "clock")}, book=fresh
    )
    await again.begin()
    assert len(fresh.watches) == 1, "a core that comes back goes by the rules of the last reload"
    path.write_text(before + AUTOMATIC.replace("VXSE53", "VPWW55"), "utf-8")
    await again.begin()
    done = await service.reloader.reload()
    assert [each.code for each in done.problems] == ["automatic_types"]
    assert service.reloader.book.watches[0].types == {"VXSE53"}
    (line,) = await service.told()
    assert "config.toml:" in line
    path.write_text(before, "utf-8")
    assert (await service.reloader.reload()).problems == ()
    assert (service.reloader.book.watches, await service.told()) == ((), [])
