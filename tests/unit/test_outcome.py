"""docs/delivery.md, outcome classes, line by line."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.errors import DeliveryError, EgressRefused, Reason, RenderingError
from broadcaster.model import Outcome
from broadcaster.rules.outcome import classify

TABLE = [
    (Reason.RESOLVE, False, Outcome.NOT_SENT),
    (Reason.CONNECT, False, Outcome.NOT_SENT),
    (Reason.TLS, False, Outcome.NOT_SENT),
    (Reason.LOST, False, Outcome.NOT_SENT),
    (Reason.LOST, True, Outcome.IN_DOUBT),
    (Reason.TIMEOUT, False, Outcome.NOT_SENT),
    (Reason.TIMEOUT, True, Outcome.IN_DOUBT),
    (Reason.SERVER_ERROR, True, Outcome.IN_DOUBT),
    (Reason.SERVER_ERROR, False, Outcome.IN_DOUBT),
    (Reason.UNREADABLE, True, Outcome.IN_DOUBT),
    (Reason.NO_ID, True, Outcome.IN_DOUBT),
    (Reason.RATE_LIMITED, False, Outcome.NOT_ACCEPTED),
    (Reason.BUSY, False, Outcome.NOT_ACCEPTED),
    (Reason.QUOTA, False, Outcome.NOT_ACCEPTED),
    (Reason.CREDENTIALS, False, Outcome.CHANNEL_DOWN),
    (Reason.PAYMENT, False, Outcome.CHANNEL_DOWN),
    (Reason.SUSPENDED, False, Outcome.CHANNEL_DOWN),
    (Reason.NOT_ENROLLED, False, Outcome.CHANNEL_DOWN),
    (Reason.DUPLICATE, False, Outcome.DUPLICATE),
    (Reason.REJECTED, False, Outcome.FAILED),
    (Reason.TARGET, False, Outcome.NOT_SENT),
    (Reason.EGRESS, False, Outcome.FAILED),
    (Reason.STALE_UNMARKED, False, Outcome.FAILED),
    (Reason.CANCELLED, True, Outcome.IN_DOUBT),
    (Reason.CANCELLED, False, Outcome.NOT_SENT),
    (Reason.UNKNOWN, False, Outcome.IN_DOUBT),
]


@pytest.mark.parametrize(("reason", "maybe_sent", "expected"), TABLE)
def test_each_reason_has_its_class(reason: Reason, maybe_sent: bool, expected: Outcome) -> None:
    assert classify(DeliveryError(reason, maybe_sent=maybe_sent)) is expected


def test_the_table_names_every_reason() -> None:
    assert {reason for reason, _, _ in TABLE} == set(Reason)


@pytest.mark.parametrize("error", [ValueError(), TimeoutError(), asyncio.CancelledError(), OSError(), KeyError("id")])
def test_the_unforeseen_is_in_doubt(error: BaseException) -> None:
    assert classify(error) is Outcome.IN_DOUBT


def test_what_is_refused_before_the_first_byte_leaves_no_doubt() -> None:
    assert classify(EgressRefused("egress_refused", host="api.x.com")) is Outcome.FAILED
    assert classify(RenderingError("template_failed")) is Outcome.NOT_SENT


@given(st.sampled_from(Reason))
def test_what_may_have_been_sent_is_never_called_not_sent(reason: Reason) -> None:
    assert classify(DeliveryError(reason, maybe_sent=True)) is not Outcome.NOT_SENT
