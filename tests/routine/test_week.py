"""A week of routine announcements with an emergency in its middle: none twice, none late, none forgotten."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster import audit
from broadcaster.desk import FollowUp
from broadcaster.model import Days, Kind, Late, Lift, OccurrenceRow, Part, Plan, RoutineCategory, Standing, Weekday
from broadcaster.routine import RoutineVerb, Runner, Wish
from broadcaster.rules import routine
from tests.desk.world import handing
from tests.routine.house import DUTY_A, HandClock, House, house
from tests.unit.plans import TOKYO, daily, jst, plan

HOUR = timedelta(hours=1)
MONDAY, NEXT = jst(11, 23), jst(11, 30)
"""The Monday is a holiday (勤労感謝の日), the Saturday a school day by the school's calendar."""
FLOOD, OVER = jst(11, 25, 13), jst(11, 26, 9)
CHANNELS = ("twitter", "mail", "page", "feeds")
ALL = {"areas": "東大和市全域"}


def words(name: str, text: str) -> dict[str, Any]:
    """A plan with words of its own, of use until the next day."""
    draft = {
        "category": "Other",
        "event": "お知らせ",
        "headline": f"【お知らせ】{text[:12]}",
        "description": text,
        "instruction": "お問い合わせは市役所へ。",
        "urgency": "Expected",
        "severity": "Minor",
        "certainty": "Observed",
        "areas": ["芋窪"],
    }
    return {
        "id": name,
        "category": RoutineCategory.CIVIC,
        "valid": 20 * HOUR,
        "draft": draft,
        "channels": (
            "mail",
            "page",
            "feeds",
        ),  # X takes no words twice within 20 hours, and one of these is let go late
        "template": "",
        "values": {},
    }


PLANS = (
    plan(id="chime"),
    plan(daily("14:30", school=Days.ONLY), id="way-home", category=RoutineCategory.SCHOOL, template="way-home"),
    plan(
        daily("10:00", weekdays=(Weekday.MON, Weekday.TUE, Weekday.THU), holidays=Days.SKIP),
        id="fraud",
        category=RoutineCategory.SAFETY,
        template="fraud-warning",
        values=ALL | {"trick": "police"},
        late=Late.SEND,
        valid=8 * HOUR,
    ),
    plan(
        daily("18:00"),
        daily("23:00"),
        **words("library", "図書館は18時に閉まりました。返す本は返却箱へ入れてください。"),
    ),
    plan(
        daily("19:00"), **words("concert", "市民会館で19時から演奏会があります。席はまだあります。ぜひお越しください。")
    ),
    plan(
        daily("09:30", dates=(jst(11, 24, 12).date(),)),
        id="works",
        category=RoutineCategory.UTILITY,
        template="water-cut",
        values={"areas": "芋窪", "began": "09:30", "reason": "works"},
        valid=6 * HOUR,
        lift=Lift(template="water-restored", after=3 * HOUR, values={"areas": "芋窪", "ended": "12:30"}),
    ),
    plan(
        daily("11:00", dates=(jst(11, 25, 12).date(),), reserve=jst(11, 27, 12).date()),
        id="drill",
        category=RoutineCategory.DRILL,
        template="jalert-test",
        values=ALL | {"test": "11:30"},
    ),
)

S, E = "sent", "emergency"
EXPECTED = {
    # plan and time: Monday 23 (holiday) to Sunday 29; a dot where it does not come round
    ("chime", "16:30"): (S, S, E, S, S, S, S),
    ("way-home", "14:30"): ("no_school", S, E, S, S, S, "no_school"),
    ("fraud", "10:00"): ("holiday", S, ".", S, ".", ".", "."),
    ("library", "18:00"): (S, S, "released", S, S, S, S),
    ("library", "23:00"): ("quiet_hours",) * 7,
    ("concert", "19:00"): (S, S, "officer", S, S, S, S),
    ("works", "09:30"): (".", S, ".", ".", ".", ".", "."),
    ("works", "12:30"): (".", S, ".", ".", ".", ".", "."),
    ("drill", "11:00"): (".", ".", "officer", ".", S, ".", "."),
}


async def live_through(here: House) -> None:
    """The week, on two services; each is started anew now and then, and one is away for a while."""
    here.delivering = True
    moments = {FLOOD: flood, OVER: all_clear, jst(11, 24, 20): rain}
    at = MONDAY
    while at < NEXT:
        at += HOUR
        for moment in [each for each in moments if each <= at]:
            await here.until(moment)
            await moments.pop(moment)(here)
        if at.hour % 5 == 0:
            here.clock.go(7 * 60)  # nobody there: less than any limit of lateness
            here.restarted()
            here.others = [Runner(here.room)]
        await here.until(max(at, here.clock.wall))


async def rain(here: House) -> None:
    due = jst(11, 25, 11)
    await here.planning.decide(Wish(plan="drill", due=due, verb=RoutineVerb.SKIP, why="rain"), DUTY_A)


async def flood(here: House) -> None:
    await here.emergency()


async def all_clear(here: House) -> None:
    """The officer who lifts the order is asked what is still of use."""
    order = next(alert for alert in await here.alerts() if alert.level)
    await here.desk.follow_up(order.identifier, FollowUp(kind=Kind.CANCEL), handing(), DUTY_A)
    asked = {(row.plan, row.due): row for row in (await here.planning.overview()).waiting}
    evening = {"library": jst(11, 25, 18), "concert": jst(11, 25, 19)}
    assert set(asked) == set(evening.items())
    assert {row.state for row in asked.values()} == {Standing.SUSPENDED}
    for name, verb in (("library", RoutineVerb.RELEASE), ("concert", RoutineVerb.SKIP)):
        await here.planning.decide(Wish(plan=name, due=evening[name], verb=verb, why="after the flood"), DUTY_A)


@pytest.mark.fault(106)
async def test_a_week_with_an_emergency_in_its_middle(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(MONDAY - HOUR)) as here:
        for each in PLANS:
            await here.approved(each)
        await live_through(here)
        await check_rows(here)
        await check_alerts(here)
        assert (await audit.verify_trail(here.store))[1] is None


async def check_rows(here: House) -> None:
    """Each time each plan came round is there, once, with what was to come of it."""
    found = {(row.plan, row.due.astimezone(TOKYO)): row for row in await here.rows()}
    wanted = {
        (name, datetime.combine(jst(11, 23 + day, 12).date(), time.fromisoformat(at), TOKYO)): outcome
        for (name, at), week in EXPECTED.items()
        for day, outcome in enumerate(week)
        if outcome != "."
    }
    assert {key: outcome(row) for key, row in found.items()} == wanted
    assert {row.state for row in found.values()} == {Standing.SENT, Standing.SKIPPED}


def outcome(row: OccurrenceRow) -> str:
    """Why it was left out, or whether it was said by itself."""
    by_itself = row.at - row.due <= timedelta(minutes=10)
    return row.reason or (row.state.value if by_itself else "released")


async def check_alerts(here: House) -> None:
    """What went out: once on every channel, at its time, and none during the emergency."""
    rows = {row.of: row for row in await here.rows() if row.state is Standing.SENT}
    said = [alert for alert in await here.alerts() if alert.identifier in rows]
    plans: dict[str, Plan] = {each.id: each for each in PLANS}
    assert len(said) == len(rows)
    for alert in said:
        row = rows[alert.identifier]
        assert alert.kind is (Kind.ROUTINE if row.part is Part.ANNOUNCE else Kind.ALL_CLEAR)
        in_time = row.due <= alert.sent <= row.due + plans[row.plan].max_late
        assert in_time or (row.plan == "library" and OVER <= alert.sent < OVER + HOUR)
        assert not FLOOD <= alert.sent < OVER
        assert not routine.suspends(alert)
    owed = [(channel, each.identifier) for each in said for channel in each.channels or CHANNELS]
    assert {here.said[each] for each in owed} == {1}
    by_kind = Counter(alert.kind for alert in await here.alerts())
    assert by_kind == {Kind.ROUTINE: len(said) - 1, Kind.ALL_CLEAR: 1, Kind.ALERT: 1, Kind.CANCEL: 1}
