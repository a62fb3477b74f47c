"""The next envelope travels with the text before it (RFC 2920, 3.1): when, when not, and what a bad server does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from broadcaster.demo.smtp import Phase, SmtpProvider, drop, hang, reply
from broadcaster.model import Grade
from channels._mail_pool import Worker
from channels._mail_relay import Foresight
from channels.mail import Mail
from tests.channels.kit import world
from tests.channels.mailkit import Accounts, channel, message, people


async def sent(mail: Mail, ledger: Accounts) -> None:
    await mail.deliver_all(message(mail), "key-1", ledger)


class Relay:
    """A server that counts envelopes which came with the text before. `strict` hangs up on them, unanswered."""

    def __init__(self, *, pipelining: bool = True, strict: bool = False) -> None:
        self.ahead = 0
        self.taken = 0
        self._words = b"250-relay\r\n250-PIPELINING\r\n250 SIZE 1000000\r\n" if pipelining else b"250 relay\r\n"
        self._strict = strict
        self._clients: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]
            for client in self._clients:
                client.close()
                with suppress(ConnectionError):  # the client may have reset it first
                    await client.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.append(writer)
        writer.write(b"220 relay\r\n")
        with suppress(ConnectionError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if line == b"DATA\r\n":
                writer.write(b"354 go on\r\n")
                rest = (await reader.readuntil(b"\r\n.\r\n")) and bytes(reader._buffer)  # type: ignore[attr-defined]
                self.ahead += bool(rest)
                if rest and self._strict:
                    break
                self.taken += 1
            writer.write(self._words if line.startswith(b"EHLO") else b"250 fine\r\n")


@pytest.mark.parametrize("pipelining", [True, False])
async def test_the_next_envelope_comes_with_the_text_where_that_is_offered(tmp_path: Path, pipelining: bool) -> None:
    relay, ledger = Relay(pipelining=pipelining), Accounts(people(100))
    async with relay.listening() as port, channel(world(tmp_path), port) as mail:
        await sent(mail, ledger)
    assert ledger.count() == {"accepted": 100}
    assert relay.taken == 100
    assert relay.ahead > 50 if pipelining else relay.ahead == 0


@pytest.mark.fault(68)
async def test_a_relay_that_cannot_bear_it_costs_one_doubt_and_is_never_asked_again(tmp_path: Path) -> None:
    relay, ledger = Relay(strict=True), Accounts(people(100))
    async with relay.listening() as port, channel(world(tmp_path), port) as mail:
        await sent(mail, ledger)
    assert ledger.count() == {"accepted": 99, "lost?": 1}
    assert (relay.ahead, relay.taken) == (1, 99)


@pytest.mark.fault(69)
async def test_nobody_waits_behind_a_mail_that_hangs(tmp_path: Path) -> None:
    ledger = Accounts(people(60))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port, connections=2) as mail:
        smtp.script(Phase.DOT, hang(), to="r30@example.jp")
        sending = asyncio.create_task(sent(mail, ledger))
        await ledger.until(lambda: len(ledger.results) == 59)
        smtp.cut_all()
        await sending
    assert ledger.count() == {"accepted": 59, "lost?": 1}
    assert smtp.received.copies == 0


@pytest.mark.parametrize("phase", [Phase.BODY, Phase.DOT])
async def test_who_was_to_follow_a_lost_mail_is_not_in_doubt(tmp_path: Path, phase: Phase) -> None:
    ledger = Accounts(people(60))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port, connections=1) as mail:
        smtp.script(phase, drop(), to="r30@example.jp")
        await sent(mail, ledger)
    assert ledger.count() == {"accepted": 59, "lost?": 1}
    assert ledger.begun_with == sorted(set(ledger.begun_with)), "nobody twice, and in their order"


async def test_who_is_refused_ahead_costs_the_mail_before_nothing(tmp_path: Path) -> None:
    ledger = Accounts(people(60))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port, connections=1) as mail:
        smtp.script(Phase.RCPT, reply("550 5.1.1 Unknown"), to="r30@example.jp")
        smtp.script(Phase.DOT, reply("450 4.2.0 Greylisted"), to="r40@example.jp")
        await sent(mail, ledger)
        assert smtp.connections == 1
    assert ledger.count() == {"accepted": 58, "rejected": 1, "busy": 1}
    assert 30 not in ledger.begun_with


async def test_whose_texts_leave_in_one_step_are_noted_together_and_nobody_sooner(tmp_path: Path) -> None:
    ledger = Accounts(people(200))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port, connections=4) as mail:
        smtp.script(Phase.RCPT, reply("550 5.1.1 Unknown"), to="r150@example.jp")
        await sent(mail, ledger)
    assert ledger.count() == {"accepted": 199, "rejected": 1}
    assert sorted(ledger.begun_with) == [number for number in range(1, 201) if number != 150]
    assert 1 < max(ledger.notes) <= 4


def test_one_connection_tries_and_the_others_wait_for_what_it_finds() -> None:
    first, second, foresight = Worker(Grade.DRILL), Worker(Grade.DRILL), Foresight()
    assert foresight.wanted(first)
    foresight.tried(first)
    assert not foresight.wanted(second)
    foresight.ended(first, broken=False)
    assert foresight.wanted(second), "it ended before it knew"
    foresight.tried(second)
    foresight.ended(second, broken=True)
    assert not foresight.wanted(first)


def test_what_has_worked_is_not_given_up_for_a_lost_connection() -> None:
    worker, foresight = Worker(Grade.DRILL), Foresight()
    foresight.tried(worker)
    foresight.proven = True
    foresight.ended(worker, broken=True)
    assert foresight.wanted(worker)
