"""The records over the socket, and as a person reads them on the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broadcaster.api import Rooms, application, serve
from broadcaster.cli import main
from broadcaster.client import Client
from broadcaster.errors import Forbidden, NotFound
from broadcaster.events import Events
from broadcaster.model import Mode
from tests.desk.world import OFFICER, SECOND, World, handing, world


@asynccontextmanager
async def served(folder: Path, mode: Mode = Mode.DRILL) -> AsyncIterator[tuple[World, Path]]:
    async with world(folder, mode) as here:
        socket = folder / "desk.sock"
        rooms = Rooms(
            desk=here.desk, events=Events(), officers=here.officers, planning=here.planning, automatic=here.automatic
        )
        async with serve(application(rooms), socket):
            yield here, socket


async def ask(socket: Path, call: str, *arguments: Any) -> Any:
    return await asyncio.to_thread(getattr(Client(socket, 10), call), *arguments)


async def command(socket: Path, arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("BROADCASTER_SOCKET", str(socket))
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    return await asyncio.to_thread(main, list(arguments))


async def second_version(here: World) -> int:
    """Send a level 4 order, then hand in an update that waits; return its submission."""
    draft = await here.draft()
    await here.send(draft)
    info = replace(draft.infos[0], description=draft.infos[0].description + "\n水位がさらに上がっています。")
    done = await here.desk.update("1-1", replace(draft, infos=(info, *draft.infos[1:])), handing(), OFFICER)
    assert done.submission is not None
    return done.submission


async def test_a_waiting_submission_shows_its_bytes_beside_those_before(tmp_path: Path) -> None:
    async with served(tmp_path, Mode.LIVE) as (here, socket):
        shown = await ask(socket, "submission", await second_version(here))
        assert (shown["mode"], shown["previous"]["version"], shown["overtaken"]) == ("live", 1, False)
        channels = {each["channel"]: each for each in shown["channels"]}
        post, mail, page = channels["twitter"], channels["mail"], channels["page"]
        frozen = {each["channel"]: each["texts"] for each in shown["acceptance"]["messages"]}
        assert post["texts"] == frozen["twitter"]
        assert 0 < post["length"]["length"] <= post["length"]["limit"] == 280
        assert post["cost"]["microusd"] > 0
        assert mail["texts"] == frozen["mail"]
        assert mail["headers"]["ja"]["From"] == "東大和市 <bousai@city.example.lg.jp>"
        assert mail["headers"]["ja"]["Subject"] == mail["texts"][0]["subject"]
        assert "水位がさらに上がっています。" not in mail["previous"][0]["body"]
        assert "水位がさらに上がっています。" in page["files"]["index.txt"]
        assert "水位がさらに上がっています。" not in page["previous_files"]["index.txt"]


async def test_a_submission_that_was_overtaken_says_so(tmp_path: Path) -> None:
    async with served(tmp_path, Mode.LIVE) as (here, socket):
        first = await second_version(here)
        other = await here.desk.follow_up("1-1", _cancel(), handing(), SECOND)
        assert other.accepted
        assert (await ask(socket, "submission", first))["overtaken"]


def _cancel() -> Any:
    from broadcaster.desk import FollowUp
    from broadcaster.model import Kind

    return FollowUp(kind=Kind.CANCEL)


async def test_a_preview_shows_what_was_said_before(tmp_path: Path) -> None:
    async with served(tmp_path) as (here, _):
        draft = await here.draft()
        alone = await here.desk.preview(draft)
        assert alone.previous is None
        assert all(not each.previous and not each.previous_files for each in alone.channels)
        await here.send(draft)
        after = await here.desk.preview(replace(draft, incident=1))
        assert after.previous is not None
        assert [bool(each.previous) for each in after.channels if each.texts] == [True, True]


async def test_a_closed_submission_shows_no_page(tmp_path: Path) -> None:
    async with served(tmp_path, Mode.LIVE) as (here, socket):
        number = await second_version(here)
        await ask(socket, "hand_back", number, "誤字")
        shown = await ask(socket, "submission", number)
        assert {each["channel"]: bool(each["files"]) for each in shown["channels"]}["page"] is False
        assert shown["reason"] == "誤字"


@pytest.mark.fault(105)
async def test_the_author_is_refused_in_words_that_say_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served(tmp_path, Mode.LIVE) as (here, socket):
        done = await ask(socket, "submit", _dumped(await here.draft()), "k1")
        with pytest.raises(Forbidden, match="approval_same_person"):
            await ask(socket, "approve", done["submission"], done["digest"])
        assert await command(socket, ["approve", str(done["submission"]), "--yes"], monkeypatch) == 2
        said = capsys.readouterr().err
        assert "本人なので承認できません" in said
        assert "別の人が承認します" in said


def _dumped(draft: Any) -> Any:
    from broadcaster.documents import dump

    return dump(draft)


async def test_the_chronology_tells_the_whole_life(tmp_path: Path) -> None:
    async with served(tmp_path, Mode.LIVE) as (here, socket):
        number = await second_version(here)
        await ask(socket, "hand_back", number, "誤字")
        found = await ask(socket, "chronology", 1)
        told = [(each["code"], each["serial"], each["who"].partition(" (")[0]) for each in found["happenings"]]
        assert told[:4] == [
            ("submitted", "1-1", "duty officer"),
            ("approved_second_person", "1-1", "head of section"),
            ("accepted", "1-1", "duty officer"),
            ("submitted", "1-2", "duty officer"),
        ]
        assert told[4][:2] == ("returned", "1-2")
        assert [row["alert"]["version"] for row in found["rows"]] == [1]
        with pytest.raises(NotFound, match="incident_not_found"):
            await ask(socket, "chronology", 99)


async def test_an_incident_that_only_waits_has_a_chronology_too(tmp_path: Path) -> None:
    async with served(tmp_path, Mode.LIVE) as (here, socket):
        await here.desk.submit(await here.draft(), handing(), OFFICER)
        found = await ask(socket, "chronology", 1)
        assert ([each["code"] for each in found["happenings"]], found["rows"]) == (["submitted"], [])


async def test_history_and_audit_are_read_in_pages(tmp_path: Path) -> None:
    async with served(tmp_path) as (here, socket):
        for _ in range(3):
            await here.alert()
        first = await ask(socket, "history", None, 2)
        rest = await ask(socket, "history", first["before"], 2)
        serials = [row["alert"]["incident"] for page in (first, rest) for row in page["rows"]]
        assert (serials, rest["before"]) == ([3, 2, 1], None)
        end = await ask(socket, "audit", None, 2)
        assert [each["seq"] for each in end["entries"]] == [2, 3]
        assert end["head"]["seq"] == 3
        assert [each["seq"] for each in (await ask(socket, "audit", 0, 2))["entries"]] == [1, 2]


@pytest.mark.fault(125)
async def test_the_chain_is_verified_over_the_socket(tmp_path: Path) -> None:
    async with served(tmp_path) as (here, socket):
        await here.alert()
        assert await ask(socket, "verify") == {"whole": True, "entries": 1, "broken": None}
        from broadcaster.store.driver import sqlite3

        connection = sqlite3.connect(here.config.data_dir / "broadcaster.db")
        with connection:
            connection.execute("UPDATE audit SET actor = 'nobody'")
        connection.close()
        found = await ask(socket, "verify")
        assert (found["whole"], found["broken"]) == (False, {"seq": 1, "damage": "changed"})


async def test_the_handover_holds_the_board_and_the_shift(tmp_path: Path) -> None:
    async with served(tmp_path) as (here, socket):
        await here.alert()
        found = await ask(socket, "handover")
        assert [each["code"] for each in found["happenings"]] == ["accepted"]
        assert (len(found["board"]["rows"]), found["cut"]) == (1, False)


async def test_a_person_reads_them_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served(tmp_path, Mode.LIVE) as (here, socket):
        number = await second_version(here)
        assert await command(socket, ["incident", "1-1"], monkeypatch) == 0
        said = capsys.readouterr().out
        assert "クロノロジー 第1号" in said
        assert "duty officer" in said
        table, report = tmp_path / "a.csv", tmp_path / "a.md"
        assert await command(socket, ["incident", "1", "--csv", str(table)], monkeypatch) == 0
        assert await command(socket, ["incident", "1", "--markdown", str(report)], monkeypatch) == 0
        assert table.read_bytes().startswith("\ufeff時刻".encode())
        assert b"\r\n" in table.read_bytes()
        assert report.read_text(encoding="utf-8").startswith("# クロノロジー")
        assert await command(socket, ["incident", "1", "--csv", str(table)], monkeypatch) == 2
        assert await command(socket, ["incident", "1", "--csv", "-", "--json"], monkeypatch) == 2
        assert await command(socket, ["incident", "fire"], monkeypatch) == 2
        capsys.readouterr()
        assert await command(socket, ["handover"], monkeypatch) == 0
        assert "承認待ち" in capsys.readouterr().out
        assert await command(socket, ["handover", "--markdown"], monkeypatch) == 0
        assert capsys.readouterr().out.startswith("# 引き継ぎ")
        assert await command(socket, ["history"], monkeypatch) == 0
        assert "1-1" in capsys.readouterr().out
        assert await command(socket, ["history", "--json"], monkeypatch) == 0
        assert len(json.loads(capsys.readouterr().out)["rows"]) == 1
        await command(socket, ["approve", str(number), "--return", "誤字"], monkeypatch)


async def test_the_second_officer_sees_what_changed_before_approving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served(tmp_path, Mode.LIVE) as (here, socket):
        number = await second_version(here)
        assert await command(socket, ["approve", str(number), "--yes"], monkeypatch) == 0
        said = capsys.readouterr().out
        assert "[-旧-] {+新+}" in said
        assert "+}" in said.split("水位がさらに上がっています。", 1)[1]
        assert "Subject: " in said


async def test_what_was_mended_is_shown_beside_what_was_handed_back(tmp_path: Path) -> None:
    async with served(tmp_path, Mode.LIVE) as (here, socket):
        draft = await here.draft()
        row = await here.desk.open_draft({}, OFFICER)
        first = await ask(socket, "hand_in", _dumped(draft), "k1")
        other = await ask(socket, "hand_in", _dumped(draft), "k2")
        await ask(socket, "hand_back", other["submission"], "no draft of this one")
        assert (await ask(socket, "submission", first["submission"]))["handed_back"] is None
        await ask(socket, "hand_back", first["submission"], "no draft of this one either")
        wrong = await here.desk.submit(draft, replace(handing(), draft_id=row.id), OFFICER)
        assert wrong.submission is not None
        await ask(socket, "hand_back", wrong.submission, "地区の誤り")
        info = replace(draft.infos[0], description=draft.infos[0].description.replace("蔵敷", "奈良橋"))
        mended = replace(draft, infos=(info, *draft.infos[1:]))
        again = await here.desk.submit(mended, replace(handing(), draft_id=row.id), OFFICER)
        shown = await ask(socket, "submission", again.submission)
        assert (shown["handed_back"]["id"], shown["handed_back"]["reason"]) == (wrong.submission, "地区の誤り")
        mail = next(each for each in shown["channels"] if each["channel"] == "mail")
        assert "蔵敷" in mail["previous"][0]["body"].split("対象：")[1].splitlines()[0]
        assert "奈良橋" in mail["texts"][0]["body"].split("対象：")[1].splitlines()[0]
