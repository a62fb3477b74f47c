"""What may be said without a person, by command: looked at, approved by two, stopped, let go on; and reading again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from broadcaster.api import Rooms, application, serve
from broadcaster.cli.app import main
from broadcaster.desk import Reloaded
from broadcaster.events import Events
from broadcaster.model import Problem
from tests.desk.world import world
from tests.upstream.test_automatic import QUAKE


async def test_a_rule_is_looked_at_approved_stopped_and_let_go_on_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BROADCASTER_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    problem = Problem(code="clock_unreadable", place="chime.toml: when[0].at")

    async def reload() -> Reloaded:
        return Reloaded(plans=1, rules=1, problems=(problem,))

    async def said(*arguments: str, code: int = 0) -> str:
        assert await asyncio.to_thread(main, list(arguments)) == code
        printed = capsys.readouterr()
        return printed.out + printed.err

    async with world(tmp_path) as here:
        here.book.watches = (QUAKE,)
        rooms = Rooms(
            desk=here.desk,
            events=Events(),
            officers=here.officers,
            planning=here.planning,
            automatic=here.automatic,
            reload=reload,
        )
        async with serve(application(rooms), here.config.socket):
            assert "未承認" in await said("upstream", "rules")
            assert "地震がありました" not in await said("upstream", "approve", "津波", code=2)
            assert "最大で" in await said("upstream", "approve", QUAKE.name, "--yes")
            given = json.loads(await said("upstream", "approve", QUAKE.name, "--json"))
            assert (given["rule"], given["second"]["name"]) == (QUAKE.name, given["first"]["name"])
            assert "有効：地震" in await said("status")
            assert "止めました" in await said("upstream", "hold", "--why", "様子がおかしい")
            assert "様子がおかしい" in await said("upstream", "rules")
            assert "再開しました" in await said("upstream", "release")
            assert "chime.toml" in await said("reload", code=1)
