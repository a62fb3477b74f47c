"""The loopback servers against the standard library's clients, and our channel against a foreign server."""

from __future__ import annotations

import asyncio
import base64
import poplib
import smtplib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from broadcaster.demo.pop3 import Pop3Provider
from broadcaster.demo.smtp import Phase, SmtpProvider, drop, late, reply
from tests.channels.kit import world
from tests.channels.mailkit import LOGIN, PASSWORD, Accounts, channel, message, people
from tests.channels.test_mail_tls import Authority

MAIL = b"Subject: x\r\nMessage-ID: <1@x>\r\n\r\n.dot\r\n..two\r\nend\r\n"


async def in_thread(job: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(job)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_the_standard_librarys_client_gets_through(tmp_path: Path, mechanism: str) -> None:
    authority = Authority(tmp_path)
    trusting = authority.client()
    async with SmtpProvider(users={LOGIN: PASSWORD}, tls=authority.server()) as smtp:

        def job() -> None:
            with smtplib.SMTP("127.0.0.1", smtp.port) as client:
                assert not client.has_extn("auth")
                client.starttls(context=trusting)
                client.ehlo()
                client.esmtp_features["auth"] = mechanism
                client.login(LOGIN, PASSWORD)
                client.sendmail("a@x.jp", ["B@example.jp", "c@example.jp"], MAIL)
                client.noop()
                client.rset()

        await in_thread(job)
    assert smtp.received.by_recipient == {"b@example.jp": 1, "c@example.jp": 1}
    assert smtp.received.by_message_id == {"<1@x>": 2}
    assert smtp.mailboxes["b@example.jp"] == [MAIL]
    assert smtp.seen == {"AUTH", "STARTTLS"}


async def say(port: int, *lines: bytes) -> bytes:
    """Send lines as they are, one after the other reply, then hang up; return all that was said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = await reader.readuntil(b"\r\n")
    for line in lines:
        writer.write(line)
        heard += await reader.readuntil(b"\r\n")
    writer.close()
    await writer.wait_closed()
    return heard


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([b"BOGUS\r\n"], b"500"),
        ([b"EHLO\r\n"], b"250"),
        ([b"MAIL FROM:x\r\n"], b"501"),
        ([b"RCPT TO:<a@x.jp>\r\n"], b"503"),
        ([b"MAIL FROM:<a@x.jp>\r\n", b"RCPT TO:<nobody>\r\n"], b"501"),
        ([b"MAIL FROM:<a@x.jp>\r\n", b"DATA\r\n"], b"554"),
        ([b"STARTTLS\r\n"], b"502"),
        ([b"AUTH PLAIN\r\n"], b"503"),
        ([b"x" * 3000], b"500"),
        ([b"HELO x\r\n", b"QUIT\r\n"], b"221"),
    ],
)
async def test_what_is_out_of_place_is_told(lines: list[bytes], code: bytes) -> None:
    async with SmtpProvider() as smtp:
        assert (await say(smtp.port, *lines)).splitlines()[-1].startswith(code)


@pytest.mark.parametrize(
    "lines",
    [
        [b"AUTH PLAIN " + base64.b64encode(b"\0city\0wrong") + b"\r\n"],
        [b"AUTH PLAIN\r\n", b"!!!\r\n"],
        [b"AUTH LOGIN\r\n", base64.b64encode(b"city") + b"\r\n", base64.b64encode(b"wrong") + b"\r\n"],
        [b"AUTH PLAIN " + base64.b64encode(b"\0nobody\0") + b"\r\n"],
    ],
)
async def test_wrong_logins_are_refused(lines: list[bytes]) -> None:
    async with SmtpProvider(users={LOGIN: PASSWORD}) as smtp:
        heard = await say(smtp.port, *lines, b"MAIL FROM:<a@x.jp>\r\n")
    assert [line[:3] for line in heard.splitlines()[-2:]] == [b"535", b"530"]


async def test_pipelined_commands_are_answered_in_order() -> None:
    async with SmtpProvider() as smtp:
        smtp.script(Phase.RCPT, late(0.01))
        smtp.script(Phase.RCPT, reply("550 5.1.1 No"), to="b@x.jp")
        reader, writer = await asyncio.open_connection("127.0.0.1", smtp.port)
        writer.write(b"EHLO x\r\nMAIL FROM:<a@x.jp>\r\nRCPT TO:<a@x.jp>\r\nRCPT TO:<b@x.jp>\r\nDATA\r\n")
        writer.write(b"Subject: x\r\n\r\nb\n.\nc\r\n.\r\nQUIT\r\n")
        heard = await reader.read()
        writer.close()
        await writer.wait_closed()
    codes = [line[:3] for line in heard.splitlines() if line[3:4] == b" "]
    assert codes == [b"220", b"250", b"250", b"250", b"550", b"354", b"250", b"221"]
    assert smtp.mailboxes == {"a@x.jp": [b"Subject: x\r\n\r\nb\n.\nc\r\n"]}, "a bare LF ends nothing"


async def test_a_script_is_used_up_in_order_and_counts_what_it_stored() -> None:
    async with SmtpProvider() as smtp:
        smtp.script(Phase.DOT, drop(stored=True), reply("451 4.3.0 Later"))

        def job() -> list[str]:
            told = []
            for _ in range(3):
                try:
                    with smtplib.SMTP("127.0.0.1", smtp.port) as client:
                        client.sendmail("a@x.jp", ["b@x.jp"], MAIL)
                    told.append("taken")
                except smtplib.SMTPException as error:
                    told.append(type(error).__name__)
            return told

        assert await in_thread(job) == ["SMTPServerDisconnected", "SMTPDataError", "taken"]
    assert smtp.received.total == 2
    assert smtp.received.copies == 1


async def test_pop3_with_the_standard_librarys_client() -> None:
    boxes = {"m@x.jp": [MAIL, b"Subject: y\r\n\r\n"]}
    async with Pop3Provider(boxes, {"m@x.jp": PASSWORD}) as pop3:

        def job() -> None:
            client = poplib.POP3("127.0.0.1", pop3.port)
            client.user("M@x.jp")
            client.pass_(PASSWORD)
            assert client.stat() == (2, len(MAIL) + 14)
            assert client.list()[1] == [b"1 %d" % len(MAIL), b"2 14"]
            assert len({line.split()[1] for line in client.uidl()[1]}) == 2
            assert client.uidl(1).startswith(b"+OK 1 ")
            assert client.retr(1)[1] == MAIL.split(b"\r\n")[:-1]
            assert client.top(1, 1)[1][-1] == b".dot"
            client.noop()
            for wrong in (lambda: client.retr(3), lambda: client._shortcmd("DELE 1")):  # type: ignore[attr-defined]
                with pytest.raises(poplib.error_proto):
                    wrong()
            client.quit()

        await in_thread(job)


@pytest.mark.parametrize("line", [b"STAT\r\n", b"PASS x\r\n", b"USER m@x.jp\r\nPASS wrong\r\n", b"x" * 2000 + b"\r\n"])
async def test_pop3_gives_nothing_without_login(line: bytes) -> None:
    async with Pop3Provider({"m@x.jp": [MAIL]}, {"m@x.jp": PASSWORD}) as pop3:
        reader, writer = await asyncio.open_connection("127.0.0.1", pop3.port)
        writer.write(line + b"QUIT\r\n")
        heard = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert b"dot" not in heard
    assert len(line) > 1000 or b"-ERR" in heard


# ------------------------------------------------------------------ a foreign server


class Inbox:
    """What aiosmtpd hands over."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address.startswith("r2@"):
            return "450 4.2.0 Greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append((list(envelope.rcpt_tos), bytes(envelope.content)))
        return "250 Message accepted for delivery"


async def test_a_server_that_is_not_ours(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    await in_thread(controller.start)
    ledger = Accounts(people(30))
    try:
        async with channel(world(tmp_path), port) as mail:
            await mail.deliver_all(message(mail), "key-1", ledger)
    finally:
        await in_thread(controller.stop)
    assert ledger.count() == {"accepted": 29, "busy": 1}
    assert sorted(to for to, _ in inbox.mails) == sorted([f"r{n}@example.jp"] for n in range(1, 31) if n != 2)
    assert all(f"To: <{to[0]}>".encode() in raw for to, raw in inbox.mails)
