"""Posting, against the loopback X: every reply and every way to fail, told apart."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from broadcaster.demo.x import XProvider
from broadcaster.demo.x_errors import HOSTS
from broadcaster.demo.x_script import (
    Act,
    answer,
    cut_short,
    drip,
    drop,
    garbage,
    huge,
    late,
    page,
    problem,
    redirect,
    silence,
    without_id,
)
from broadcaster.errors import EgressRefused, Reason
from broadcaster.model import Message, Mode
from channels.twitter import Settings, Twitter, build
from tests.channels.kit import (
    HTTP_OUTCOMES,
    NOW,
    Gate,
    alert,
    everything_logged,
    no_secret,
    refusal,
    situation,
    stays_cancelled,
    world,
)

TIMEOUT_S = 1.0
KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


@asynccontextmanager
async def on_loopback(
    tmp_path: Path, gate: Gate | None = None, **settings: object
) -> AsyncIterator[tuple[XProvider, Twitter]]:
    async with XProvider(now=NOW.timestamp) as x:
        values = {**x.settings(), "timeout_s": 20, **settings}
        twitter = build(Settings.model_validate(values), world(tmp_path, egress=gate))
        try:
            yield x, twitter
        finally:
            await twitter.close()


def a_message(twitter: Twitter, version: int = 1) -> Message:
    order = alert(version=version)
    message = twitter.compose(order, situation(order)).message
    assert message is not None
    return message


async def test_a_post_arrives_word_for_word_and_gives_a_receipt(tmp_path: Path) -> None:
    async with on_loopback(tmp_path) as (x, twitter):
        message = a_message(twitter)
        receipt = await twitter.deliver(message, "key-1")
        assert [post.text for post in x.posts] == [message.texts[0].body]
        assert receipt.ref == x.posts[0].id
        assert receipt.url == f"{x.base_url}/status/{x.posts[0].id}"
        remaining = {reading.name: reading.remaining for reading in receipt.readings}
        assert remaining == {"posts_15min": 99, "posts_24h": 9_999}
        assert all(reading.resets_at > NOW for reading in receipt.readings)


@pytest.mark.parametrize(("status", "expected"), HTTP_OUTCOMES.items())
async def test_every_status_has_its_reason(tmp_path: Path, status: int, expected: tuple[Reason, bool]) -> None:
    async with on_loopback(tmp_path) as (x, twitter):
        x.script(answer(status, {"title": "Some problem"}))
        error = await refusal(twitter.deliver(a_message(twitter), "k"))
        assert (error.reason, error.maybe_sent) == expected
        assert str(status) in error.detail
        assert len(x.requests) == 1, "one call is one request"


@pytest.mark.fault(56)
@pytest.mark.fault(57)
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("duplicate", Reason.DUPLICATE),
        ("duplicate-187", Reason.DUPLICATE),
        ("suspended", Reason.SUSPENDED),
        ("suspended-64", Reason.SUSPENDED),
        ("reply-not-allowed", Reason.REJECTED),
        ("client-not-enrolled", Reason.NOT_ENROLLED),
        ("oauth1-permissions", Reason.CREDENTIALS),
        ("too-long", Reason.REJECTED),
        ("unauthorized", Reason.CREDENTIALS),
        ("credits-depleted", Reason.PAYMENT),
        ("rate-limited", Reason.RATE_LIMITED),
        ("rate-limited-88", Reason.RATE_LIMITED),
        ("usage-capped", Reason.QUOTA),
        ("invalid-request", Reason.REJECTED),
        ("not-found", Reason.REJECTED),
    ],
)
async def test_every_error_body_is_told_apart(tmp_path: Path, host: str, name: str, reason: Reason) -> None:
    async with on_loopback(tmp_path) as (x, twitter):
        x.script(problem(name, host=host))
        error = await refusal(twitter.deliver(a_message(twitter), "k"))
        assert (error.reason, error.maybe_sent) == (reason, False)


@pytest.mark.fault(52)
@pytest.mark.fault(53)
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": "1000000000"}, 1e9),
        ({"Retry-After": "-5"}, -5.0),
        ({"Retry-After": "Mon, 23 Nov 2026 05:06:00 GMT"}, 60.0),
        ({"Retry-After": "Mon, 23 Nov 2026 05:04:00 GMT"}, -60.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 120)}, 120.0),
        ({"Retry-After": "7", "x-rate-limit-reset": str(int(NOW.timestamp()) + 120)}, 7.0),
        ({"x-rate-limit-reset": "NaN"}, None),
        ({}, None),
    ],
)
async def test_the_providers_wish_to_wait(tmp_path: Path, headers: dict[str, str], seconds: float | None) -> None:
    async with on_loopback(tmp_path) as (x, twitter):
        x.script(problem("rate-limited", headers=headers))
        error = await refusal(twitter.deliver(a_message(twitter), "k"))
        assert error.reason is Reason.RATE_LIMITED
        assert error.retry_after == seconds


async def test_limits_in_headers_become_readings_the_smaller_of_two_counts(tmp_path: Path) -> None:
    soon = str(int(NOW.timestamp()) + 60)
    headers = {
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": soon,
        "x-user-limit-24hour-remaining": "70",
        "x-user-limit-24hour-reset": soon,
        "x-app-limit-24hour-remaining": "9",
        "x-app-limit-24hour-reset": soon,
    }
    async with on_loopback(tmp_path) as (x, twitter):
        x.script(problem("rate-limited", headers=headers))
        error = await refusal(twitter.deliver(a_message(twitter), "k"))
        assert {reading.name: reading.remaining for reading in error.readings} == {"posts_15min": 0, "posts_24h": 9}


async def test_limits_that_are_no_numbers_are_no_readings(tmp_path: Path) -> None:
    nonsense = {"x-rate-limit-remaining": "many", "x-rate-limit-reset": "9" * 40}
    async with on_loopback(tmp_path) as (x, twitter):
        x.script(problem("rate-limited", headers=nonsense))
        assert (await refusal(twitter.deliver(a_message(twitter), "k"))).readings == ()


# ---------------------------------------------------------------- replies not to be trusted


@pytest.mark.fault(45)
@pytest.mark.fault(46)
@pytest.mark.fault(60)
@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (without_id(), Reason.NO_ID),
        (answer(201, {"data": {"id": 17}}), Reason.NO_ID),
        (answer(201, {"data": {"id": "../x"}}), Reason.NO_ID),
        (answer(201, {"data": None}), Reason.NO_ID),
        (answer(201, {"errors": [{"title": "Partial"}]}), Reason.NO_ID),
        (answer(200, ["a list"]), Reason.UNREADABLE),
        (answer(201, b"{not json"), Reason.UNREADABLE),
        (answer(201, b"[" * 100_000), Reason.UNREADABLE),
        (answer(201, b""), Reason.UNREADABLE),
        (page(200), Reason.UNREADABLE),
        (page(403), Reason.UNREADABLE),
        (page(404), Reason.UNREADABLE),
        (page(502), Reason.SERVER_ERROR),
        (page(502, take=True), Reason.SERVER_ERROR),
        (problem("over-capacity", take=True), Reason.SERVER_ERROR),
        (huge(), Reason.UNREADABLE),
        (huge(take=True), Reason.UNREADABLE),
        (garbage(), Reason.UNREADABLE),
        (garbage(take=True), Reason.UNREADABLE),
        (cut_short(take=True), Reason.LOST),
        (drop(), Reason.LOST),
        (drop(take=True), Reason.LOST),
    ],
)
async def test_after_the_body_left_only_a_good_reply_is_believed(tmp_path: Path, act: Act, reason: Reason) -> None:
    async with on_loopback(tmp_path) as (x, twitter):
        x.script(act)
        error = await refusal(twitter.deliver(a_message(twitter), "k"))
        assert (error.reason, error.maybe_sent) == (reason, True)
        assert len(x.requests) == 1


@pytest.mark.fault(44)
@pytest.mark.parametrize("act", [silence(), silence(take=True), drip(), drip(take=True)])
async def test_a_slow_reply_ends_at_the_deadline_in_doubt(tmp_path: Path, act: Act) -> None:
    async with on_loopback(tmp_path, timeout_s=TIMEOUT_S) as (x, twitter):
        await twitter.check()  # tweepy is loaded before the clock runs
        x.script(act)
        error = await refusal(twitter.deliver(a_message(twitter), "k"))
        assert (error.reason, error.maybe_sent) == (Reason.TIMEOUT, True)


@pytest.mark.fault(47)
async def test_a_redirect_is_never_followed_with_credentials(tmp_path: Path) -> None:
    async with XProvider(now=NOW.timestamp) as other, on_loopback(tmp_path) as (x, twitter):
        for status in (301, 302, 303, 307, 308):
            x.script(redirect(f"{other.base_url}/2/tweets", status))
            error = await refusal(twitter.deliver(a_message(twitter), "k"))
            assert (error.reason, error.maybe_sent) == (Reason.UNREADABLE, True)
        assert other.requests == []


# ---------------------------------------------------------------- never reached


async def nobody(tmp_path: Path, base_url: str, **settings: object) -> tuple[Reason, bool]:
    keys = dict.fromkeys(KEYS, "x")
    gate = Gate(allowed=frozenset({"127.0.0.1", "localhost", "no-such-host.invalid"}))
    values = {**keys, "base_url": base_url, **settings}
    twitter = build(Settings.model_validate(values), world(tmp_path, egress=gate))
    try:
        error = await refusal(twitter.deliver(a_message(twitter), "k"))
    finally:
        await twitter.close()
    return error.reason, error.maybe_sent


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_refused_connection_is_surely_not_sent(tmp_path: Path) -> None:
    assert await nobody(tmp_path, f"http://127.0.0.1:{unused_port()}") == (Reason.CONNECT, False)


@pytest.mark.fault(40)
async def test_an_unknown_host_is_surely_not_sent(tmp_path: Path) -> None:
    assert await nobody(tmp_path, "https://no-such-host.invalid") == (Reason.RESOLVE, False)


@pytest.mark.fault(41)
async def test_a_connection_that_hangs_is_surely_not_sent(tmp_path: Path) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            found = await nobody(tmp_path, f"http://127.0.0.1:{port}", connect_timeout_s=TIMEOUT_S)
        finally:
            for one in waiting:
                one.close()
    assert found == (Reason.CONNECT, False)


Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def with_tls(
    tmp_path: Path, greeting: Greeting, server: ssl.SSLContext | None, **settings: object
) -> tuple[Reason, bool]:
    """Return what posting to a server on loopback that only greets comes to."""
    ended: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(asyncio.Event())
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await greeting(reader, writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        finally:
            ended[-1].set()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        found = await nobody(tmp_path, f"https://localhost:{port}", **settings)
        for event in ended:
            await asyncio.wait_for(event.wait(), 10)
    return found


async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


def certificate(name: str) -> tuple[trustme.CA, ssl.SSLContext]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return authority, context


@pytest.mark.fault(43)
async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    _, server = certificate("localhost")
    assert await with_tls(tmp_path, say_nothing, server) == (Reason.TLS, False)


@pytest.mark.fault(43)
async def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    authority, server = certificate("other.example")
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    assert await with_tls(tmp_path, say_nothing, server, ca_file=str(file)) == (Reason.TLS, False)


@pytest.mark.fault(43)
async def test_an_old_protocol_is_refused(tmp_path: Path) -> None:
    authority, server = certificate("localhost")
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with pytest.warns(DeprecationWarning, match="deprecated"):
        server.minimum_version, server.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    reason, maybe_sent = await with_tls(tmp_path, say_nothing, server, ca_file=str(file))
    assert reason in {Reason.TLS, Reason.CONNECT}, "some servers refuse by hanging up"
    assert not maybe_sent


@pytest.mark.fault(43)
async def test_a_handshake_that_hangs_is_surely_not_sent(tmp_path: Path) -> None:
    reason, maybe_sent = await with_tls(tmp_path, say_nothing, None, connect_timeout_s=TIMEOUT_S)
    assert (reason, maybe_sent) == (Reason.CONNECT, False)


async def test_a_good_certificate_is_taken_and_the_body_counts_as_begun(tmp_path: Path) -> None:
    authority, server = certificate("localhost")
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))

    async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    assert await with_tls(tmp_path, hang_up, server, ca_file=str(file)) == (Reason.LOST, True)


async def test_the_egress_list_is_asked_for_each_connection(tmp_path: Path) -> None:
    gate = Gate()
    async with on_loopback(tmp_path, gate) as (x, twitter):
        port = int(x.base_url.rsplit(":", 1)[1])
        await twitter.deliver(a_message(twitter), "k")
        assert gate.asked == [("127.0.0.1", port)] * 2, "once when built, once for the connection"
        gate.allowed = frozenset()
        error = await refusal(twitter.deliver(a_message(twitter, 2), "k"))
        assert (error.reason, error.maybe_sent) == (Reason.EGRESS, False)
        assert len(x.posts) == 1


def test_a_drill_is_not_even_built_for_the_real_address(tmp_path: Path) -> None:
    keys = dict.fromkeys(KEYS, "x")
    with pytest.raises(EgressRefused):
        build(Settings.model_validate(keys), world(tmp_path, mode=Mode.DRILL))


@pytest.mark.fault(48)
async def test_proxies_of_the_environment_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    async with on_loopback(tmp_path) as (x, twitter):
        await twitter.deliver(a_message(twitter), "k")
        assert len(x.posts) == 1


# ---------------------------------------------------------------- cancelled, and silent about secrets


async def test_cancelling_ends_it_at_once(tmp_path: Path) -> None:
    async with on_loopback(tmp_path) as (x, twitter):
        never = asyncio.Event()
        x.script(late(never))
        await stays_cancelled(twitter.deliver(a_message(twitter), "k"), x.arrived.wait())
        assert x.posts == []
        await twitter.deliver(a_message(twitter, 2), "k")
        assert len(x.posts) == 1


@pytest.mark.fault(122)
async def test_no_secret_is_ever_seen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    everything_logged(caplog)
    async with on_loopback(tmp_path, timeout_s=3) as (x, twitter):
        secrets = [*x.keys.values(), "oauth_signature=", "oauth_nonce="]
        message = a_message(twitter)
        everything = " ".join(x.keys.values()) + message.texts[0].body
        x.script(
            problem("unauthorized"),
            answer(400, {"title": everything, "detail": everything, "type": everything}),
            answer(403, everything.encode(), content_type="text/plain"),
            page(502),
            garbage(),
            drop(),
            huge(),
        )
        errors = [await refusal(twitter.deliver(message, "k")) for _ in range(7)]
        receipt = await twitter.deliver(message, "k")
        settings = Settings.model_validate({**x.settings()})
        no_secret(secrets, *errors, receipt, twitter, settings, twitter.__dict__, log=caplog)
        no_secret([message.texts[0].body, "空堀川"], *errors, log=caplog)
        assert all(error.__cause__ is None and error.__context__ is None for error in errors)


async def test_the_log_does_not_hold_the_authorization_header(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    everything_logged(caplog)
    caplog.set_level(logging.DEBUG, logger="tweepy")
    async with on_loopback(tmp_path) as (_, twitter):
        await twitter.deliver(a_message(twitter), "k")
    assert [record for record in caplog.records if "Authorization" in record.getMessage()] == []
    assert logging.getLogger("tweepy.asynchronous.client").isEnabledFor(logging.DEBUG)


async def test_an_over_long_text_is_refused_by_x_as_by_us(tmp_path: Path) -> None:
    async with on_loopback(tmp_path) as (x, twitter):
        message = a_message(twitter)
        text = replace(message.texts[0], body="避" * 141)
        assert not twitter.measure(text.body).fits
        error = await refusal(twitter.deliver(replace(message, texts=(text,)), "k"))
        assert (error.reason, error.maybe_sent) == (Reason.REJECTED, False)
        assert x.posts == []
