"""The monitoring mailbox: `confirmed` means that one mail of the delivery arrived somewhere."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from broadcaster.demo.pop3 import Pop3Provider
from broadcaster.demo.smtp import SmtpProvider
from broadcaster.errors import Reason
from broadcaster.model import Recipient
from broadcaster.ports.channel import Finder
from channels.mail import Mail, MonitoredMail
from tests.channels.kit import Gate, no_secret, refusal, world
from tests.channels.mailkit import PASSWORD, Accounts, channel, message
from tests.channels.test_mail_tls import Authority

MONITOR = "monitor@example.jp"
WATCHED = [Recipient(id=1, address=MONITOR, language="ja", token="tm", attempt=1)]


def reading(port: int, **changes: Any) -> dict[str, Any]:
    usual = {"host": "127.0.0.1", "port": port, "tls": "none", "username": MONITOR, "password": PASSWORD}
    return {"readback": {**usual, "timeout_s": 2.0, **changes}}


def watching(mail: Mail) -> MonitoredMail:
    assert isinstance(mail, MonitoredMail)
    power: Finder = mail
    assert power is mail
    return mail


async def test_a_mail_that_arrived_is_found_by_its_key_alone(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        smtp = await stack.enter_async_context(SmtpProvider())
        pop3 = await stack.enter_async_context(Pop3Provider(smtp.mailboxes, {MONITOR: PASSWORD}))
        mail = watching(await stack.enter_async_context(channel(world(tmp_path), smtp.port, **reading(pop3.port))))
        said = message(mail)
        assert await mail.find(said, "key-1") is None
        for key in ("key-1", "key-10"):
            await mail.deliver_all(said, key, Accounts(list(WATCHED)))
        found = await mail.find(said, "key-1")
        assert found is not None
        assert found.ref == "key-1.tm@city.example.lg.jp"
        assert await mail.find(said, "key") is None, "the beginning of a key is not the key"
        assert await mail.find(said, "key-2") is None
        assert [each.code for each in await mail.check() if each.ok] == ["mail_ready", "mail_readback_ready"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"password": "wrong-password"}, Reason.CREDENTIALS), ({"username": "nobody"}, Reason.CREDENTIALS)],
)
async def test_a_mailbox_that_cannot_be_read_tells_nothing(
    tmp_path: Path, changes: dict[str, str], reason: Reason
) -> None:
    async with (
        Pop3Provider({}, {MONITOR: PASSWORD}) as pop3,
        channel(world(tmp_path), 25, **reading(pop3.port, **changes)) as mail,
    ):
        error = await refusal(watching(mail).find(message(mail), "key-1"))
        assert error.reason is reason
        assert error.maybe_sent, "not found is not the same as not there"
        no_secret([changes.get("password", PASSWORD)], error, mail, vars(mail), await mail.check())


async def test_nobody_there(tmp_path: Path) -> None:
    async with Pop3Provider({}, {}) as pop3:
        port = pop3.port
    async with channel(world(tmp_path), 25, **reading(port)) as mail:
        assert (await refusal(watching(mail).find(message(mail), "key-1"))).reason is Reason.CONNECT
        assert [each.ok for each in await mail.check()] == [False, False]


async def test_an_endpoint_off_the_list_is_never_reached(tmp_path: Path) -> None:
    async with Pop3Provider({}, {MONITOR: PASSWORD}) as pop3:
        async with channel(world(tmp_path, egress=Gate(frozenset())), 25, **reading(pop3.port)) as mail:
            assert (await refusal(watching(mail).find(message(mail), "key-1"))).reason is Reason.EGRESS
        assert pop3.sessions == 0


async def test_protected_and_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    mailbox = {MONITOR: [b"Message-ID: <key-1.tm@x.jp>\r\nSubject: x\r\n\r\nbody\r\n"]}
    async with Pop3Provider(mailbox, {MONITOR: PASSWORD}, tls=authority.server()) as pop3:
        trusted = reading(pop3.port, tls="tls", ca_file=authority.file)
        async with channel(world(tmp_path), 25, **trusted) as mail:
            found = await watching(mail).find(message(mail), "key-1")
            assert found is not None
        async with channel(world(tmp_path), 25, **reading(pop3.port, tls="tls")) as mail:
            assert (await refusal(watching(mail).find(message(mail), "key-1"))).reason is Reason.TLS


async def test_each_mail_is_fetched_once_and_only_the_newest_are_looked_at(tmp_path: Path) -> None:
    mails = [b"Message-ID: <key-%d.t@x.jp>\r\n\r\n" % number for number in range(300)]
    async with (
        Pop3Provider({MONITOR: mails}, {MONITOR: PASSWORD}) as pop3,
        channel(world(tmp_path), 25, **reading(pop3.port)) as mail,
    ):
        watched = watching(mail)
        said = message(mail)
        assert await watched.find(said, "key-299") is not None
        assert await watched.find(said, "key-100") is not None
        assert await watched.find(said, "key-99") is None
        assert pop3.sessions == 3
        assert pop3.fetched == 200


@pytest.mark.fault(74)
async def test_a_flood_of_bounces_and_absence_notices_hides_nothing(tmp_path: Path) -> None:
    """What answers us quotes us, and may be malformed; only the mail itself proves that it arrived."""
    flood = [
        b"Message-ID: <notice-%d@x.jp>\r\nIn-Reply-To: <key-1.t@x.jp>\r\nReferences: <key-1.t@x.jp>\r\n"
        b"\r\nMessage-ID: <key-1.t@x.jp>\r\n" % number
        for number in range(150)
    ]
    flood[7] = b"Subject: " + b"x" * 5000 + b"\r\n\r\n"
    flood[100] = b"\xff\x00\r\n\r\n"
    box = list(flood)
    async with (
        Pop3Provider({MONITOR: box}, {MONITOR: PASSWORD}) as pop3,
        channel(world(tmp_path), 25, **reading(pop3.port)) as mail,
    ):
        watched, said = watching(mail), message(mail)
        assert await watched.find(said, "key-1") is None
        box.insert(40, b"Subject: x\r\nMessage-ID:\r\n\t<key-1.tm@city.example.lg.jp>\r\n\r\nbody\r\n")
        found = await watched.find(said, "key-1")
    assert found is not None
    assert found.ref == "key-1.tm@city.example.lg.jp"


@pytest.mark.fault(74)
async def test_a_mailbox_of_nothing_but_broken_mails_tells_nothing(tmp_path: Path) -> None:
    broken = [b"X: " + b"x" * 5000 + b"\r\n\r\n"] * 20
    async with (
        Pop3Provider({MONITOR: broken}, {MONITOR: PASSWORD}) as pop3,
        channel(world(tmp_path), 25, **reading(pop3.port)) as mail,
    ):
        error = await refusal(watching(mail).find(message(mail), "key-1"))
        assert (error.reason, error.maybe_sent) == (Reason.UNREADABLE, True)
        assert pop3.sessions == 5
