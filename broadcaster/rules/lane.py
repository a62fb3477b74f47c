"""A channel's pace and its breaker, as pure functions on `ports.store.Lane`.

The bucket holds `burst` tokens and, on top of them, a reserve of a tenth (at least one) that only corrections,
cancels, all-clears and emergencies may take (docs/delivery.md, order 4). The breaker stops trying a channel that
fails again and again; when its time is up a single probe decides whether it closes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.errors import DeliveryError, Reason
from broadcaster.model import Grade, Kind, Outcome, Reading
from broadcaster.ports.store import Breaker, Lane
from broadcaster.rules import budget, outcome
from broadcaster.rules.retry import LONGEST_WISH

_RESERVE = 0.1
_LONGEST_OPEN = 8
"""A breaker that keeps failing stays open at most this many times its first period."""
_OURS = frozenset({Reason.CANCELLED, Reason.QUOTA, Reason.EGRESS, Reason.STALE_UNMARKED})
"""Failures that say nothing about the channel."""
_FORWARD = timedelta(seconds=LONGEST_WISH)
"""A bucket may be paused this far ahead; further ahead only if the clock was set back."""
_AHEAD = timedelta(seconds=5)
"""A clock may be put right by so much without anybody minding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSettings:
    """How hard one channel is driven: the configuration's `[channels.NAME.lane]`.

    `concurrency` deliveries at once (one more for the reserved ones), `timeout_s` seconds for one call of a
    messenger or publisher and without progress for a bulk one, `rate_per_s` and `burst` of the token bucket,
    `breaker_failures` in a row that open the breaker for `breaker_open_s` seconds. `refresh_s` concerns publishers:
    seconds after which a target gets a new edition although nothing happened, so that its age stays small.
    """

    concurrency: int = 4
    timeout_s: float = 30.0
    rate_per_s: float = 1.0
    burst: int = 10
    breaker_failures: int = 5
    breaker_open_s: float = 30.0
    refresh_s: float = 60.0


def reserved(kind: Kind, grade: Grade) -> bool:
    """Whether it may use the reserved slot and the reserved tokens."""
    return kind.reserved or grade is Grade.EMERGENCY


def reserve(settings: LaneSettings) -> float:
    """Return how many tokens are kept for reserved deliveries: a tenth of the burst, at least a whole one."""
    return max(1.0, _RESERVE * settings.burst)


def refill(lane: Lane, settings: LaneSettings, now: datetime) -> Lane:
    """Return the lane with the tokens it has earned since. A lane never used is full; a clock set back earns none."""
    full = settings.burst + reserve(settings)
    if lane.tokens_at is None:
        return replace(lane, tokens=full, tokens_at=now)
    if now < lane.tokens_at <= now + _FORWARD:
        return lane
    earned = max(0.0, (now - lane.tokens_at).total_seconds()) * settings.rate_per_s
    return replace(lane, tokens=min(full, lane.tokens + earned), tokens_at=now)


def available(lane: Lane, settings: LaneSettings, now: datetime, *, reserved: bool) -> int:
    """Return how many whole tokens may be taken now."""
    filled = refill(lane, settings, now)
    if filled.tokens_at is not None and filled.tokens_at > now:
        return 0
    return max(0, int(filled.tokens - _kept(settings, reserved=reserved) + 1e-9))


def take(lane: Lane, settings: LaneSettings, now: datetime, count: int = 1) -> Lane:
    """Return the lane without `count` tokens; ask `available` first."""
    filled = refill(lane, settings, now)
    return replace(filled, tokens=filled.tokens - count)


def refund(lane: Lane, settings: LaneSettings, count: int) -> Lane:
    """Return the lane with tokens put back that were not needed."""
    return replace(lane, tokens=min(settings.burst + reserve(settings), lane.tokens + count))


def next_token(lane: Lane, settings: LaneSettings, now: datetime, *, reserved: bool) -> datetime:
    """Return when `available` next gives at least one (now, if it does already)."""
    filled = refill(lane, settings, now)
    missing = max(0.0, 1.0 + _kept(settings, reserved=reserved) - filled.tokens)
    start = max(now, filled.tokens_at or now)
    return start + timedelta(seconds=missing / settings.rate_per_s)


def _kept(settings: LaneSettings, *, reserved: bool) -> float:
    return 0.0 if reserved else reserve(settings)


# ---------------------------------------------------------------- the breaker of a lane


def closed(breaker: Breaker) -> bool:
    """Whether the channel is tried as usual."""
    return breaker.opened_at is None


def blocked(breaker: Breaker, now: datetime) -> bool:
    """Whether nothing at all may be tried now. Open and not blocked means: one probe.

    One that opened at a moment still to come has seen the clock go back: then its end is not to be waited for.
    """
    if breaker.opened_at is None or breaker.open_until is None:
        return breaker.opened_at is not None
    return breaker.opened_at - _AHEAD <= now < breaker.open_until


def probing(lane: Lane, settings: LaneSettings, now: datetime) -> Lane:
    """Return the lane while its single probe is under way: shut to all others for the time a probe may take."""
    until = now + timedelta(seconds=settings.timeout_s + settings.breaker_open_s)
    return replace(lane, breaker=replace(lane.breaker, open_until=until))


def unprobed(lane: Lane, now: datetime) -> Lane:
    """Return the lane whose probe was not tried after all: the next one may be it."""
    return replace(lane, breaker=replace(lane.breaker, open_until=now))


def after_success(lane: Lane, readings: tuple[Reading, ...], now: datetime) -> Lane:
    """Return the lane after the provider took one: the breaker is closed."""
    return replace(lane, breaker=Breaker(), readings=budget.merge(lane.readings, readings, now))


def after_failure(lane: Lane, error: BaseException, settings: LaneSettings, now: datetime) -> Lane:
    """Return the lane after `error`.

    A real reply closes the breaker, whatever it says. A refused account opens it at once. Unreachable or in doubt
    counts, and opens it at the limit; a failed probe opens it for twice as long, up to eight times the first period.
    A real 429 pauses the whole bucket for as long as the provider asks.
    """
    readings = error.readings if isinstance(error, DeliveryError) else ()
    lane = replace(lane, readings=budget.merge(lane.readings, readings, now))
    reason = error.reason if isinstance(error, DeliveryError) else Reason.UNKNOWN
    if reason in _OURS:
        return lane
    match outcome.classify(error):
        case Outcome.CHANNEL_DOWN:
            return replace(lane, breaker=_failed(lane.breaker, settings, now, reason.value, at_once=True))
        case Outcome.NOT_SENT | Outcome.IN_DOUBT:
            return replace(lane, breaker=_failed(lane.breaker, settings, now, reason.value, at_once=False))
        case _:
            return _paused(replace(lane, breaker=Breaker()), error, settings, now)


def _failed(breaker: Breaker, settings: LaneSettings, now: datetime, reason: str, *, at_once: bool) -> Breaker:
    failures = breaker.failures + 1
    if closed(breaker) and failures < settings.breaker_failures and not at_once:
        return replace(breaker, failures=failures)
    failures = max(failures, settings.breaker_failures)
    times = min(2.0 ** min(failures - settings.breaker_failures, 16), _LONGEST_OPEN)
    until = now + timedelta(seconds=settings.breaker_open_s * times)
    return Breaker(failures=failures, opened_at=breaker.opened_at or now, open_until=until, reason=reason)


def _paused(lane: Lane, error: BaseException, settings: LaneSettings, now: datetime) -> Lane:
    if not isinstance(error, DeliveryError) or error.reason is not Reason.RATE_LIMITED or not error.retry_after:
        return lane
    pause = timedelta(seconds=min(max(error.retry_after, 0.0), LONGEST_WISH))
    return replace(refill(lane, settings, now), tokens_at=now + pause)
