"""Telling a few officers something at once, besides what residents get."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from broadcaster.demo.smtp import Phase, SmtpProvider, reply
from broadcaster.errors import DeliveryError, Reason
from broadcaster.model import Mode, Text
from broadcaster.ports.channel import Notifier
from channels._mail_letter import UnsafeHeader
from tests.channels.kit import world
from tests.channels.mailkit import channel, only

TEXT = Text(language="ja", subject="【単独送信の秒読み】見本市 1-1", body="止めるには: broadcaster stop 1\n.\n")
TO = ("kacho@city.example.lg.jp", "kakaricho@city.example.lg.jp")


async def test_each_is_told_in_a_mail_of_their_own_that_is_to_no_list(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        assert isinstance(mail, Notifier)
        await mail.notify(TO, TEXT)
        for address in TO:
            got: EmailMessage = only(smtp, address)
            assert (got["Subject"], got["To"]) == (TEXT.subject, address)
            assert got.get_content().splitlines() == TEXT.body.splitlines()
            assert got["Auto-Submitted"] == "auto-generated"
            assert got["List-Id"] is got["List-Unsubscribe"] is None


async def test_what_cannot_be_told_is_an_error(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(Phase.RCPT, reply("550 5.1.1 no such user"), always=True)
        with pytest.raises(DeliveryError) as refused:
            await mail.notify(TO, TEXT)
        assert not refused.value.maybe_sent
        with pytest.raises(UnsafeHeader):
            await mail.notify(TO, Text(language="ja", subject="a\nBcc: x@example.jp", body="x"))
    async with channel(world(tmp_path), smtp.port) as mail:
        with pytest.raises(DeliveryError) as gone:
            await mail.notify(TO, TEXT)
        assert gone.value.reason is Reason.CONNECT


async def test_a_countdown_is_told_to_officers_and_no_silent_relay_stops_it(tmp_path: Path) -> None:
    from dataclasses import replace

    from broadcaster.desk import Desk
    from broadcaster.rules import breakglass
    from tests.desk.world import OFFICER, handing
    from tests.desk.world import world as house

    async with house(tmp_path, Mode.LIVE) as here, SmtpProvider() as smtp:
        context = replace(here.desk.office.context, clock=here.clock)
        for port, told in ((smtp.port, 2), (9, 2)):
            async with channel(world(tmp_path), port) as mail:
                desk = Desk(context, {**here.channels, "mail": mail}, here.store, notice_to=TO)
                done = await desk.submit(await here.draft(), handing(), OFFICER)
                here.clock.ahead += breakglass.WAIT
                await desk.glass.start(done.submission or 0, done.digest, "the bridge\nis going", OFFICER)
                await desk.glass.told()
                assert smtp.received.total == told
                here.clock.ahead += timedelta(minutes=40)
        body = only(smtp, TO[0]).get_content()
        assert "the bridge is going" in body
        assert body.count("broadcaster stop 1") == 2
