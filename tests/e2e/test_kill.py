"""Killing processes of a running service with -9: nothing accepted is lost, and nothing is hidden."""

import asyncio
import os
import signal
import sqlite3
import urllib.request
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from broadcaster.documents import dump
from broadcaster.model import Subscriber
from channels._mail_job import CLAIM
from tests.e2e.flood import flood
from tests.e2e.house import House, house, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
CONNECTIONS = 20 + 2
GLASS = ("--break-glass", "a flood, nobody else here")


@pytest.fixture
async def live() -> AsyncIterator[House]:
    async with house("live") as made:
        yield made


@pytest.mark.fault(75)
@pytest.mark.parametrize(("mode", "recipients"), [("live", 10_000), ("drill", 2_000)])
async def test_killing_the_core_in_the_middle_of_a_large_mail(mode: str, recipients: int) -> None:
    addresses = {f"resident{number}@residents.example" for number in range(recipients)}
    async with house(mode) as home:
        await subscribe(home, addresses)
        sent = await home.json("send", str(flood(home)), "--channel", "mail", *(GLASS if mode == "live" else ()))
        received = home.stage.smtp.received
        await home.stage.smtp.wait(lambda seen: seen.total > recipients // 4, 120)
        os.kill(home.pid("core"), signal.SIGKILL)
        assert received.total < recipients
        await home.answering()
        row = await ended(home, sent["alert"]["identifier"])

        assert set(received.by_recipient) == addresses
        copied = {address for address, count in received.by_recipient.items() if count > 1}
        flagged = flagged_recipients(home)
        assert copied <= flagged
        assert all(count <= 2 for count in received.by_recipient.values())
        [delivery] = row["deliveries"]
        assert (delivery["state"], delivery["progress"], delivery["total"]) == ("accepted", recipients, recipients)
        assert delivery["possible_duplicate"] is bool(flagged)
        assert len(flagged - copied) <= CONNECTIONS, "only what was under way may be in doubt"
        assert len(copied) <= CLAIM, "and what came while one commit was"
        verified = await home.json("audit", "verify")
        assert verified["whole"] is True


async def subscribe(home: House, addresses: set[str]) -> None:
    people = [dump(Subscriber(address=address)) for address in sorted(addresses)]
    for start in range(0, len(people), 500):
        await asyncio.to_thread(home.client.put_subscribers, people[start : start + 500])


async def ended(home: House, alert: str) -> Any:
    """Wait until the alert's only delivery is accepted, and return its row. A doubt of an emergency takes 60 s."""

    def row() -> Any:
        found = home.client.report(alert)["row"]
        return found if all(each["state"] in ("accepted", "failed") for each in found["deliveries"]) else None

    return await until(lambda: asyncio.to_thread(row), 240, lambda: home.client.report(alert)["row"]["deliveries"])


def flagged_recipients(home: House) -> set[str]:
    path = home.folder / "data" / "broadcaster.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT address FROM recipient WHERE possible_duplicate = 1")
        return {row[0] for row in rows}


@pytest.mark.fault(2)
async def test_an_alert_accepted_by_a_core_that_dies_before_saying_so_goes_out_once() -> None:
    async with house(start=False) as home:
        await home.start(BROADCASTER_FAILPOINTS="a3")
        sent = await home.json("send", str(flood(home)), "--key", "once", "--wait")
        ended = [line for line in home.lines() if line["event"] == "child_ended" and line["child"] == "core"]
        assert [line["exit_code"] for line in ended] == [-signal.SIGKILL]
        again = await home.json("send", str(flood(home)), "--key", "once")
        assert again["alert"]["identifier"] == sent["alert"]["identifier"]
        assert len(home.stage.x.posts) == 1


@pytest.mark.fault(7)
async def test_killing_the_page_server_hurts_nobody_and_it_is_back_within_two_seconds(live: House) -> None:
    core = live.pid("core")
    await live.json("send", str(flood(live)), "--channel", "page", *GLASS, "--wait")
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
