"""The watcher against a real feed on loopback and a real store: once, through restarts, never by silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from broadcaster.bootstrap import context_of
from broadcaster.cli.tables import needs_lines
from broadcaster.clock import SystemEntropy
from broadcaster.demo.jma import JmaProvider, telegram
from broadcaster.desk import Desk
from broadcaster.documents import dump
from broadcaster.errors import FeedUnreadable
from broadcaster.model import Kind, Mode, Subject
from broadcaster.ports.store import DraftChange, DraftRow
from broadcaster.rules import feeds
from broadcaster.rules.egress import Endpoints
from broadcaster.rules.watching import Watch
from broadcaster.sheet import from_json, to_json
from broadcaster.tui.drawing import Paper, draw
from broadcaster.tui.lines import Sort, lines_of
from broadcaster.tui.words import Words
from broadcaster.upstream import Feed, HttpFetcher, Watcher, jma
from broadcaster.upstream.sheets import sheet_of
from tests.desk.world import OFFICER, World, handing, world
from tests.upstream import wire
from tests.upstream.wire import CITY

HEADLINE = "東大和市では、低い土地の浸水に警戒してください。"
RAIN = Watch(
    name="rain",
    template="heavy-rain-caution",
    areas=frozenset({CITY}),
    types=frozenset({"VPWW53", "VPWW54", "VPWW55"}),
    codes=frozenset({"03", "43", "33"}),
    values={"until": "{level}", "note": "{headline}"},
    places=("芋窪",),
)


class Post:
    """A watcher, what it watches, and the desk's store."""

    def __init__(self, feed: JmaProvider, town: World, fetcher: HttpFetcher, watch: Watch = RAIN) -> None:
        self.jma, self.town, self.fetcher, self.watch = feed, town, fetcher, watch
        self.store, self.clock = town.store, town.clock
        self.feed = Feed(name="jma", url=feed.url, kind="jma", every_s=1.0, backlog=timedelta(hours=2))
        self.changes = 0
        self.restart()

    def restart(self) -> None:
        """A new watcher over the same store, as after a restart."""
        self.watcher = Watcher(
            [self.feed],
            [self.watch],
            self.fetcher,
            self.store,
            clock=self.clock,
            entropy=SystemEntropy(),
            zone=ZoneInfo("Asia/Tokyo"),
            changed=self._changed,
        )

    def _changed(self) -> None:
        self.changes += 1

    async def poll(self) -> str:
        """Read once; return the feed's trouble."""
        await self.watcher.poll(self.feed)
        return (await self.store.feed("jma")).trouble

    def rain(self, code: str, status: str = "発表", *, minutes: int = 0, type_: str = "VPWW55") -> None:
        at = self.clock.now() + timedelta(minutes=minutes)
        body = telegram(code, "大雨", area=CITY, area_name="東大和市", at=at, headline=HEADLINE, status=status)
        self.jma.publish(type_, body, at)

    async def drafts(self) -> tuple[DraftRow, ...]:
        return await self.store.drafts()

    async def told(self) -> list[str]:
        return [each.step for each in await self.store.told(self.clock.now() - timedelta(hours=1))]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def post(town: World) -> AsyncIterator[Post]:
    async with JmaProvider() as feed, HttpFetcher(Endpoints(Mode.DRILL, ()), "test") as fetcher:
        yield Post(feed, town, fetcher)


async def test_a_warning_becomes_a_draft_with_its_source(post: Post) -> None:
    post.rain("03")
    assert await post.poll() == ""
    (draft,) = await post.drafts()
    sheet = from_json(draft.body)
    assert (sheet.template, sheet.areas, draft.author.name) == ("heavy-rain-caution", ("芋窪",), "upstream")
    assert sheet.slots == {"until": "3", "note": HEADLINE}
    assert "VPWW55" in sheet.note
    known = (await post.store.subjects("rain"))["rain"]
    assert (known.draft, known.subject.said) == (draft.id, {CITY: "03"})
    assert known.link.startswith(post.jma.base_url)
    assert post.changes == 1


@pytest.mark.fault(83)
async def test_a_restart_and_a_second_telegram_draft_nothing_again(post: Post) -> None:
    post.rain("03", type_="VPWW53")
    await post.poll()
    post.restart()
    post.rain("03", type_="VPWW54")
    await post.poll()
    post.restart()
    await post.poll()
    assert len(await post.drafts()) == 1
    assert post.jma.requests[-1] == ("/developer/xml/feed/extra.xml", 304), "asked conditionally"


async def test_a_later_telegram_changes_a_draft_that_nobody_has_touched(post: Post) -> None:
    post.rain("03")
    await post.poll()
    post.rain("43", minutes=1)
    await post.poll()
    (draft,) = await post.drafts()
    assert (draft.version, from_json(draft.body).slots["until"]) == (2, "4")


async def test_what_an_officer_has_in_hand_is_left_alone_and_told(post: Post) -> None:
    post.rain("03")
    await post.poll()
    (draft,) = await post.drafts()
    mine = from_json(draft.body).slot("until", "23:00")
    change = DraftChange(version=draft.version, title="mine", body=to_json(mine))
    await post.store.save_draft(draft.id, change, OFFICER, post.clock.now())
    post.rain("43", minutes=1)
    await post.poll()
    (after,) = await post.drafts()
    assert from_json(after.body).slots["until"] == "23:00"
    assert await post.told() == ["update"]


async def test_what_was_sent_gets_an_update_proposed(post: Post, town: World) -> None:
    post.rain("03")
    await post.poll()
    (draft,) = await post.drafts()
    made = await town.draft("heavy-rain-caution")
    sent = await town.desk.submit(made, replace(handing(), draft_id=draft.id), OFFICER)
    post.rain("43", minutes=1)
    await post.poll()
    (proposed,) = await post.drafts()
    sheet = from_json(proposed.body)
    assert (sheet.kind, sheet.of, sheet.incident) == (Kind.UPDATE, sent.alert.identifier, sent.alert.incident)


async def test_a_lifting_takes_an_untouched_draft_away_and_tells_of_the_rest(post: Post) -> None:
    post.rain("03")
    await post.poll()
    post.rain("00", "解除", minutes=1)
    await post.poll()
    assert await post.drafts() == ()
    assert (await post.store.subjects("rain"))["rain"].subject.over
    post.rain("03", minutes=2)
    await post.poll()
    assert len(await post.drafts()) == 1, "what comes again is new"


@pytest.mark.fault(82)
@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (503, b"busy", "feed_status"),
        (302, b"", "feed_status"),
        (200, b"<html><body>maintenance</body></html>", "feed_no_feed"),
        (200, b"", "feed_empty"),
        (200, b"<feed", "feed_not_xml"),
        (200, b"x" * (2 * 1024 * 1024 + 1), "feed_too_large"),
    ],
)
async def test_a_feed_that_fails_is_red_and_nothing_is_inferred(
    post: Post, status: int, body: bytes, trouble: str
) -> None:
    post.rain("03")
    await post.poll()
    post.jma.script(status, body)
    assert await post.poll() == trouble
    assert len(await post.drafts()) == 1
    assert not (await post.store.subjects("rain"))["rain"].subject.over
    assert await post.poll() == "", "it is read again as soon as it speaks"


async def test_a_feed_that_cannot_be_reached_is_red(post: Post) -> None:
    post.feed = Feed(name="jma", url="http://127.0.0.1:1/feed.xml", kind="jma", every_s=1.0, backlog=timedelta())
    assert await post.poll() == "feed_unreachable"


@pytest.mark.fault(86)
async def test_a_host_off_the_list_is_never_asked(post: Post) -> None:
    post.feed = Feed(name="jma", url="http://192.0.2.1/feed.xml", kind="jma", every_s=1.0, backlog=timedelta())
    assert await post.poll() == "egress_drill"


@pytest.mark.fault(86)
async def test_a_document_on_another_host_is_not_believed(post: Post) -> None:
    listed = wire.atom(wire.entry(1, host="http://localhost:9", updated=f"{post.clock.now():%Y-%m-%dT%H:%M:%SZ}"))
    post.jma.script(200, listed, "application/xml")
    assert await post.poll() == ""
    assert await post.told() == ["feed_foreign"]
    assert await post.drafts() == ()


async def test_a_feed_that_goes_back_in_time_is_red(post: Post) -> None:
    post.rain("03")
    await post.poll()
    post.jma.script(200, wire.atom(wire.entry(1, "VXSE53", updated="2020-01-01T00:00:00Z")), "application/xml")
    assert await post.poll() == "feed_backwards"


@pytest.mark.fault(84)
async def test_a_drill_of_the_source_is_told_and_never_drafted(post: Post) -> None:
    at = post.clock.now()
    drill = wire.telegram(wire.item(wire.kind("33", "大雨特別警報")), status="訓練", reported=at.isoformat())
    post.jma.publish("VPWW55", drill, at)
    await post.poll()
    assert (await post.drafts(), await post.told()) == ((), ["not_live"])


@pytest.mark.fault(82)
async def test_one_bad_document_never_stops_the_others(post: Post) -> None:
    post.jma.publish("VPWW55", b"<Report/>", post.clock.now())
    post.rain("03", minutes=1)
    assert await post.poll() == ""
    assert (len(await post.drafts()), await post.told()) == (1, ["feed_no_telegram"])


async def test_what_is_long_over_at_the_first_reading_is_passed_over(post: Post) -> None:
    post.rain("03", minutes=-180)
    await post.poll()
    assert await post.drafts() == ()
    post.rain("43", minutes=-170)
    await post.poll()
    assert len(await post.drafts()) == 1, "later on, age alone hides nothing"


@pytest.mark.fault(87)
async def test_a_flood_of_warnings_is_one_draft(post: Post) -> None:
    for number in range(60):
        post.rain(("03", "43")[number % 2], minutes=number)
    await post.poll()
    assert len(await post.drafts()) == 1


async def test_it_runs_by_itself(post: Post) -> None:
    post.rain("03")
    running = asyncio.create_task(post.watcher.run())
    async with asyncio.timeout(10):
        while not await post.drafts():
            await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_document_that_is_gone_leaves_the_feed_to_be_read_again(post: Post) -> None:
    post.rain("03")
    lost = post.jma.issued[0]
    listed = post.jma.listed()
    post.jma.issued.clear()
    post.jma.script(200, listed, "application/xml")
    assert await post.poll() == "feed_status"
    post.jma.issued.append(lost)
    assert await post.poll() == ""
    assert len(await post.drafts()) == 1


async def test_nothing_is_fetched_that_no_rule_asks_for(post: Post) -> None:
    post.jma.publish("VXSE53", b"never read", post.clock.now())
    await post.poll()
    assert [path for path, _ in post.jma.requests] == ["/developer/xml/feed/extra.xml"]


async def test_a_closed_fetcher_says_so() -> None:
    with pytest.raises(FeedUnreadable):
        await HttpFetcher(Endpoints(Mode.DRILL, ()), "test").get("http://127.0.0.1:1/")


# ------------------------------------------------------------------ health and words


@pytest.mark.fault(89)
async def test_a_feed_that_brings_nothing_new_is_silent(post: Post) -> None:
    post.rain("03")
    await post.poll()
    state = await post.store.feed("jma")
    assert feeds.trouble(state, timedelta(hours=1), post.clock.now()) is None
    later = feeds.trouble(state, timedelta(hours=1), post.clock.now() + timedelta(hours=2))
    assert later is not None
    assert (later.code, later.params) == ("feed_silent", {"minutes": 60})


async def test_trouble_is_told_since_it_began(post: Post) -> None:
    for _ in range(2):
        post.jma.script(500)
        await post.poll()
        post.clock.ahead += timedelta(minutes=5)
    wrong = feeds.trouble(await post.store.feed("jma"), timedelta(hours=1), post.clock.now())
    assert wrong is not None
    assert post.clock.now() - wrong.since >= timedelta(minutes=9)


def test_a_value_that_names_what_is_not_told_is_left_open() -> None:
    notice = jma.read(wire.telegram(wire.item(wire.kind("14", "雷注意報"))), "VPWW54", "x")
    watch = replace(RAIN, codes=frozenset({"14"}), values={"until": "レベル{level}", "note": "{sender} {time}"})
    subject = Subject(watch="rain", key="14", serial=0, reported_at=notice.reported_at, said={CITY: "14"})
    sheet = sheet_of(notice, watch, subject, ZoneInfo("Asia/Tokyo"))
    assert sheet.slots == {"note": "気象庁 14:05"}


async def test_a_plain_feed_is_told_by_its_words(town: World) -> None:
    watch = Watch(name="road", template="power-cut", areas=frozenset({"*"}), codes=frozenset({"停電"}))
    async with JmaProvider() as jma_, HttpFetcher(Endpoints(Mode.DRILL, ()), "test") as fetcher:
        post = Post(jma_, town, fetcher, watch)
        post.feed = replace(post.feed, kind="plain")
        now = f"{town.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        for title in ("市内で停電が発生しています", "広報を発行しました"):
            entry = f"<entry><id>u:{title}</id><title>{title}</title><updated>{now}</updated>"
            jma_.script(200, wire.atom(entry + "<link href='http://127.0.0.1:9/1'/></entry>"), "application/xml")
            assert await post.poll() == ""
    assert [from_json(draft.body).template for draft in await town.store.drafts()] == ["power-cut"]


async def test_the_board_shows_feeds_and_what_they_said(post: Post) -> None:
    desk = Desk(
        context_of(post.town.config),
        post.town.channels,
        post.store,
        feeds={"jma": timedelta(hours=1), "new": timedelta()},
    )
    post.jma.publish("VPWW55", b"<Report/>", post.clock.now())
    post.jma.script(503)
    await post.poll()
    await post.poll()
    post.jma.script(503)
    await post.poll()
    board = await desk.board()
    assert [(each.feed, each.trouble) for each in board.feeds] == [("jma", "feed_status"), ("new", "")]
    assert [each.step for each in board.heard] == ["feed_no_telegram"]
    shown = dump(board)
    assert any("503" in line for line in needs_lines(shown))
    drawn = [line for line in lines_of(shown, post.clock.now()) if line.sort in (Sort.FEED, Sort.HEARD)]
    paper = Paper(words=Words("ja"), now=post.clock.now(), zone="Asia/Tokyo", columns=100)
    texts = [draw(line, paper).plain for line in drawn]
    assert "503" in texts[0]
    assert "読み取れません" in texts[2]


async def test_what_a_feed_brought_stands_on_the_board_to_be_opened(post: Post) -> None:
    desk = Desk(context_of(post.town.config), post.town.channels, post.store, feeds={"jma": timedelta(hours=1)})
    post.rain("03")
    await post.poll()
    shown = dump(await desk.board())
    (line,) = (each for each in lines_of(shown, post.clock.now()) if each.sort is Sort.PROPOSED)
    paper = Paper(words=Words("ja"), now=post.clock.now(), zone="Asia/Tokyo", columns=120)
    assert HEADLINE in draw(line, paper).plain
    assert line.can_be_reached
    assert any(HEADLINE in each for each in needs_lines(shown))


async def test_a_reading_that_brings_nothing_is_not_written_down_each_time(post: Post) -> None:
    await post.poll()
    first = await post.store.feed("jma")
    await post.poll()
    assert await post.store.feed("jma") == first
    post.clock.ahead += timedelta(minutes=2)
    await post.poll()
    assert (await post.store.feed("jma")).read_at != first.read_at
