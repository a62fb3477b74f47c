"""Killing processes of a running service with -9: nothing accepted is lost, and nothing is hidden."""

import asyncio
import os
import signal
import urllib.request
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from tests.e2e.flood import flood
from tests.e2e.house import House, house, until

NOT_ON_X = ("--channel", "mail", "--channel", "page", "--channel", "feeds")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
async def live() -> AsyncIterator[House]:
    async with house("live", officers=True) as made:
        yield made


@pytest.mark.fault(2)
@pytest.mark.fault(111)
async def test_an_alert_accepted_by_a_core_that_dies_before_saying_so_goes_out_once() -> None:
    """Whatever somebody has written into the configuration meanwhile: the core comes back as it was. X is left out: its
    post may have been claimed by then, and a drill leaves a doubt to a person.
    """
    async with house(start=False) as home:
        await home.start(BROADCASTER_FAILPOINTS="a3")
        order, config, good = str(flood(home)), home.stage.config, home.stage.config.read_text()
        config.write_text(f"{good}\nno_such_setting = 1\n")
        sent = await until(lambda: told(home, order), 90)
        ended = [line for line in home.lines() if line["event"] == "child_ended" and line["child"] == "core"]
        assert {line["exit_code"] for line in ended} == {-signal.SIGKILL}  # twice, where the canary's test came first
        again = await home.json("send", order, "--key", "once", *NOT_ON_X)
        assert again["alert"]["identifier"] == sent["alert"]["identifier"]
        assert {each["state"] for each in again["deliveries"]} <= {"accepted", "confirmed"}
        assert {line["path"] for line in home.lines() if line["event"] == "config_changed"} == {str(config)}
        assert (await home.cli("check")).code == 2
        config.write_text(good)


async def told(home: House, order: str) -> Any:
    """Say it under its key; what came of it, or None where the service is not back yet: then it is said again."""
    said = await home.cli("send", order, "--key", "once", *NOT_ON_X, "--wait", "--json")
    assert said.code in (0, 3), said
    return None if said.code else said.document


@pytest.mark.fault(7)
async def test_killing_the_page_server_hurts_nobody_and_it_is_back_within_two_seconds(live: House) -> None:
    core = live.pid("core")
    await live.agreed("send", str(flood(live)), "--channel", "page", "--wait")
    before = await until(lambda: page(live), 10)
    os.kill(live.pid("pages"), signal.SIGKILL)
    after = await until(lambda: page(live), 30)
    assert after == before
    assert live.pid("core") == core
    await asyncio.to_thread(live.client.health)
    died = moment(live, "child_ended")
    assert 0 <= moment(live, "child_started") - died < 2.0


def moment(home: House, event: str) -> float:
    """Return when the supervisor last logged this of the page server; a loaded test machine adds nothing to it."""
    times = [line["time"] for line in home.lines() if line["event"] == event and line["child"] == "pages"]
    return datetime.fromisoformat(times[-1]).timestamp()


def page(home: House) -> bytes:
    try:
        with urllib.request.urlopen(home.stage.page, timeout=5) as answer:
            body: bytes = answer.read()
            return body
    except OSError:
        return b""
