"""Announcements by the calendar on the officers' desk: the days ahead, a series approved, a suspended one let go."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from broadcaster.model import Actor, Mode, OccurrenceRow, Part, RoutineCategory, Standing
from tests.tui.desk import Core, Seat, core, seat
from tests.unit.plans import daily, plan

AUTHOR = Actor(name="duty-a", uid=4711)
WIDE = (100, 40)


async def planned(made: Core) -> None:
    """A chime that anybody may approve, and one that is said at night."""
    await made.here.planning.put(plan(), AUTHOR)
    night = plan(daily("23:00"), id="night", title="夜の放送", category=RoutineCategory.CIVIC)
    await made.here.planning.put(night, AUTHOR)


async def suspended(made: Core, state: Standing = Standing.SUSPENDED, reason: str = "emergency") -> datetime:
    """One occurrence of the chime that an emergency has suspended."""
    now = made.here.clock.now().replace(microsecond=0)
    row = OccurrenceRow(
        plan="chime",
        due=now - timedelta(minutes=30),
        part=Part.ANNOUNCE,
        state=state,
        until=now + timedelta(minutes=30),
        at=now,
        reason=reason,
    )
    await made.here.store.settle_occurrences((row,))
    made.changed()
    return row.due


async def opened(here: Seat) -> None:
    await here.press("b")
    await here.until(lambda: "chime" in here.shown())


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", ("計画 2件", "未承認", "静かな時間帯")), ("en", ("Plans: 2", "not approved", "quiet hours"))],
)
async def test_the_days_ahead_tell_why_something_is_left_out(
    tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    async with core(tmp_path) as made:
        await planned(made)
        async with seat(made, language, WIDE) as here:
            await opened(here)
            assert [word for word in words if word not in here.shown()] == []


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_series_is_approved_by_typing_its_name(tmp_path: Path, mode: Mode) -> None:
    async with core(tmp_path, mode) as made:
        await planned(made)
        async with seat(made, "en", WIDE) as here:
            await opened(here)
            await here.press("enter")
            await here.until(lambda: "comes next:" in here.shown())
            assert "外にいる子どもたちは家に帰りましょう" in here.shown()
            await here.press("a")
            await here.until(lambda: "without anybody looking again" in here.shown())
            await here.press(*"chirp", "enter")
            await here.until(lambda: "That is not it" in here.shown())
            assert not (await made.here.store.plan("chime")).speaks
            await here.press("ctrl+u", *"chime", "enter")
            await here.until(lambda: "approved by" in here.shown())
            assert (await made.here.store.plan("chime")).speaks


async def test_what_an_emergency_suspended_is_on_the_board_and_is_let_go_with_a_reason(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        await planned(made)
        due = await suspended(made)
        async with seat(made, "en", WIDE) as here:
            await here.until(lambda: "Announcements that wait for a decision: 1" in here.shown())
            assert "silent because of an emergency" in here.shown()
            assert f"? {plan().title} of " in here.shown(), "by its title, not by its id"
            await here.press("home", "enter")
            await here.until(lambda: "Undecided it is over at" in here.shown())
            await here.press("l")
            await here.until(lambda: "Why is it said after all?" in here.shown())
            await here.press(*"over", "enter")
            await here.until(lambda: "Announcements that wait" not in here.shown())
            row = await made.here.store.occurrence("chime", due, Part.ANNOUNCE)
            assert row is not None
            assert row.state is Standing.RELEASED


async def test_a_day_is_left_out_and_taken_back(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        await planned(made)
        async with seat(made, "en", WIDE) as here:
            await opened(here)
            await here.press("down", "down", "x")
            await here.until(lambda: "Why is it left out?" in here.shown())
            await here.press(*"rain", "enter")
            await here.until(lambda: "left out by an officer" in here.shown())
            await here.press("l")
            await here.until(lambda: "Why is it said after all?" in here.shown())
            await here.press(*"sun", "enter")
            await here.until(lambda: "left out by an officer" not in here.shown())


async def test_a_plan_is_silenced_with_a_reason(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        await planned(made)
        async with seat(made, "en", WIDE) as here:
            await opened(here)
            await here.press("enter")
            await here.until(lambda: "comes next:" in here.shown())
            await here.press("d")
            await here.until(lambda: "Why is the plan silenced?" in here.shown())
            await here.press(*"old", "enter")
            await here.until(lambda: "Plans: 1" in here.shown())
            assert (await made.here.store.plan("chime")).retired


async def test_a_small_terminal_and_the_other_language(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        await planned(made)
        await suspended(made, Standing.FAILED, "refused")
        async with seat(made, "ja") as here:
            await opened(here)
            await here.until(lambda: "放送できません" in here.shown())
            await here.press("f2")
            await here.until(lambda: "it cannot be said" in here.shown())
