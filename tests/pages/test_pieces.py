"""Properties of the parts: how bytes are cut into packets changes nothing, and nothing sent can break a connection."""

from __future__ import annotations

import asyncio
import resource
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcaster.pages import Options, Root
from broadcaster.pages import edition as editions
from broadcaster.pages.connection import Connection
from broadcaster.pages.edition import BrokenEdition, read
from broadcaster.pages.gate import Gate, household
from broadcaster.pages.server import Server, _seats
from tests.pages.kit import connected, get, page, publish, request, serving, until

FEW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ASKED = [
    request("/"),
    request("/index.txt", Accept_Encoding="gzip"),
    request("/nothing"),
    request("/alerts/", "HEAD"),
    b"\r\n" + request("http://city.example/data.json"),
    request("/healthz"),
]


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.open = True

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("192.0.2.1", 5000) if name == "peername" else default

    def write(self, data: bytes | bytearray | memoryview[int]) -> None:
        assert self.open, "written after closing"
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.open = False

    def close(self) -> None:
        self.open = False

    def abort(self) -> None:
        self.open = False


@pytest.fixture
def server(tmp_path: Path) -> Server:
    publish(tmp_path / "page", 1)
    made = Server(Options(roots=(Root("/", tmp_path / "page"),)))
    asyncio.run(made.look())
    return made


def said(server: Server, packets: list[bytes]) -> tuple[bytes, bool]:
    wire, connection = Wire(), Connection(server)
    connection.connection_made(wire)
    for packet in packets:
        connection.data_received(packet)
    connection.connection_lost(None)
    return bytes(wire.written), wire.open


@FEW
@given(asked=st.lists(st.sampled_from(ASKED), min_size=1, max_size=12), cuts=st.lists(st.integers(0, 3000)))
def test_how_requests_are_cut_into_packets_changes_no_answer(
    server: Server, asked: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(asked)
    marks = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
    packets = [stream[begin:end] for begin, end in pairwise(marks)]
    server.memory.clear()
    one_by_one = said(server, asked)
    assert said(server, asked) == one_by_one  # now from memory
    assert said(server, packets) == one_by_one
    assert said(server, [stream]) == one_by_one


@FEW
@given(packets=st.lists(st.binary(max_size=300) | st.sampled_from(ASKED) | st.text(max_size=50).map(str.encode)))
def test_nothing_sent_can_break_a_connection_or_write_after_its_end(server: Server, packets: list[bytes]) -> None:
    written, _ = said(server, packets)
    assert written == b"" or written.startswith(b"HTTP/1.1 ")
    assert len(server.gate) == 0


class Guest:
    """Somebody at the gate."""

    def __init__(self, *, busy: bool) -> None:
        self.busy, self.dropped = busy, False

    def drop(self) -> None:
        self.dropped = True


def test_a_house_full_of_busy_guests_takes_nobody_and_drops_nobody() -> None:
    gate, guests = Gate(3, 10, ()), [Guest(busy=True) for _ in range(3)]
    assert all(gate.enter(guest, "a") for guest in guests)
    assert not gate.enter(Guest(busy=True), "b")
    assert not any(guest.dropped for guest in guests)
    guests[1].busy = False
    assert gate.enter(Guest(busy=True), "b")
    assert [guest.dropped for guest in guests] == [False, True, False]
    gate.leave(guests[1])  # gone already
    assert len(gate) == 3


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_household_is_one_address(address: str, counted: str) -> None:
    assert household(address) == counted
    gate = Gate(10, 1, ())
    first = Guest(busy=False)
    assert gate.enter(first, address)
    assert not gate.enter(Guest(busy=False), counted.replace("::/64", "::9"))
    gate.leave(first)
    assert gate.enter(Guest(busy=False), address)


def test_seats_fit_under_the_limit_on_files(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = {"now": (64, 64)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: limit["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limit.update(now=new))
    assert _seats(1000) == 32
    limit["now"] = (64, 5000)
    assert _seats(1000) == 1000
    assert limit["now"] == (1032, 5000)
    limit["now"] = (64, resource.RLIM_INFINITY)
    assert _seats(1000) == 1000


async def test_a_slow_reader_that_reads_gets_all(tmp_path: Path) -> None:
    large = b"0123456789abcdef" * 500_000
    publish(tmp_path / "page", 1, {"large.txt": large})
    async with serving(Root("/", tmp_path / "page")) as server, connected(server.port) as client:
        cast("asyncio.Transport", client.writer.transport).pause_reading()
        client.say(request("/large.txt"))
        async with asyncio.timeout(10):
            while not any(guest.busy for guest in server.gate.guests()):
                await asyncio.sleep(0.01)
        cast("asyncio.Transport", client.writer.transport).resume_reading()
        assert (await client.reply()).body == large
        assert (await client.ask("/nothing")).status == 404


async def test_a_fault_in_looking_is_written_down_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page")) as server:
        with monkeypatch.context() as patch:
            patch.setattr("broadcaster.pages.watch.stamp", lambda _: 1 / 0)
            async with asyncio.timeout(10):
                while "a fault in the page server" not in caplog.text:
                    await asyncio.sleep(0.01)
            assert (await get(server.port)).body == page(1)
        publish(tmp_path / "page", 2)
        await until(server.port, 2)


def test_an_edition_too_large_for_memory_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path / "page", 1)
    monkeypatch.setattr(editions, "_LARGEST", 4000)
    with pytest.raises(BrokenEdition, match="too large"):
        read(tmp_path / "page")
    monkeypatch.setattr(editions, "_LARGEST", len(page(1)) + 10)
    with pytest.raises(BrokenEdition, match="too large"):
        read(tmp_path / "page")
