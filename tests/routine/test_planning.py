"""What people may do with plans: at the desk, over the socket, and by command."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster.api import Rooms, application, serve
from broadcaster.cli import main
from broadcaster.client import Client
from broadcaster.errors import Conflict, Forbidden, NotFound, Refused
from broadcaster.events import Events
from broadcaster.model import Actor, Days, OccurrenceRow, Part, Plan, Standing
from broadcaster.routine import Folder, RoutineVerb, Wish, read_folder
from tests.desk.world import CONFIG, World, world
from tests.routine.house import DUTY_A, DUTY_B, House, house
from tests.unit.plans import daily, jst, plan

HOUR = timedelta(hours=1)
DUE = jst(11, 25, 16, 30)
CHIME = """
title = "夕方のチャイム"
category = "chime"
template = "evening-chime"
values = { areas = "芋窪" }
valid_minutes = 60
max_late_minutes = 10
[[when]]
at = "16:30"
"""


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def ahead(here: House, days: int = 3) -> list[tuple[str, str]]:
    return [(f"{each.due:%d}", each.reason) for each in await here.planning.ahead(days)]


# ------------------------------------------------------------------ plans


async def test_a_live_series_takes_another_person_than_its_author_and_never_a_program(here: House) -> None:
    row = await here.planning.put(plan(), DUTY_A)
    with pytest.raises(Forbidden, match="plan_same_person"):
        await here.planning.approve("chime", row.digest, DUTY_A)
    with pytest.raises(Forbidden):
        await here.planning.approve("chime", row.digest, replace(DUTY_B, via="token"))
    with pytest.raises(Conflict, match="plan_changed"):
        await here.planning.approve("chime", "another digest", DUTY_B)
    assert (await here.planning.approve("chime", row.digest, DUTY_B)).speaks


async def test_what_cannot_be_said_is_refused_when_it_is_put_in(here: House) -> None:
    async def refused(wrong: Plan) -> list[tuple[str, str]]:
        with pytest.raises(Refused) as caught:
            await here.planning.put(wrong, DUTY_A)
        return [(problem.place, problem.code) for problem in caught.value.problems]

    assert await refused(plan(template="no-such")) == [("template", "template_not_found")]
    assert await refused(plan(values={})) == [("slots.areas", "slot_missing")]
    assert await refused(plan(channels=("loudspeaker",))) == [("channels", "unknown_channel")]
    assert await refused(plan(daily(days="30", months=(2,)))) == [("when", "plan_never")]
    assert (await here.planning.overview()).plans == ()


async def test_a_plan_may_be_put_in_again_right_after_it_was_said(here: House) -> None:
    """That X would take the same words for a repetition now says nothing about tomorrow."""
    await here.approved(plan(valid=20 * HOUR))
    here.delivering = True
    await here.until(DUE + HOUR)
    await here.approved(plan(valid=19 * HOUR))
    await here.until(DUE + 25 * HOUR)
    assert await here.states() == [("sent", ""), ("sent", "")]


async def test_an_approver_sees_the_words_and_the_days(here: House) -> None:
    row = await here.planning.put(plan(daily("16:30", holidays=Days.SKIP)), DUTY_A)
    view = await here.planning.view("chime")
    assert view.row == row
    assert {info.language for info in view.drafts[0].infos} == {"ja", "ja-x-easy", "en"}
    assert [each.reason for each in view.ahead] == ["not_approved"] * 5
    with pytest.raises(NotFound, match="plan_not_found"):
        await here.planning.view("bell")


async def test_looking_ahead_tells_why_something_is_left_out(here: House) -> None:
    await here.planning.put(plan(), DUTY_A)
    assert await ahead(here) == [("25", "not_approved"), ("26", "not_approved"), ("27", "not_approved")]
    await here.approved(plan())
    await here.planning.decide(Wish(plan="chime", due=DUE + 24 * HOUR, verb=RoutineVerb.SKIP), DUTY_A)
    assert await ahead(here) == [("25", ""), ("26", "officer"), ("27", "")]
    await here.emergency()  # for a day at most
    assert await ahead(here) == [("25", "emergency"), ("26", "officer"), ("27", "")]
    await here.planning.retire("chime", DUTY_A, "over")
    assert await ahead(here) == []


async def test_a_reserve_day_is_told_as_one_until_the_day_is_called_off(here: House) -> None:
    first, second = jst(11, 26, 10), jst(11, 27, 10)
    await here.approved(plan(daily("10:00", dates=(first.date(),), reserve=second.date())))
    assert await ahead(here) == [("26", ""), ("27", "reserve")]
    await here.planning.decide(Wish(plan="chime", due=first, verb=RoutineVerb.SKIP), DUTY_A)
    assert await ahead(here) == [("26", "officer"), ("27", "")]


async def test_an_occurrence_is_decided_only_where_there_is_something_to_decide(here: House) -> None:
    await here.approved(plan())
    with pytest.raises(NotFound, match="occurrence_not_found"):
        await here.planning.decide(Wish(plan="chime", due=DUE + HOUR, verb=RoutineVerb.SKIP), DUTY_A)
    with pytest.raises(NotFound, match="occurrence_not_found"):
        await here.planning.decide(Wish(plan="chime", due=DUE, verb=RoutineVerb.SKIP, part=Part.LIFT), DUTY_A)
    with pytest.raises(Conflict, match="occurrence_not_waiting"):
        await here.planning.decide(Wish(plan="chime", due=DUE, verb=RoutineVerb.RELEASE), DUTY_A)
    await here.until(DUE)
    with pytest.raises(Conflict, match="occurrence_settled"):
        await here.planning.decide(Wish(plan="chime", due=DUE, verb=RoutineVerb.SKIP), DUTY_A)
    back = Wish(plan="chime", due=DUE + 24 * HOUR, verb=RoutineVerb.SKIP)
    await here.planning.decide(back, DUTY_A)
    taken = await here.planning.decide(replace(back, verb=RoutineVerb.RELEASE), DUTY_B)
    assert (taken.state, taken.by) == (Standing.PLANNED, "duty-b")
    await here.until(DUE + 25 * HOUR)
    assert len(await here.alerts()) == 2


# ------------------------------------------------------------------ plan files


async def test_plan_files_are_taken_over_once_and_silenced_when_they_are_gone(here: House, tmp_path: Path) -> None:
    file = tmp_path / "chime.toml"
    file.write_text(CHIME, encoding="utf-8")
    await here.planning.refresh(read_folder(tmp_path))
    (row,) = (await here.planning.overview()).plans
    assert (row.author, row.file, row.speaks) == (Actor(name="chime.toml"), "chime.toml", False)
    await here.planning.approve("chime", row.digest, DUTY_A)
    await here.planning.refresh(read_folder(tmp_path))
    assert (await here.store.plan("chime")).speaks
    with pytest.raises(Conflict, match="plan_of_file"):
        await here.planning.put(plan(), DUTY_A)
    file.write_text(CHIME.replace("16:30", "17:00"), encoding="utf-8")
    await here.planning.refresh(read_folder(tmp_path))
    assert not (await here.store.plan("chime")).speaks
    file.write_text("broken", encoding="utf-8")
    await here.planning.refresh(read_folder(tmp_path))
    assert not (await here.store.plan("chime")).retired
    file.unlink()
    await here.planning.refresh(Folder(plans=()))
    assert (await here.store.plan("chime")).retired


async def test_a_file_does_not_take_the_name_of_a_plan_from_the_desk(here: House, tmp_path: Path) -> None:
    await here.approved(plan())
    (tmp_path / "chime.toml").write_text(CHIME, encoding="utf-8")
    await here.planning.refresh(read_folder(tmp_path))
    row = await here.store.plan("chime")
    assert (row.file, row.speaks) == ("", True)


# ------------------------------------------------------------------ over the socket, by command


@dataclass
class Service:
    """A drill instance that answers on its socket."""

    here: World
    folder: Path

    async def said(self, capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
        assert await asyncio.to_thread(main, ["routine", *arguments]) == code
        said = capsys.readouterr()
        return said.out + said.err


@asynccontextmanager
async def service(folder: Path) -> AsyncIterator[Service]:
    async with world(folder) as here:
        rooms = Rooms(
            desk=here.desk, events=Events(), officers=here.officers, planning=here.planning, automatic=here.automatic
        )
        async with serve(application(rooms), here.config.socket):
            yield Service(here, folder)


@pytest.fixture
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    monkeypatch.setenv("BROADCASTER_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    async with service(tmp_path) as made:
        yield made


async def test_a_plan_by_command_from_the_sample_to_the_decision(
    running: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "There are no plans" in await running.said(capsys, "list")
    added = await running.said(capsys, "add", "evening-chime")
    assert "speaks once it is approved" in added
    assert "Evening chime in all of Higashiyamato City" in added
    assert "not approved yet" in await running.said(capsys, "list")
    assert "speaks from now on" in await running.said(capsys, "approve", "evening-chime")
    assert "approved by" in await running.said(capsys, "list")
    coming: list[Any] = json.loads(await running.said(capsys, "next", "--days", "3", "--json"))
    assert {each["reason"] for each in coming} == {""}
    day = coming[-1]["due"][:10]
    assert "left out" in await running.said(capsys, "skip", "evening-chime", day, "--why", "rain")
    assert "left out by an officer" in await running.said(capsys, "next", "evening-chime", "--days", "3")
    assert "will be said at its time" in await running.said(capsys, "release", "evening-chime", day)
    assert "is not due at" in await running.said(capsys, "skip", "evening-chime", "2020", code=2)
    assert "is silent" in await running.said(capsys, "retire", "evening-chime")
    assert "Nothing comes" in await running.said(capsys, "next")


async def test_a_plan_file_of_ones_own_is_refused_with_every_problem(
    running: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    file = running.folder / "mine.toml"
    file.write_text(CHIME.replace('"16:30"', '"half past four"').replace("chime", "bell", 1), encoding="utf-8")
    said = await running.said(capsys, "add", str(file), code=2)
    assert "when[0].at: Not a time of day" in said
    assert "category: This value cannot be used" in said
    assert "neither a file nor a sample" in await running.said(capsys, "add", "no-such", code=2)


def test_looking_ahead_needs_no_running_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.touch(0o600)
    path.write_text(CONFIG.format(mode="drill"), encoding="utf-8")
    (tmp_path / "routine").mkdir()
    (tmp_path / "routine" / "chime.toml").write_text(CHIME, encoding="utf-8")
    monkeypatch.setenv("BROADCASTER_CONFIG", str(path))
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert main(["routine", "next", "--days", "1"]) == 0
    assert "16:30  chime  放送  - 未承認" in capsys.readouterr().out
    assert not (tmp_path / "data").exists()


async def test_what_waits_for_a_person_is_on_the_board(running: Service, capsys: pytest.CaptureFixture[str]) -> None:
    now = running.here.clock.now()
    row = OccurrenceRow(
        plan="chime",
        due=now,
        part=Part.ANNOUNCE,
        state=Standing.SUSPENDED,
        until=now + HOUR,
        at=now,
        reason="emergency",
    )
    await running.here.store.settle_occurrences((row,))
    board = await asyncio.to_thread(Client(running.here.config.socket).board)
    assert [(each["plan"], each["state"]) for each in board["routine"]] == [("chime", "suspended")]
    assert await asyncio.to_thread(main, ["status"]) == 0
    shown = capsys.readouterr().out
    assert "Announcements by the calendar that wait for a person: 1" in shown
    assert "silent because of an emergency" in shown
