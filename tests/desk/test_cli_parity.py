"""Commands for what is also done at the desk's screens, by whoever has the socket and nothing else."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster.ports.store import Breaker, Lane
from tests.desk.test_line_mode import Line
from tests.tui.desk import core


class Commands(Line):
    """Commands, and what they print as a document."""

    async def json(self, *arguments: str, code: int = 0) -> Any:
        done, said = await self.run(*arguments, "--json")
        assert done == code, said
        return json.loads(said)


@pytest.mark.parametrize("how", [(), ("--silent",)])
async def test_an_alert_is_extended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: tuple[str, ...]
) -> None:
    async with core(tmp_path) as made:
        alert, sh = await made.here.alert(), Commands(made, monkeypatch, capsys)
        await made.here.said()
        done = await sh.json("extend", alert.serial, "24", "--key", "k", *how)
        again = await sh.json("extend", alert.serial, "24", "--key", "k", *how)
        assert done["accepted"]
        assert again["alert"]["identifier"] == done["alert"]["identifier"]
        (row, _) = (await made.here.desk.board()).rows
        assert (row.alert.serial, row.alert.kind.value, row.alert.silent) == ("1-2", "update", bool(how))
        assert row.alert.primary.headline == alert.primary.headline
        assert row.alert.expires - made.here.clock.now() > timedelta(hours=23)


async def test_a_channel_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        sh, soon = Commands(made, monkeypatch, capsys), made.here.clock.now() + timedelta(minutes=5)
        breaker = Breaker(failures=5, opened_at=made.here.clock.now(), open_until=soon, reason="connect")
        await made.here.store.save_lane("mail", Lane(breaker=breaker))
        assert [each.channel for each in (await made.here.desk.board()).channels if each.down] == ["mail"]
        assert await sh.json("reopen", "mail") == {"channel": "mail", "reopened": True}
        assert not [each for each in (await made.here.desk.board()).channels if each.down]
        assert (await sh.json("reopen", "fax", code=2))["error"]["code"]


async def test_the_log_is_read_in_pages_and_verified_by_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        sh = Commands(made, monkeypatch, capsys)
        for _ in range(3):
            await made.here.alert()
        _, said = await sh.run("audit", "list", "--limit", "2")
        assert [line.split()[0] for line in said.splitlines()[:2]] == ["3", "2"]
        assert "--before 2" in said
        found = await sh.json("audit", "list", "--limit", "2", "--before", "2")
        assert ([each["seq"] for each in found["entries"]], found["head"]["seq"]) == ([1], 3)
        assert (await sh.json("audit", "list", "--before", "1"))["entries"] == []
        assert await sh.json("audit", "verify", "--by-service") == {"whole": True, "entries": 3}
        assert (await sh.json("audit", "verify", "--by-service", "--head", "3:x", code=2))["error"]["code"]


async def test_a_plan_is_shown_with_what_it_would_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        sh = Commands(made, monkeypatch, capsys)
        await sh.run("routine", "add", "evening-chime")
        code, said = await sh.run("routine", "show", "evening-chime")
        assert code == 0, said
        shown = await sh.json("routine", "show", "evening-chime")
        assert shown["drafts"][0]["infos"][0]["headline"] in said
        assert (await sh.json("routine", "show", "none", code=2))["error"]["code"] == "plan_not_found"
