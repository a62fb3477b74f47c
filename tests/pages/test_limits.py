"""What clients may not do, and what is done about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from broadcaster.pages import Limits, Root
from broadcaster.pages.server import Server
from tests.pages.kit import Client, connected, get, page, publish, request, serving, until

QUICK = Limits(head_s=0.3, idle_s=0.3, write_s=0.3, linger_s=0.3)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page")) as made:
        yield made


async def answered(server: Server, data: bytes) -> tuple[int, bytes]:
    """Return the status of the first answer, and what follows until the server closes."""
    async with connected(server.port) as client:
        client.say(data)
        reply = await client.reply()
        assert reply.headers["connection"] == "close"
        return reply.status, await client.closed()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request(method="POST"), 405),
        (request(method="PUT", Content_Length="5") + b"hello", 405),
        (request(method="OPTIONS"), 405),
        (b"CONNECT city.example:443 HTTP/1.1\r\nHost: city.example\r\n\r\n", 405),
        (b"NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400),
        (request(Content_Length="3") + b"abc", 400),
        (request(Transfer_Encoding="chunked") + b"0\r\n\r\n", 400),
        (request(Content_Length="1", Transfer_Encoding="chunked"), 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nBad Header: b\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 400),
        (request("/" + "a" * 3000), 414),
        (request(Cookie="a" * 9000), 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(1000)) + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000, 431),
        (b"\r\n" * 5000, 431),
    ],
)
async def test_the_unusual_is_refused_and_closed(server: Server, data: bytes, status: int) -> None:
    assert await answered(server, data) == (status, b"")


async def test_a_refusal_lets_methods_be_known(server: Server) -> None:
    assert (await get(server.port, method="DELETE")).headers["allow"] == "GET, HEAD"


async def test_a_target_without_a_path_is_refused(server: Server) -> None:
    assert (await get(server.port, "*")).status == 400


async def test_an_upgrade_is_answered_as_plain_http(server: Server) -> None:
    async with connected(server.port) as client:
        reply = await client.ask(Connection="Upgrade, HTTP2-Settings", Upgrade="h2c")
        assert reply.status == 200
        assert await client.closed() == b""


async def test_connections_are_kept(server: Server) -> None:
    async with connected(server.port) as client:
        replies = [await client.ask(path) for path in ("/", "/index.txt", "/nothing", "/")]
    assert [reply.status for reply in replies] == [200, 200, 404, 200]
    assert not any("connection" in reply.headers for reply in replies)


async def test_http_1_0_and_close_are_closed(server: Server) -> None:
    assert await answered(server, b"GET /index.txt HTTP/1.0\r\n\r\n") == (200, b"")
    assert await answered(server, request(Connection="close")) == (200, b"")


async def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    paths = ["/index.txt", "/data.json", "/nothing", "/alerts/"] * 5
    async with connected(server.port) as client:
        client.say(b"".join(map(request, paths)))
        statuses = [(await client.reply()).status for _ in paths]
    assert statuses == [200, 200, 404, 200] * 5


async def test_a_flood_in_one_packet_is_cut_off(server: Server) -> None:
    async with connected(server.port) as client:
        client.say(request("/index.txt") * 100)
        statuses = [(await client.reply()).status for _ in range(33)]
        assert statuses == [200] * 32 + [429]
        assert await client.closed() == b""


async def test_requests_in_pieces_and_across_packets(server: Server) -> None:
    one = request("/index.txt")
    async with connected(server.port) as client:
        for byte in one:
            client.say(bytes([byte]))
            await client.writer.drain()
            await asyncio.sleep(0)
        assert (await client.reply()).body == b"edition 1\n"
        client.say(one + one[:20])
        assert (await client.reply()).body == b"edition 1\n"
        client.say(one[20:])
        assert (await client.reply()).body == b"edition 1\n"
        assert (await client.ask("/data.json")).body == b"{}"


async def test_a_remembered_answer_is_the_same_and_never_outlives_its_edition(server: Server, tmp_path: Path) -> None:
    async with connected(server.port) as client:
        first = [await client.ask() for _ in range(3)]
        assert server.memory
        assert {reply.body for reply in first} == {page(1)}
        publish(tmp_path / "page", 2)
        await until(server.port, 2)
        assert (await client.ask()).body == page(2)
        again = await client.ask(method="HEAD")
        assert again.headers["content-length"] == str(len(page(2)))
        assert (await client.ask(method="HEAD")).headers == again.headers


async def test_half_a_request_is_never_mistaken_for_a_remembered_one(server: Server) -> None:
    whole = request("/index.txt")
    async with connected(server.port) as client:
        for _ in range(2):
            client.say(whole)
            await client.reply()
        client.say(b"GET /nothing HTTP/1.1\r\nX: ")
        await asyncio.sleep(0.05)
        client.say(whole)
        assert (await client.reply()).status == 404  # the first line of it is a header of the request begun before


async def test_health_is_never_remembered(server: Server) -> None:
    for target in ("/healthz", "/healthz?x", "http://city.example/healthz"):
        assert (await get(server.port, target)).status == 200
        async with connected(server.port, "127.0.0.2") as stranger:
            assert (await stranger.ask(target)).status == 404


async def test_memory_is_bounded(server: Server) -> None:
    async with connected(server.port) as client:
        for number in range(300):
            await client.ask(User_Agent=str(number))
    assert len(server.memory) <= 256


async def test_a_connection_has_only_so_many_requests(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    async with (
        serving(Root("/", tmp_path / "page"), limits=Limits(requests=5)) as server,
        connected(server.port) as client,
    ):
        replies = [await client.ask("/index.txt") for _ in range(5)]
        assert [reply.headers.get("connection") for reply in replies] == [None] * 4 + ["close"]
        assert await client.closed() == b""


@pytest.mark.parametrize("begun", [b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-", request("/index.txt") + b"GET /"])
async def test_a_head_that_does_not_end_is_told_so_and_closed(tmp_path: Path, begun: bytes) -> None:
    publish(tmp_path / "page", 1)
    limits = replace(QUICK, idle_s=60)
    async with serving(Root("/", tmp_path / "page"), limits=limits) as server, connected(server.port) as client:
        client.say(begun)
        if begun.startswith(request("/index.txt")):
            assert (await client.reply()).status == 200
        assert (await client.reply()).status == 408
        assert await client.closed() == b""


@pytest.mark.parametrize("before", [b"", request("/index.txt")])
async def test_silence_is_closed(tmp_path: Path, before: bytes) -> None:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page"), limits=QUICK) as server, connected(server.port) as client:
        client.say(before)
        if before:
            await client.reply()
        assert await client.closed() == b""
        assert len(server.gate) == 0


async def test_a_client_that_does_not_read_is_dropped(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1, {"index.html": b"x", "large.txt": b"0123456789abcdef" * 1_000_000})
    async with serving(Root("/", tmp_path / "page"), limits=replace(QUICK, idle_s=60, head_s=60)) as server:
        client = await Client.to(server.port)
        client.say(request("/large.txt"))
        cast("asyncio.Transport", client.writer.transport).pause_reading()
        async with asyncio.timeout(15):
            while not len(server.gate):
                await asyncio.sleep(0.01)
            while len(server.gate):
                await asyncio.sleep(0.05)
        client.writer.transport.abort()


async def test_a_full_house_sends_out_whoever_has_waited_longest(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page"), limits=Limits(connections=10)) as server:
        slow = [await Client.to(server.port) for _ in range(10)]
        for client in slow:
            client.say(b"GET / HTTP/1.1\r\n")
        for _ in range(5):
            assert (await get(server.port)).status == 200
        assert await slow[0].closed() == b""
        assert len(server.gate) <= 10
        assert server.gate.refused >= 1
        for client in slow:
            await client.close()


async def test_one_address_has_only_so_many_seats_but_a_proxy_here_has_all(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page"), limits=Limits(per_address=3)) as server:
        inside = [await Client.to(server.port, "127.0.0.2") for _ in range(3)]
        assert [(await client.ask()).status for client in inside] == [200] * 3
        async with connected(server.port, "127.0.0.2") as fourth:
            assert await fourth.closed() == b""
        async with connected(server.port, "127.0.0.3") as neighbour:
            assert (await neighbour.ask()).status == 200
        await inside.pop().close()
        async with asyncio.timeout(5):
            while len(server.gate) > 2:
                await asyncio.sleep(0.01)
        async with connected(server.port, "127.0.0.2") as again:
            assert (await again.ask()).status == 200
        proxied = [await Client.to(server.port) for _ in range(10)]
        assert [(await client.ask()).status for client in proxied] == [200] * 10
        for client in (*inside, *proxied):
            await client.close()
