"""Values the contract suite speaks with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from broadcaster.model import (
    Actor,
    Alert,
    Area,
    Attempt,
    Category,
    Certainty,
    Cost,
    Delivery,
    Draft,
    Grade,
    Info,
    Kind,
    Message,
    Outcome,
    Severity,
    Status,
    Subscriber,
    Text,
    Urgency,
)
from broadcaster.ports.store import Acceptance, Claim, Planned, RecipientResult
from broadcaster.store import Store

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
OFFICER = Actor(name="officer", uid=1001)
SECOND_OFFICER = Actor(name="second officer", uid=1002)


def info(**changes: Any) -> Info:
    whole = Info(
        language="ja",
        category=(Category.MET,),
        event="避難指示",
        headline="避難してください",
        description="川があふれるおそれがあります",
        instruction="高い所へ避難してください",
        expires=NOW + 6 * HOUR,
        urgency=Urgency.IMMEDIATE,
        severity=Severity.EXTREME,
        certainty=Certainty.LIKELY,
        areas=(Area(area_desc="芋窪"),),
    )
    return replace(whole, **changes)


def alert(incident: int, version: int, kind: Kind = Kind.ALERT, **changes: Any) -> Alert:
    return Alert(
        identifier=f"city-{incident}-{version}",
        sender="city.example.lg.jp",
        sent=NOW,
        status=Status.ACTUAL,
        kind=kind,
        incident=incident,
        version=version,
        infos=(info(**changes),),
    )


def planned(channel: str, target: str = "", **changes: Any) -> Planned:
    whole = Planned(
        channel=channel,
        target=target or channel,
        grade=Grade.EMERGENCY,
        due_at=NOW,
        expires_at=NOW + 6 * HOUR,
        stale_at=NOW + timedelta(minutes=10),
    )
    return replace(whole, **changes)


def acceptance(
    said: Alert, key: str = "", body: str = "body", plan: Sequence[Planned] = (planned("twitter"), planned("page"))
) -> Acceptance:
    message = Message(
        alert=said.identifier,
        channel="twitter",
        texts=(Text(language="ja", body=f"避難 第{said.serial}報"),),
        cost=Cost(posts=1, microusd=15_000),
    )
    return Acceptance(
        key=key or f"key of {said.identifier}",
        body_digest=body,
        digest="digest of the texts",
        alert=said,
        author=OFFICER,
        at=NOW,
        messages=(message,),
        plan=tuple(plan),
        prepared=(Draft(kind=Kind.ALL_CLEAR, infos=(info(headline="解除"),), incident=said.incident),),
    )


async def accepted(
    store: Store,
    incident: int | None = None,
    kind: Kind = Kind.ALERT,
    plan: Sequence[Planned] = (planned("twitter"), planned("page")),
    **changes: Any,
) -> tuple[Delivery, ...]:
    """Accept the next version of an incident, or a new incident."""
    number, version = await store.next_serial(incident)
    return await store.accept(acceptance(alert(number, version, kind, **changes), plan=plan))


def claim(epoch: int, channel: str = "twitter", now: datetime = NOW, limit: int = 10, **changes: Any) -> Claim:
    return replace(Claim(channel=channel, epoch=epoch, now=now, deadline=now + 30 * SECOND, limit=limit), **changes)


def attempt(delivery: Delivery, outcome: Outcome = Outcome.ACCEPTED, at: datetime = NOW, **changes: Any) -> Attempt:
    whole = Attempt(number=delivery.attempt, started_at=at, ended_at=at, outcome=outcome, cost=Cost(posts=1))
    return replace(whole, **changes)


def resident(number: int, **changes: Any) -> Subscriber:
    return replace(Subscriber(address=f"resident{number:06d}@example.jp"), **changes)


def served(claimed: Sequence[Any], state: str = "accepted", **changes: Any) -> list[RecipientResult]:
    return [RecipientResult(id=row.id, state=state, **changes) for row in claimed]
