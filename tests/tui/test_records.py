"""The records on screens: chronology, hand-over sheet, history, audit log, subscribers."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadcaster.documents import plan_from, plan_table
from broadcaster.model import Mode, Subscriber
from broadcaster.rendering import templates_dir
from broadcaster.store.driver import sqlite3
from tests.desk.world import OFFICER, SECOND
from tests.tui.desk import core, seat
from tests.tui.test_approve import update_handed_in


@pytest.mark.parametrize(("language", "words"), [("ja", "差し戻し：誤字"), ("en", "handed back: 誤字")])
async def test_the_chronology_is_read_and_taken_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    async with core(tmp_path, Mode.LIVE) as made:
        number = await update_handed_in(made)
        await made.here.desk.hand_back(number, SECOND, "誤字")
        async with seat(made, language, (120, 40)) as here:
            await here.press("end", "i")  # on a channel: there is only one incident that can be meant
            await here.until(lambda: words in here.shown())
            await here.press("c", "m")
            await here.until(lambda: len(list(tmp_path.glob("chronology-1-*"))) == 2)
            (table,) = tmp_path.glob("chronology-1-*.csv")
            assert words in table.read_text(encoding="utf-8-sig")
            await here.until(lambda: str(table) in here.told().replace("\n", ""))


@pytest.mark.parametrize(("language", "words"), [("ja", "承認待ち"), ("en", "Waiting for a second person")])
async def test_the_handover_sheet(tmp_path: Path, language: str, words: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        await update_handed_in(made)
        async with seat(made, language, (120, 60)) as here:
            await here.press("t")
            await here.until(lambda: words in here.shown())
            assert "2 番「" in here.shown() or 'No. 2 "' in here.shown()


async def test_the_language_changes_on_an_open_paper(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        await update_handed_in(made)
        async with seat(made, "ja", (120, 60)) as here:
            await here.press("t")
            await here.until(lambda: "この 12 時間" in here.shown())
            await here.press("f2")
            await here.until(lambda: "The last 12 hours" in here.shown())


async def test_history_leads_to_the_chronology(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        for _ in range(3):
            await made.here.alert()
        async with seat(made) as here:
            await here.press("p")
            await here.until(lambda: "3-1" in here.shown())
            await here.press("down", "enter")
            await here.until(lambda: "クロノロジー 第2号" in here.shown())


async def test_the_log_is_read_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.tui.screens.log.PAGE", 2)
    async with core(tmp_path) as made:
        for _ in range(3):
            await made.here.alert()
        async with seat(made) as here:
            await here.press("g")
            await here.until(lambda: "     3  " in here.shown())
            assert "     1  " not in here.shown()
            await here.press("n")
            await here.until(lambda: "     1  " in here.shown())
            assert "     2  " not in here.shown()
            await here.press("g")
            await here.until(lambda: "     3  " in here.shown())


@pytest.mark.fault(125)
@pytest.mark.parametrize(
    ("language", "whole", "broken"),
    [("ja", "すべてつながっています", "1 件目で切れています"), ("en", "is whole", "breaks at entry 1")],
)
async def test_the_log_is_verified(tmp_path: Path, language: str, whole: str, broken: str) -> None:
    async with core(tmp_path) as made:
        await made.here.alert()
        async with seat(made, language) as here:
            await here.press("g", "v")
            await here.until(lambda: whole in here.shown())
            connection = sqlite3.connect(made.here.config.data_dir / "broadcaster.db")
            with connection:
                connection.execute("UPDATE audit SET actor = 'nobody'")
            connection.close()
            await here.press("v")
            await here.until(lambda: whole not in here.shown())
            assert "".join(broken.split()) in "".join(here.shown().split())


async def test_subscribers_are_counted_and_not_named(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        people = [Subscriber(address=f"r{number}@residents.example", areas=("芋窪",)) for number in range(1200)]
        await made.here.desk.put_subscribers(people, OFFICER)
        async with seat(made) as here:
            await here.press("s")
            await here.until(lambda: "1,200" in here.shown())
            assert "@" not in here.shown()


@pytest.mark.parametrize(("language", "standing"), [("ja", "未承認"), ("en", "not approved")])
async def test_announcements_are_looked_at(tmp_path: Path, language: str, standing: str) -> None:
    async with core(tmp_path) as made:
        name, table = plan_table(templates_dir() / "routine" / "evening-chime.toml")
        await made.here.planning.put(plan_from(name, table), OFFICER)
        async with seat(made, language, (120, 40)) as here:
            await here.press("b")
            await here.until(lambda: "evening-chime" in here.shown())
            assert standing in here.shown()
            assert here.shown().count(standing) > 1, "the plan, and why each occurrence is left out"
