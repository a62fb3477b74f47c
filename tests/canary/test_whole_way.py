"""One test message the whole way: outbox, lane, provider, publication, seen from outside; nobody else hears it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from broadcaster import audit
from broadcaster.model import Kind, Organ, State, Status
from tests.canary.house import DUTY, MONITOR, RESIDENT, House, delivering, house


@pytest.mark.fault(108)
async def test_a_test_is_seen_from_outside_and_heard_by_no_resident(tmp_path: Path) -> None:
    async with house(tmp_path) as here, delivering(here) as canary:
        sounding = await canary.test(DUTY)
        async with asyncio.timeout(30):
            row = await here.confirmed(sounding.alert)
        assert (row.alert.kind, row.alert.status, row.alert.serial) == (Kind.TEST, Status.TEST, "0-1")
        assert {(each.channel, each.target, each.state) for each in row.deliveries} == {
            ("twitter", "canary", State.CONFIRMED),
            ("mail", "canary", State.CONFIRMED),
            ("page", "local", State.CONFIRMED),
            ("feeds", "local", State.CONFIRMED),
        }
        await here.runner.turn()
        pulses = await here.pulses()
        assert {name for name, each in pulses.items() if each.answered_at} == {
            "twitter",
            "mail",
            "page",
            "feeds",
            "@",
            "@feeds/",
        }
        assert [each.state.value for each in await here.soundings()] == ["over"]
        await nobody_heard(here)
        assert (await audit.verify_trail(here.store))[1] is None


async def nobody_heard(here: House) -> None:
    """No post on the city's account, no mail to a resident, no word on page, feeds, board or in the history."""
    assert (len(here.x.posts), len(here.x.tester.posts)) == (0, 1)
    assert "【試験】" in here.x.tester.posts[0].text
    assert (MONITOR in here.smtp.mailboxes, RESIDENT in here.smtp.mailboxes) == (True, False)
    page, feeds = here.public.roots[""], here.public.roots["feeds"]
    for path in (*page.glob("*.html"), *page.glob("*.txt"), *feeds.glob("*.xml"), feeds / "cap/index.xml"):
        assert ("配信の試験" in path.read_text("utf-8")) == path.name.startswith("canary."), path
        assert "canary." not in path.read_text("utf-8")
    assert "<status>Test</status>" in (feeds / "canary.xml").read_text("utf-8")
    assert 'content="noindex"' in (page / "canary.html").read_text("utf-8")
    board = await here.desk.board()
    assert (board.rows, {each.organ for each in board.canary}) == ((), {Organ.CHANNEL, Organ.ADDRESS})
    assert (await here.store.history(here.clock.now())).rows == ()
    assert await here.store.newest_incident() == 0


async def test_without_a_test_account_nothing_is_said_on_the_citys_own(tmp_path: Path) -> None:
    """The account was taken out of the configuration while a test was still waiting."""
    async with house(tmp_path) as here:
        sounding = await here.runner.test_now(DUTY)
        here.room.office.channels["twitter"]._tester = None  # type: ignore[attr-defined]
        async with delivering(here):
            async with asyncio.timeout(30):
                while True:
                    found = {each.channel: each for each in (await here.store.alert(sounding.alert)).deliveries}
                    if found["twitter"].state is State.FAILED:
                        break
                    await asyncio.sleep(0.02)
        assert here.x.posts == here.x.tester.posts == []
        assert found["twitter"].reason == "rejected"
        lane = await here.store.lane("twitter")
        assert lane.breaker.failures == 0


@pytest.mark.fault(64)
async def test_a_test_leaves_the_reserve_for_emergencies(tmp_path: Path) -> None:
    """Of ten posts nine are kept for what is grave: the second test waits, though the provider would take it."""
    tight = "\nposts_per_24_h = 10\nreserve_percent = 90"
    async with house(tmp_path, x=tight, more='channels = ["twitter"]') as here, delivering(here) as canary:
        async with asyncio.timeout(30):
            first = await canary.test(DUTY)
            await here.confirmed(first.alert)
            while here.clock.now().replace(microsecond=0) <= first.due:
                await asyncio.sleep(0.02)  # two tests of one second are one
            second = await canary.test(DUTY)
            while True:
                (waiting,) = (await here.store.alert(second.alert)).deliveries
                if waiting.state is State.RETRY_WAIT:
                    break
                await asyncio.sleep(0.02)
        assert waiting.reason == "quota"
        assert len(here.x.tester.posts) == 1
