"""Two officers with accounts, two sessions, one machine: who writes does not approve, under whatever login."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster.documents import dump
from broadcaster.model import Actor, Mode, Role
from broadcaster.officers import codes
from broadcaster.tui.handing import Handing
from broadcaster.tui.screens.approve import ReviewScreen
from broadcaster.tui.screens.preview import PreviewScreen
from broadcaster.tui.screens.send import SendScreen
from tests.desk import persons
from tests.desk.world import handing
from tests.tui.desk import Core, Seat, core, seat
from tests.tui.test_approve import LIVE, loaded, typed

DUTY = (Role.COMPOSER, Role.APPROVER)


async def officer(made: Core, name: str, *roles: Role) -> str:
    return await persons.seat(made.here.store, name, made.here.clock.now(), roles or DUTY)


async def again(made: Core, name: str) -> str:
    """Log the same person in a second time."""
    now, secret = made.here.clock.now(), f"{codes.SESSION}{name}-again"
    far = now.replace(year=now.year + 1)
    assert await made.here.store.begin_session(name, 0, codes.hashed(secret), now, far)
    return secret


async def send(here: Seat, draft_id: int | None = None) -> int:
    """Write, preview and hand in; return what waits."""
    draft = dump(await here.core.here.draft())
    here.app.push_screen(PreviewScreen(Handing(draft=draft, key="form", draft_id=draft_id)))
    await loaded(here)
    await here.press("enter")
    await typed(here, LIVE)
    await here.until(lambda: not isinstance(here.app.screen, SendScreen | PreviewScreen))
    (waiting,) = (await here.core.here.desk.board()).waiting
    return waiting.id


async def approve(here: Seat, number: int) -> None:
    here.app.push_screen(ReviewScreen(number))
    await loaded(here)
    await here.press("a")
    await typed(here, LIVE)


def text_of(here: Seat, kind: type[ReviewScreen]) -> str:
    """What the head of that screen says, under whatever lies over it."""
    (screen,) = (each for each in here.app.screen_stack if isinstance(each, kind))
    return str(screen.query_one("#head").visual)  # type: ignore[attr-defined]


@pytest.mark.fault(105)
@pytest.mark.parametrize(("language", "what"), [("ja", "本人なので承認できません"), ("en", "cannot approve it too")])
async def test_one_writes_the_other_approves_and_no_second_login_helps(
    tmp_path: Path, language: str, what: str
) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        first, second = await officer(made, "duty-a"), await officer(made, "duty-b")
        async with seat(made, language, session=first) as here:
            number = await send(here)
        async with seat(made, language, session=await again(made, "duty-a")) as here:
            await approve(here, number)
            assert here.app.words("tui_own") in text_of(here, ReviewScreen)
            await here.until(lambda: what in here.told())
        assert not (await made.here.desk.board()).rows
        async with seat(made, language, session=second) as here:
            await approve(here, number)
            await here.until(lambda: not isinstance(here.app.screen, SendScreen | ReviewScreen))
        (row,) = (await made.here.desk.board()).rows
        assert (row.author, row.approved_by) == ("duty-a", "duty-b")


@pytest.mark.fault(103)
@pytest.mark.fault(105)
async def test_who_wrote_in_the_draft_cannot_approve_it_either(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        first, second = await officer(made, "duty-a"), await officer(made, "duty-b")
        row = await made.here.desk.open_draft({}, Actor(name="duty-a"))
        await made.here.desk.save_draft(row.id, row.version, {"note": "b was here"}, Actor(name="duty-b"))
        async with seat(made, session=first) as here:
            number = await send(here, row.id)
        async with seat(made, session=second) as here:
            await approve(here, number)
            await here.until(lambda: "承認できません" in here.told())
        assert not (await made.here.desk.board()).rows


@pytest.mark.fault(124)
async def test_a_composer_alone_sends_nothing_live(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        await officer(made, "duty-a")
        writer = await officer(made, "writer", Role.COMPOSER)
        done = await made.here.desk.submit(await made.here.draft(), handing(), Actor(name="duty-a"))
        assert done.submission is not None
        async with seat(made, session=writer) as here:
            await approve(here, done.submission)
            await here.until(lambda: bool(here.told()))
        assert not (await made.here.desk.board()).rows


async def test_what_was_mended_says_whose_reason_it_answers(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        second = await officer(made, "duty-b")
        row = await made.here.desk.open_draft({}, Actor(name="duty-a"))
        draft, author = await made.here.draft(), Actor(name="duty-a")
        wrong = await made.here.desk.submit(draft, replace(handing(), draft_id=row.id), author)
        assert wrong.submission is not None
        await made.here.desk.hand_back(wrong.submission, Actor(name="duty-b"), "地区の誤り")
        info = replace(draft.infos[0], description=draft.infos[0].description.replace("蔵敷", "奈良橋"))
        mended = replace(draft, infos=(info, *draft.infos[1:]))
        done = await made.here.desk.submit(mended, replace(handing(), draft_id=row.id), author)
        assert done.submission is not None
        async with seat(made, "ja", (120, 50), session=second) as here:
            here.app.push_screen(ReviewScreen(done.submission))
            await loaded(here)
            assert "duty-b さんが差し戻したものを直した文面です（地区の誤り）" in here.shown()
            assert "[-蔵敷-]{+奈良橋+}" in here.shown()
