"""The smallest parts of a session: what is a reply, how many connections, when results are written."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.ports.channel import Handed
from channels._mail_books import WINDOW, Books
from channels._mail_relay import MOST_CAUTION, Pace
from channels._smtp_wire import MAX_LINE, MAX_REPLY, Lost, Reply, Silent, Unreadable, Wire
from tests.channels.mailkit import Accounts


async def replies(*pieces: bytes, count: int = 1) -> list[Reply]:
    wire = Wire()
    for piece in pieces:
        wire.data_received(piece)
    wire.connection_lost(None)
    return [await wire.reply(5.0) for _ in range(count)]


@pytest.mark.parametrize(
    ("raw", "code", "text", "short"),
    [
        (b"250 2.1.0 Ok\r\n", 250, "2.1.0 Ok", "250 2.1.0"),
        (b"250 Ok\r\n", 250, "Ok", "250"),
        (b"250\r\n", 250, "", "250"),
        (b"250 \n", 250, "", "250"),
        (b"250-2.0.0 one\r\n250-two\r\n250 three\r\n", 250, "2.0.0 one", "250 2.0.0"),
        ("550 5.1.1 宛先不明\r\n".encode(), 550, "5.1.1 宛先不明", "550 5.1.1"),
        (b"451 4.7.500 Server busy\r\n", 451, "4.7.500 Server busy", "451 4.7.500"),
    ],
)
async def test_replies(raw: bytes, code: int, text: str, short: str) -> None:
    (whole,) = await replies(raw)
    assert (whole.code, whole.text, whole.short) == (code, text, short)
    assert await replies(*(raw[at : at + 1] for at in range(len(raw)))) == [whole]


async def test_replies_that_come_together_are_told_apart() -> None:
    found = await replies(b"250 a\r\n250-b\r\n250 c\r\n354 d\r\n", count=3)
    assert [(each.code, each.text) for each in found] == [(250, "a"), (250, "b"), (354, "d")]


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n",
        b"25 x\r\n",
        b"2500 x\r\n",
        b"199 x\r\n",
        b"600 x\r\n",
        b"250_x\r\n",
        b"+OK\r\n",
        b"250 a\x00\r\n",
        b"250 \x1b[31m\r\n",
        b"250 \x80\r\n",
        b"250-a\r\n251 b\r\n",
        b"250 " + b"x" * MAX_LINE + b"\r\n",
        b"250-xxxx\r\n" * (MAX_REPLY // 8 + 1) + b"250 x\r\n",
        b"x" * (MAX_LINE + 1),
    ],
)
async def test_what_is_no_reply(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        await replies(raw)


@pytest.mark.parametrize("raw", [b"", b"250", b"250-more\r\n", b"250 almost\r"])
async def test_a_reply_that_never_ends_is_lost(raw: bytes) -> None:
    with pytest.raises(Lost):
        await replies(raw)


@pytest.mark.parametrize("raw", [b"250 x\r\n" * 500, b"250 x\r\n" * 90 + b"y" * (MAX_LINE + 1)])
async def test_a_flood_of_replies_ends_the_connection(raw: bytes) -> None:
    wire = Wire()
    wire.data_received(raw)
    assert not wire.alive
    wire.data_received(b"250 late\r\n" * 50)
    for _ in range(500):
        with contextlib.suppress(Unreadable):
            assert (await wire.reply(5.0)).text == "x"


async def test_silence_ends_the_connection_and_a_reply_in_time_does_not() -> None:
    wire = Wire()
    for _ in range(3):
        asyncio.get_running_loop().call_later(0.05, wire.data_received, b"250 in time\r\n")
        assert (await wire.reply(0.5)).code == 250
    with pytest.raises(Silent):
        await wire.reply(0.05)
    with pytest.raises(Silent):
        await wire.reply(5.0)


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_no_octets_make_a_reply_out_of_nothing(pieces: list[bytes]) -> None:
    try:
        (reply,) = asyncio.run(replies(*pieces))
    except (Lost, Unreadable):
        return
    assert b"".join(pieces).startswith(str(reply.code).encode())
    assert 200 <= reply.code <= 599


# ------------------------------------------------------------------ pace


def test_the_pace_grows_by_one_for_a_round_of_successes_and_falls_by_one() -> None:
    pace = Pace(20)
    assert int(pace.limit) == 5
    for _ in range(6):
        pace.success()
    assert int(pace.limit) == 6
    pace.trouble()
    assert int(pace.limit) == 5


@given(st.integers(1, 100), st.lists(st.booleans(), max_size=300))
def test_the_pace_stays_between_one_and_what_is_configured(most: int, events: list[bool]) -> None:
    pace = Pace(most)
    for good in events:
        (pace.success if good else pace.trouble)()
        assert 1 <= pace.limit <= most


@pytest.mark.fault(72)
def test_a_number_that_was_refused_is_tried_ever_more_rarely_until_it_is_borne() -> None:
    pace, waited = Pace(20), list[int]()
    pace.limit = 8.0
    for _ in range(4):
        pace.turned_away(8)
        pace.trouble()
        waited.append(rounds_to(pace, 9))
    assert waited[0] < waited[1] < waited[2]
    assert waited[0] > 8 * 4
    assert all(8 * MOST_CAUTION <= each <= 10 * MOST_CAUTION for each in waited[-2:]), "and no rarer than that"
    pace.let_in(8)
    assert pace.caution > 1
    pace.let_in(9)
    assert rounds_to(pace, 10) <= 10


def rounds_to(pace: Pace, limit: int) -> int:
    """Return how many mails must be taken before so many connections are tried."""
    taken = 0
    while pace.limit < limit - 1e-9:
        pace.success()
        taken += 1
    return taken


# ------------------------------------------------------------------ books


async def test_fifty_results_are_written_without_waiting() -> None:
    ledger = Accounts([], claimed=set(range(WINDOW)), begun_with=list(range(WINDOW)))
    books = Books(ledger, lambda: None)
    running = asyncio.create_task(books.run())
    for number in range(WINDOW):
        books.note(Handed(recipient=number))
    for _ in range(5):
        await asyncio.sleep(0)
    assert ledger.batches == [WINDOW]
    books.close()
    await running


async def test_fewer_are_written_within_fifty_milliseconds() -> None:
    ledger = Accounts([], claimed={1, 2}, begun_with=[1, 2])
    books = Books(ledger, lambda: None)
    running = asyncio.create_task(books.run())
    loop = asyncio.get_running_loop()
    books.note(Handed(recipient=1))
    began = loop.time()
    await ledger.until(lambda: bool(ledger.results))
    assert 0.02 < loop.time() - began < 1.0
    books.note(Handed(recipient=2))
    books.close()
    await running
    assert ledger.batches == [1, 1]
