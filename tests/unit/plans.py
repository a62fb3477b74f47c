"""Plans that the tests of routine announcements begin with."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from broadcaster.model import Plan, RoutineCategory, Rule, School
from broadcaster.rules.calendar import Calendar

TOKYO = ZoneInfo("Asia/Tokyo")
SCHOOL = School(closed=((date(2026, 12, 26), date(2027, 1, 7)),), extra=(date(2026, 11, 28),), until=date(2027, 3, 31))
CALENDAR = Calendar(zone=TOKYO, school=SCHOOL)


def jst(month: int, day: int, hour: int = 0, minute: int = 0, year: int = 2026) -> datetime:
    """A moment of the city's clock."""
    return datetime(year, month, day, hour, minute, tzinfo=TOKYO).astimezone(UTC)


def daily(at: str = "16:30", **changes: Any) -> Rule:
    return Rule(**({"at": time.fromisoformat(at)} | changes))


def plan(*rules: Rule, **changes: Any) -> Plan:
    usual: dict[str, Any] = {
        "id": "chime",
        "title": "夕方のチャイム",
        "category": RoutineCategory.CHIME,
        "when": rules or (daily(),),
        "valid": timedelta(minutes=60),
        "max_late": timedelta(minutes=10),
        "template": "evening-chime",
        "values": {"areas": "東大和市全域"},
    }
    return Plan(**(usual | changes))
