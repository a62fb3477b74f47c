"""Sending without a second person: offered late, seen by everybody, stopped by anybody, looked at afterwards."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from textual import events

from broadcaster.model import Actor, Mode
from broadcaster.rules import breakglass
from broadcaster.tui.screens.approve import ReviewScreen
from broadcaster.tui.screens.glass import GlassScreen
from broadcaster.tui.screens.send import SendScreen
from tests.desk.world import SECOND
from tests.tui.desk import Core, Seat, core, seat
from tests.tui.test_approve import LIVE, handed_in, loaded
from tests.tui.test_session import hired, inside

NIGHT = Actor(name="night watch", uid=1003)


async def reviewed(here: Seat, number: int) -> None:
    here.app.push_screen(ReviewScreen(number))
    await loaded(here)


def wait(made: Core) -> None:
    """Let the three minutes go by."""
    made.here.clock.ahead += breakglass.WAIT
    made.changed()


async def filled(here: Seat, **values: str) -> None:
    """Fill the fields one after the other, as an officer does."""
    await here.until(lambda: isinstance(here.app.screen, GlassScreen))
    await here.pilot.pause()
    for name, value in values.items():
        here.app.screen.query_one(f"#{name}").value = value  # type: ignore[attr-defined]
        await here.press("enter")


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_it_is_offered_only_after_the_wait_and_needs_words_and_a_reason(tmp_path: Path, language: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        number = await handed_in(made)
        async with seat(made, language, (120, 40)) as here:
            await reviewed(here, number)
            await here.press("x")
            assert isinstance(here.app.screen, ReviewScreen)
            wait(made)
            await here.until(lambda: here.app.words("tui_may_break") in here.shown())
            await here.press("x")
            await filled(here, typed="訓練", reason="だれも出ない")
            assert not (await made.here.desk.board()).breaking
            await filled(here, typed=LIVE, reason="")
            assert here.app.words("tui_reason_needed") in here.shown()
            await filled(here, reason="だれも出ない")
            await here.until(lambda: isinstance(here.app.screen, ReviewScreen))
            (countdown,) = (await made.here.desk.board()).breaking
            assert (countdown.submission, countdown.reason) == (number, "だれも出ない")


@pytest.mark.parametrize(("language", "what"), [("ja", "一人の判断で送られます"), ("en", "on one person's word")])
async def test_everybody_sees_it_on_every_screen_and_anybody_stops_it(tmp_path: Path, language: str, what: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        number, other = await handed_in(made), await handed_in(made)
        wait(made)
        digest = (await made.here.desk.submission(number)).acceptance.digest
        async with seat(made, language, (120, 40)) as here:
            await made.here.desk.glass.start(number, digest, "だれも出ない", NIGHT)
            await here.until(lambda: what in here.shown())
            await reviewed(here, other)
            assert what in here.shown()
            await here.press("a")
            await here.until(lambda: isinstance(here.app.screen, SendScreen) and what in here.shown())
            await here.press("f8")
            await here.until(lambda: here.app.words("tui_why_stop") in here.shown())
            await here.press("enter")
            await here.until(lambda: what not in here.shown())
            assert not (await made.here.desk.board()).breaking
            assert str(number) in here.told()
            entries = [entry async for entry in made.here.store.entries()]
            assert entries[-1].event == "break_glass_stopped"
            assert here.app.words("why_default") in json.loads(entries[-1].body)["reason"]


async def test_without_a_countdown_the_key_does_nothing(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made, seat(made) as here:
        await here.press("f8")
        assert len(here.app.screen_stack) == 2
        assert "F8" not in here.shown()


async def test_the_reviewing_screen_sees_it_go_out(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        number = await handed_in(made)
        wait(made)
        digest = (await made.here.desk.submission(number)).acceptance.digest
        async with seat(made, size=(120, 40)) as here:
            await reviewed(here, number)
            await made.here.desk.glass.start(number, digest, "だれも出ない", NIGHT)
            made.here.clock.ahead += breakglass.COUNTDOWN
            await made.here.desk.glass.settle()
            await here.until(lambda: "承認済みです" in here.shown())


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_an_approver_looks_at_it_afterwards(tmp_path: Path, language: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        number = await handed_in(made)
        wait(made)
        digest = (await made.here.desk.submission(number)).acceptance.digest
        await made.here.desk.glass.start(number, digest, "だれも出ない", NIGHT)
        made.here.clock.ahead += breakglass.COUNTDOWN
        await made.here.desk.glass.settle()
        async with seat(made, language, (120, 40)) as here:
            await here.until(lambda: here.app.words("tui_do_unreviewed") in here.shown())
            await here.press("home", "i")
            await here.until(lambda: "だれも出ない" in here.shown())
            await here.press("y")
            await here.until(lambda: here.app.words("tui_why_review") in here.shown())
            here.app.screen.query_one("#reason").value = "内容は正しい"  # type: ignore[attr-defined]
            await here.press("enter")
            await here.until(lambda: "内容は正しい" in here.shown())
            (row,) = (await made.here.desk.board()).rows
            assert not row.unreviewed
            made.changed()
            await here.press("escape")
            await here.until(lambda: here.app.words("tui_do_unreviewed") not in here.shown())


async def test_who_broke_it_may_not_be_the_one_who_looks(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        number = await handed_in(made)
        wait(made)
        digest = (await made.here.desk.submission(number)).acceptance.digest
        await made.here.desk.glass.start(number, digest, "だれも出ない", SECOND)
        made.here.clock.ahead += breakglass.COUNTDOWN
        await made.here.desk.glass.settle()
        found = await made.here.desk.records.handover()
        assert [row.unreviewed for row in found.board.rows] == [True]


@pytest.mark.parametrize(("language", "used"), [("ja", "コードが違うか"), ("en", "The code is wrong")])
async def test_it_takes_a_fresh_code_of_the_second_factor_and_only_once(
    tmp_path: Path, language: str, used: str
) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        person = await hired(made)
        number, clock = await handed_in(made), made.here.clock
        wait(made)
        began = clock.now()
        session = await asyncio.to_thread(person.log_in, made.client(), began)
        async with seat(made, language, (120, 40), session=session) as here:
            await inside(here)
            await reviewed(here, number)
            await here.press("x")
            await filled(here, typed=LIVE, reason="だれも出ない", code="")
            assert here.app.words("tui_code_needed") in here.shown()
            await filled(here, code=person.code(began))
            await here.until(lambda: used in here.told())
            assert not (await made.here.desk.board()).breaking, "the code that logged in is not fresh"
            for key in person.code(clock.now(), 1):
                here.app.post_message(events.Key(key, key))
            here.app.post_message(events.Key("enter", None))
            await here.until(lambda: isinstance(here.app.screen, ReviewScreen))
            (countdown,) = (await made.here.desk.board()).breaking
            assert (countdown.submission, countdown.by) == (number, person.name)
