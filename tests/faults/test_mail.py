"""Mail under a relay's faults (section F of the catalogue), where the whole way matters: pool, ledger, core, restart.

What a single session or a single recipient meets is tried in tests/channels/test_mail_sending.py.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broadcaster.demo.smtp_script import Step
from broadcaster.model import Mode
from channels._mail_books import WINDOW
from channels._mail_job import LOW_WATER, MOST_CLAIMED
from tests.channels.kit import world
from tests.channels.mailkit import Accounts, channel, message, people
from tests.faults.kit import Phase, SmtpProvider, smtp
from tests.faults.kit.life import life

NARROW = 8
CONNECTIONS = 20 + 2


class NarrowRelay(SmtpProvider):
    """Bears so many connections at once and sends every further one away, as large providers do."""

    refused = 0

    def step(self, phase: Phase, recipient: str = "") -> Step | None:
        if phase is Phase.CONNECT and self.open_connections > NARROW:
            self.refused += 1
            return smtp.reply("421 4.7.0 Too many connections from you", close=True)
        return super().step(phase, recipient) or (smtp.late(0.002) if phase is Phase.DOT else None)


@pytest.mark.fault(67)
@pytest.mark.fault(72)
async def test_everybody_of_one_domain_is_served_by_a_relay_that_bears_few_connections(tmp_path: Path) -> None:
    ledger = Accounts(people(2000))
    async with NarrowRelay(keep=()) as relay, channel(world(tmp_path), relay.port) as mail:
        await mail.deliver_all(message(mail), "key-1", ledger)
    assert ledger.count() == {"accepted": 2000}
    assert relay.received.copies == 0
    assert relay.refused, "it was tried"
    assert relay.refused <= 40, "and not insisted on: a relay that is stormed locks its client out"


@pytest.mark.fault(72)
async def test_a_relay_that_ends_each_session_after_so_many_mails_costs_nobody_the_mail(tmp_path: Path) -> None:
    ledger = Accounts(people(600))
    async with SmtpProvider(keep=()) as relay, channel(world(tmp_path), relay.port) as mail:
        relay.script(Phase.MAIL, *[*[smtp.late(0.0005)] * 59, smtp.reply("421 4.7.0 Enough", close=True)] * 5)
        await mail.deliver_all(message(mail), "key-1", ledger)
    assert ledger.count() == {"accepted": 600}
    assert relay.received.copies == 0


@pytest.mark.fault(73)
async def test_an_all_clear_at_two_fifths_stops_the_order_and_reaches_whoever_had_it(tmp_path: Path) -> None:
    residents, part = 500, 200
    async with life(tmp_path, people=residents, speed=5.0) as town:
        town.mail.script(Phase.DOT, *[smtp.late(0.01)] * part)
        town.mail.script(Phase.DOT, smtp.late(0.4), always=True)  # so slowly that the order outlasts its lifting
        order = await town.say()
        await town.mail.wait(lambda seen: seen.total >= part)
        cleared = await asyncio.to_thread(follow_up, town, order)
        before = len(town.mail.received.arrivals)
        town.mail.honest()
        await town.settled()
        verdict = await town.verdict()
        verdict.holds()
        warned, told = split(town, order)
        late = [address for address, key in town.mail.received.arrivals[before:] if key in keys_of(town, order)]
    assert len(late) <= CONNECTIONS + WINDOW, "the run hears of it with the next batch it records"
    assert part <= len(warned) < residents
    assert warned <= told
    assert len(told) == residents
    assert cleared["accepted"]


def follow_up(town: Any, order: str) -> Any:
    sent = town.client.follow_up(order, "all-clear", secrets.token_hex(16))
    return sent if sent["accepted"] else town.approver.approve(sent["submission"], sent["digest"])


def keys_of(town: Any, alert: str) -> set[str]:
    """The Message-IDs of an alert's mails."""
    (key,) = town.query("SELECT key FROM delivery WHERE channel = 'mail' AND identifier = ?", alert)[0]
    return {found for _, found in town.mail.received.arrivals if found.strip("<>").startswith(f"{key}.")}


def split(town: Any, order: str) -> tuple[set[str], set[str]]:
    """Return who got the order, and who got anything else."""
    ours = keys_of(town, order)
    arrivals = town.mail.received.arrivals
    return {who for who, key in arrivals if key in ours}, {who for who, key in arrivals if key not in ours}


@pytest.mark.fault(75)
@pytest.mark.parametrize(("mode", "residents"), [(Mode.LIVE, 10_000), (Mode.DRILL, 2_000)])
async def test_killing_the_core_in_the_middle_of_a_large_mail(tmp_path: Path, mode: Mode, residents: int) -> None:
    async with life(tmp_path, mode=mode, people=residents) as town:
        received = town.mail.received
        sent = await town.say(draft=replace(town.draft(), channels=("mail",)))
        await town.mail.wait(lambda seen: seen.total > residents // 4)
        await town.kill()
        assert received.total < residents
        town.start()
        await town.answering()
        await town.settled(100)
        (await town.verdict()).holds()
        copied = {address for address, count in received.by_recipient.items() if count > 1}
        flagged = {row[0] for row in town.query("SELECT address FROM recipient WHERE possible_duplicate = 1")}
        ended = town.query("SELECT identifier, progress, total, possible_duplicate FROM delivery")
    assert len(received.by_recipient) == residents
    assert copied <= flagged
    assert all(count <= 2 for count in received.by_recipient.values())
    assert ended == [(sent, residents, residents, int(bool(flagged)))]
    assert len(flagged - copied) <= CONNECTIONS, "only what was under way may be in doubt"
    assert len(copied) <= 2 * (MOST_CLAIMED + LOW_WATER), "and what came during one commit, however slow, and the next"


@pytest.mark.fault(65)
@pytest.mark.fault(68)
@pytest.mark.fault(70)
async def test_whatever_the_relay_does_to_a_few_the_others_are_served_and_the_board_is_right(tmp_path: Path) -> None:
    """An emergency: who is in doubt is served again, who was greylisted too, who is refused is counted."""
    residents = 40
    async with life(tmp_path, people=residents, speed=60.0) as town:
        faults = {
            0: (Phase.RCPT, smtp.reply("450 4.2.0 Greylisted")),
            1: (Phase.RCPT, smtp.reply("550 5.1.1 No such user")),
            2: (Phase.DATA, smtp.drop()),
            3: (Phase.DOT, smtp.drop()),
            4: (Phase.DOT, smtp.drop(stored=True)),
            5: (Phase.AFTER, smtp.drop()),
            6: (Phase.DOT, smtp.noise(b"250 \xff\xfe\r\n", stored=True)),
        }
        for number, (phase, step) in faults.items():
            town.mail.script(phase, step, to=f"resident{number}@residents.example")
        await town.say()
        await town.settled()
        (await town.verdict()).holds()
        states = Counter(row[0] for row in town.query("SELECT state FROM recipient"))
        flagged = {row[0] for row in town.query("SELECT address FROM recipient WHERE possible_duplicate = 1")}
        twice = {address for address, count in town.mail.received.by_recipient.items() if count > 1}
    assert states == {"accepted": residents - 1, "failed": 1}
    assert twice == {f"resident{number}@residents.example" for number in (4, 6)}
    assert flagged == twice | {"resident3@residents.example"}
