"""The alarm clock: said once or not at all, never late beyond its limit, whatever the clock and the process do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broadcaster.desk import FollowUp
from broadcaster.errors import Conflict, StoreBusy
from broadcaster.model import Kind, Late, Lift, Mode, Part, RoutineCategory, Standing, Status
from broadcaster.ports.store import ApprovalBy
from broadcaster.routine import RoutineVerb, Runner, Wish
from tests.desk.world import handing
from tests.routine.house import DUTY_A, DUTY_B, HandClock, House, house
from tests.unit.plans import daily, jst, plan

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DUE = jst(11, 25, 16, 30)
SMOG = plan(
    daily("13:00"),
    id="works",
    category=RoutineCategory.UTILITY,
    template="water-cut",
    values={"areas": "芋窪", "began": "13:00", "reason": "works"},
    valid=timedelta(hours=12),
    lift=Lift(template="water-restored", after=3 * HOUR, values={"areas": "芋窪", "ended": "16:00"}),
)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def test_it_is_said_when_it_is_due_with_the_series_approval(here: House) -> None:
    row = await here.approved(plan())
    await here.until(DUE + MINUTE)
    (said,) = await here.alerts()
    assert (said.kind, said.sent, said.expires) == (Kind.ROUTINE, DUE, DUE + HOUR)
    alert = await here.store.alert(said.identifier)
    assert (alert.author, alert.approved_by, alert.approved_how) == ("routine chime", "duty-b", ApprovalBy.SERIES)
    (occurrence,) = await here.rows()
    assert (occurrence.state, occurrence.of, row.speaks) == (Standing.SENT, said.identifier, True)
    assert {each.channel for each in alert.deliveries} == {"twitter", "mail", "page", "feeds"}


async def test_it_waits_by_itself_and_ends_when_told(here: House) -> None:
    await here.approved(plan())
    running = asyncio.create_task(here.runner.run())
    while not await here.alerts():
        await asyncio.sleep(0)
    here.runner.stop()
    await running
    assert DUE <= (await here.alerts())[0].sent <= DUE + MINUTE


async def test_nothing_speaks_unapproved_and_nothing_in_words_that_changed(here: House) -> None:
    await here.planning.put(plan(), DUTY_A)
    await here.until(DUE + MINUTE)
    assert await here.alerts() == []
    await here.approved(plan())
    await here.planning.put(plan(values={"areas": "芋窪"}), DUTY_A)
    await here.until(DUE + 25 * HOUR)
    assert await here.alerts() == []
    assert [row.speaks for row in (await here.planning.overview()).plans] == [False]


async def test_a_template_that_changed_silences_its_plans_until_they_are_approved_again(here: House) -> None:
    await here.approved(plan())
    script = replace(here.room.script, city=replace(here.config.city, contact="防災課 042-999-9999"))
    here.room = replace(here.room, script=script)
    here.restarted()
    await here.until(DUE + MINUTE)
    assert await here.alerts() == []
    (row,) = (await here.planning.overview()).plans
    assert not row.speaks
    await here.planning.approve("chime", row.digest, DUTY_B)
    await here.until(DUE + 25 * HOUR)
    assert len(await here.alerts()) == 1


@pytest.mark.parametrize(
    ("late", "minutes", "expected"),
    [
        (Late.SKIP, 10, ("sent", "")),
        (Late.SKIP, 11, ("skipped", "too_late")),
        (Late.ASK, 11, ("held", "late")),
        (Late.SEND, 59, ("sent", "")),
        (Late.SEND, 60, ("skipped", "too_late")),
    ],
)
async def test_after_a_restart_what_was_missed_is_said_within_its_limit_only(
    here: House, late: Late, minutes: int, expected: tuple[str, str]
) -> None:
    await here.approved(plan(late=late))
    here.clock.go((DUE - here.clock.wall).total_seconds() + minutes * 60)
    here.restarted()
    await here.until(here.clock.wall)
    assert await here.states() == [expected]


async def test_what_nobody_decides_is_over_with_its_validity(here: House) -> None:
    await here.approved(plan(late=Late.ASK))
    here.clock.go((DUE - here.clock.wall).total_seconds() + 20 * 60)
    here.restarted()
    await here.until(DUE + HOUR - MINUTE)
    assert await here.states() == [("held", "late")]
    await here.until(DUE + HOUR)
    assert await here.states() == [("skipped", "late")]
    with pytest.raises(Conflict, match="occurrence_over"):
        await here.planning.decide(Wish(plan="chime", due=DUE, verb=RoutineVerb.RELEASE), DUTY_A)


async def test_calendar_days_left_out_are_rows_with_their_reason(here: House) -> None:
    await here.approved(plan(daily("23:00"), id="night"))
    await here.until(jst(11, 25, 23, 1))
    assert await here.states() == [("skipped", "quiet_hours")]


async def test_one_plan_that_cannot_be_said_does_not_silence_the_others(here: House) -> None:
    await here.approved(plan(id="a", channels=("twitter",)))
    await here.approved(plan(id="b"))
    del here.room.desk._office.channels["twitter"]  # type: ignore[attr-defined]  # a channel taken out of the configuration
    await here.until(DUE + MINUTE)
    assert [(row.plan, row.state, row.detail) for row in await here.rows()] == [
        ("a", Standing.FAILED, "channels: unknown_channel"),
        ("b", Standing.SENT, ""),
    ]


async def test_a_store_that_is_busy_is_asked_again(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await here.approved(plan())
    real, failures = here.store.accept, [StoreBusy("store_busy"), StoreBusy("store_busy")]

    async def accept(*args: object) -> object:
        if failures:
            raise failures.pop()
        return await real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(here.store, "accept", accept)
    await here.until(DUE + MINUTE)
    assert await here.states() == [("sent", "")]
    assert len(await here.alerts()) == 1


# ------------------------------------------------------------------ emergencies


async def test_an_emergency_suspends_and_the_officer_lets_go_after_it(here: House) -> None:
    await here.approved(plan())
    order = await here.emergency()
    await here.until(DUE + 20 * MINUTE)
    assert await here.states() == [("suspended", "emergency")]
    assert (await here.planning.overview()).suspended
    wish = Wish(plan="chime", due=DUE, verb=RoutineVerb.RELEASE, why="over")
    await here.planning.decide(wish, DUTY_A)
    await here.until(DUE + 21 * MINUTE)
    assert await here.states() == [("suspended", "emergency")]  # it is still in force
    await here.desk.follow_up(order.identifier, FollowUp(kind=Kind.CANCEL), handing(), DUTY_A)
    await here.until(DUE + 22 * MINUTE)
    assert await here.states() == [("suspended", "emergency")]  # nothing goes by itself
    await here.planning.decide(wish, DUTY_A)
    await here.until(DUE + 23 * MINUTE)
    assert await here.states() == [("sent", "")]


async def test_an_emergency_accepted_in_between_is_seen_by_the_accepting_transaction(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alarm clock has looked, and there was none."""
    await here.approved(plan())
    await here.until(DUE - MINUTE)
    await here.emergency()

    async def nothing(now: object) -> tuple[()]:
        return ()

    monkeypatch.setattr(here.store, "emergencies", nothing)
    await here.until(DUE + MINUTE)
    assert await here.states() == [("suspended", "emergency")]


async def test_words_that_took_too_long_are_not_said_late(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds at the moment of acceptance, not when the turn began."""
    await here.approved(plan())
    real = here.desk._frozen

    async def slow(*args: object) -> object:
        here.clock.go(11 * 60)
        return await real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(here.desk, "_frozen", slow)
    await here.until(DUE + 20 * MINUTE)
    assert await here.states() == [("skipped", "too_late")]
    assert await here.alerts() == []


# ------------------------------------------------------------------ twins


async def test_a_lift_follows_its_announcement_and_ends_it(here: House) -> None:
    await here.approved(SMOG)
    await here.until(jst(11, 25, 16, 1))
    cut, restored = await here.alerts()
    assert (restored.kind, restored.incident, restored.version) == (Kind.ALL_CLEAR, cut.incident, 2)
    assert restored.sent == jst(11, 25, 16)
    assert [(row.part, row.state) for row in await here.rows()] == [
        (Part.ANNOUNCE, Standing.SENT),
        (Part.LIFT, Standing.SENT),
    ]


async def test_a_lift_may_be_let_go_early(here: House) -> None:
    await here.approved(SMOG)
    await here.until(jst(11, 25, 14))
    wish = Wish(plan="works", due=jst(11, 25, 16), verb=RoutineVerb.RELEASE, part=Part.LIFT)
    await here.planning.decide(wish, DUTY_A)
    await here.until(jst(11, 25, 14, 1))
    assert [alert.kind for alert in await here.alerts()] == [Kind.ROUTINE, Kind.ALL_CLEAR]


@pytest.mark.fault(107)
async def test_a_lift_whose_incident_is_over_is_held(here: House) -> None:
    await here.approved(SMOG)
    await here.until(jst(11, 25, 14))
    (cut,) = await here.alerts()
    await here.desk.follow_up(cut.identifier, FollowUp(kind=Kind.ALL_CLEAR), handing(), DUTY_A)
    await here.until(jst(11, 25, 17))
    assert [alert.kind for alert in await here.alerts()] == [Kind.ROUTINE, Kind.ALL_CLEAR]
    assert (await here.rows())[1].reason == "incident_ended"
    assert (await here.rows())[1].state is Standing.HELD


async def test_an_announcement_that_was_left_out_has_nothing_to_lift(here: House) -> None:
    await here.approved(SMOG)
    await here.planning.decide(Wish(plan="works", due=jst(11, 25, 13), verb=RoutineVerb.SKIP), DUTY_A)
    await here.until(jst(11, 25, 17))
    assert await here.states() == [("skipped", "officer")]


# ------------------------------------------------------------------ reserve days


@pytest.mark.parametrize(("called_off", "expected"), [(True, "sent"), (False, "skipped")])
async def test_a_reserve_day_stands_in_for_a_day_that_was_called_off(
    here: House, called_off: bool, expected: str
) -> None:
    first, second = jst(11, 26, 10), jst(11, 27, 10)
    await here.approved(plan(daily("10:00", dates=(first.date(),), reserve=second.date())))
    if called_off:
        await here.planning.decide(Wish(plan="chime", due=first, verb=RoutineVerb.SKIP, why="rain"), DUTY_A)
    await here.until(second + MINUTE)
    assert [state for state, _ in await here.states()] == ["skipped" if called_off else "sent", expected]
    assert len(await here.alerts()) == 1


# ------------------------------------------------------------------ the clock


@pytest.mark.fault(33)
async def test_what_a_clock_that_jumps_ahead_passes_over_is_held(here: House) -> None:
    await here.approved(plan(late=Late.SEND))
    await here.until(jst(11, 25, 15))
    here.clock.jump(2 * HOUR)
    await here.until(here.clock.wall + MINUTE)
    assert await here.states() == [("held", "clock_jumped")]
    await here.planning.decide(Wish(plan="chime", due=DUE, verb=RoutineVerb.RELEASE), DUTY_A)
    await here.until(here.clock.wall + MINUTE)
    assert await here.states() == [("sent", "")]


@pytest.mark.fault(33)
@pytest.mark.fault(34)
async def test_a_clock_that_was_wrong_for_a_while_costs_nothing(here: House) -> None:
    """Ahead, so that it is held or over, and back: it is said at its time."""
    await here.approved(plan())
    await here.until(jst(11, 25, 15))
    here.clock.jump(6 * HOUR)
    await here.until(here.clock.wall + MINUTE)
    assert await here.states() == [("skipped", "clock_jumped")]
    here.clock.jump(-6 * HOUR)
    await here.until(DUE + MINUTE)
    assert await here.states() == [("sent", "")]


@pytest.mark.fault(34)
async def test_a_clock_that_goes_back_says_nothing_twice(here: House) -> None:
    await here.approved(plan())
    await here.until(DUE + 5 * MINUTE)
    first = await here.alerts()
    here.clock.jump(-HOUR)
    await here.until(DUE + HOUR)
    here.restarted()
    here.clock.jump(-HOUR)
    await here.until(DUE + HOUR)
    assert await here.alerts() == first
    later = await here.emergency("heavy-rain-caution")
    assert later.incident > first[0].incident


@pytest.mark.fault(38)
async def test_what_a_machine_slept_through_is_late_not_jumped_over(here: House) -> None:
    """The steady clock counts the time it slept."""
    await here.approved(plan(id="a", late=Late.ASK))
    await here.approved(plan(id="b", late=Late.SKIP))
    await here.approved(plan(id="c", channels=("page",), late=Late.SEND))
    await here.until(DUE - 5 * MINUTE)
    here.clock.go(30 * 60)
    await here.until(here.clock.wall)
    assert await here.states() == [("held", "late"), ("skipped", "too_late"), ("sent", "")]


@pytest.mark.fault(39)
async def test_a_clock_lost_at_boot_announces_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with house(tmp_path) as here:
        await here.approved(plan())
        here.clock.jump(-timedelta(days=20_000))
        here.restarted()
        await here.until(here.clock.wall + 25 * HOUR)
        assert await here.rows() == []
        assert "before this version was made" in caplog.text
        here.clock.wall = DUE - MINUTE
        here.restarted()
        await here.until(DUE)
        assert await here.states() == [("sent", "")]


async def test_two_alarm_clocks_over_one_store_say_it_once(tmp_path: Path) -> None:
    clock = HandClock()
    async with house(tmp_path, clock) as here:
        await here.approved(plan())
        clock.wall = DUE + MINUTE
        other = Runner(here.room)
        here.restarted()
        await asyncio.gather(here.runner.turn(), other.turn())
        await asyncio.gather(here.runner._safe_turn(), other._safe_turn())
        assert len(await here.alerts()) == 1


async def test_a_drill_announces_under_its_mark(tmp_path: Path) -> None:
    async with house(tmp_path, mode=Mode.DRILL) as here:
        row = await here.planning.put(plan(), DUTY_A)
        await here.planning.approve("chime", row.digest, DUTY_A)
        await here.until(DUE)
        (said,) = await here.alerts()
        assert said.status is Status.EXERCISE
        (post,) = [each for each in await here.store.messages(said.identifier) if each.channel == "twitter"]
        assert post.texts[0].body.startswith("【訓練】")
