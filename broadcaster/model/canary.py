"""Whether we are heard: test messages that come round by a schedule, and how each channel and each public address is.

A test is one alert of incident 0 with CAP status `Test`, owed to test endpoints only. Each time it comes round is a
unique row, written by the transaction that accepts its alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

TESTS = 0
"""The incident all test messages belong to: no other ever has this number, and the public state leaves it out."""


class SoundingState(StrEnum):
    """Where one test stands."""

    PLANNED = "planned"
    """Residents are told that it is coming."""
    SAID = "said"
    """It is out; answers are waited for."""
    OVER = "over"
    """Every channel has answered, or a newer test asks for what is missing."""
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """One time a test comes round. The page announces it from `shown_from` (None: not at all) to `until`. `alert` is
    the message it became, `reason` why it was left out, `by` who wanted it besides the schedule.
    """

    due: datetime
    until: datetime
    state: SoundingState
    at: datetime
    shown_from: datetime | None = None
    alert: str = ""
    reason: str = ""
    by: str = ""


class Organ(StrEnum):
    """What is watched."""

    CHANNEL = "channel"
    """Whether its test message arrived."""
    ADDRESS = "address"
    """Whether the public gets what was published there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """How one channel or address is. `since` is when it was first watched, `answered_at` when it last answered.

    `failing_since` is the first try without an answer after that, `silent_since` when that became silence; `reason` is
    a code of the catalogue that `params` fill. `alarms` were told since then, the last at `told_at`; at `alarm_at` the
    next one is due, after `tries` that reached nobody. `lifting`: it has answered again, and those who were alarmed are
    still to be told.
    """

    organ: Organ
    name: str
    since: datetime
    answered_at: datetime | None = None
    failing_since: datetime | None = None
    silent_since: datetime | None = None
    reason: str = ""
    params: Mapping[str, str | int | float] = field(default_factory=dict[str, str | int | float])
    alarms: int = 0
    told_at: datetime | None = None
    alarm_at: datetime | None = None
    tries: int = 0
    lifting: bool = False

    @property
    def silent(self) -> bool:
        """Whether it is silent now."""
        return self.silent_since is not None
