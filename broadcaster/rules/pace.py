"""How soon something should have arrived, and when somebody should be asked whether it still holds.

The targets are the service's own promise to the officer, counted from acceptance: what is published shows within 5 s, a
post within 30 s, half of a mail's recipients have it within 5 min.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from broadcaster.model import Delivery

PUBLISHED = timedelta(seconds=5)
SAID = timedelta(seconds=30)
HALF_SERVED = timedelta(minutes=5)
ASKED_BEFORE = timedelta(minutes=15)
"""So long before its expiry an alert in force is asked about: extend it, lift it, or let it end."""


class Pace(StrEnum):
    """How a delivery does against its target."""

    UNDER_WAY = "under_way"
    IN_TIME = "in_time"
    LATE = "late"
    """It arrived after its target, or has not arrived although the target has passed."""
    OVER = "over"
    """It ended without arriving: superseded, expired, dropped."""


def pace(delivery: Delivery, target: timedelta, now: datetime) -> Pace:
    """Return how it does. A delivery has arrived when its provider had it, a mail when half of its recipients had."""
    if delivery.reached_at is not None:
        return Pace.IN_TIME if delivery.reached_at - delivery.accepted_at <= target else Pace.LATE
    if delivery.state.settled and not delivery.state.good:
        return Pace.OVER
    return Pace.LATE if now - delivery.accepted_at > target else Pace.UNDER_WAY


def still_valid(expires: datetime, now: datetime) -> bool:
    """Return whether somebody is to be asked now if an alert in force that ends then still holds."""
    return now < expires <= now + ASKED_BEFORE
