"""Everything that can go wrong, as a tree.

BroadcasterError            `code` names a sentence of the catalogue, `params` fill it
├─ Refused                  the input is wrong; carries every problem at once            exit 2
│  └─ ConfigError           ... and it was the configuration
├─ NotFound                 no such alert, delivery, submission                          exit 2
├─ Conflict                 key used with another body; a version overtaken              exit 2
├─ Unauthenticated          nobody is logged in, or no longer                            exit 2
├─ Forbidden                this person may not                                          exit 2
├─ Busy                     too much at once; nothing was done                           exit 1
├─ RenderingError           a template failed, timed out, or wanted what is not there    exit 2
├─ FeedUnreadable           what a watched feed gave cannot be read, and nothing is made of it
├─ EgressRefused            an endpoint this instance must not reach                     exit 2
├─ ServiceUnreachable       the core does not answer                                     exit 3
├─ StoreError               the store did not do it, and it is known not to be there
│  ├─ StoreUnknown          a commit raised: it may be there after a crash; look by key
│  ├─ StoreBusy             another process holds the lock
│  ├─ StoreFull             no space
│  ├─ StoreCorrupt          damaged, or not our file
│  ├─ SchemaMismatch        made by a newer version
│  └─ WrongMode             a live store under a drill instance, or the other way round
└─ DeliveryError            one attempt failed: `reason`, `maybe_sent`, `retry_after`
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from broadcaster.model import Problem, Reading


class BroadcasterError(Exception):
    """Base of all. `code` names a sentence of the catalogue; `params` fill its places."""

    exit_code = 1

    def __init__(self, code: str, **params: str | float) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code}({inner})"


class Refused(BroadcasterError):
    """The input is refused; nothing was changed. All problems are there, each with its place."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem], code: str = "refused") -> None:
        super().__init__(code, count=len(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return f"{self.code}: " + "; ".join(f"{p.place or '-'}: {p.code}" for p in self.problems)


class ConfigError(Refused):
    """The configuration is refused; the service does not start with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems, code="config_refused")


class NotFound(BroadcasterError):
    """There is no such thing."""

    exit_code = 2


class Conflict(BroadcasterError):
    """It contradicts what is already accepted."""

    exit_code = 2


class Unauthenticated(BroadcasterError):
    """Who asks is not known: no session (`session_needed`), one that is not valid (`session_ended`), or a login that
    was refused.
    """

    exit_code = 2


class Busy(BroadcasterError):
    """Too many ask for this at once; nothing was done, try again."""


class Forbidden(BroadcasterError):
    """This person may not do this."""

    exit_code = 2


class RenderingError(BroadcasterError):
    """A template could not be rendered; nothing goes out."""

    exit_code = 2


class FeedUnreadable(BroadcasterError):
    """What a watched feed gave cannot be read. It says nothing then, least of all that a danger is over."""


class EgressRefused(BroadcasterError):
    """This instance must not reach that endpoint (a drill is never live)."""

    exit_code = 2


class ServiceUnreachable(BroadcasterError):
    """The core does not answer on its socket."""

    exit_code = 3


class StoreError(BroadcasterError):
    """The store did not do what was asked, and it is known that it did not."""


class StoreUnknown(StoreError):
    """The commit raised. Whether it holds is unknown until the store is read again by key."""


class StoreBusy(StoreError):
    """Another process holds the store."""


class StoreFull(StoreError):
    """No space is left; nothing was changed."""


class StoreCorrupt(StoreError):
    """The file is damaged or is not a Broadcaster store."""


class SchemaMismatch(StoreError):
    """The store was written by a newer version."""


class WrongMode(StoreError):
    """The store belongs to the other mode."""


class Reason(StrEnum):
    """Why one attempt failed. `rules.outcome` makes a class of it; channels only name it."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    LOST = "lost"
    """The connection broke; `maybe_sent` says whether the body had begun (HTTP) or the final dot was out (SMTP)."""
    TIMEOUT = "timeout"
    SERVER_ERROR = "server_error"
    """A real reply 408, 500, 502, 503 or 504."""
    UNREADABLE = "unreadable"
    """A reply that is huge, invalid, a redirect or an HTML page."""
    NO_ID = "no_id"
    """A success without the identifier it must carry."""
    RATE_LIMITED = "rate_limited"
    """A real 429 or 425."""
    BUSY = "busy"
    """A real SMTP 4xx."""
    QUOTA = "quota"
    """Our own budget, or the provider's cap for a long period, is used up."""
    CREDENTIALS = "credentials"
    PAYMENT = "payment"
    SUSPENDED = "suspended"
    NOT_ENROLLED = "not_enrolled"
    DUPLICATE = "duplicate"
    """The provider says it already has this very text."""
    REJECTED = "rejected"
    """Any other real 4xx, or SMTP 5xx."""
    TARGET = "target"
    """A publishing target could not be written."""
    EGRESS = "egress"
    """This instance must not reach that endpoint."""
    STALE_UNMARKED = "stale_unmarked"
    """Stale, and the late mark does not fit."""
    CANCELLED = "cancelled"
    """Dropped by us: overtaken, or the service stops."""
    UNKNOWN = "unknown"
    """Anything not foreseen: in doubt."""


class DeliveryError(BroadcasterError):
    """One attempt failed.

    `maybe_sent`: the provider may have it. `retry_after`: the provider's wish in seconds, unclamped.
    `detail`: one line for the officer, never with a secret or the message's body. `readings`: limits the reply named.
    """

    def __init__(
        self,
        reason: Reason,
        *,
        maybe_sent: bool,
        detail: str = "",
        retry_after: float | None = None,
        readings: tuple[Reading, ...] = (),
    ) -> None:
        super().__init__("delivery_failed", reason=reason.value, detail=detail)
        self.reason = reason
        self.maybe_sent = maybe_sent
        self.detail = detail
        self.retry_after = retry_after
        self.readings = readings
