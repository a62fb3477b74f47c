"""The figures a city may set: `[rules]` of the configuration. Each may only be made stricter than docs/delivery.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long things may last. `max_validity` is the longest from now to an alert's expiry; `approval_within` how long
    a submission may wait and how old an effective time may be; the others when a delivery becomes stale.
    """

    max_validity: timedelta = timedelta(hours=72)
    approval_within: timedelta = timedelta(minutes=30)
    stale_emergency: timedelta = timedelta(minutes=10)
    stale_warning: timedelta = timedelta(minutes=30)
    rehearsed: bool = False
    """A drill asks for a second person where the live instance would."""


DEFAULT = Policy()
