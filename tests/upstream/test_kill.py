"""Killed at any moment of taking a document in, a warning is drafted once, and what speaks by itself is said once."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadcaster.demo.jma import JmaProvider, telegram
from tests.desk.world import world
from tests.nursery import fate
from tests.upstream import wire
from tests.upstream.child import read
from tests.upstream.wire import CITY


@pytest.mark.fault(1)
@pytest.mark.parametrize("point", ["a2", "u2"])
async def test_killed_it_drafts_and_says_once(tmp_path: Path, point: str) -> None:
    now = datetime.now(UTC)
    async with JmaProvider() as jma:
        jma.publish("VXSE53", wire.quake((CITY, "5-"), origin=now.isoformat(), reported=now.isoformat()), now)
        jma.publish("VPWW55", telegram("03", "大雨", area=CITY, area_name="東大和市", at=now, headline="大雨"), now)
        assert await fate(read, tmp_path, jma.url, failpoints=point) == -signal.SIGKILL
        assert await fate(read, tmp_path, jma.url) == 0
    async with world(tmp_path) as here:
        assert len(await here.store.drafts()) == 1
        assert len((await here.store.history(now, None, 9)).rows) == 1
