"""Killed at any moment of taking a document in, a warning is drafted once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadcaster.demo.jma import JmaProvider, telegram
from broadcaster.model import Mode
from broadcaster.store import open_store
from tests.upstream.wire import CITY


async def read(path: Path, url: str, failpoint: str = "") -> int:
    command = (sys.executable, "-m", "tests.upstream.child", str(path), url)
    environment = {**os.environ, "BROADCASTER_FAILPOINTS": failpoint}
    process = await asyncio.create_subprocess_exec(*command, env=environment, cwd=Path(__file__).parents[2])
    return await process.wait()


@pytest.mark.parametrize("point", ["u1", "u2"])
async def test_killed_it_drafts_once(tmp_path: Path, point: str) -> None:
    now, path = datetime.now(UTC), tmp_path / "s.db"
    async with JmaProvider() as jma:
        jma.publish("VPWW55", telegram("03", "大雨", area=CITY, area_name="東大和市", at=now, headline="大雨"), now)
        assert await read(path, jma.url, point) == -signal.SIGKILL
        for _ in range(2):
            assert await read(path, jma.url) == 0
    async with open_store(path, Mode.DRILL) as store:
        assert len(await store.drafts()) == 1
