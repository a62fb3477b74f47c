"""When to try again: a pure function of attempt, chance, the provider's wish and the expiry."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

FIRST = 2.0
"""Seconds before the second try, in the mean; doubled each time."""
LONGEST = 300.0
"""Seconds between tries at most, when the provider names no wish: an emergency must not wait longer."""
SHORTEST_WISH, LONGEST_WISH = 1.0, 900.0
"""Bounds within which a Retry-After is honoured (docs/delivery.md): 1 s to 15 min."""
_MOST_DOUBLINGS = 16


def next_try(
    attempt: int, now: datetime, jitter: float, retry_after: float | None, expires_at: datetime, *, first: float = FIRST
) -> datetime:
    """Return when attempt number `attempt` (from 1), just failed, is followed by the next.

    `jitter` is in [0, 1), `retry_after` in seconds as the provider said it, unclamped. Never before `now`, never
    after `expires_at` unless that is past: a delivery due at its expiry is settled as expired by the next claim.
    """
    if retry_after is None or math.isnan(retry_after):
        delay = _backoff(attempt, jitter, first)
    else:
        delay = _honoured(retry_after)
    return max(now, min(now + timedelta(seconds=delay), expires_at))


def _honoured(wish: float) -> float:
    return min(max(wish, SHORTEST_WISH), LONGEST_WISH)


def _backoff(attempt: int, jitter: float, first: float) -> float:
    """Double each time up to `LONGEST`; chance spreads it over the upper half, so that no herd comes back at once."""
    doublings = min(max(attempt - 1, 0), _MOST_DOUBLINGS)
    ceiling = min(first * 2.0**doublings, max(LONGEST, first))
    return ceiling * (0.5 + 0.5 * jitter)
