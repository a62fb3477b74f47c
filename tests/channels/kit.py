"""What every channel's tests share: a world that tests own, alerts to say, and what must hold for any channel.

`world` gives a `Context`; `alert` an alert; `no_secret` looks through errors, log and representations;
`stays_cancelled` and `HTTP_OUTCOMES` are promises of docs/delivery.md that hold whatever the provider.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from broadcaster.errors import DeliveryError, EgressRefused, Reason
from broadcaster.model import (
    Alert,
    Area,
    Category,
    Certainty,
    Grade,
    Info,
    Kind,
    Mode,
    Reference,
    ResponseType,
    Severity,
    Status,
    Urgency,
)
from broadcaster.ports.channel import Situation
from broadcaster.ports.world import City, Context, Egress
from broadcaster.rendering import Templates

NOW = datetime(2026, 11, 23, 5, 5, tzinfo=UTC)
"""14:05 in Tokyo."""
TOKYO = ZoneInfo("Asia/Tokyo")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

# ---------------------------------------------------------------- a world that tests own


@dataclass
class FixedClock:
    """Stands still until it is told. `sleep` only moves it on."""

    at: datetime = NOW
    ticks: float = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ticks += seconds
        await asyncio.sleep(0)


@dataclass
class CountingEntropy:
    """Tokens that differ and can be foretold; jitter in the middle."""

    given: int = 0

    def token(self) -> str:
        self.given += 1
        return f"{self.given:032x}"

    def jitter(self) -> float:
        return 0.5


@dataclass
class Gate:
    """The egress list: loopback only, and it remembers who asked."""

    allowed: frozenset[str] = LOOPBACK
    asked: list[tuple[str, int]] = field(default_factory=list)

    def check(self, host: str, port: int) -> None:
        self.asked.append((host, port))
        if host not in self.allowed:
            raise EgressRefused("egress_refused", host=host, port=port)


CITY = City(
    name="東大和市",
    name_en="Higashiyamato City",
    sender="bousai@city.example.lg.jp",
    zone=TOKYO,
    public_url="https://city.example.lg.jp/bousai/",
    domains=("city.example.lg.jp",),
    contact="防災安全課 042-000-0000",
    hashtag="東大和市災害",
    areas=("芋窪", "蔵敷"),
)


def world(
    state_dir: Path,
    *,
    mode: Mode = Mode.LIVE,
    city: City = CITY,
    clock: FixedClock | None = None,
    egress: Egress | None = None,
    templates: Path | None = None,
) -> Context:
    """Return a context whose clock, chance and egress list belong to the test, with the real templates."""
    return Context(
        mode=mode,
        city=city,
        clock=clock or FixedClock(),
        entropy=CountingEntropy(),
        egress=egress or Gate(),
        renderer=Templates(city.zone, templates),
        state_dir=state_dir,
    )


# ---------------------------------------------------------------- alerts to say


def info(language: str = "ja", **changes: Any) -> Info:
    """Return a short, complete flood order in one language, with these fields changed."""
    usual = Info(
        language=language,
        category=(Category.MET, Category.SAFETY),
        event="避難指示（洪水）",
        headline="芋窪、蔵敷に避難指示 全員避難",
        description="空堀川があふれるおそれがあります。",
        instruction="・今すぐ危険な場所から避難してください。\n・移動が危ないときは2階以上へ。",
        expires=NOW + timedelta(hours=12),
        urgency=Urgency.IMMEDIATE,
        severity=Severity.EXTREME,
        certainty=Certainty.LIKELY,
        response_type=(ResponseType.EVACUATE,),
        areas=(Area(area_desc="芋窪"), Area(area_desc="蔵敷")),
    )
    return replace(usual, **changes)


def alert(kind: Kind = Kind.ALERT, *, version: int = 1, incident: int = 14, **changes: Any) -> Alert:
    """Return an alert; `changes` go to the alert if it has such a field, else to its Japanese info."""
    own = {name: changes.pop(name) for name in tuple(changes) if name in Alert.__dataclass_fields__}
    first = Reference(sender=CITY.sender, identifier=f"hy-{incident}-{version - 1}", sent=NOW - timedelta(minutes=30))
    usual = Alert(
        identifier=f"hy-{incident}-{version}",
        sender=CITY.sender,
        sent=NOW,
        status=Status.ACTUAL,
        kind=kind,
        incident=incident,
        version=version,
        infos=(info(**changes),),
        references=(first,) if version > 1 else (),
        level=4,
    )
    return replace(usual, **own)


def situation(said: Alert, *, mode: Mode = Mode.LIVE, **changes: Any) -> Situation:
    """Return the situation an alert is composed in."""
    return replace(Situation(now=NOW, grade=Grade.of(said.severity, mode)), **changes)


# ---------------------------------------------------------------- what must hold for every channel

HTTP_OUTCOMES: dict[int, tuple[Reason, bool]] = {
    301: (Reason.UNREADABLE, True),
    302: (Reason.UNREADABLE, True),
    307: (Reason.UNREADABLE, True),
    308: (Reason.UNREADABLE, True),
    400: (Reason.REJECTED, False),
    401: (Reason.CREDENTIALS, False),
    402: (Reason.PAYMENT, False),
    404: (Reason.REJECTED, False),
    405: (Reason.REJECTED, False),
    406: (Reason.REJECTED, False),
    408: (Reason.SERVER_ERROR, True),
    409: (Reason.REJECTED, False),
    410: (Reason.REJECTED, False),
    413: (Reason.REJECTED, False),
    415: (Reason.REJECTED, False),
    422: (Reason.REJECTED, False),
    425: (Reason.RATE_LIMITED, False),
    429: (Reason.RATE_LIMITED, False),
    451: (Reason.REJECTED, False),
    500: (Reason.SERVER_ERROR, True),
    501: (Reason.SERVER_ERROR, True),
    502: (Reason.SERVER_ERROR, True),
    503: (Reason.SERVER_ERROR, True),
    504: (Reason.SERVER_ERROR, True),
    520: (Reason.SERVER_ERROR, True),
    599: (Reason.SERVER_ERROR, True),
}
"""Status -> (reason, maybe_sent) of a plain JSON reply, by the table of docs/delivery.md."""


async def refusal(attempt: Awaitable[object]) -> DeliveryError:
    """Await an attempt that must fail, and return its error."""
    with pytest.raises(DeliveryError) as caught:
        await attempt
    return caught.value


def no_secret(secrets: Iterable[str], *things: object, log: pytest.LogCaptureFixture | None = None) -> None:
    """Assert that no secret stands in what a person or a log could see of these things: text, representation, traceback
    with every chained error, arguments; nor in any log record.
    """
    seen = [look for thing in things for look in _looks(thing)]
    if log is not None:
        seen += [record.getMessage() + repr(record.args) for record in log.records]
    for secret in secrets:
        assert secret, "an empty secret proves nothing"
        assert [look for look in seen if secret in look] == []


def _looks(thing: object) -> list[str]:
    looks = [str(thing), repr(thing)]
    while isinstance(thing, BaseException):
        looks += [
            str(thing),
            repr(thing),
            repr(thing.args),
            repr(vars(thing)),
            "".join(traceback.format_exception(thing)),
        ]
        thing = thing.__cause__ or thing.__context__
    return looks


async def stays_cancelled(attempt: Awaitable[object], underway: Awaitable[object]) -> None:
    """Cancel the attempt once it is under way, and assert that it ends at once, as cancelled and as nothing else."""
    task = asyncio.ensure_future(attempt)
    await asyncio.wait_for(underway, 10)
    assert not task.done()
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    assert done, "it did not let itself be cancelled"
    assert task.cancelled()


def everything_logged(log: pytest.LogCaptureFixture) -> None:
    """Let every logger speak at DEBUG for the rest of this test."""
    log.set_level(logging.DEBUG)
