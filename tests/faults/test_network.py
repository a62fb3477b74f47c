"""Faults of the network: names, connections, TLS, replies nobody can trust, redirects, proxies. D 40-49.

What one channel's tests in tests/channels show of a single request is here carried through to the end: the real
dispatcher and store over the real X channel, until the post is up exactly once.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from broadcaster.demo.x import ME, TIMELINE
from broadcaster.model import Grade, Outcome, State
from channels._names import Address, Names, connect
from tests.faults.kit import Blackhole, Proxy, Weather, XProvider, http
from tests.faults.kit.resolver import TROUBLED, UNKNOWN, Resolver
from tests.faults.kit.tls import Authority, stranger
from tests.faults.kit.wired import TIMEOUT_S, Town, wired

BROKEN: dict[str, Callable[[Resolver], object]] = {
    "no such name": lambda dns: dns.fails("localhost", UNKNOWN),
    "server failure": lambda dns: dns.fails("localhost", TROUBLED),
    "no answer": lambda dns: dns.hangs("localhost"),
}


def named(town: Town) -> dict[str, Any]:
    return {"base_url": f"http://localhost:{town.x.port}", "connect_timeout_s": TIMEOUT_S}


# ---------------------------------------------------------------- 40: names


@pytest.mark.fault(40)
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_a_name_that_cannot_be_looked_up_waits_and_delays_nobody(
    tmp_path: Path, broken: Callable[[Resolver], object]
) -> None:
    with Resolver() as dns:
        async with wired(tmp_path, start=False) as town:
            await town.connect(**named(town))
            town.start()
            broken(dns)
            owed, other = sorted(await town.accept(grade=Grade.EMERGENCY), key=lambda each: each.channel, reverse=True)
            waiting = await town.until_state(owed, State.RETRY_WAIT)
            assert (waiting.reason, waiting.possible_duplicate) == ("resolve", False)
            await town.until_state(other, State.CONFIRMED)
            assert town.line.moments == [0.0]
            dns.says("localhost", "127.0.0.1")
            assert (await town.once(owed)).attempt == 2


@pytest.mark.fault(40)
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_where_it_was_served_last_stands_in_for_a_broken_name_server(
    tmp_path: Path, broken: Callable[[Resolver], object]
) -> None:
    with Resolver() as dns:
        async with wired(tmp_path, start=False) as town:
            await town.connect(**named(town))
            town.start()
            dns.says("localhost", "127.0.0.1")
            await town.once(await town.post())
            broken(dns)
            owed = await town.post()
            assert (await town.once(owed)).attempt == 1


@pytest.mark.fault(40)
async def test_addresses_where_nobody_trustworthy_answered_do_not_stand_in(tmp_path: Path) -> None:
    """A portal that catches every name must not be remembered."""
    names = Names(5.0)
    with Resolver() as dns:
        dns.says("api.example", "192.0.2.1")
        await names.addresses("api.example", 443)
        dns.fails("api.example")
        with pytest.raises(socket.gaierror):
            await names.addresses("api.example", 443)
        dns.says("api.example", "192.0.2.2", "2001:db8::2")
        await names.addresses("api.example", 443)
        names.served("api.example", 443)
        names.served("never-asked.example", 443)
        dns.says("api.example", "192.0.2.3")
        await names.addresses("api.example", 443)
        dns.fails("api.example", TROUBLED)
        found = await names.addresses("api.example", 443)
        assert [(each.host, each.port) for each in found] == [("192.0.2.2", 443), ("2001:db8::2", 443)]
        assert [each.family for each in found] == [socket.AF_INET, socket.AF_INET6]


@pytest.mark.fault(40)
async def test_lookups_that_hang_take_no_thread_from_others(tmp_path: Path) -> None:
    with Resolver() as dns:
        names = Names(0.05)
        for number in range(40):
            dns.hangs(f"host-{number}.example")
        asked = [names.addresses(f"host-{number % 40}.example", 443) for number in range(80)]
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(each) for each in ended} == {socket.gaierror}
        assert len(dns.asked) == 40, "one lookup of a name at a time"
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "published"), 5) == "published"
        assert all(each.daemon for each in threading.enumerate() if each.name == "lookup")


@pytest.mark.fault(40)
async def test_an_answer_that_comes_late_is_used_by_the_next_who_asks() -> None:
    with Resolver() as dns:
        names = Names(0.05)
        dns.says("slow.example", "192.0.2.9")
        held = dns.holds("slow.example")
        with pytest.raises(socket.gaierror):
            await names.addresses("slow.example", 443)
        held.set()
        for thread in [each for each in threading.enumerate() if each.name == "lookup"]:
            await asyncio.to_thread(thread.join)
        dns.fails("slow.example")
        found = await names.addresses("slow.example", 443)
        assert [each.host for each in found] == ["192.0.2.9"]


@pytest.mark.fault(40)
async def test_a_lookup_that_hangs_for_ever_holds_up_only_its_own_caller() -> None:
    with Resolver() as dns:
        names = Names(0.05)
        dns.hangs("dead.example")
        with pytest.raises(socket.gaierror):
            await names.addresses("dead.example", 443)
        dns.says("dead.example", "192.0.2.9")
        assert len(await names.addresses("dead.example", 443)) == 1


async def test_no_name_and_no_thread_are_like_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(1.0)
    with pytest.raises(socket.gaierror):
        await names.addresses("a" * 64 + ".example", 443)
    with Resolver() as dns:
        dns.says("empty.example")
        with pytest.raises(socket.gaierror):
            await names.addresses("empty.example", 443)

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(socket.gaierror):
        await names.addresses("localhost", 443)


# ---------------------------------------------------------------- 41: connecting


@pytest.mark.fault(41)
async def test_an_address_that_hangs_gives_way_to_the_next(tmp_path: Path) -> None:
    async with wired(tmp_path, start=False) as town:
        with Resolver() as dns, Blackhole("127.0.0.2", town.x.port), Blackhole("127.0.0.3", town.x.port):
            dns.says("localhost", "127.0.0.2", "127.0.0.3", "127.0.0.1")
            await town.connect(**{**named(town), "connect_timeout_s": 5.0})
            town.start()
            assert (await town.once(await town.post())).attempt == 1
            assert [method for method, _ in town.x.requests].count("POST") == 1


@pytest.mark.fault(41)
@pytest.mark.fault(43)
async def test_an_address_that_hangs_in_the_handshake_gives_way_to_the_next(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    def provider(now: Callable[[], float]) -> XProvider:
        return XProvider(now=now, tls=authority.server())

    async with wired(tmp_path, provider=provider, start=False) as town:
        with Resolver() as dns, silent("127.0.0.2", town.x.port):
            dns.says("localhost", "127.0.0.2", "127.0.0.1")
            await town.connect(ca_file=str(authority.file), connect_timeout_s=TIMEOUT_S)
            town.start()
            assert (await town.once(await town.post())).attempt == 1


def silent(host: str, port: int) -> socket.socket:
    """A port that takes connections and never says a word."""
    listener = socket.socket()
    listener.bind((host, port))
    listener.listen(8)
    return listener


@pytest.mark.fault(41)
async def test_after_five_that_hang_the_breaker_opens_and_one_probe_closes_it(tmp_path: Path) -> None:
    async with wired(tmp_path, start=False) as town:
        with Blackhole() as hole:
            await town.connect(
                lane={"concurrency": 1, "breaker_failures": 5},
                base_url=f"http://127.0.0.1:{hole.port}",
                connect_timeout_s=0.05,
            )
            town.start()
            owed = [await town.post(Grade.WARNING) for _ in range(8)]
            await town.until(lambda: shut(town))
            assert len(town.calls) == 5
            at = town.clock.monotonic()
            await town.past(at + 29)
            assert len(town.calls) == 5, "nobody tries while it is open"
            await town.past(at + 35)
            assert len(town.calls) == 6, "then a single probe"
            assert town.told.lanes == [("twitter", "open", "connect")]
        await town.kill()
        await town.connect(lane={"concurrency": 1, "breaker_failures": 5})
        town.start()
        for each in owed:
            await town.once(each)


async def shut(town: Town) -> bool:
    return bool(town.told.lanes)


@pytest.mark.fault(41)
async def test_a_socket_goes_to_the_first_address_that_answers() -> None:
    """As mail connects: each address has its share of the time."""
    with socket.socket() as listener, Blackhole("127.0.0.2") as hole:
        listener.bind(("127.0.0.1", hole.port))
        listener.listen()
        both = [Address(socket.AF_INET, host, hole.port) for host in ("127.0.0.2", "127.0.0.1")]
        with await connect(both, 0.4) as raw:
            assert raw.getpeername() == ("127.0.0.1", hole.port)
        with pytest.raises(TimeoutError):
            await connect(both[:1], 0.1)


# ---------------------------------------------------------------- 49: IPv6 that leads nowhere


@contextmanager
def no_way_by_ipv6(port: int) -> Iterator[None]:
    """Connecting to ::1 hangs; on a machine without any IPv6 it is refused, which is the same fault in another form."""
    try:
        hole = Blackhole("::1", port)
    except OSError:
        yield
        return
    with hole:
        yield


@pytest.mark.fault(49)
async def test_ipv6_that_hangs_gives_way_to_ipv4(tmp_path: Path) -> None:
    async with wired(tmp_path, start=False) as town:
        with Resolver() as dns, no_way_by_ipv6(town.x.port):
            dns.says("localhost", "::1", "127.0.0.1")
            await town.connect(**named(town))
            town.start()
            assert (await town.once(await town.post())).attempt == 1


@pytest.mark.fault(49)
@pytest.mark.parametrize("broken", [no_way_by_ipv6, lambda _: nullcontext()], ids=["hangs", "is refused"])
async def test_a_mail_connection_too_goes_by_ipv4(broken: Callable[[int], AbstractContextManager[None]]) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        both = [Address(socket.AF_INET6, "::1", port), Address(socket.AF_INET, "127.0.0.1", port)]
        with broken(port), await connect(both, 0.4) as raw:
            assert raw.getpeername() == ("127.0.0.1", port)


# ---------------------------------------------------------------- 42: resets


@pytest.mark.fault(42)
async def test_a_reset_at_connecting_is_no_doubt(tmp_path: Path) -> None:
    async with wired(tmp_path, start=False) as town, Proxy(town.x.port) as proxy:
        await town.connect(base_url=f"http://127.0.0.1:{unused_port()}")
        town.start()
        owed = await town.post()
        await town.until_state(owed, State.RETRY_WAIT)
        assert await town.outcomes(owed) == [(Outcome.NOT_SENT, "connect")]
        await town.kill()
        await town.connect(base_url=f"http://127.0.0.1:{proxy.port}")
        town.start()
        await town.once(owed)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


RESETS = {
    "mid-body": (Weather(after=200, then="reset"), Weather(), True),
    "after the body, before any reply": (Weather(), Weather(after=0, then="reset"), False),
    "within the reply": (Weather(), Weather(after=60, then="reset"), False),
}


@pytest.mark.fault(42)
@pytest.mark.parametrize(("up", "down", "again"), RESETS.values(), ids=RESETS)
async def test_a_reset_after_the_body_began_is_a_doubt(tmp_path: Path, up: Weather, down: Weather, again: bool) -> None:
    """Whether it was taken only a look can tell: absent it is sent again, flagged; found it is not."""
    async with wired(tmp_path, start=False) as town, Proxy(town.x.port, up=up, down=down) as proxy:
        await town.connect(base_url=f"http://127.0.0.1:{proxy.port}")
        town.start()
        owed = await town.post()
        await town.until_state(owed, State.IN_DOUBT)
        proxy.up = proxy.down = Weather()
        got = await town.once(owed, flagged=again)
        assert got.attempt == (2 if again else 1)
        assert (await town.outcomes(owed))[0] == (Outcome.IN_DOUBT, "lost")


# ---------------------------------------------------------------- 43: TLS


@pytest.mark.fault(43)
@pytest.mark.parametrize("wrong", ["expired", "of another host", "unknown authority", "no TLS at all"])
async def test_bad_tls_sends_nothing_says_so_and_heals(tmp_path: Path, wrong: str) -> None:
    authority = Authority(tmp_path)
    contexts: dict[str, Callable[[], ssl.SSLContext | None]] = {
        "expired": lambda: authority.server(expired=True),
        "of another host": lambda: authority.server("other.example"),
        "unknown authority": stranger,
        "no TLS at all": lambda: None,
    }
    lane = {"breaker_failures": 2, "concurrency": 1}
    async with wired(tmp_path, start=False) as town:
        async with XProvider(now=lambda: town.clock.now().timestamp(), tls=contexts[wrong]()) as bad:
            address = f"https://localhost:{bad.port}"
            await town.connect(lane=lane, base_url=address, ca_file=str(authority.file))
            town.start()
            owed = await town.post()
            other = await town.post()
            await town.past(60)
            assert town.told.lanes == [("twitter", "open", "tls")], "the officer is told"
            assert bad.requests == [], "not one request, and never in plain text"
            port = bad.port
        good = XProvider(now=lambda: town.clock.now().timestamp(), tls=authority.server(), port=port)
        async with good as town.x:
            for each in (owed, other):
                got = await town.once(each)
                assert (await town.outcomes(each))[0][0] is Outcome.NOT_SENT
                assert not got.possible_duplicate


@pytest.mark.fault(43)
def test_a_plain_address_is_refused_by_the_configuration(tmp_path: Path) -> None:
    from pydantic import ValidationError

    from channels.twitter import Settings

    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "x")
    with pytest.raises(ValidationError, match="https"):
        Settings.model_validate({**keys, "base_url": "http://api.x.com"})


# ---------------------------------------------------------------- 44: slow drips


@pytest.mark.fault(44)
async def test_a_reply_that_drips_ends_at_the_deadline_and_is_found(tmp_path: Path) -> None:
    drip = Weather(slice_bytes=1, latency_s=0.05)
    async with wired(tmp_path, start=False) as town, Proxy(town.x.port, down=drip) as proxy:
        await warm(town)
        await town.connect(base_url=f"http://127.0.0.1:{proxy.port}", timeout_s=TIMEOUT_S)
        town.start()
        owed = await town.post()
        await town.until_state(owed, State.IN_DOUBT)
        assert 0 < proxy.bytes_down <= TIMEOUT_S / 0.05 + 1
        proxy.down = Weather()
        assert (await town.once(owed)).attempt == 1
        assert (await town.outcomes(owed))[0] == (Outcome.IN_DOUBT, "timeout")


async def warm(town: Town) -> None:
    """Load what the channel loads at its first request, so that no deadline runs meanwhile."""
    await town.channels["twitter"].check()  # type: ignore[attr-defined]


@pytest.mark.fault(44)
async def test_a_request_that_drips_out_ends_at_the_deadline(tmp_path: Path) -> None:
    """The provider never had it whole: absent, sent again, flagged all the same."""
    thin = Weather(bytes_per_s=400.0, slice_bytes=40)
    async with wired(tmp_path, start=False) as town, Proxy(town.x.port, up=thin) as proxy:
        await warm(town)
        await town.connect(base_url=f"http://127.0.0.1:{proxy.port}", timeout_s=TIMEOUT_S)
        town.start()
        owed = await town.post()
        await town.until_state(owed, State.IN_DOUBT)
        proxy.up = Weather()
        assert (await town.once(owed, flagged=True)).attempt == 2


# ---------------------------------------------------------------- 45, 46: replies without measure or sense

CHUNKED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
SIZED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
SAID = b'{"data":{"id":"77","text":"x"}}'
ENDLESS = {
    "a gigabyte": http.huge(1 << 30, take=True),
    "endless chunks": http.pour(CHUNKED, b"1000\r\n" + b" " * 0x1000 + b"\r\n", take=True),
    "endless head": http.pour(b"HTTP/1.1 201 Created\r\n", b"X-Padding: " + b"x" * 1000 + b"\r\n", take=True),
    "endless status line": http.pour(b"HTTP/1.1 201 ", b"Created " * 500, take=True),
    "endless continuing": http.pour(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50, take=True),
}


@pytest.mark.fault(45)
@pytest.mark.parametrize("act", ENDLESS.values(), ids=ENDLESS)
async def test_a_reply_without_end_is_cut_off_and_the_post_found(tmp_path: Path, act: http.Act) -> None:
    async with wired(tmp_path, start=False) as town, Proxy(town.x.port) as proxy:
        await warm(town)
        await town.connect(base_url=f"http://127.0.0.1:{proxy.port}", timeout_s=TIMEOUT_S)
        town.start()
        town.x.script(act)
        owed = await town.post()
        await town.until_state(owed, State.IN_DOUBT)
        assert proxy.bytes_down < 64 << 20, "it was not read to its end"
        assert (await town.once(owed)).attempt == 1


@pytest.mark.fault(45)
async def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(b'{"data":{"id":"77","text":"' + b" " * (32 << 20) + b'"}}')
    async with wired(tmp_path) as town:
        town.x.script(http.answer(201, bomb, headers={"Content-Encoding": "gzip"}, take=True))
        owed = await town.post()
        assert (await town.once(owed)).attempt == 1
        assert (await town.outcomes(owed))[0] == (Outcome.IN_DOUBT, "unreadable")


NONSENSE = {
    "not HTTP": http.garbage(take=True),
    "more promised than came": http.cut_short(take=True),
    "less promised than came": http.garbage(take=True, raw=SIZED % 9 + SAID),
    "a negative length": http.garbage(take=True, raw=SIZED % -5 + SAID),
    "two lengths": http.garbage(
        take=True, raw=SIZED.replace(b"\r\n\r\n", b"\r\nContent-Length: 7\r\n\r\n") % 31 + SAID
    ),
    "length and chunks": http.garbage(
        take=True, raw=CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 31\r\n\r\n") + SAID
    ),
    "a chunk of nonsense": http.garbage(take=True, raw=CHUNKED + b"zz\r\n" + SAID),
    "a status of nonsense": http.garbage(take=True, raw=b"HTTP/1.1 2O1 Created\r\n\r\n" + SAID),
    "a portal's page with 200": http.page(200, take=True),
    "a portal's page with 201": http.page(201, take=True),
    "a portal's page with 403": http.page(403, take=True),
    "JSON that says nothing": http.answer(201, {}, take=True),
    "a number too long": http.answer(201, b"9" * 100_000, take=True),
    "nested without end": http.answer(201, b"[" * 200_000, take=True),
    "no text at all": http.answer(201, b"\xff\xfe\x00", take=True),
}


@pytest.mark.fault(46)
@pytest.mark.parametrize("act", NONSENSE.values(), ids=NONSENSE)
async def test_a_reply_without_sense_is_a_doubt_and_the_post_found(tmp_path: Path, act: http.Act) -> None:
    async with wired(tmp_path) as town:
        town.x.script(act)
        owed = await town.post()
        assert (await town.once(owed)).attempt == 1
        assert (await town.outcomes(owed))[0][0] is Outcome.IN_DOUBT


@pytest.mark.fault(46)
async def test_a_portal_before_everything_is_never_taken_for_x(tmp_path: Path) -> None:
    """It answers 200 to posts and looks: an emergency is sent again within 30 s, flagged, until X itself answers."""
    async with wired(tmp_path) as town:
        town.x.script(http.page(200), http.page(200))
        town.x.script(http.page(200), http.page(200), on=ME)
        town.x.script(*[http.page(200)] * 4, on=TIMELINE)
        owed = await town.post()
        got = await town.once(owed, flagged=True)
        assert got.attempt == 3
        assert town.moments(owed)[1] <= 30


# ---------------------------------------------------------------- 47, 48: elsewhere


@pytest.mark.fault(47)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_leads_nowhere(tmp_path: Path, status: int) -> None:
    async with XProvider() as other, wired(tmp_path) as town:
        town.x.script(http.redirect(f"{other.base_url}/2/tweets", status))
        town.x.script(http.redirect(f"{other.base_url}/2/users/me", status), on=ME)
        owed = await town.post()
        await town.once(owed, flagged=True)
        assert other.requests == [], "neither the post nor a look, and no credentials"
        assert (await town.outcomes(owed))[0] == (Outcome.IN_DOUBT, "unreadable")


@pytest.mark.fault(48)
async def test_no_proxy_of_the_environment_is_used_for_tls_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login mallory password hunter2\n")
    netrc.chmod(0o600)
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(64))
        writer.close()

    def provider(now: Callable[[], float]) -> XProvider:
        return XProvider(now=now, tls=authority.server())

    listener = await asyncio.start_server(proxy, "127.0.0.1", 0)
    async with listener:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "WSS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
        monkeypatch.setenv("NETRC", str(netrc))
        async with wired(tmp_path, provider=provider, ca_file=str(authority.file)) as town:
            await town.once(await town.post())
    assert asked == []
