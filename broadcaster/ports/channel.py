"""What a channel is. Two kinds, and powers a channel may have besides.

A messenger says one alert as one message (X, mail). A publisher shows the public state as files (page, feeds).
No channel retries, sleeps to retry, logs bodies or knows the store: it does one thing once and says what came of it,
by a `Receipt` or a `DeliveryError`. An exception of any other kind is taken as in doubt.

The entry point is `build(settings, context) -> Channel` in the group `broadcaster.channels`; the annotation of
`settings` is the pydantic model that its configuration table is read into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from broadcaster.errors import Reason
from broadcaster.model import (
    Alert,
    Edition,
    Grade,
    Length,
    Limit,
    Message,
    Mode,
    Problem,
    Receipt,
    Recipient,
    Text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What composing may depend on. `left` is what remains of each limit, by name, for this grade;
    `recent` the bodies said on this channel in the last 24 hours (20 for a routine announcement), newest first.
    """

    now: datetime
    grade: Grade
    left: Mapping[str, int] = field(default_factory=dict[str, int])
    recent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What a channel would say, with its own count, or None with the problems that prevent it."""

    message: Message | None
    length: Length | None = None
    problems: tuple[Problem, ...] = ()


class Channel(Protocol):
    """What every channel has."""

    @property
    def name(self) -> str:
        """The name of its configuration table."""
        ...

    def targets(self) -> tuple[str, ...]:
        """Return the targets that each get a delivery of their own, at least one."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Composer(Protocol):
    """The half of a messenger that needs no network."""

    def compose(self, alert: Alert, situation: Situation) -> Composition:
        """Return the alert in this channel's words. Pure: the same input gives the same message."""
        ...


@runtime_checkable
class Reaching(Protocol):
    """Settings that know where they lead: to whom their credentials would be shown.

    A drill is refused with such settings before any of its secret files is opened, unless every endpoint is on the
    drill list. Whatever a channel really connects to is asked of `Egress` all the same.
    """

    @property
    def endpoints(self) -> Mapping[str, tuple[str, int]]:
        """Host and port by the name of the setting that names it, e.g. `base_url` or `readback.host`."""
        ...


@runtime_checkable
class Messenger(Channel, Composer, Protocol):
    """One alert as one message to one provider."""

    async def deliver(self, message: Message, key: str) -> Receipt:
        """Say it once. `key` is the same for every attempt of one delivery. Raise `DeliveryError`."""
        ...


@runtime_checkable
class BulkMessenger(Channel, Composer, Protocol):
    """One alert as one message to each of many recipients, kept in a ledger."""

    async def deliver_all(self, message: Message, key: str, ledger: Ledger) -> Receipt:
        """Take recipients from the ledger until it gives none, writing down each. Raise `DeliveryError` only
        where the whole channel is concerned (relay unreachable, login refused); the ledger keeps what was done.
        """
        ...


@runtime_checkable
class Publisher(Channel, Protocol):
    """The public state as files. Idempotent: any later edition fulfils an earlier delivery."""

    def render(self, edition: Edition) -> Mapping[str, bytes]:
        """Return path -> content. Pure. Raise `RenderingError`."""
        ...

    async def publish(self, edition: Edition, target: str, key: str) -> Receipt:
        """Render and put to the target, unless it holds a higher edition (a receipt all the same)."""
        ...


@runtime_checkable
class Finder(Protocol):
    """Can look whether the provider has a message."""

    async def find(self, message: Message, key: str) -> Receipt | None:
        """Return its receipt, None if it is surely absent; raise `DeliveryError` if that cannot be told."""
        ...


@runtime_checkable
class Verifier(Protocol):
    """A publisher whose result can be read back through the residents' own address."""

    async def verify(self, receipt: Receipt) -> bool:
        """Return whether what residents get is this edition or a later one. Raise `DeliveryError` if unreachable."""
        ...


@runtime_checkable
class Retractor(Protocol):
    """Can take a message back."""

    async def retract(self, receipt: Receipt) -> None:
        """Delete it; done also when it is gone already. Raise `DeliveryError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of `broadcaster check`: `code` names a sentence of the catalogue."""

    code: str
    ok: bool
    params: Mapping[str, str | int | float] = field(default_factory=dict[str, str | int | float])


@runtime_checkable
class Checker(Protocol):
    """Can tell whether it would work, without saying anything to residents."""

    async def check(self) -> Sequence[Finding]:
        """Return findings on reachability, credentials and whatever else matters; never raises for them."""
        ...


@runtime_checkable
class Measurer(Protocol):
    """Counts a text as its provider does."""

    def measure(self, text: str) -> Length:
        """Return the count and the limit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Where a channel says test messages, and `place` as a person would name it. A messenger has a `voice` of its own
    for them, another account; a bulk messenger says them to `recipients` and nobody else.
    """

    place: str
    voice: Messenger | None = None
    recipients: tuple[str, ...] = ()


@runtime_checkable
class Rehearsing(Protocol):
    """Can say a test message where no resident hears it, by all that it says the real ones by."""

    def rehearsal(self) -> Rehearsal | None:
        """Return where; None where no test endpoint is configured."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The edition a publisher has published last. `digest` is the SHA-256 of its main file, in hexadecimal."""

    number: int
    issued_at: datetime
    mode: Mode
    digest: str


@runtime_checkable
class Outward(Protocol):
    """A publisher whose files lie at a public address, with an `edition.json` that names their digests."""

    @property
    def address(self) -> str:
        """The address, ending with a slash."""
        ...

    async def held(self) -> Holding | None:
        """Return what was published last; None where nothing was, or it cannot be told."""
        ...


@runtime_checkable
class Notifier(Protocol):
    """Can tell a few people something at once, besides its deliveries: nothing is kept, nothing is tried again."""

    async def notify(self, addresses: Sequence[str], text: Text) -> None:
        """Tell them. Raise `DeliveryError` where not all of them could be told."""
        ...


@runtime_checkable
class Enveloped(Protocol):
    """Sends more than the words: headers about them, which a preview shows too."""

    def headers(self, text: Text, grade: Grade) -> Mapping[str, str]:
        """Return the headers in their order, decoded, without those that are one recipient's own; none where they could
        not be written.
        """
        ...


@runtime_checkable
class Metered(Protocol):
    """Has budgets."""

    def limits(self) -> tuple[Limit, ...]:
        """Return the budgets as configured; readings in receipts and errors win over them."""
        ...


# ---------------------------------------------------------------- the recipient ledger, as a channel sees it


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What came of one recipient: `reason` None is accepted. `permanent` says not to try this address again for this
    delivery. `code` is the server's reply, e.g. `450 4.2.0`.
    """

    recipient: int
    reason: Reason | None = None
    maybe_sent: bool = False
    permanent: bool = False
    code: str = ""


class Ledger(Protocol):
    """Who still has to get one message. Its order: claim (committed) -> begun (noted) -> send -> record (committed).

    Many are claimed at once; after a crash only those who were begun are in doubt. So a channel says `begun` for each
    recipient, without exception, before anything leaves that can make the message arrive.
    """

    @property
    def grade(self) -> Grade:
        """How urgent this delivery is; a higher one goes first."""
        ...

    @property
    def over(self) -> bool:
        """Whether nobody more may be begun: overtaken, expired, held, dropped, or the service stops. Whoever was
        claimed and not begun is then given back.
        """
        ...

    async def claim(self, limit: int) -> tuple[Recipient, ...]:
        """Mark up to `limit` recipients as started and return them. Empty: nobody is left, or the delivery
        was overtaken, expired, held or dropped.
        """
        ...

    def begun(self, *recipients: int) -> None:
        """Say that claimed recipients may have it from now on (mail: before the text with its final dot). Costs
        microseconds, for several little more than for one. Raise `StoreError` where it cannot be noted: then nothing
        may leave.
        """
        ...

    async def record(self, results: Sequence[Handed]) -> None:
        """Write results down in one commit."""
        ...

    async def give_back(self, recipients: Sequence[int]) -> None:
        """Return claimed recipients for whom nothing was begun."""
        ...
