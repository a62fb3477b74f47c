"""Trouble on wish: each end does at the wire what its name says, and is honest otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from broadcaster.demo.front import SLOW_S, Front
from broadcaster.demo.providers import Cast, playing
from broadcaster.demo.smtp import SmtpProvider
from broadcaster.demo.trouble import PageTrouble, SmtpTrouble, Trouble, XTrouble
from broadcaster.demo.x import XProvider
from tests.channels.kit import NOW
from tests.channels.test_twitter_demo import call

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_the_words_of_the_command_line_are_taken_and_given_back() -> None:
    trouble = Trouble.of(x="429", smtp="down", page="slow")
    assert trouble == Trouble(x=XTrouble.RATE_LIMITED, smtp=SmtpTrouble.DOWN, page=PageTrouble.SLOW)
    assert trouble.options == ("--x=429", "--smtp=down", "--page=slow")
    assert trouble
    assert not Trouble.of()
    with pytest.raises(ValueError, match="418"):
        Trouble.of(x="418")


@pytest.mark.parametrize(
    ("trouble", "status", "posted"),
    [(XTrouble.RATE_LIMITED, 429, 0), (XTrouble.OVERLOADED, 503, 0), (XTrouble.SUSPENDED, 403, 0),
     (XTrouble.DUPLICATE, 403, 0), (None, 201, 2)],
)  # fmt: skip
async def test_x_refuses_every_post_as_long_as_it_lasts(trouble: XTrouble | None, status: int, posted: int) -> None:
    x = XProvider(now=NOW.timestamp)
    async with playing(Cast(x=x), Trouble(x=trouble)):
        for text in ("一", "二"):
            found, _, headers = await call(x, "POST", "/2/tweets", text)
            assert found == status
            assert (headers.get("Retry-After") == "60") is (status == 429)
        assert len(x.posts) == posted
        assert (await call(x, "GET", "/2/users/me"))[0] == 200, "only posting is in trouble"


async def test_x_takes_a_post_and_never_answers() -> None:
    x = XProvider(now=NOW.timestamp)
    async with playing(Cast(x=x), Trouble(x=XTrouble.TIMEOUT)):
        asked = asyncio.create_task(call(x, "POST", "/2/tweets", "一"))
        await x.arrived.wait()
        while not x.posts:
            await asyncio.sleep(0)
        assert not asked.done()
        asked.cancel()


async def talk(smtp: SmtpProvider, *lines: str) -> list[str]:
    """Say these to the relay, each after the answer to the one before; the greeting's answer comes first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", smtp.port)
    answers = [(await reader.readline()).decode()]
    for line in lines:
        writer.write(f"{line}\r\n".encode())
        answers.append((await reader.readline()).decode())
    writer.close()
    return [answer[:3] for answer in answers]


async def test_the_relay_puts_each_recipient_off_once() -> None:
    smtp = SmtpProvider()
    begin = ("HELO x", "MAIL FROM:<a@example.jp>")
    async with playing(Cast(smtp=smtp), Trouble(smtp=SmtpTrouble.GREYLIST)):
        first = await talk(smtp, *begin, "RCPT TO:<b@example.jp>", "RCPT TO:<c@example.jp>")
        again = await talk(smtp, *begin, "RCPT TO:<b@example.jp>", "RCPT TO:<d@example.jp>")
    assert first[-2:] == ["450", "450"]
    assert again[-2:] == ["250", "450"]


async def test_the_relay_is_down() -> None:
    smtp = SmtpProvider()
    async with playing(Cast(smtp=smtp), Trouble(smtp=SmtpTrouble.DOWN)):
        assert await talk(smtp) == [""]
        assert await talk(smtp) == [""]


# ------------------------------------------------------------ the residents' page


async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A page server that keeps its connections."""
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(ANSWER)


async def through(
    trouble: PageTrouble | None, sleep: Callable[[float], Awaitable[object]], asks: int = 2
) -> list[bytes]:
    """Ask through the front on one connection, and return the answers; the last one may be the end."""
    server = await asyncio.start_server(page, "127.0.0.1", 0)
    front = Front(server.sockets[0].getsockname()[1], sleep=sleep)
    answers: list[bytes] = []
    async with server, playing(Cast(front=front), Trouble(page=trouble)):
        reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
        for _ in range(asks):
            writer.write(ASK)
            answers.append(await reader.read(4096))
        writer.close()
    return answers


@pytest.mark.parametrize(("trouble", "waits"), [(None, []), (PageTrouble.SLOW, [SLOW_S, SLOW_S])])
async def test_the_page_is_handed_on_at_once_or_late(trouble: PageTrouble | None, waits: list[float]) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    assert await through(trouble, sleep) == [ANSWER, ANSWER]
    assert slept == waits


async def test_the_page_has_no_connection_free() -> None:
    (answer,) = await through(PageTrouble.FULL, asyncio.sleep, asks=1)
    assert answer.startswith(b"HTTP/1.1 503 ")


async def test_a_front_without_a_page_server_behind_it_hangs_up() -> None:
    server = await asyncio.start_server(page, "127.0.0.1", 0)
    gone = server.sockets[0].getsockname()[1]
    server.close()
    async with Front(gone) as front:
        reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
        assert await reader.read() == b""
        writer.close()
