"""From the board by one key: retract, cancel, lift, extend; resend, hold, release, drop; and nothing by accident."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from broadcaster.model import Alert, Kind, Mode, State
from broadcaster.tui.screens.board import BoardScreen
from broadcaster.tui.screens.decide import DecideScreen
from broadcaster.tui.screens.detail import DetailScreen
from broadcaster.tui.screens.follow_up import ExtendScreen, FollowUpScreen
from broadcaster.tui.screens.say import SayScreen
from tests.tui.desk import Core, Seat, core, seat
from tests.tui.plays import busy

LANGUAGES = ["ja", "en"]
DRILL_WORD = {"ja": "訓練", "en": "drill"}


async def alerts(made: Core) -> list[Alert]:
    """Every alert, newest first."""
    return [row.alert for row in await made.here.store.board(made.here.clock.now(), 50)]


async def on(here: Seat, alert: Alert) -> None:
    """Put the cursor on the alert's line."""
    await here.until(lambda: alert.serial in here.shown())
    await here.until(lambda: here.app.me is not None)
    await here.press("home")


async def ready(here: Seat) -> SayScreen:
    """Wait until a saying is shown with what its channels make of it."""
    await here.until(lambda: isinstance(here.app.screen, SayScreen) and here.app.screen._preview is not None)
    assert isinstance(here.app.screen, SayScreen)
    return here.app.screen


async def back(here: Seat) -> None:
    await here.until(lambda: isinstance(here.app.screen, BoardScreen))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_false_alarm_is_retracted_by_two_keys_and_one_officer(tmp_path: Path, language: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        alert = await made.here.alert()
        async with seat(made, language) as here:
            await on(here, alert)
            await here.press("f")
            screen = await ready(here)
            assert alert.primary.event in screen.query_one("#said").render().plain  # type: ignore[union-attr]
            await here.press("y")
            await back(here)
            newest = (await alerts(made))[0]
            assert (newest.kind, newest.incident, newest.silent) == (Kind.CORRECTION, alert.incident, False)


@pytest.mark.fault(100)
async def test_pressed_twice_it_is_one_message(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        async with seat(made) as here:
            await on(here, alert)
            await here.press("f")
            await ready(here)
            await here.press("y", "y", "y")
            await back(here)
            assert [each.version for each in await alerts(made)] == [2, 1]


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_retraction_may_change_pages_alone_unless_others_would_never_hear(
    tmp_path: Path, *, arrived: bool
) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        if arrived:
            await made.here.said()
        async with seat(made) as here:
            await on(here, alert)
            await here.press("f")
            await ready(here)
            await here.press("q")
            if not arrived:
                await here.until(lambda: "届かないまま" in here.told())
                await here.press("y")
            await back(here)
            assert (await alerts(made))[0].silent == arrived


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_all_clear_is_typed_out(tmp_path: Path, language: str) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        async with seat(made, language) as here:
            await on(here, alert)
            await here.press("e")
            screen = await ready(here)
            typed = screen.query_one("Input")
            typed.value = "yes"  # type: ignore[attr-defined]
            await here.press("enter")
            await here.pilot.pause()
            assert here.app.screen is screen
            assert len(await alerts(made)) == 1
            typed.value = DRILL_WORD[language]  # type: ignore[attr-defined]
            await here.press("enter")
            await back(here)
            assert (await alerts(made))[0].kind is Kind.ALL_CLEAR


async def test_a_live_all_clear_asks_for_level_and_area_and_waits_for_a_second_person(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        alert = await made.here.alert()
        async with seat(made) as here:
            await on(here, alert)
            await here.press("e")
            screen = await ready(here)
            assert alert.primary.areas[0].area_desc in screen._word()
            screen.query_one("Input").value = screen._word()  # type: ignore[attr-defined]
            await here.press("enter")
            await back(here)
            assert len(await alerts(made)) == 1
            (waiting,) = await made.here.store.submissions()
            assert waiting.acceptance.alert.kind is Kind.ALL_CLEAR


@pytest.mark.parametrize("language", LANGUAGES)
async def test_near_its_end_it_is_asked_whether_it_still_holds_and_extended(tmp_path: Path, language: str) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        made.here.clock.ahead = alert.expires - made.here.clock.now() - timedelta(minutes=14)
        async with seat(made, language) as here:
            await on(here, alert)
            assert ("13分" if language == "ja" else "13 min") in here.shown()
            await here.press("v")
            await here.until(lambda: isinstance(here.app.screen, ExtendScreen))
            await here.press("3")
            screen = await ready(here)
            screen.query_one("Input").value = DRILL_WORD[language]  # type: ignore[attr-defined]
            await here.press("enter")
            await back(here)
            newest = (await alerts(made))[0]
            assert (newest.kind, newest.primary.headline) == (Kind.UPDATE, alert.primary.headline)
            assert newest.expires - newest.sent > timedelta(hours=5, minutes=59)


async def test_a_novice_finds_it_all_in_a_list(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        async with seat(made) as here:
            await on(here, alert)
            await here.press("enter")
            await here.until(lambda: isinstance(here.app.screen, FollowUpScreen))
            await here.press("x")
            await ready(here)
            await here.press("y")
            await back(here)
            assert (await alerts(made))[0].kind is Kind.CANCEL


@pytest.mark.parametrize("key", ["escape"])
async def test_left_alone_nothing_is_sent(tmp_path: Path, key: str) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        async with seat(made) as here:
            for opening in ("f", "x", "e", "v", "enter"):
                await on(here, alert)
                await here.press(opening)
                await here.until(lambda: not isinstance(here.app.screen, BoardScreen))
                await here.press(key)
                await back(here)
            assert len(await alerts(made)) == 1


async def test_what_is_over_can_not_be_followed(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        alert = await made.here.alert()
        made.here.clock.ahead = timedelta(days=2)
        async with seat(made) as here:
            await on(here, alert)
            await here.press("f", "e", "x", "v")
            await here.pilot.pause()
            assert isinstance(here.app.screen, BoardScreen)


# ---------------------------------------------------------------- deliveries


async def cursor_on(here: Seat, key: str) -> None:
    """Put the cursor on the line with this key."""
    table = here.app.screen.query_one("BoardTable")
    await here.until(lambda: any(line.key == key for line in table._lines))  # type: ignore[attr-defined]
    table.cursor = next(place for place, line in enumerate(table._lines) if line.key == key)  # type: ignore[attr-defined]
    await here.pilot.pause()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_delivery_is_held_and_released_with_its_reason(tmp_path: Path, language: str) -> None:
    async with core(tmp_path) as made:
        await made.here.alert()
        (row,) = await made.here.store.board(made.here.clock.now(), 50)
        number = row.deliveries[0].id
        async with seat(made, language) as here:
            await cursor_on(here, str(number))
            await here.press("h")
            await here.until(lambda: isinstance(here.app.screen, DecideScreen))
            await here.press(*"later", "enter")
            await back(here)
            assert (await made.here.store.delivery(number)).state is State.HELD
            await here.until(lambda: here.app.screen.query_one("BoardTable").line.delivery["state"] == "held")  # type: ignore[attr-defined]
            await here.press("l", "enter")
            await back(here)
            held = await made.here.store.delivery(number)
            assert (held.state, held.reason) == (State.READY, "release")
            told = [entry.body async for entry in made.here.store.entries() if entry.event == "decided"]
            assert "later" in told[0]


async def test_who_was_left_out_of_a_mail_is_served_again_from_the_board(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        await busy(made)
        (row,) = await made.here.store.board(made.here.clock.now(), 50)
        mail = next(each for each in row.deliveries if each.channel == "mail")
        async with seat(made) as here:
            await cursor_on(here, f"!{mail.id}")
            assert "2 人に届いていません" in here.shown()
            await here.press("r")
            await here.until(lambda: isinstance(here.app.screen, DecideScreen))
            assert "2 人にだけ" in here.shown()
            await here.press("enter")
            await back(here)
            assert (await made.here.store.delivery(mail.id)).state is State.READY


async def test_only_what_is_possible_is_offered(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        await busy(made)
        (row,) = await made.here.store.board(made.here.clock.now(), 50)
        page = next(each for each in row.deliveries if each.channel == "page")
        async with seat(made) as here:
            await cursor_on(here, str(page.id))
            assert "再送" not in here.shown().splitlines()[-1]
            await here.press("r", "h", "l", "d")
            await here.pilot.pause()
            assert isinstance(here.app.screen, BoardScreen)
            await here.press("enter")
            await here.until(lambda: isinstance(here.app.screen, DetailScreen))
            await here.until(lambda: "1 回目" in here.shown())
            assert "http://127.0.0.1:8080/" in here.shown()


async def test_a_channel_that_is_down_is_tried_again(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        await busy(made)
        async with seat(made) as here:
            await cursor_on(here, "#feeds")
            await here.press("o")
            await here.until(lambda: not here.app.board["channels"][3]["down"])
