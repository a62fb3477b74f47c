"""Drafts, alerts and a city for the tests of the rules."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from broadcaster.model import (
    Alert,
    Area,
    Category,
    Certainty,
    Draft,
    Info,
    Kind,
    Mode,
    Problem,
    Severity,
    Status,
    Urgency,
)
from broadcaster.ports.world import City
from broadcaster.rules import checks

NOW = datetime(2026, 11, 23, 5, 5, tzinfo=UTC)
CITY = City(
    name="東大和市",
    name_en="Higashiyamato City",
    sender="city.example.lg.jp",
    zone=ZoneInfo("Asia/Tokyo"),
    public_url="https://bosai.example.lg.jp/",
    domains=("city.example.lg.jp",),
    areas=("芋窪", "蔵敷"),
)
INFO = Info(
    language="ja",
    category=(Category.INFRA,),
    event="断水",
    headline="芋窪1丁目で断水しています",
    description="11月23日14時05分現在、芋窪1丁目で水が出ません。",
    instruction="給水車に入れ物を持って来てください。",
    expires=NOW + timedelta(hours=6),
    urgency=Urgency.IMMEDIATE,
    severity=Severity.MINOR,
    certainty=Certainty.OBSERVED,
    effective=NOW,
    areas=(Area(area_desc="芋窪1丁目"),),
)
DRAFT = Draft(kind=Kind.ALERT, infos=(INFO,))


def info(**changes: Any) -> Info:
    return replace(INFO, **changes)


def draft(*infos: Info, **changes: Any) -> Draft:
    return replace(DRAFT, infos=infos or DRAFT.infos, **changes)


def order(level: int, name: str, **changes: Any) -> Draft:
    """An evacuation order that is in order."""
    severity = Severity.SEVERE if level == 3 else Severity.EXTREME
    said = info(headline=f"警戒レベル{level}{name}：芋窪1丁目", event=name, severity=severity)
    easy = replace(said, language="ja-x-easy")
    return draft(said, easy, level=level, **changes)


def alert(kind: Kind = Kind.ALERT, version: int = 1, **changes: Any) -> Alert:
    made = Alert(
        identifier=f"a-{version}",
        sender="city.example.lg.jp",
        sent=NOW - timedelta(minutes=5),
        status=Status.ACTUAL,
        kind=kind,
        incident=14,
        version=version,
        infos=(INFO,),
    )
    return replace(made, **changes)


def found(said: Draft, *live: Alert, mode: Mode = Mode.LIVE, city: City = CITY) -> tuple[Problem, ...]:
    return checks.problems(said, now=NOW, city=city, live=live, mode=mode)


def codes(said: Draft, *live: Alert, mode: Mode = Mode.LIVE, only: Callable[[Problem], bool] | None = None) -> set[str]:
    return {problem.code for problem in found(said, *live, mode=mode) if only is None or only(problem)}
