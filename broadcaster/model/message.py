"""What goes out: texts as one channel says them, and editions of what the public sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from broadcaster.model.alert import Alert, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """A channel's own count of a text."""

    length: int
    limit: int

    @property
    def fits(self) -> bool:
        """Whether the channel takes it."""
        return self.length <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words in one language; `subject` is empty where a channel has none."""

    language: str
    body: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What sending it will use up: posts, and millionths of a US dollar."""

    posts: int = 1
    microusd: int = 0


NO_COST = Cost(posts=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One alert as one channel will say it, frozen at acceptance.

    `late_texts` are the same words under a mark that they are late and when they were issued; empty where the
    mark does not fit, which means that a stale delivery is refused instead of cut.
    `reference` is the short visible serial and time in the text; `form` the rung of the channel's ladder.
    """

    alert: str
    channel: str
    texts: tuple[Text, ...]
    late_texts: tuple[Text, ...] = ()
    form: str = ""
    reference: str = ""
    cost: Cost = Cost()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A budget within a sliding window. `reserve` of it is kept for grades of WARNING and above."""

    name: str
    unit: str
    """`posts` or `microusd`."""
    window: timedelta
    amount: int
    reserve: int = 0


class Ending(StrEnum):
    """Why an alert is no longer in force."""

    SUPERSEDED = "superseded"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"
    CLEARED = "cleared"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An alert that was in force, why it is not, and since when."""

    alert: Alert
    why: Ending
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTest:
    """A test of the channels that residents are told of, from before it begins until it is over."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The public state at one moment, numbered by the store: what page, feeds and data show.

    `in_force` is sorted gravest and newest first and holds one version per incident (a closing
    message, an all-clear or cancel, is listed under `ended` as the newest of its incident and shown as such).
    `chain` is where the audit chain stood then, as `number:hash`: published, it cannot be rewritten unseen.
    `tested` is the newest test message: it is published where nobody is led to it. `planned` are tests to announce.
    """

    number: int
    issued_at: datetime
    mode: Mode
    in_force: tuple[Alert, ...]
    ended: tuple[Ended, ...] = ()
    chain: str = ""
    tested: Alert | None = None
    planned: tuple[PlannedTest, ...] = ()
