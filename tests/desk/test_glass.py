"""Breaking the glass: only for the gravest, only after a wait, never unseen."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster.errors import Conflict, Forbidden, NotFound, Refused
from broadcaster.model import Actor, Mode
from broadcaster.rules import breakglass
from tests.desk.test_api import Served, served
from tests.desk.world import OFFICER, SECOND, World, handing, world

NIGHT = Actor(name="night watch", uid=1003)


async def handed_in(here: World, template: str = "flood-level4") -> tuple[int, str]:
    done = await here.desk.submit(await here.draft(template), handing(), OFFICER)
    assert done.submission is not None
    return done.submission, done.digest


def later(here: World, by: timedelta) -> None:
    here.clock.ahead += by


async def events(here: World) -> list[str]:
    return [entry.event async for entry in here.store.entries()]


async def test_it_goes_out_alone_only_after_the_wait_and_the_countdown(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await handed_in(here)
        with pytest.raises(Conflict, match="break_glass_early"):
            await here.desk.glass.start(number, digest, "the bridge is going", OFFICER)
        later(here, breakglass.WAIT)
        begun = await here.desk.glass.start(number, digest, "the bridge is going", OFFICER)
        assert begun.due_at - begun.started_at == breakglass.COUNTDOWN
        board = await here.desk.board()
        assert [(each.submission, each.by, each.reason) for each in board.breaking] == [
            (number, OFFICER.name, "the bridge is going")
        ]
        await here.desk.glass.settle()
        assert (await here.desk.board()).rows == ()
        later(here, breakglass.COUNTDOWN)
        await here.desk.glass.settle()
        board = await here.desk.board()
        [row] = board.rows
        assert (row.approved_how, row.approved_by, row.unreviewed) == ("break_glass", OFFICER.name, True)
        assert (board.breaking, board.waiting) == ((), ())
        bodies = [entry.body async for entry in here.store.entries() if entry.event == "accepted"]
        assert "the bridge is going" in bodies[0]


async def test_anybody_stops_it_and_what_waits_waits_on(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await handed_in(here)
        later(here, breakglass.WAIT)
        await here.desk.glass.start(number, digest, "nobody comes", OFFICER)
        with pytest.raises(Conflict, match="break_glass_running"):
            await here.desk.glass.start(number, digest, "again", OFFICER)
        await here.desk.glass.stop(number, NIGHT, "wrong river")
        with pytest.raises(Conflict, match="break_glass_not_running"):
            await here.desk.glass.stop(number, NIGHT, "wrong river")
        later(here, timedelta(minutes=1))
        await here.desk.glass.settle()
        board = await here.desk.board()
        assert (len(board.waiting), board.rows) == (1, ())
        assert (await events(here))[-2:] == ["break_glass_started", "break_glass_stopped"]
        await here.desk.glass.start(number, digest, "it is the right river", OFFICER)
        assert (await here.desk.approve(number, digest, SECOND)).accepted
        later(here, breakglass.COUNTDOWN)
        await here.desk.glass.settle()
        [row] = (await here.desk.board()).rows
        assert (row.approved_how, row.unreviewed) == ("second_person", False)


async def test_what_is_returned_is_not_sent_by_a_countdown(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await handed_in(here)
        later(here, breakglass.WAIT)
        await here.desk.glass.start(number, digest, "nobody comes", OFFICER)
        await here.desk.hand_back(number, SECOND, "wrong town")
        later(here, breakglass.COUNTDOWN)
        await here.desk.glass.settle()
        assert (await here.desk.board()).rows == ()


async def test_it_is_offered_for_the_gravest_only(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await handed_in(here, "flood-level3")
        later(here, breakglass.WAIT)
        assert (await here.desk.board()).breakable == {}
        with pytest.raises(Conflict, match="break_glass_not_offered"):
            await here.desk.glass.start(number, digest, "please", OFFICER)


async def test_it_says_from_when_and_wants_a_reason_and_the_right_texts(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await handed_in(here)
        waiting = (await here.desk.board()).waiting[0].acceptance
        assert (await here.desk.board()).breakable == {str(number): waiting.at + breakglass.WAIT}
        later(here, breakglass.WAIT)
        with pytest.raises(Refused, match="reason_missing"):
            await here.desk.glass.start(number, digest, "  ", OFFICER)
        with pytest.raises(Conflict, match="digest_differs"):
            await here.desk.glass.start(number, "0" * 64, "nobody comes", OFFICER)
        with pytest.raises(NotFound):
            await here.desk.glass.start(77, digest, "nobody comes", OFFICER)


@pytest.mark.parametrize("more", [timedelta(minutes=6), timedelta(minutes=31)])
async def test_a_countdown_that_ended_too_long_ago_sends_nothing(tmp_path: Path, more: timedelta) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await handed_in(here)
        later(here, breakglass.WAIT)
        await here.desk.glass.start(number, digest, "nobody comes", OFFICER)
        later(here, more)
        await here.desk.glass.settle()
        board = await here.desk.board()
        assert (board.rows, board.breaking, len(board.waiting)) == ((), (), 1)
        assert (await events(here))[-1] == "break_glass_lapsed"


async def test_another_looks_at_it_afterwards_and_once(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await handed_in(here)
        later(here, breakglass.WAIT)
        await here.desk.glass.start(number, digest, "nobody comes", OFFICER)
        later(here, breakglass.COUNTDOWN)
        await here.desk.glass.settle()
        serial = (await here.desk.board()).rows[0].alert.serial
        with pytest.raises(Forbidden, match="review_own"):
            await here.desk.glass.review(serial, OFFICER, "fine")
        await here.desk.glass.review(serial, SECOND, "rightly so")
        assert not (await here.desk.board()).rows[0].unreviewed
        with pytest.raises(Conflict, match="review_none"):
            await here.desk.glass.review(serial, SECOND, "again")
        assert (await events(here))[-1] == "reviewed"


async def test_an_unreviewed_one_stays_on_the_board(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        number, digest = await handed_in(here)
        later(here, breakglass.WAIT)
        await here.desk.glass.start(number, digest, "nobody comes", OFFICER)
        later(here, breakglass.COUNTDOWN)
        await here.desk.glass.settle()
        broken = (await here.desk.board()).rows[0].alert.identifier
        for delivery in (await here.desk.board()).rows[0].deliveries:
            await here.store.decide(delivery.id, _drop(here))
        for _ in range(3):
            await here.send(await here.draft("water-cut"))
        for row in (await here.desk.board()).rows:
            for delivery in row.deliveries:
                if not delivery.state.settled:
                    await here.store.decide(delivery.id, _drop(here))
        assert [row.alert.identifier for row in (await here.desk.board(1)).rows] == [broken]


def _drop(here: World) -> Any:
    from broadcaster.ports.store import Decision, Verb

    return Decision(verb=Verb.DROP, actor=SECOND, at=here.clock.now(), why="test")


async def test_the_running_core_carries_it_out(tmp_path: Path) -> None:
    async with world(tmp_path, Mode.LIVE) as here:
        running = asyncio.create_task(here.desk.glass.run())
        number, digest = await handed_in(here)
        later(here, breakglass.WAIT)
        begun = await here.desk.glass.start(number, digest, "nobody comes", OFFICER)
        later(here, begun.due_at - here.clock.now() - timedelta(milliseconds=50))
        here.desk.glass._started.set()
        while not (await here.desk.board()).rows:
            await asyncio.sleep(0.01)
        running.cancel()


async def test_it_goes_by_the_socket_for_unix_users_too(tmp_path: Path) -> None:
    async with served(tmp_path, Mode.LIVE) as here:
        number, digest = await handed_in(here)
        with pytest.raises(Conflict, match="break_glass_early"):
            await here.ask("break_glass", number, digest, "nobody comes")
        later(here, breakglass.WAIT)
        assert (await here.ask("break_glass", number, digest, "nobody comes"))["submission"] == number
        await here.ask("stop_breaking", number, "no")
        await here.desk.glass.start(number, digest, "nobody comes", NIGHT)
        later(here, breakglass.COUNTDOWN)
        await here.desk.glass.settle()
        await _reviewed(here)


async def _reviewed(here: Served) -> None:
    serial = (await here.desk.board()).rows[0].alert.serial
    await here.ask("review", serial, "looked")
    assert not (await here.ask("board"))["rows"][0]["unreviewed"]
