"""What happened, in the order of time, told from the audit chain: each line names the entry that proves it.

Pure. A line holds codes and values; the words are the reader's language's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from broadcaster.model import Attempt, Delivery, State
from broadcaster.ports.store import Resolution, Tally, Trace

Value = str | int | float | bool
_SERVICE = "service"
_COMING_AND_GOING = ("session_began", "session_ended")
_QUIET = frozenset({State.ACCEPTED.value, State.CONFIRMED.value})
"""A look that leaves a delivery as it is in one of these has nothing to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line. `code` says what happened, `seq` is its entry in the audit chain (0: told by another record). `who` is
    empty where the service did it by itself.
    """

    at: datetime
    code: str
    seq: int = 0
    who: str = ""
    serial: str = ""
    headline: str = ""
    channel: str = ""
    target: str = ""
    delivery: int = 0
    params: Mapping[str, Value] = field(default_factory=dict[str, Value])


def told(traces: Iterable[Trace]) -> tuple[Happening, ...]:
    """Return what the entries of the chain tell, one line each, or several where an entry records several acts.

    Only the entry that hands a submission in knows its serial; later ones about it get it from there.
    """
    serials: dict[str, str] = {}
    found: list[Happening] = []
    for line in (line for trace in traces for line in _lines(trace)):
        subject = str(line.params["subject"])
        known = serials.setdefault(subject, line.serial) if line.serial else serials.get(subject, "")
        found.append(replace(line, serial=known))
    return tuple(found)


def decided(resolutions: Iterable[Resolution]) -> tuple[Happening, ...]:
    """Return what the service itself decided about doubts; what people decided is in the chain already."""
    return tuple(
        _about(each.delivery, at=each.at, code="resolved", params={"verb": each.verb, "why": each.why})
        for each in resolutions
        if each.actor == _SERVICE
    )


def interrupted(tries: Iterable[tuple[Delivery, Attempt]]) -> tuple[Happening, ...]:
    """Return the attempts that a stop of the service left in doubt: the chain has one entry for all of them."""
    return tuple(
        _about(delivery, at=attempt.ended_at, code="interrupted", params={"attempt": attempt.number})
        for delivery, attempt in tries
        if attempt.reason == "restart"
    )


def counted(tallies: Iterable[tuple[Delivery, Tally]]) -> tuple[Happening, ...]:
    """Return how many subscribers each mail has reached so far."""
    return tuple(
        _about(
            delivery,
            at=delivery.updated_at,
            code="counted",
            params={
                "total": tally.total,
                "accepted": tally.accepted,
                "failed": tally.failed,
                "open": tally.total - tally.accepted - tally.failed - tally.unknown,
                "unknown": tally.unknown,
                "duplicates": tally.possible_duplicates,
            },
        )
        for delivery, tally in tallies
    )


def ordered(lines: Iterable[Happening]) -> tuple[Happening, ...]:
    """Return them in the order of time, and of the chain within one moment."""
    return tuple(sorted(lines, key=lambda line: (line.at, line.seq or 2**63)))


def news(lines: Iterable[Happening]) -> tuple[Happening, ...]:
    """Return what the next shift must hear of: not who came and went, nor each sending that simply arrived."""
    return tuple(line for line in lines if line.code not in _COMING_AND_GOING and not _arrived(line))


def _arrived(line: Happening) -> bool:
    arrived = line.code in ("tried", "looked") and line.params.get("after") in _QUIET
    return arrived and not line.params.get("possible_duplicate")


def _lines(trace: Trace) -> Iterator[Happening]:
    body: dict[str, Any] = json.loads(trace.entry.body)
    match trace.entry.event:
        case "accepted":
            yield from _accepted(trace, body)
        case "recorded":
            if not (body["before"] == body["after"] and body["after"] in _QUIET):
                yield _recorded(trace, body)
        case "started":
            yield _line(trace, "started", {"interrupted": len(body["interrupted"])})
        case event:
            yield _line(trace, event, _values(body))


def _accepted(trace: Trace, body: Mapping[str, Any]) -> Iterator[Happening]:
    """An acceptance records the approvals it rests on: they come first."""
    for approval in body["approvals"]:
        yield _line(trace, f"approved_{approval['by']}", {"reason": approval["reason"]}, who=approval["actor"])
    alert = trace.alert
    channels = ", ".join(dict.fromkeys(each.partition("/")[0] for each in body["deliveries"]))
    params: dict[str, Value] = {"kind": body["kind"], "channels": channels, "superseded": len(body["superseded"])}
    if alert is not None:
        params |= {"level": alert.level or 0, "areas": "、".join(area.area_desc for area in alert.primary.areas)}
        params |= {"expires": alert.expires.isoformat(), "silent": alert.silent}
    yield _line(trace, "accepted", params, serial=str(body["serial"]))


def _recorded(trace: Trace, body: Mapping[str, Any]) -> Happening:
    looked = body["before"] in (State.IN_DOUBT.value, *_QUIET)
    return _line(trace, "looked" if looked else "tried", _values(body))


def _values(body: Mapping[str, Any]) -> dict[str, Value]:
    """What of an entry's body can stand in a sentence."""
    return {name: value for name, value in body.items() if isinstance(value, str | int | float | bool)}


def _line(
    trace: Trace, code: str, params: Mapping[str, Value], *, who: str | None = None, serial: str = ""
) -> Happening:
    entry, delivery, alert = trace.entry, trace.delivery, trace.alert
    actor = entry.actor if who is None else who
    known = serial or (alert.serial if alert else str(params.get("serial", "")))
    return Happening(
        at=entry.at,
        code=code,
        seq=entry.seq,
        who="" if actor == _SERVICE else actor,
        serial=known,
        headline=alert.primary.headline if alert and not delivery else "",
        channel=delivery.channel if delivery else "",
        target=delivery.target if delivery else "",
        delivery=delivery.id if delivery else 0,
        params={**params, "subject": entry.subject},
    )


def _about(delivery: Delivery, *, at: datetime, code: str, params: Mapping[str, Value]) -> Happening:
    return Happening(
        at=at,
        code=code,
        serial=f"{delivery.incident}-{delivery.version}",
        channel=delivery.channel,
        target=delivery.target,
        delivery=delivery.id,
        params=params,
    )
