"""What people may ask of the canary: over the socket, at the command line, and on the board."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster import bootstrap
from broadcaster.api import Rooms, application, serve
from broadcaster.bootstrap.service import automatic_of
from broadcaster.canary import Canary
from broadcaster.cli import main
from broadcaster.client import Client
from broadcaster.desk import Board
from broadcaster.documents import dump
from broadcaster.errors import NotFound, Refused
from broadcaster.events import Events
from broadcaster.model import Draft, Kind, Mode, Organ, Pulse, Status
from broadcaster.routine import Planning
from broadcaster.tui.drawing import Paper, draw
from broadcaster.tui.lines import Sort, lines_of
from broadcaster.tui.words import Words
from tests.canary.house import DUTY, START, House, house
from tests.desk.world import handing
from tests.routine.house import HandClock
from tests.unit.drafts import draft
from tests.unit.values import NOW

MINUTE = timedelta(minutes=1)
SILENT = Pulse(
    organ=Organ.CHANNEL,
    name="mail",
    since=NOW,
    silent_since=NOW,
    reason="canary_unsaid",
    params={"state": "retry_wait", "reason": "connect"},
    alarms=2,
)
FINE = Pulse(organ=Organ.ADDRESS, name="http://127.0.0.1/", since=NOW, answered_at=NOW)


@asynccontextmanager
async def served(here: House, canary: Canary | None) -> AsyncIterator[Client]:
    """The desk's socket, with the canary behind it."""
    async with bootstrap.officers_of(here.config, here.store) as officers:
        planning = Planning(bootstrap.announcing_of(here.config, here.store, here.desk, here.clock))
        automatic = automatic_of(bootstrap.rulebook_of(here.config), here.desk, here.store, lambda: None)
        rooms = Rooms(
            desk=here.desk, events=Events(), officers=officers, planning=planning, automatic=automatic, canary=canary
        )
        async with serve(application(rooms), here.config.socket):
            yield Client(here.config.socket)


async def test_it_is_asked_and_told_over_the_socket(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(START)) as here:
        async with served(here, Canary(here.room, here.runner.test_now)) as client:
            sounding = await asyncio.to_thread(client.test_now)
            await here.deliver()
            await here.until(START + MINUTE)
            found = await asyncio.to_thread(client.canary)
        assert sounding["alert"].endswith("-0-1")
        assert {each["channel"]: (each["tested"], each["place"]) for each in found["places"]} == {
            "twitter": (True, "X"),
            "mail": (True, "monitor@city.example"),
            "page": (True, "canary"),
            "feeds": (True, "canary"),
        }
        assert (len(found["ahead"]), found["ways"]) == (5, ["mail", "webhook"])
        assert [each["organ"] for each in found["pulses"]] == ["channel"] * 4 + ["address"] * 2
        assert all(each["answered_at"] for each in found["pulses"])
        async with served(here, None) as client:
            with pytest.raises(NotFound, match="canary_off"):
                await asyncio.to_thread(client.test_now)


async def test_nobody_writes_a_test_or_adds_to_one_by_hand(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(START)) as here:
        await here.runner.test_now(DUTY)
        test: Draft = draft(kind=Kind.TEST)
        shown = await here.desk.preview(test)
        assert "test_by_hand" in [each.code for each in shown.problems if each.blocking]
        with pytest.raises(Refused):
            await here.desk.submit(draft(status=Status.TEST), handing(), DUTY)
        with pytest.raises(NotFound):
            await here.desk.submit(draft(kind=Kind.UPDATE, incident=0), handing(), DUTY)


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Return the exit code and what was printed."""
    code = main(["canary", *arguments])
    return code, capsys.readouterr().out


async def test_the_command_line_tells_what_comes_and_looks_from_outside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROADCASTER_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    async with house(tmp_path) as here:
        code, told = await asyncio.to_thread(asked, capsys, "list")
        assert (code, "monitor@city.example" in told, "mail, webhook" in told) == (0, True, True), told
        code, told = await asyncio.to_thread(asked, capsys, "look")
        assert (code, "! " in told) == (1, True)
        await here.publish()
        code, told = await asyncio.to_thread(asked, capsys, "look", "--json")
        assert (code, [each["trouble"] for each in json.loads(told)["addresses"]]) == (0, ["", ""])
        async with served(here, Canary(here.room, here.runner.test_now)):
            code, told = await asyncio.to_thread(asked, capsys, "run", "--seconds", "0")
            assert (code, "No answer yet" in told) == (1, True)
            await here.deliver()
            await here.runner.turn()
            code, told = await asyncio.to_thread(asked, capsys, "status", "--json")
            ages = {each["name"]: each["age_s"] for each in json.loads(told)["pulses"]}
            assert code == 0
            assert all(age is not None and age < 60 for age in ages.values())
            code, told = await asyncio.to_thread(asked, capsys, "status")
            assert (code, "answered" in told) == (0, True)
    assert os.environ["BROADCASTER_CATALOG"] == "strict"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_is_silent_stands_on_top_of_the_board_in_red(language: str) -> None:
    board: Any = dump(
        Board(
            mode=Mode.LIVE,
            now=NOW,
            city="見本市",
            city_en="Sample City",
            zone="Asia/Tokyo",
            page="http://127.0.0.1/",
            rows=(),
            waiting=(),
            channels=(),
            canary=(FINE, SILENT),
        )
    )
    lines = lines_of(board, NOW)
    assert [line.sort for line in lines[:2]] == [Sort.HEADING, Sort.PULSE]
    words = Words(language)
    drawn = [draw(line, Paper(words=words, columns=100, zone="Asia/Tokyo", now=NOW)) for line in lines]
    assert words.reason("connect") in drawn[1].plain
    assert "bold" in str(drawn[1].spans[0].style)
    assert sum(line.sort is Sort.PULSE for line in lines) == 2
