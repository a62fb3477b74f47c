"""Mail against a loopback server that refuses, breaks off and falls silent at every phase."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from broadcaster.demo.smtp import Phase, SmtpProvider, Step, drop, hang, late, noise, reply
from broadcaster.errors import EgressRefused, Reason, StoreFull
from broadcaster.model import Grade, Recipient
from broadcaster.ports.channel import BulkMessenger, Checker, Finder, Handed, Measurer, Metered, Retractor
from channels._mail_job import next_claim
from channels._mail_relay import FIRST
from channels.mail import Mail
from tests.channels.kit import Gate, no_secret, refusal, stays_cancelled, world
from tests.channels.mailkit import LOGIN, PASSWORD, Accounts, channel, message, people, settings

PIPELINING = pytest.mark.parametrize("pipelining", [True, False])


async def sent(mail: Mail, ledger: Accounts, key: str = "key-1") -> None:
    await mail.deliver_all(message(mail), key, ledger)


async def one(tmp_path: Path, smtp: SmtpProvider, **changes: object) -> Handed:
    """Send to one recipient; return what the ledger heard."""
    ledger = Accounts(people(1))
    async with channel(world(tmp_path), smtp.port, **changes) as mail:
        await sent(mail, ledger)
    assert not ledger.claimed
    return ledger.results[1]


@PIPELINING
async def test_everybody_gets_one_mail(tmp_path: Path, pipelining: bool) -> None:
    ledger = Accounts(people(1200))
    async with SmtpProvider(pipelining=pipelining) as smtp, channel(world(tmp_path), smtp.port) as mail:
        receipt = await mail.deliver_all(message(mail), "key-1", ledger)
    assert receipt.ref == "key-1"
    assert ledger.count() == {"accepted": 1200}
    assert smtp.received.total == len(smtp.received.by_recipient) == 1200
    assert smtp.received.copies == 0
    assert smtp.most_connections <= 20
    assert ledger.claims == [200] * 6 + [0]


class Outrun(Accounts):
    """A ledger that claims more slowly than the relay takes mails."""

    async def claim(self, limit: int) -> tuple[Recipient, ...]:
        await self.until(lambda: len(self.results) == sum(self.claims))
        return await super().claim(limit)


async def test_who_outruns_the_ledger_is_given_more_at_once(tmp_path: Path) -> None:
    ledger = Outrun(people(1350))
    async with SmtpProvider(keep=()) as smtp, channel(world(tmp_path), smtp.port) as mail:
        await sent(mail, ledger)
    assert ledger.claims == [200, 200, 400, 500, 50, 0]
    assert ledger.count() == {"accepted": 1350}


def test_what_is_claimed_at_once_falls_again_where_it_lasts() -> None:
    assert [next_claim(size, dry=False) for size in (500, 250, 200)] == [250, 200, 200]


async def test_results_do_not_wait_for_the_end(tmp_path: Path) -> None:
    ledger = Accounts(people(60))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port, connections=1) as mail:
        smtp.script(Phase.DOT, hang(), to="r60@example.jp")
        sending = asyncio.create_task(sent(mail, ledger))
        await ledger.until(lambda: len(ledger.results) == 59)
        assert not sending.done()
        smtp.cut_all()
        await sending
    assert ledger.count() == {"accepted": 59, "lost?": 1}


# ------------------------------------------------------------------ faults of the catalogue, section F


@PIPELINING
@pytest.mark.fault(65)
@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DATA, Phase.DOT])
async def test_greylisting_concerns_one_recipient(tmp_path: Path, phase: Phase, pipelining: bool) -> None:
    ledger = Accounts(people(30))
    async with SmtpProvider(pipelining=pipelining) as smtp, channel(world(tmp_path), smtp.port, connections=2) as mail:
        smtp.script(phase, reply("450 4.2.0 Greylisted, come back"), to="r7@example.jp")
        await sent(mail, ledger)
        assert smtp.connections <= 2, "a refusal does not cost the connection"
    assert ledger.count() == {"accepted": 29, "busy": 1}
    assert ledger.results[7] == Handed(recipient=7, reason=Reason.BUSY, code="450 4.2.0")
    assert "r7@example.jp" not in smtp.received.by_recipient


@PIPELINING
@pytest.mark.fault(66)
@pytest.mark.parametrize("text", ["550 5.1.1 No such user", "550 5.0.0 Filtered", "554 5.2.0 Refused by the resident"])
@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DOT])
async def test_a_refused_recipient_is_final_for_this_delivery(
    tmp_path: Path, phase: Phase, text: str, pipelining: bool
) -> None:
    ledger = Accounts(people(10))
    async with SmtpProvider(pipelining=pipelining) as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(phase, reply(text), to="r3@example.jp")
        await sent(mail, ledger)
    assert ledger.count() == {"accepted": 9, "rejected": 1}
    assert ledger.results[3] == Handed(recipient=3, reason=Reason.REJECTED, permanent=True, code=text[:9])


@pytest.mark.fault(67)
async def test_421_at_connect_slows_down_and_is_not_the_end(tmp_path: Path) -> None:
    ledger = Accounts(people(50))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(Phase.CONNECT, *[reply("421 4.7.0 Too many connections", close=True)] * 3)
        await sent(mail, ledger)
    assert ledger.count() == {"accepted": 50}
    assert smtp.received.total == 50


@PIPELINING
@pytest.mark.fault(67)
@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DOT])
async def test_421_in_a_session_costs_nobody_his_mail(tmp_path: Path, phase: Phase, pipelining: bool) -> None:
    ledger = Accounts(people(50))
    async with SmtpProvider(pipelining=pipelining) as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(phase, *[reply("421 4.3.2 Shutting down", close=True)] * 2)
        await sent(mail, ledger)
    assert ledger.count() == {"accepted": 50}
    assert smtp.received.copies == 0


@pytest.mark.fault(67)
async def test_a_relay_that_only_says_421_ends_the_run_and_everybody_goes_back(tmp_path: Path) -> None:
    ledger = Accounts(people(20))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(Phase.CONNECT, reply("421 4.7.0 Not now", close=True), always=True)
        error = await refusal(sent(mail, ledger))
    assert (error.reason, error.maybe_sent) == (Reason.BUSY, False)
    assert sorted(ledger.returned) == [each.id for each in people(20)]
    assert not ledger.claimed


@PIPELINING
@pytest.mark.fault(68)
@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA])
async def test_lost_before_the_text_is_served_again(tmp_path: Path, phase: Phase, pipelining: bool) -> None:
    ledger = Accounts(people(20))
    async with SmtpProvider(pipelining=pipelining) as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(phase, drop())
        await sent(mail, ledger)
    assert ledger.count() == {"accepted": 20}
    assert smtp.received.copies == 0


@pytest.mark.fault(68)
async def test_lost_twice_before_the_dot_is_left_to_the_ledger(tmp_path: Path) -> None:
    ledger = Accounts(people(5))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(Phase.DATA, drop(), to="r2@example.jp", always=True)
        await sent(mail, ledger)
    assert ledger.count() == {"accepted": 4, "lost": 1}
    assert ledger.results[2] == Handed(recipient=2, reason=Reason.LOST)


@pytest.mark.fault(68)
@pytest.mark.parametrize(
    ("phase", "step", "stored"),
    [(Phase.BODY, drop(), 0), (Phase.DOT, drop(), 0), (Phase.DOT, drop(stored=True), 1)],
)
async def test_lost_once_the_dot_was_out_is_in_doubt(tmp_path: Path, phase: Phase, step: Step, stored: int) -> None:
    async with SmtpProvider() as smtp:
        smtp.script(phase, step)
        handed = await one(tmp_path, smtp)
    assert handed == Handed(recipient=1, reason=Reason.LOST, maybe_sent=True)
    assert smtp.received.total == stored, "never sent again by itself"


@pytest.mark.fault(68)
async def test_lost_after_250_is_accepted(tmp_path: Path) -> None:
    ledger = Accounts(people(12))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port, connections=2) as mail:
        smtp.script(Phase.AFTER, drop(), to="r4@example.jp")
        await sent(mail, ledger)
    assert ledger.count() == {"accepted": 12}
    assert smtp.received.total == 12


@pytest.mark.fault(69)
@pytest.mark.parametrize("stored", [True, False])
async def test_silence_after_the_dot_is_in_doubt(tmp_path: Path, stored: bool) -> None:
    async with SmtpProvider() as smtp:
        smtp.script(Phase.DOT, hang(stored=stored))
        handed = await one(tmp_path, smtp, reply_timeout_s=0.2)
    assert handed == Handed(recipient=1, reason=Reason.TIMEOUT, maybe_sent=True)
    assert smtp.received.total == stored


@pytest.mark.fault(69)
def test_we_wait_sixty_seconds_after_the_dot() -> None:
    assert (
        settings(25, reply_timeout_s=60).reply_timeout_s == type(settings(25)).model_fields["reply_timeout_s"].default
    )


@pytest.mark.fault(70)
@pytest.mark.parametrize(
    "raw",
    [
        b"250 " + b"x" * 5000 + b"\r\n",
        b"2" * 5000,
        b"250-more\r\n" * 5000,
        b"250 \x00\x01\x02\r\n",
        b"250 \xff\xfe\r\n",
        b"\x16\x03\x01\x02\r\n",
        b"999 what\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\n",
        b"250-one\r\n550 two\r\n",
        b"354 once more\r\n",
    ],
)
async def test_what_is_no_reply_after_the_dot_is_in_doubt(tmp_path: Path, raw: bytes) -> None:
    async with SmtpProvider() as smtp:
        smtp.script(Phase.DOT, noise(raw, stored=True))
        handed = await one(tmp_path, smtp)
    assert (handed.reason, handed.maybe_sent, handed.permanent) == (Reason.UNREADABLE, True, False)
    assert smtp.received.total == 1


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA])
async def test_what_is_no_reply_before_the_text_was_not_sent(tmp_path: Path, phase: Phase) -> None:
    async with SmtpProvider() as smtp:
        smtp.script(phase, noise(b"\x00\x00\r\n"), always=True)
        handed = await one(tmp_path, smtp)
    assert handed == Handed(recipient=1, reason=Reason.UNREADABLE)


@pytest.mark.fault(72)
async def test_concurrency_grows_from_five_to_twenty(tmp_path: Path) -> None:
    ledger = Accounts(people(2000))
    async with SmtpProvider(keep=()) as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(Phase.DOT, late(0.001), always=True)
        smtp.script(Phase.DOT, *[late(0.5)] * FIRST)
        sending = asyncio.create_task(sent(mail, ledger))
        await smtp.wait(lambda received: received.total >= 1)
        first = smtp.most_connections
        await sending
    assert first == FIRST == 5
    assert smtp.most_connections == 20
    assert ledger.count() == {"accepted": 2000}


@pytest.mark.fault(73)
async def test_an_overtaken_run_begins_with_nobody_more_and_gives_back_whom_it_had_claimed(tmp_path: Path) -> None:
    ledger = Accounts(people(1000))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        sending = asyncio.create_task(sent(mail, ledger))
        await ledger.until(lambda: len(ledger.results) >= 50)
        ledger.closed = True
        claimed, begun = sum(ledger.claims), len(ledger.begun_with)
        await sending
    assert sum(ledger.claims) == claimed == len(ledger.results) + len(ledger.returned)
    assert begun <= len(ledger.results) == smtp.received.total <= begun + smtp.most_connections
    assert len(ledger.returned) > 50
    assert not ledger.claimed


# ------------------------------------------------------------------ the channel as a whole


async def test_nobody_listening_is_told_at_once(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp:
        port = smtp.port
    ledger = Accounts(people(300))
    async with channel(world(tmp_path), port) as mail:
        error = await refusal(sent(mail, ledger))
    assert (error.reason, error.maybe_sent) == (Reason.CONNECT, False)
    assert len(ledger.returned) == 200
    assert not ledger.claimed
    assert not ledger.results


async def test_an_unknown_host_is_told(tmp_path: Path) -> None:
    gate = Gate(frozenset({"relay.invalid"}))
    ledger = Accounts(people(3))
    async with channel(world(tmp_path, egress=gate), 25, host="relay.invalid", tls="tls") as mail:
        error = await refusal(sent(mail, ledger))
    assert error.reason in (Reason.RESOLVE, Reason.CONNECT)
    assert len(ledger.returned) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("550 5.7.1 Sender not allowed", Reason.REJECTED),
        ("530 5.7.0 Login first", Reason.CREDENTIALS),
        ("451 4.3.0 Disk full", Reason.BUSY),
    ],
)
async def test_a_refused_sender_is_nobodys_recipients_fault(tmp_path: Path, text: str, reason: Reason) -> None:
    ledger = Accounts(people(40))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(Phase.MAIL, reply(text), always=True)
        error = await refusal(sent(mail, ledger))
    assert (error.reason, error.maybe_sent, error.detail) == (reason, False, text[:9])
    assert len(ledger.returned) == 40
    assert not ledger.results


async def test_an_endpoint_off_the_list_is_never_reached(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp:
        ledger = Accounts(people(3))
        async with channel(world(tmp_path, egress=Gate(frozenset())), smtp.port) as mail:
            error = await refusal(sent(mail, ledger))
        assert error.reason is Reason.EGRESS
        assert isinstance(error.__cause__, EgressRefused)
        assert smtp.connections == 0
    assert len(ledger.returned) == 3


async def test_every_connection_asks_the_egress_list(tmp_path: Path) -> None:
    gate = Gate()
    ledger = Accounts(people(20))
    async with SmtpProvider() as smtp, channel(world(tmp_path, egress=gate), smtp.port) as mail:
        smtp.script(Phase.DATA, drop())
        await sent(mail, ledger)
        async with asyncio.timeout(5):
            while smtp.connections < len(gate.asked):  # one may still be on its way when everybody is served
                await asyncio.sleep(0.01)
        assert len(gate.asked) == smtp.connections
        assert set(gate.asked) == {("127.0.0.1", smtp.port)}


async def test_a_relay_that_dropped_idle_connections_is_no_trouble(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        first, second = Accounts(people(10)), Accounts(people(10, prefix="s"))
        await sent(mail, first)
        smtp.cut_all()
        await sent(mail, second, "key-2")
    assert first.count() == second.count() == {"accepted": 10}
    assert smtp.received.copies == 0


async def test_a_relay_that_restarts_under_way_does_not_end_the_run(tmp_path: Path) -> None:
    ledger = Accounts(people(1500))
    async with SmtpProvider(keep=()) as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(Phase.DOT, late(0.001), always=True)
        sending = asyncio.create_task(sent(mail, ledger))
        for moment in (200, 500, 800, 1100):
            await smtp.wait(lambda received, moment=moment: received.total >= moment)  # type: ignore[misc]
            smtp.cut_all()
        await sending
    told = ledger.count()
    assert told["accepted"] + told["lost?"] + told["lost"] == 1500
    assert told["accepted"] >= 1400
    assert smtp.received.copies == 0


async def test_a_crowd_of_connections_sent_away_at_once_leaves_one_at_work(tmp_path: Path) -> None:
    ledger = Accounts(people(600))
    async with SmtpProvider(keep=()) as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(Phase.DOT, late(0.001), always=True)
        sending = asyncio.create_task(sent(mail, ledger))
        await smtp.wait(lambda received: received.total >= 200)
        smtp.script(Phase.MAIL, *[reply("421 4.7.0 Too many", close=True)] * smtp.open_connections)
        await sending
    assert ledger.count()["accepted"] >= 590
    assert len(ledger.results) == 600


async def test_closed_under_way_it_answers_for_everybody(tmp_path: Path) -> None:
    ledger = Accounts(people(50))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(Phase.DOT, hang(), always=True)
        sending = asyncio.create_task(sent(mail, ledger))
        async with asyncio.timeout(5):
            while smtp.open_connections < FIRST:
                await asyncio.sleep(0.01)
        await mail.close()
        assert (await refusal(sending)).reason is Reason.CANCELLED
    assert not ledger.claimed
    assert len(ledger.results) + len(ledger.returned) == 50


async def test_connections_are_kept_between_deliveries(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        await sent(mail, Accounts(people(1)))
        await sent(mail, Accounts(people(1)), "key-2")
        assert smtp.connections == 1


async def test_an_address_that_is_none_is_written_off_unsent(tmp_path: Path) -> None:
    bad = ["no-at-sign", "two words@example.jp", "a@example.jp\r\nRCPT TO:<b@example.jp>", "あ@example.jp", "a@b@c.jp"]
    ledger = Accounts(
        [Recipient(id=n, address=each, language="ja", token="t", attempt=1) for n, each in enumerate(bad)]
    )
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        await sent(mail, ledger)
    assert all(each.permanent and each.reason is Reason.REJECTED for each in ledger.results.values())
    assert len(ledger.results) == len(bad)
    assert smtp.received.total == 0


async def test_old_carrier_addresses_are_reached(tmp_path: Path) -> None:
    ledger = Accounts([Recipient(id=1, address="a..b.@example.jp", language="ja", token="t", attempt=1)])
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        await sent(mail, ledger)
    assert smtp.received.by_recipient == {"a..b.@example.jp": 1}
    assert b'To: <"a..b."@example.jp>' in smtp.mailboxes["a..b.@example.jp"][0]


# ------------------------------------------------------------------ stopping


async def test_cancelled_it_answers_for_everybody(tmp_path: Path) -> None:
    ledger = Accounts(people(500))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port, connections=4) as mail:
        for number in range(101, 501):
            smtp.script(Phase.DOT, hang(), to=f"r{number}@example.jp")
        sending = asyncio.create_task(sent(mail, ledger))
        await ledger.until(lambda: len(ledger.results) == 100 and len(ledger.begun_with) == 104)
        sending.cancel()
        await asyncio.wait({sending})
    assert sending.cancelled()
    assert ledger.count() == {"accepted": 100, "cancelled?": 4}
    assert not ledger.claimed
    assert len(ledger.returned) + len(ledger.waiting) == 396


async def test_cancelled_before_the_text_nobody_is_in_doubt(tmp_path: Path) -> None:
    ledger = Accounts(people(3))
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        smtp.script(Phase.RCPT, hang(), always=True)
        await stays_cancelled(sent(mail, ledger), reached(smtp))
    assert sorted(ledger.returned) == [1, 2, 3]
    assert not ledger.results


async def reached(smtp: SmtpProvider) -> None:
    while not smtp.connections:
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)


async def test_closing_the_channel_leaves_no_connection(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp:
        async with channel(world(tmp_path), smtp.port) as mail:
            await sent(mail, Accounts(people(10)))
        async with asyncio.timeout(5):
            while smtp.open_connections:
                await asyncio.sleep(0)


async def test_what_the_ledger_raises_comes_through(tmp_path: Path) -> None:
    ledger = Accounts(people(10), failing=[StoreFull("store_full")])
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        with pytest.raises(StoreFull):
            await sent(mail, ledger)


# ------------------------------------------------------------------ grades


@pytest.mark.parametrize("grave", [Grade.WARNING, Grade.EMERGENCY])
async def test_grave_mail_overtakes_routine_mail_within_two_seconds(tmp_path: Path, grave: Grade) -> None:
    routine, urgent = Accounts(people(3000)), Accounts(people(20, prefix="u"), grade=grave)
    async with SmtpProvider(keep=()) as smtp, channel(world(tmp_path), smtp.port, connections=2) as mail:
        smtp.script(Phase.DOT, late(0.01), always=True)
        slow = asyncio.create_task(sent(mail, routine))
        await routine.until(lambda: len(routine.results) > 10)
        async with asyncio.timeout(2):
            await sent(mail, urgent, "key-2")
        assert len(routine.results) < 100, "the routine waited meanwhile"
        slow.cancel()
        await asyncio.wait({slow})
    assert urgent.count() == {"accepted": 20}


async def test_grave_mail_does_not_wait_for_routine_mail_that_hangs(tmp_path: Path) -> None:
    routine, urgent = Accounts(people(100)), Accounts(people(5, prefix="u"), grade=Grade.EMERGENCY)
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port, connections=3) as mail:
        for number in range(1, 101):
            smtp.script(Phase.DOT, hang(), to=f"r{number}@example.jp")
        slow = asyncio.create_task(sent(mail, routine))
        async with asyncio.timeout(5):
            while smtp.open_connections < 3:
                await asyncio.sleep(0.01)
        async with asyncio.timeout(2):
            await sent(mail, urgent, "key-2")
        slow.cancel()
        await asyncio.wait({slow})
    assert urgent.count() == {"accepted": 5}
    assert smtp.most_connections <= 3 + 2


async def test_equals_share(tmp_path: Path) -> None:
    first, second = Accounts(people(400)), Accounts(people(400, prefix="s"))
    async with SmtpProvider(keep=()) as smtp, channel(world(tmp_path), smtp.port, connections=2) as mail:
        smtp.script(Phase.DOT, late(0.001), always=True)
        runs = [asyncio.create_task(sent(mail, ledger, key)) for ledger, key in ((first, "k1"), (second, "k2"))]
        await second.until(lambda: len(second.results) >= 200)
        assert 100 <= len(first.results) <= 300
        await asyncio.gather(*runs)


# ------------------------------------------------------------------ secrets, and what it is


async def test_no_secret_is_ever_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with SmtpProvider(users={LOGIN: PASSWORD}) as smtp:
        ledger = Accounts(people(1))
        wrong = "not-the-password"
        async with channel(world(tmp_path), smtp.port, username=LOGIN, password=wrong) as mail:
            error = await refusal(sent(mail, ledger))
            findings = await mail.check()
            no_secret([wrong], error, mail, findings, vars(mail), log=caplog)
    assert error.reason is Reason.CREDENTIALS
    assert [each.ok for each in findings] == [False]


async def test_its_powers(tmp_path: Path) -> None:
    async with channel(world(tmp_path), 25) as mail:
        assert isinstance(mail, BulkMessenger)
        assert isinstance(mail, Checker)
        assert isinstance(mail, Measurer)
        assert not isinstance(mail, Finder)
        assert not isinstance(mail, Retractor)
        assert not isinstance(mail, Metered)
        assert mail.targets() == ("subscribers",)


async def test_check_sends_nothing(tmp_path: Path) -> None:
    users = {LOGIN: PASSWORD}
    async with (
        SmtpProvider(users=users) as smtp,
        channel(world(tmp_path), smtp.port, username=LOGIN, password=PASSWORD) as mail,
    ):
        finding = (await mail.check())[0]
    assert (finding.code, finding.ok) == ("mail_ready", True)
    assert smtp.received.total == 0
    assert smtp.seen == {"AUTH"}
