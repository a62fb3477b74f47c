"""What is said without a person: once, seldom, by two persons' word, and by nothing but the closed list. A real feed on
loopback, the real store and the real desk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from broadcaster.clock import SystemEntropy
from broadcaster.demo.jma import JmaProvider
from broadcaster.demo.smtp import SmtpProvider
from broadcaster.desk import FollowUp
from broadcaster.documents import dump
from broadcaster.errors import Conflict, Forbidden, NotFound
from broadcaster.model import UPSTREAM, Actor, Alert, Kind, Mode, Severity
from broadcaster.ports.store import DraftState, Limits
from broadcaster.rules.automatic import TYPES, Guards, state
from broadcaster.rules.egress import Endpoints
from broadcaster.rules.watching import Watch
from broadcaster.sheet import from_json
from broadcaster.tui.drawing import Paper, draw
from broadcaster.tui.lines import Sort, lines_of
from broadcaster.tui.words import Words
from broadcaster.upstream import Feed, HttpFetcher, Watcher
from tests.channels import kit
from tests.channels.mailkit import channel
from tests.desk.world import OFFICER, SECOND, World, handing, world
from tests.upstream import wire
from tests.upstream.wire import CITY

WHOLE = "東大和市全域"
EVENT = "20260620140501"
QUAKE = Watch(
    name="地震",
    template="earthquake-observed",
    areas=frozenset({CITY}),
    types=frozenset({"VXSE51", "VXSE53"}),
    codes=frozenset(f"intensity:{strength}" for strength in ("5-", "5+", "6-", "6+", "7")),
    values={"occurred": "{occurred}", "intensity": "{intensity}"},
    places=(WHOLE,),
    automatic=Guards(max_age_minutes=10, limits=Limits(per_hour=1, per_day=3)),
)
SEA = replace(
    QUAKE,
    name="津波",
    template="tsunami-warning",
    areas=frozenset({"312"}),
    types=frozenset({"VTSE41", "VTSE51"}),
    codes=frozenset({"51", "52", "53"}),
    values={"warning": "{tsunami}"},
)


class Post:
    """A live city that watches a feed, with rules that may speak by themselves."""

    def __init__(self, jma: JmaProvider, town: World, fetcher: HttpFetcher) -> None:
        self.jma, self.town, self.store, self.clock = jma, town, town.store, town.clock
        self.feed = Feed(name="jma", url=jma.url, kind="jma", every_s=1.0, backlog=timedelta(hours=2))
        self.fetcher = fetcher
        self.rules(QUAKE, SEA)

    def rules(self, *watches: Watch) -> None:
        """A watcher over these rules, as after a restart."""
        self.town.book.watches = watches
        self.watcher = Watcher(
            [self.feed],
            watches,
            self.fetcher,
            self.store,
            clock=self.clock,
            entropy=SystemEntropy(),
            zone=ZoneInfo("Asia/Tokyo"),
            changed=lambda: self.town.changes.append(1),
            automatic=self.town.automatic,
        )

    async def approved(self, *watches: Watch, by: Iterable[Actor] = (OFFICER, SECOND)) -> None:
        for watch in watches or (QUAKE, SEA):
            for actor in by:
                await self.town.automatic.approve(watch.name, self.town.book.digest(watch), actor)

    def quake(self, strength: str, type_: str = "VXSE53", *, minutes: float = 0, area: str = CITY, **head: str) -> None:
        """An earthquake felt here, reported so many minutes from now."""
        at = self.clock.now() + timedelta(minutes=minutes)
        said = {"event_id": EVENT, "reported": at.isoformat(timespec="seconds"), **head}
        body = wire.quake((area, strength), origin=(at - timedelta(minutes=3)).isoformat(timespec="seconds"), **said)
        self.jma.publish(type_, body, at)

    async def poll(self) -> list[str]:
        """Read once; return what the board tells, newest first."""
        await self.watcher.poll(self.feed)
        return [each.step for each in await self.store.told(self.clock.now() - timedelta(days=3))]

    async def alerts(self) -> list[Alert]:
        return [row.alert for row in (await self.store.history(self.clock.now(), None, 100)).rows]

    async def drafts(self) -> int:
        return len(await self.store.drafts())


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, Mode.LIVE) as made:
        yield made


@pytest.fixture
async def post(town: World) -> AsyncIterator[Post]:
    async with JmaProvider() as jma, HttpFetcher(Endpoints(Mode.DRILL, ()), "test") as fetcher:
        yield Post(jma, town, fetcher)


# ------------------------------------------------------------------ it speaks


async def test_an_earthquake_is_said_at_once_and_everywhere_told(post: Post) -> None:
    await post.approved()
    post.quake("5+")
    assert await post.poll() == ["automatic_sent"]
    (alert,) = await post.alerts()
    row = await post.store.alert(alert.identifier)
    assert alert.severity is Severity.SEVERE
    assert [area.area_desc for area in alert.primary.areas] == [WHOLE]
    assert "震度5強" in alert.primary.headline
    assert {each.channel for each in row.deliveries} == {"twitter", "mail", "page", "feeds"}
    assert (row.author, row.approved_how) == (UPSTREAM.name, "rule")
    assert all(name in row.approved_by for name in (OFFICER.name, SECOND.name))
    made_from = await post.store.draft_of(alert.identifier)
    assert made_from is not None
    assert (made_from.state, await post.drafts()) == (DraftState.USED, 0)
    events = [entry.event async for entry in post.store.entries()]
    assert events[-3:] == ["accepted", "automatic_sent", "feed_heard"]


async def test_a_tsunami_warning_is_said(post: Post) -> None:
    await post.approved()
    post.jma.publish("VTSE41", wire.tsunami(("312", "51"), at=post.clock.now()), post.clock.now())
    assert await post.poll() == ["automatic_sent"]
    (alert,) = await post.alerts()
    assert "津波警報" in alert.primary.headline
    assert alert.severity is Severity.EXTREME


async def test_every_desk_shows_that_it_may_and_that_it_did(post: Post) -> None:
    words, desk = Words("ja"), post.town.desk
    assert (await desk.board()).automatic.rules == {"地震": "unapproved", "津波": "unapproved"}
    await post.approved(QUAKE)
    post.quake("5-")
    await post.poll()
    post.quake("6-", event_id="20260620150000")
    await post.poll()
    post.town.desk._office = replace(desk.office, feeds={"jma": timedelta(hours=1)})
    shown = dump(await desk.board())
    assert shown["automatic"]["rules"] == {"地震": "approved", "津波": "unapproved"}
    paper = Paper(words=words, now=post.clock.now(), zone="Asia/Tokyo", columns=200)
    drawn = [draw(line, paper).plain for line in lines_of(shown, paper.now) if line.sort is Sort.AUTOMATIC]
    assert ["上限" in line for line in drawn] == [True, False], "the alarm is on top, then what was sent"


async def test_the_same_event_in_two_telegrams_is_said_once(post: Post) -> None:
    await post.approved()
    post.quake("5-", "VXSE51", area=CITY)
    post.quake("5-", "VXSE53", minutes=0.5)
    await post.poll()
    post.rules(QUAKE, SEA)
    post.quake("5-", "VXSE53", minutes=1, serial="2")
    await post.poll()
    assert len(await post.alerts()) == 1


async def test_two_rules_over_one_event_say_it_once(post: Post) -> None:
    other = replace(QUAKE, name="震度速報")
    post.rules(QUAKE, other)
    await post.approved(QUAKE, other)
    post.quake("5-")
    assert sorted(await post.poll()) == ["automatic_again", "automatic_sent"]
    assert (len(await post.alerts()), await post.drafts()) == (1, 1)


async def test_officers_are_told_by_mail_and_a_silent_relay_stops_nothing(post: Post, tmp_path: Path) -> None:
    await post.approved()
    office = post.town.desk.office
    async with SmtpProvider() as smtp:
        for number, port in enumerate((smtp.port, 9)):
            async with channel(kit.world(tmp_path), port) as mail:
                post.town.desk._office = replace(
                    office, channels={**office.channels, "mail": mail}, notice_to=("duty@city.example.lg.jp",)
                )
                post.clock.ahead += timedelta(hours=2)
                post.quake("5-", event_id=f"2026062014050{number}")
                await post.poll()
                await post.town.automatic.told()
        assert smtp.received.total == 1
    assert len(await post.alerts()) == 2


# ------------------------------------------------------------------ it does not


@pytest.mark.fault(84)
@pytest.mark.parametrize("status", ["訓練", "試験", ""])
async def test_a_drill_of_the_source_says_nothing(post: Post, status: str) -> None:
    await post.approved()
    post.quake("7", status=status)
    assert await post.poll() == ["not_live"]
    assert (await post.alerts(), await post.drafts()) == ([], 0)


@pytest.mark.fault(88)
@pytest.mark.parametrize("area", ["1320200", ""])
async def test_another_area_or_none_says_nothing(post: Post, area: str) -> None:
    await post.approved()
    post.quake("7", area=area)
    assert await post.poll() == ([] if area else ["unplaced"])
    assert (await post.alerts(), await post.drafts()) == ([], 0)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"minutes": -11}, "automatic_stale"),
        ({"minutes": 3}, "automatic_stale"),
        ({"event_id": ""}, "automatic_never"),
    ],
)
async def test_what_is_stale_or_ahead_or_no_event_is_a_draft(post: Post, change: dict[str, float], why: str) -> None:
    await post.approved()
    post.quake("7", **change)  # type: ignore[arg-type]
    assert await post.poll() == [why]
    assert (await post.alerts(), await post.drafts()) == ([], 1)


async def test_a_slot_that_is_not_told_leaves_it_to_a_person(post: Post) -> None:
    unfilled = replace(QUAKE, values={"occurred": "{occurred}"})
    elsewhere = replace(QUAKE, name="別", places=("芋窪", "よその町"))
    order = replace(QUAKE, name="避難", template="flood-level4", values={"river": "空堀川"})
    for watch in (unfilled, elsewhere, order):
        post.rules(watch)
        await post.approved(watch)
        post.quake("7", event_id=f"2026062014{len(post.jma.issued):04d}")
        assert (await post.poll())[0] == "automatic_unsayable"
    assert (await post.alerts(), await post.drafts()) == ([], 3)


@pytest.mark.fault(87)
async def test_more_than_its_limit_becomes_drafts_and_an_alarm(post: Post) -> None:
    await post.approved()
    for number in range(4):
        post.quake("5-", event_id=f"2026062014050{number}")
    assert sorted(await post.poll()) == ["automatic_rate"] * 3 + ["automatic_sent"]
    assert (len(await post.alerts()), await post.drafts()) == (1, 3)
    post.clock.ahead += timedelta(minutes=61)
    post.quake("5-", event_id="20260620150501")
    assert (await post.poll())[0] == "automatic_sent"


@pytest.mark.fault(87)
async def test_all_rules_together_are_bounded_too(post: Post) -> None:
    post.town.book.total = Limits(per_hour=1, per_day=2)
    await post.approved()
    post.quake("5-")
    post.jma.publish("VTSE41", wire.tsunami(("312", "51"), at=post.clock.now()), post.clock.now())
    assert sorted(await post.poll()) == ["automatic_rate", "automatic_sent"]


async def test_a_rule_needs_two_persons_and_again_after_any_change(post: Post) -> None:
    digest = post.town.book.digest(QUAKE)
    await post.approved(QUAKE, by=[OFFICER])
    with pytest.raises(Forbidden):
        await post.approved(QUAKE, by=[OFFICER])
    with pytest.raises(Forbidden):
        await post.approved(QUAKE, by=[replace(SECOND, via="token")])
    post.quake("5-")
    assert await post.poll() == ["automatic_unapproved"]
    await post.approved(QUAKE, by=[SECOND])
    wider = replace(QUAKE, areas=QUAKE.areas | {"1320200"})
    post.rules(wider)
    with pytest.raises(Conflict):
        await post.town.automatic.approve("地震", digest, OFFICER)
    with pytest.raises(NotFound):
        await post.town.automatic.approve("津波", digest, OFFICER)
    assert (await post.town.automatic.view()).rules[0].state == "changed"
    post.quake("5-", event_id="20260620150501")
    assert (await post.poll())[0] == "automatic_unapproved"
    assert (await post.alerts(), await post.drafts()) == ([], 2)


async def test_a_template_that_has_changed_silences_its_rule(post: Post) -> None:
    await post.approved(QUAKE)
    consent = (await post.store.consents())[0]
    gone = replace(QUAKE, template="no-such-template")
    assert state(post.town.book.digest(gone), consent) == "broken"
    assert post.town.book.digest(replace(QUAKE, template="earthquake-strong")) != consent.digest
    assert (await post.town.automatic.view()).rules[0].words is not None


async def test_any_officer_stops_it_and_it_goes_on(post: Post) -> None:
    await post.approved()
    await post.town.automatic.hold(OFFICER, "様子がおかしい")
    assert (await post.town.automatic.hold(SECOND, "again")).by.startswith(OFFICER.name)
    post.quake("5-")
    assert await post.poll() == ["automatic_stopped"]
    await post.town.automatic.release(SECOND)
    with pytest.raises(Conflict):
        await post.town.automatic.release(SECOND)
    post.quake("5-", event_id="20260620150501")
    assert (await post.poll())[0] == "automatic_sent"
    assert (len(await post.alerts()), await post.drafts()) == (1, 1)


async def test_stopped_between_the_look_and_the_acceptance_it_is_a_draft(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.approved()
    ready = post.town.desk.ready

    async def stopped(*given: object) -> object:
        made = await ready(*given)  # type: ignore[arg-type]
        await post.town.automatic.hold(OFFICER, "just now")
        return made

    monkeypatch.setattr(post.town.desk, "ready", stopped)
    post.quake("5-")
    assert await post.poll() == ["automatic_stopped"]
    assert (await post.alerts(), await post.drafts()) == ([], 1)


async def test_a_rule_that_never_asked_for_it_only_drafts(post: Post) -> None:
    post.rules(replace(QUAKE, automatic=None))
    post.quake("7")
    assert await post.poll() == []
    assert (await post.alerts(), await post.drafts()) == ([], 1)


async def test_what_is_not_on_the_list_never_speaks_whatever_a_rule_says(post: Post) -> None:
    rain = replace(QUAKE, name="雨", template="earthquake-observed", types=frozenset({"VPWW55"}))
    assert not rain.types & TYPES
    post.rules(rain)
    await post.approved(rain)
    post.quake("7", "VPWW55")
    assert await post.poll() == ["automatic_never"]
    assert await post.alerts() == []


# ------------------------------------------------------------------ what follows is a person's


@pytest.mark.fault(85)
@pytest.mark.parametrize(
    ("head", "kind"), [({"info_type": "訂正"}, Kind.CORRECTION), ({"serial": "2"}, Kind.UPDATE)], ids=["訂正", "続報"]
)
async def test_a_correction_and_a_change_are_drafts(post: Post, head: dict[str, str], kind: Kind) -> None:
    await post.approved()
    post.quake("5-")
    await post.poll()
    post.quake("6+", minutes=1, **head)
    await post.poll()
    (alert,), (draft,) = await post.alerts(), await post.store.drafts()
    sheet = from_json(draft.body)
    assert (sheet.kind, sheet.of) == (kind, alert.identifier)


@pytest.mark.fault(85)
async def test_a_cancellation_is_a_draft_of_the_cancel_and_nothing_is_cleared(post: Post) -> None:
    await post.approved()
    post.quake("5-")
    await post.poll()
    at = (post.clock.now() + timedelta(minutes=1)).isoformat(timespec="seconds")
    taken_back = wire.telegram(body="<Text>取り消します。</Text>", event_id=EVENT, info_type="取消", reported=at)
    post.jma.publish("VXSE53", taken_back, post.clock.now() + timedelta(minutes=1))
    assert (await post.poll())[0] == "withdrawn"
    (alert,), (draft,) = await post.alerts(), await post.store.drafts()
    sheet = from_json(draft.body)
    assert (sheet.kind, sheet.of) == (Kind.CANCEL, alert.identifier)
    assert alert.primary.headline in sheet.texts["ja"].description + sheet.texts["ja"].headline
    draft_made = post.town.book.press.draft(sheet, post.clock.now())
    done = await post.town.desk.follow_up(
        alert.identifier, FollowUp(kind=Kind.CANCEL, draft=draft_made), handing(draft_id=draft.id), OFFICER
    )
    assert done.accepted or done.submission is not None


async def test_a_lifting_of_a_tsunami_is_told_and_no_more(post: Post) -> None:
    await post.approved()
    now = post.clock.now()
    post.jma.publish("VTSE41", wire.tsunami(("312", "51"), at=now), now)
    await post.poll()
    later = now + timedelta(minutes=1)
    post.jma.publish("VTSE41", wire.tsunami(("312", "50"), at=later), later)
    assert (await post.poll())[0] == "over"
    assert (len(await post.alerts()), await post.drafts()) == (1, 0)
