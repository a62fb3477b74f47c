"""The order of things when people speak: preview, hand in, approve, follow up."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster.desk import FollowUp
from broadcaster.desk.composing import Composed, compose
from broadcaster.desk.values import Office
from broadcaster.errors import Conflict, Forbidden, NotFound, Refused
from broadcaster.model import Alert, Draft, Kind, Mode, State
from broadcaster.ports.store import SubmissionState, Verb
from tests.desk.world import OFFICER, SECOND, World, handing, world


async def test_a_preview_shows_every_channel_and_changes_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        draft = await here.draft()
        shown = await here.desk.preview(draft)
        again = await here.desk.preview(draft)
        assert [each.channel for each in shown.channels] == ["twitter", "mail", "page", "feeds"]
        assert shown.alert.serial == again.alert.serial == "1-1"
        assert shown.digest == again.digest
        twitter, mail, page, feeds = shown.channels
        assert twitter.length is not None
        assert twitter.length.fits
        assert mail.reached == 0
        assert "index.html" in page.files
        assert any(path.endswith(".xml") for path in feeds.files)
        assert (await here.desk.board()).rows == ()
        assert here.changes == []


async def test_what_was_previewed_is_what_goes_out(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        draft = await here.draft()
        shown = await here.desk.preview(draft)
        here.clock.ahead = timedelta(minutes=5)
        done = await here.desk.submit(draft, handing(digest=shown.digest), OFFICER)
        assert done.accepted
        assert len(here.changes) == 1
        other = replace(draft, infos=(replace(draft.infos[0], headline="別の見出しです"), *draft.infos[1:]))
        with pytest.raises(Conflict, match="preview_changed"):
            await here.desk.submit(other, handing(digest=shown.digest), OFFICER)


async def test_words_are_made_once_unless_somebody_else_took_the_serial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as here:
        composed: list[tuple[int, int]] = []

        async def counting(office: Office, draft: Draft, alert: Alert, *more: Any) -> Composed:
            composed.append((alert.incident, alert.version))
            return await compose(office, draft, alert, *more)

        monkeypatch.setattr("broadcaster.desk.desk.compose", counting)
        alone = await here.desk.submit(await here.draft(), handing(), OFFICER)
        assert (alone.alert.serial, composed) == ("1-1", [(1, 1)])
        await here.store.next_serial(None)  # somebody else's, reserved and not accepted yet
        drafts = [await here.draft("water-cut"), await here.draft("power-cut")]
        both = await asyncio.gather(*(here.desk.submit(draft, handing(), OFFICER) for draft in drafts))
        assert sorted(each.alert.serial for each in both) == ["3-1", "4-1"]
        assert {(3, 1), (4, 1)} <= set(composed)
        said = {work.delivery.alert: work.message for work in await here.claimed("twitter")}
        for each in both:
            message = said[each.alert.identifier]
            assert message is not None
            assert each.alert.serial in message.texts[0].body


@pytest.mark.fault(100)
async def test_one_key_is_one_alert_however_often_and_from_however_many(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        draft = await here.draft()
        done = await asyncio.gather(*(here.desk.submit(draft, handing("k"), OFFICER) for _ in range(5)))
        assert len({each.alert.identifier for each in done}) == 1
        assert len((await here.desk.board()).rows) == 1
        with pytest.raises(Conflict, match="key_reused"):
            await here.desk.submit(await here.draft("water-cut"), handing("k"), OFFICER)


async def test_one_source_is_one_wish_though_its_draft_is_made_of_a_later_moment(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        wish = replace(handing("k"), source="water-cut, areas 芋窪")
        first = await here.desk.submit(await here.draft("water-cut"), wish, OFFICER)
        here.clock.ahead = timedelta(minutes=2)
        later = await here.draft("water-cut")
        assert later.infos[0].expires > first.alert.infos[0].expires
        again = await here.desk.submit(later, wish, OFFICER)
        assert again.alert.identifier == first.alert.identifier
        assert len((await here.desk.board()).rows) == 1
        with pytest.raises(Conflict, match="key_reused"):
            await here.desk.submit(later, replace(wish, source="water-cut, areas 蔵敷"), OFFICER)


async def test_a_refused_draft_tells_every_problem_and_uses_up_no_number(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        draft = await here.draft()
        empty = replace(draft.infos[0], areas=(), instruction="", headline="○○")
        with pytest.raises(Refused) as refused:
            await here.desk.submit(replace(draft, infos=(empty, *draft.infos[1:])), handing(), OFFICER)
        assert len(refused.value.problems) >= 3
        with pytest.raises(Refused, match="unknown_channel"):
            await here.desk.submit(replace(draft, channels=("loudspeaker",)), handing(), OFFICER)
        assert (await here.alert()).serial == "1-1"


async def test_live_and_grave_waits_for_a_second_person(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await waiting(here)
        assert (await here.desk.board()).rows == ()
        with pytest.raises(Forbidden, match="approval_same_person"):
            await here.desk.approve(number, digest, OFFICER)
        with pytest.raises(Forbidden):
            await here.desk.approve(number, digest, replace(SECOND, uid=OFFICER.uid))
        with pytest.raises(Conflict, match="digest_differs"):
            await here.desk.approve(number, "0" * 64, SECOND)
        frozen = (await here.desk.submission(number)).acceptance
        done = await here.desk.approve(number, digest, SECOND)
        assert done.alert == frozen.alert
        row = (await here.desk.report(done.alert.identifier)).row
        assert (row.author, row.approved_by) == (OFFICER.name, SECOND.name)
        assert {each.state for each in row.deliveries} == {State.READY}
        assert (await here.desk.submission(number)).state is SubmissionState.APPROVED


async def test_a_minor_one_and_a_taking_back_need_one_person(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        assert (await here.desk.submit(await here.draft("water-cut"), handing(), OFFICER)).accepted
        alert = await here.alert()
        for kind, alone in ((Kind.CORRECTION, True), (Kind.ALL_CLEAR, False)):
            done = await here.desk.follow_up(alert.identifier, FollowUp(kind=kind), handing(), OFFICER)
            assert done.accepted is alone


async def test_only_the_retraction_as_prepared_was_approved_in_advance(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        draft = await here.draft()
        first = await here.desk.submit(draft, handing(), OFFICER)
        await here.desk.approve(first.submission or 0, first.digest, SECOND)
        serial = first.alert.serial
        own_words = FollowUp(kind=Kind.CANCEL, draft=replace(draft, kind=Kind.CANCEL))
        assert (await here.desk.follow_up(serial, own_words, handing(), OFFICER)).accepted is False
        assert (await here.desk.follow_up(serial, FollowUp(kind=Kind.ALL_CLEAR), handing(), OFFICER)).accepted is False
        assert (await here.desk.follow_up(serial, FollowUp(kind=Kind.CORRECTION), handing(), OFFICER)).accepted is True
        bodies = [entry.body async for entry in here.store.entries()]
        assert any('"prepared"' in body for body in bodies)


async def test_an_old_or_overtaken_submission_cannot_be_approved(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await waiting(here)
        here.clock.ahead = timedelta(minutes=31)
        with pytest.raises(Conflict, match="submission_stale"):
            await here.desk.approve(number, digest, SECOND)
        here.clock.ahead = timedelta()
        alert = await here.alert()
        update = replace(await here.draft(), kind=Kind.UPDATE, incident=alert.incident)
        first = await here.desk.submit(update, handing(), OFFICER)
        second = await here.desk.submit(update, handing(), OFFICER)
        assert first.submission
        assert second.submission
        await here.desk.approve(second.submission, second.digest, SECOND)
        with pytest.raises(Conflict):
            await here.desk.approve(first.submission, first.digest, SECOND)


async def test_a_submission_can_be_handed_back(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await waiting(here)
        await here.desk.hand_back(number, SECOND, "wrong town")
        with pytest.raises(Conflict, match="submission_closed"):
            await here.desk.approve(number, digest, SECOND)
        assert (await here.desk.board()).waiting == ()


async def test_a_silent_correction_changes_only_what_is_published(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        alert = await here.alert("shelter-opened")
        await here.said()
        wish = FollowUp(kind=Kind.CORRECTION, silent=True)
        done = await here.desk.follow_up(alert.serial, wish, handing(), OFFICER)
        assert {each.channel for each in done.deliveries} == {"page", "feeds"}
        loud = FollowUp(kind=Kind.CANCEL)
        told = await here.desk.follow_up(alert.serial, loud, handing(), OFFICER)
        assert {each.channel for each in told.deliveries} == {"twitter", "mail", "page", "feeds"}


async def test_a_silent_one_is_refused_while_what_it_follows_is_not_said_everywhere(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        alert = await here.alert("shelter-opened")
        draft = replace(await here.draft("shelter-opened"), kind=Kind.UPDATE, incident=alert.incident)
        told = (await here.desk.preview(replace(draft, silent=True))).problems
        assert [(each.params["channel"], each.blocking) for each in told if each.code == "silent_overtakes"] == [
            ("twitter", True),
            ("mail", True),
        ]
        wish = FollowUp(kind=Kind.CORRECTION, silent=True)
        with pytest.raises(Refused, match="silent_overtakes"):
            await here.desk.follow_up(alert.serial, wish, handing(), OFFICER)
        assert not [each for each in (await here.desk.preview(draft)).problems if each.code == "silent_overtakes"]


async def test_a_follow_up_repeated_under_its_key_is_the_same_although_its_times_differ(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        alert = await here.alert()
        wish = FollowUp(kind=Kind.ALL_CLEAR)
        first = await here.desk.follow_up(alert.identifier, wish, handing("clear"), OFFICER)
        here.clock.ahead = timedelta(minutes=3)
        again = await here.desk.follow_up(alert.identifier, wish, handing("clear"), OFFICER)
        assert again.alert == first.alert


async def test_an_update_takes_the_next_version_of_the_incident(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        alert = await here.alert()
        done = await here.desk.update(alert.serial, await here.draft(), handing(), OFFICER)
        assert (done.alert.kind, done.alert.serial) == (Kind.UPDATE, "1-2")
        assert [each.identifier for each in done.alert.references] == [alert.identifier]
        with pytest.raises(NotFound):
            await here.desk.update("99-1", await here.draft(), handing(), OFFICER)


async def test_a_person_decides_on_a_delivery(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        alert = await here.alert()
        number = (await here.desk.report(alert.identifier)).row.deliveries[0].id
        assert (await here.desk.decide(number, Verb.HOLD, OFFICER, "wait")).state is State.HELD
        assert (await here.desk.decide(number, Verb.RELEASE, OFFICER, "go on")).state is State.READY
        assert (await here.desk.decide(number, Verb.DROP, OFFICER, "not needed")).state is State.CANCELLED
        with pytest.raises(Conflict):
            await here.desk.decide(number, Verb.RELEASE, OFFICER, "again")


async def waiting(here: World) -> tuple[int, str]:
    """Hand in something grave; return its number and the digest of its texts."""
    draft: Draft = await here.draft()
    done = await here.desk.submit(draft, handing(), OFFICER)
    assert not done.accepted
    assert done.submission
    return done.submission, done.digest
