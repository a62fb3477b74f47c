"""Load from outside: what a crowd on the residents' page does to the sending (fault 114). How much it costs in
milliseconds is `python -m benchmarks.flood`, and a million deliveries (fault 120) `python -m benchmarks.growth`.
"""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import flooding, pages
from broadcaster.demo.stage import free_port
from tests.faults.kit.life import life
from tests.faults.kit.waiting import until
from tests.pages.kit import get, process, publish

CROWD = 300


@pytest.fixture
def many_files() -> None:
    """The page server is started with these limits."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@pytest.mark.fault(114)
@pytest.mark.usefixtures("many_files")
async def test_an_alert_goes_out_while_a_crowd_floods_the_page(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    (tmp_path / "life").mkdir()
    async with process(tmp_path / "page") as server, life(tmp_path / "life", speed=1.0) as town:
        flood = await flooding.begin(server.port, "/", CROWD, seconds=5)

        async def crowded() -> bool:
            return b'"connections": 30' in (await get(server.port, "/healthz")).body

        await until(crowded, 20)
        await town.say(draft=replace(town.draft(), channels=("twitter",)))
        await until(lambda: town.x.posts, 20)
        assert flood.returncode is None, "the alert waited until the flood was over"
        output, _ = await flood.communicate()
        assert flooding.told(output.decode()).rate > CROWD
        (await town.verdict()).holds()


@pytest.mark.fault(114)
async def test_the_page_server_gives_way_to_the_core(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    port = free_port()
    published = pages.Published(tmp_path / "page", tmp_path / "page")
    async with pages.running(*pages.ours(published, port), port=port) as server:
        assert os.getpriority(os.PRIO_PROCESS, server.pid) > os.getpriority(os.PRIO_PROCESS, 0)
