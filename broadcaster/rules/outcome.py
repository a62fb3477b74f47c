"""What an attempt came to: docs/delivery.md, "Outcome classes", as one pure function.

Whatever is not foreseen is in doubt: a channel that raises something strange may already have sent.
"""

from __future__ import annotations

from broadcaster.errors import DeliveryError, EgressRefused, Reason, RenderingError
from broadcaster.model import Outcome

_BY_REASON = {
    Reason.RATE_LIMITED: Outcome.NOT_ACCEPTED,
    Reason.BUSY: Outcome.NOT_ACCEPTED,
    Reason.QUOTA: Outcome.NOT_ACCEPTED,
    Reason.CREDENTIALS: Outcome.CHANNEL_DOWN,
    Reason.PAYMENT: Outcome.CHANNEL_DOWN,
    Reason.SUSPENDED: Outcome.CHANNEL_DOWN,
    Reason.NOT_ENROLLED: Outcome.CHANNEL_DOWN,
    Reason.DUPLICATE: Outcome.DUPLICATE,
    Reason.REJECTED: Outcome.FAILED,
    Reason.EGRESS: Outcome.FAILED,
    Reason.STALE_UNMARKED: Outcome.FAILED,
}
"""Reasons that are a real reply, or were found before anything was sent: `maybe_sent` does not matter."""

_BY_PHASE = frozenset(
    {Reason.RESOLVE, Reason.CONNECT, Reason.TLS, Reason.LOST, Reason.TIMEOUT, Reason.TARGET, Reason.CANCELLED}
)
"""Reasons where only the phase decides: not sent before the body began (HTTP) or before the final dot (SMTP)."""


def classify(error: BaseException) -> Outcome:
    """Return the class of what `deliver`, `publish` or `deliver_all` raised. Anything unknown is `IN_DOUBT`."""
    if isinstance(error, DeliveryError):
        return of_reason(error.reason, maybe_sent=error.maybe_sent)
    if isinstance(error, EgressRefused):
        return Outcome.FAILED
    if isinstance(error, RenderingError):
        # Nothing goes out before it is rendered; and a template may be slow only because the machine is busy.
        return Outcome.NOT_SENT
    return Outcome.IN_DOUBT


def of_reason(reason: Reason, *, maybe_sent: bool) -> Outcome:
    """Return the class of one reason: the table itself, also used for single recipients of a bulk message."""
    if reason in _BY_PHASE and not maybe_sent:
        return Outcome.NOT_SENT
    return _BY_REASON.get(reason, Outcome.IN_DOUBT)
