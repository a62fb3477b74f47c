"""The figures a city may set: `[rules]` of the configuration. Each may only be made stricter than docs/delivery.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.model import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long things may last. `max_validity` is the longest from now to an alert's expiry; `approval_within` how long
    a submission may wait and how old an effective time may be; the others when a delivery becomes stale.
    """

    max_validity: timedelta = timedelta(hours=72)
    approval_within: timedelta = timedelta(minutes=30)
    stale_emergency: timedelta = timedelta(minutes=10)
    stale_warning: timedelta = timedelta(minutes=30)

    def stale_at(self, grade: Grade, sent: datetime, expires: datetime) -> datetime:
        """Return when a delivery of this grade needs the late mark, at the latest its expiry (docs/delivery.md)."""
        after = {Grade.EMERGENCY: self.stale_emergency, Grade.WARNING: self.stale_warning}.get(grade)
        return expires if after is None else min(sent + after, expires)


DEFAULT = Policy()
