"""The classifier of HTTP replies, by itself: docs/delivery.md, "Outcome classes", row by row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from broadcaster.errors import Reason
from broadcaster.model import Reading
from channels._http import Exceptional, Reply, failure, reason_of, retry_after
from tests.channels.kit import HTTP_OUTCOMES, NOW

ROWS = (
    Exceptional(403, Reason.DUPLICATE, ("duplicate content", "already said")),
    Exceptional(403, Reason.SUSPENDED, ("suspended",)),
    Exceptional(402, Reason.QUOTA),
)


def reply(status: int, body: object = None, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


@pytest.mark.parametrize(("status", "ok"), [(199, False), (200, True), (299, True), (300, False)])
def test_only_2xx_is_a_success(status: int, ok: bool) -> None:
    assert reply(status).ok is ok


@pytest.mark.parametrize(("status", "expected"), HTTP_OUTCOMES.items())
def test_each_status_by_itself(status: int, expected: tuple[Reason, bool]) -> None:
    error = failure(reply(status), now=NOW)
    assert (error.reason, error.maybe_sent) == expected
    assert reason_of(reply(status)) is expected[0]
    assert error.detail == f"HTTP {status}"
    assert (error.retry_after, error.readings) == (None, ())


@pytest.mark.parametrize("status", [399, 400, 499, 500, 503])
def test_a_page_is_no_answer_of_the_api(status: int) -> None:
    """Whoever put it there, the provider may never have seen the request, or may have taken it."""
    html = reply(status, b" \n<html>", content_type="text/plain")
    assert reason_of(html) is (Reason.SERVER_ERROR if status >= 500 else Reason.UNREADABLE)
    assert failure(html, now=NOW).maybe_sent


@pytest.mark.parametrize(
    ("kind", "body", "page"),
    [
        ("text/HTML; charset=x", b"", True),
        ("application/xhtml+xml", b"", True),
        ("application/json", b"<", True),
        ("application/json", b"\n <!doctype", True),
        ("application/json", b"{<", False),
        ("", b"", False),
    ],
)
def test_what_is_a_page(kind: str, body: bytes, page: bool) -> None:
    assert reply(200, body, content_type=kind).page is page
    assert Reply(200, {}, body).page is (body.lstrip()[:1] == b"<")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (403, {"detail": "DUPLICATE content"}, Reason.DUPLICATE),
        (403, {"errors": [{"message": "You Already Said that"}]}, Reason.DUPLICATE),
        (403, {"detail": "suspended, duplicate content"}, Reason.DUPLICATE),
        (403, {"detail": "suspended"}, Reason.SUSPENDED),
        (403, {"detail": "避難"}, Reason.REJECTED),
        (404, {"detail": "duplicate content"}, Reason.REJECTED),
        (402, {}, Reason.QUOTA),
        (402, b"no JSON", Reason.QUOTA),
        (402, b"<html>", Reason.PAYMENT),
        (403, b"duplicate content", Reason.REJECTED),
        (500, {"detail": "duplicate content"}, Reason.SERVER_ERROR),
    ],
)
def test_what_a_provider_says_differently(status: int, body: object, reason: Reason) -> None:
    assert reason_of(reply(status, body), ROWS) is reason
    assert failure(reply(status, body), ROWS, now=NOW).reason is reason


def test_a_page_that_is_json_is_believed_where_a_row_applies() -> None:
    """Some providers name the wrong media type for their problem documents."""
    strange = reply(403, {"detail": "suspended"}, content_type="text/html")
    assert reason_of(strange, ROWS) is Reason.SUSPENDED


def test_words_in_other_scripts_are_compared_as_they_are() -> None:
    row = Exceptional(403, Reason.DUPLICATE, ("同じ内容",))
    assert reason_of(reply(403, {"detail": "同じ内容の投稿"}), (row,)) is Reason.DUPLICATE


def test_a_row_without_words_is_about_its_status_only() -> None:
    row = Exceptional(402, Reason.QUOTA)
    assert row.applies(402, "")
    assert not row.applies(403, "")
    assert not Exceptional(402, Reason.QUOTA, ("x",)).applies(402, "y")


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_given_wins_and_decides_whether_it_may_be_there(reason: Reason) -> None:
    doubtful = {Reason.SERVER_ERROR, Reason.UNREADABLE, Reason.NO_ID, Reason.UNKNOWN}
    error = failure(reply(201), now=NOW, reason=reason)
    assert (error.reason, error.maybe_sent) == (reason, reason in doubtful)


def test_readings_and_wishes_are_handed_on() -> None:
    reading = Reading(name="posts", remaining=0, resets_at=NOW)
    error = failure(reply(429, retry_after="12"), now=NOW, readings=(reading,))
    assert (error.readings, error.retry_after) == ((reading,), 12.0)


def date(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.fault(52)
@pytest.mark.fault(53)
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 30 "}, 30.0),
        ({"retry-after": "-5"}, -5.0),
        ({"retry-after": "9" * 12}, 999_999_999_999.0),
        ({"retry-after": "9" * 13}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "+5"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": date(60)}, 60.0),
        ({"retry-after": date(-60)}, -60.0),
        ({"retry-after": "Mon, 23 Nov 2026 05:06:00 -0000"}, None),
        ({"retry-after": "Mon, 23 Nov 99999 05:06:00 GMT"}, None),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 90)}, 90.0),
        ({"x-rate-limit-reset": f" {int(NOW.timestamp()) + 90} "}, 90.0),
        ({"x-rate-limit-reset": "-1"}, None),
        ({"x-rate-limit-reset": "9" * 13}, None),
        ({"x-rate-limit-reset": "x"}, None),
        ({"retry-after": "7", "x-rate-limit-reset": "1"}, 7.0),
        ({"retry-after": "soon", "x-rate-limit-reset": "1"}, None),
        ({"retry-after": "  ", "x-rate-limit-reset": str(int(NOW.timestamp()))}, 0.0),
    ],
)
def test_the_wish_to_wait_unclamped(headers: Mapping[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_a_date_to_wait_for_counts_from_now() -> None:
    assert failure(Reply(429, {"retry-after": date(60)}, b""), now=NOW).retry_after == 60.0


def test_twelve_digits_of_a_reset_are_still_a_number() -> None:
    found = retry_after({"x-rate-limit-reset": "9" * 12}, datetime.fromtimestamp(0, UTC))
    assert found == 999_999_999_999.0


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "HTTP 418"),
        ({"title": "A", "detail": "B", "type": "C", "other": "D"}, "HTTP 418 A B C"),
        ({"detail": "B", "title": ""}, "HTTP 418 B"),
        ({"title": 7}, "HTTP 418 7"),
        ({"title": "a\nb\tc\x00d\x1be\u202ef\u2066g"}, "HTTP 418 a b c d e f g"),
        ({"title": "a\x1b\x1b\u202eb"}, "HTTP 418 a b"),
        ({"title": "x" * 500}, "HTTP 418 " + "x" * 151),
        ({"title": "x" * 150 + " y"}, "HTTP 418 " + "x" * 150),
        (b"no JSON: secret", "HTTP 418"),
        (["title"], "HTTP 418"),
    ],
)
def test_the_officer_reads_one_short_line(body: object, detail: str) -> None:
    assert failure(reply(418, body), now=NOW).detail == detail


@pytest.mark.fault(122)
def test_a_reply_that_repeats_something_hidden_says_nothing() -> None:
    said = {"title": "Bad token", "detail": "abc-secret-def"}
    assert failure(reply(401, said), now=NOW, hidden=["", "secret"]).detail == "HTTP 401"
    assert failure(reply(401, said), now=NOW, hidden=["", "other"]).detail == "HTTP 401 Bad token abc-secret-def"


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b"[1]", None),
        (b"1", None),
        (b"", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
        ('{"a": "避"}'.encode("utf-16"), {"a": "避"}),
    ],
)
def test_only_an_object_is_a_document(body: bytes, document: object) -> None:
    assert Reply(200, {}, body).document() == document
