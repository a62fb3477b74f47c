"""Order and expiry (docs/delivery.md): what may start, what waits, what is over, what is late.

The store calls `step` inside the transaction that claims, so that two lanes or two machines cannot both be right.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from broadcaster.model import Delivery, Grade, State
from broadcaster.rules.policy import DEFAULT, Policy

OVERTAKEN_GRACE = timedelta(seconds=10)
"""How long an older version may stay `sending` after a newer one was accepted (order 3)."""

OUTAGE = timedelta(minutes=5)
"""An emergency delivery that was due for longer than this without being tried has seen an outage (order 8)."""


class Move(StrEnum):
    """What a claim does with one due delivery."""

    START = "start"
    WAIT = "wait"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The decision: `state` and `reason` are set where it is settled instead of started."""

    move: Move
    state: State | None = None
    reason: str = ""


_NO_TIME = timedelta()
START = Step(move=Move.START)
WAIT = Step(move=Move.WAIT)


def step(
    delivery: Delivery,
    now: datetime,
    newest_started: int | None,
    newest_accepted: int | None,
    sibling_sending: bool,
    *,
    jumped: timedelta = _NO_TIME,
) -> Step:
    """Return what a claim does with a due `ready` or `retry_wait` delivery.

    `newest_started` is the highest version of its incident that ever was `sending` on this channel and target (its own
    earlier attempts included), `newest_accepted` the highest version of its incident that the desk has accepted, on
    whatever channel; None where there is none. `sibling_sending`: another version is `sending` on this channel and
    target right now. `jumped` is by how much the wall clock has just been set ahead: whatever that alone would end
    waits, neither sent nor over, until it is clear which time is right. Expired wins over superseded: after its expiry
    nothing is sent, whatever else is true.
    """
    if now >= delivery.expires_at:
        return over(delivery, State.EXPIRED) if now - jumped >= delivery.expires_at else WAIT
    if max(newest_accepted or 0, newest_started or 0) > delivery.version:
        return over(delivery, State.SUPERSEDED)
    return WAIT if sibling_sending else START


def over(delivery: Delivery, state: State) -> Step:
    """Return the step that ends a waiting delivery as `EXPIRED` or `SUPERSEDED`.

    If an earlier attempt may have been accepted, the delivery is closed as a doubt, so that it is not counted as
    never sent and an all-clear still reaches whoever got it (I11).
    """
    return Step(move=Move.SETTLE, state=closed(delivery, state), reason=state.value)


def closed(delivery: Delivery, state: State) -> State:
    """Return `EXPIRED` or `SUPERSEDED`, or its `closed_` twin where an attempt of this delivery was ever in doubt."""
    if delivery.doubt_since is None:
        return state
    return {State.EXPIRED: State.CLOSED_EXPIRED, State.SUPERSEDED: State.CLOSED_SUPERSEDED}[state]


def stale(delivery: Delivery, now: datetime) -> bool:
    """Whether it may go out only under the mark that it is late."""
    return now >= delivery.stale_at


def stale_at(grade: Grade, sent: datetime, expires: datetime, policy: Policy = DEFAULT) -> datetime:
    """Return the moment of becoming stale: 10 min after issue for an emergency, 30 min for a warning (sooner where the
    city says so), else the expiry (order 7). Never after the expiry.
    """
    after = {Grade.EMERGENCY: policy.stale_emergency, Grade.WARNING: policy.stale_warning}.get(grade)
    return expires if after is None else min(sent + after, expires)


def waits_for_keypress(delivery: Delivery, now: datetime, *, newer_exists: bool) -> bool:
    """Whether an emergency delivery that sat through an outage waits for an officer (order 8).

    It goes by itself while its incident is open and nothing newer exists. An all-clear or cancel has closed its
    incident: minutes later somebody should look before it goes out. An officer's release makes it due afresh.
    """
    missed = delivery.grade is Grade.EMERGENCY and now - delivery.due_at > OUTAGE
    return missed and (newer_exists or delivery.kind.ends)


def must_yield(now: datetime, newer_since: datetime | None) -> bool:
    """Whether an older version that is still `sending` has used up its grace since a newer one was noticed."""
    return newer_since is not None and now - newer_since >= OVERTAKEN_GRACE
