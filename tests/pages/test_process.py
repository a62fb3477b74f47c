"""The page server as a process: floods, too few files, signals, death and return."""

from __future__ import annotations

import asyncio
import resource
import signal
import time
from pathlib import Path

import pytest

from tests.pages.kit import Client, connected, get, page, process, publish, request

OPEN = 2000


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    publish(tmp_path / "page", 1)
    return tmp_path / "page"


@pytest.fixture
def many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < OPEN + 200:
        pytest.skip("this machine does not allow so many open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN + 200, hard))


async def crowd(port: int, count: int) -> list[Client]:
    found = list[Client]()
    while len(found) < count:
        found += await asyncio.gather(*(Client.to(port) for _ in range(min(200, count - len(found)))))
    return found


@pytest.mark.fault(113)
@pytest.mark.usefixtures("many_files")
async def test_two_thousand_slow_clients_keep_nobody_from_the_page(directory: Path) -> None:
    async with process(directory) as server:
        slow = await crowd(server.port, OPEN)
        assert b'"connections": 2001' in (await get(server.port, "/healthz")).body
        for client in slow:
            client.say(b"GET / HTTP/1.1\r\nHost: city.example\r\nX-Slow: ")
        took = list[float]()
        for turn in range(20):
            for client in slow[turn::20]:
                client.say(b"a")
            began = time.monotonic()
            assert (await get(server.port)).body == page(1)
            took.append(time.monotonic() - began)
        assert sorted(took)[10] < 0.5
        for client in slow:
            client.writer.transport.abort()


@pytest.mark.fault(30)
async def test_too_few_files_shed_clients_and_kill_nobody(directory: Path) -> None:
    async with process(directory, before="ulimit -n 64") as server:
        crowded = await crowd(server.port, 300)
        assert (await get(server.port)).body == page(1)
        for client in crowded:
            client.writer.transport.abort()
        publish(directory, 2)
        async with asyncio.timeout(10):
            while (await get(server.port)).body != page(2):
                await asyncio.sleep(0.05)
        assert server.process.poll() is None


@pytest.mark.fault(7)
async def test_killed_and_started_again_it_serves_at_once(directory: Path) -> None:
    async with process(directory) as first:
        tag = (await get(first.port)).headers["etag"]
        kept = await Client.to(first.port)
        await kept.ask()
        assert await first.tell(signal.SIGKILL) == -signal.SIGKILL
        assert await kept.closed() == b""
        await kept.close()
        async with process(directory, port=first.port) as second:
            reply = await get(second.port)
            assert (reply.body, reply.headers["etag"]) == (page(1), tag)


async def test_sigterm_ends_it_well_and_sighup_does_not(directory: Path) -> None:
    async with process(directory) as server, connected(server.port) as client:
        assert (await client.ask()).status == 200
        server.process.send_signal(signal.SIGHUP)
        assert (await client.ask()).status == 200
        assert await server.tell(signal.SIGTERM) == 0
        assert await client.closed() == b""
        assert "Traceback" not in server.said()


async def test_an_answer_under_way_is_finished_before_it_stops(tmp_path: Path) -> None:
    large = b"0123456789abcdef" * 1_000_000
    publish(tmp_path / "page", 1, {"large.txt": large})
    async with process(tmp_path / "page") as server, connected(server.port) as client:
        client.say(request("/large.txt"))
        await client.reader.readuntil(b"\r\n\r\n")
        server.process.send_signal(signal.SIGTERM)
        assert await client.reader.readexactly(len(large)) == large
        assert await asyncio.to_thread(server.process.wait, 15) == 0


async def test_two_processes_share_a_port(directory: Path) -> None:
    async with (
        process(directory, "--reuse-port") as first,
        process(directory, "--reuse-port", port=first.port) as second,
    ):
        assert await first.tell(signal.SIGTERM) == 0
        assert (await get(second.port)).body == page(1)


async def test_a_taken_port_is_said_and_ends_it(directory: Path) -> None:
    async with process(directory) as server:
        with pytest.raises(RuntimeError, match=r"(?i)address already in use"):
            await process(directory, port=server.port).__aenter__()
