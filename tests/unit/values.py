"""Values that the tests of rules and dispatcher begin with, and Hypothesis strategies for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from broadcaster.errors import DeliveryError, Reason
from broadcaster.model import (
    Alert,
    Area,
    Category,
    Certainty,
    Delivery,
    Grade,
    Info,
    Kind,
    Reading,
    Severity,
    State,
    Status,
    Urgency,
)

NOW = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def delivery(**changes: Any) -> Delivery:
    usual: dict[str, Any] = {
        "id": 7,
        "alert": "city-14-2",
        "incident": 14,
        "version": 2,
        "kind": Kind.ALERT,
        "grade": Grade.INFORMATION,
        "channel": "twitter",
        "target": "main",
        "key": "k" * 32,
        "state": State.SENDING,
        "attempt": 1,
        "reads": 0,
        "accepted_at": NOW,
        "due_at": NOW,
        "expires_at": after(7200),
        "stale_at": after(1800),
        "updated_at": NOW,
    }
    return Delivery(**(usual | changes))


def info(**changes: Any) -> Info:
    usual: dict[str, Any] = {
        "language": "ja",
        "category": (Category.MET,),
        "event": "避難指示",
        "headline": "川が あふれそうです",
        "description": "空堀川の水位が上がっています。",
        "instruction": "高い所へ逃げてください。",
        "expires": after(7200),
        "urgency": Urgency.IMMEDIATE,
        "severity": Severity.MODERATE,
        "certainty": Certainty.OBSERVED,
        "areas": (Area(area_desc="芋窪"),),
    }
    return Info(**(usual | changes))


def alert(incident: int = 14, version: int = 1, *, sent: datetime = NOW, **changes: Any) -> Alert:
    """An alert; `severity` and `expires` go to its one info."""
    inner = {name: changes.pop(name) for name in ("severity", "expires") if name in changes}
    usual: dict[str, Any] = {
        "identifier": f"city-{incident}-{version}",
        "sender": "city.example.lg.jp",
        "sent": sent,
        "status": Status.ACTUAL,
        "kind": Kind.ALERT if version == 1 else Kind.UPDATE,
        "incident": incident,
        "version": version,
        "infos": (info(**inner),),
    }
    return Alert(**(usual | changes))


def failure(reason: Reason = Reason.LOST, *, maybe_sent: bool = False, **more: Any) -> DeliveryError:
    return DeliveryError(reason, maybe_sent=maybe_sent, **more)


def seconds(low: int, high: int) -> st.SearchStrategy[datetime]:
    """Moments around NOW."""
    return st.integers(low, high).map(after)


grades = st.sampled_from(Grade)
kinds = st.sampled_from(Kind)
jitters = st.floats(0, 1, exclude_max=True, allow_nan=False)
wishes = st.none() | st.floats(allow_nan=True, allow_infinity=True)
readings = st.builds(
    Reading,
    name=st.sampled_from(["quarter", "day", "money"]),
    remaining=st.integers(0, 200),
    resets_at=seconds(-900, 900),
)
errors = st.builds(
    lambda reason, maybe, wish, said: DeliveryError(reason, maybe_sent=maybe, retry_after=wish, readings=said),
    st.sampled_from(Reason),
    st.booleans(),
    wishes,
    st.lists(readings, max_size=2).map(tuple),
) | st.sampled_from([ValueError("x"), TimeoutError(), OSError(5, "io")])


@st.composite
def deliveries(draw: st.DrawFn, states: st.SearchStrategy[State] | None = None) -> Delivery:
    state = draw(st.sampled_from(State) if states is None else states)
    return delivery(
        state=state,
        version=draw(st.integers(1, 5)),
        kind=draw(kinds),
        grade=draw(grades),
        attempt=draw(st.integers(0, 60)),
        reads=draw(st.integers(0, 5)),
        due_at=draw(seconds(-3600, 60)),
        expires_at=draw(seconds(-60, 7200)),
        stale_at=draw(seconds(-60, 7200)),
        doubt_since=draw(st.none() | seconds(-600, 0)),
        possible_duplicate=draw(st.booleans()),
        total=draw(st.sampled_from([0, 100])),
    )
