"""Automatic sending at the desk: every screen says that it is on, anybody stops it, two let a rule speak."""

from __future__ import annotations

from pathlib import Path

from broadcaster.model import Mode
from broadcaster.tui.widgets.automatic_bar import AutomaticBar
from tests.desk.world import OFFICER, SECOND
from tests.tui.desk import core, seat
from tests.upstream.test_automatic import QUAKE, SEA


async def test_every_screen_says_that_it_is_on_and_stops_it(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        made.here.book.watches = (QUAKE, SEA)
        digest = made.here.book.digest(QUAKE)
        for officer in (OFFICER, SECOND):
            await made.here.automatic.approve(QUAKE.name, digest, officer)
        async with seat(made) as here:
            for keys in ((), ("f1",)):
                await here.press(*keys)
                await here.until(lambda: "自動送信 有効：地震" in here.shown())
            await here.press("f12", "enter")
            await here.until(lambda: "自動送信 停止中" in here.shown())
        assert (await made.here.store.automatic_stop()) is not None


async def test_a_rule_is_approved_by_its_name_and_let_go_on(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        made.here.book.watches = (QUAKE,)
        await made.here.automatic.hold(OFFICER, "test")
        async with seat(made) as here:
            await here.press("w")
            for word in ("あと一人", "有効：root"):
                await here.until(lambda: "気象庁が発表した震度5弱以上" in here.shown())
                await here.press("a", *QUAKE.name, "enter")
                await here.until(lambda said=word: said in here.shown())  # type: ignore[misc]
            await here.press("l")
            await here.until(lambda: "自動送信 有効：地震" in here.shown())


async def test_without_a_rule_there_is_no_bar_and_no_key(tmp_path: Path) -> None:
    async with core(tmp_path) as made, seat(made) as here:
        assert not here.app.screen.query_one(AutomaticBar).display
        await here.press("f12")
        assert "理由" not in here.shown()
