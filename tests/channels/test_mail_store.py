"""Mail on the real store and dispatcher, in a process of its own that is killed and started again."""

from __future__ import annotations

import random
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster.demo.smtp import Phase, SmtpProvider, late, reply
from broadcaster.model import Delivery, Grade, Mode, State
from broadcaster.ports.store import Tally
from broadcaster.store import open_store
from tests.channels.kit import world
from tests.channels.mailchild import drive
from tests.channels.mailkit import channel, message
from tests.contract.values import NOW, OFFICER, acceptance, alert, planned, resident
from tests.nursery import Forked

EVERYBODY = 700
CONNECTIONS = 20 + 2
"""All that may be under way at once."""


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpProvider]:
    async with SmtpProvider(keep=()) as provider:
        yield provider


@pytest.fixture
def grade() -> Grade:
    return Grade.EMERGENCY


@pytest.fixture
async def path(tmp_path: Path, grade: Grade) -> Path:
    """A store with everybody in it and an alert of this grade accepted."""
    where = tmp_path / "store.db"
    async with open_store(where, Mode.LIVE) as store, channel(world(tmp_path), 25) as mail:
        await store.put([resident(number) for number in range(EVERYBODY)], OFFICER, NOW)
        number, version = await store.next_serial(None)
        said = alert(number, version)
        words = replace(message(mail), alert=said.identifier)
        whole = acceptance(said, plan=[planned("mail", "subscribers", grade=grade)])
        await store.accept(replace(whole, messages=(words,)))
    return where


async def run(
    path: Path, smtp: SmtpProvider, *, ahead: float = 0.0, failpoints: str = "", kill_at: int = EVERYBODY
) -> int:
    """Drive it, or kill it once `kill_at` mails have come; return how the process ended."""
    child = Forked(drive, path, smtp.port, ahead, environment={"BROADCASTER_FAILPOINTS": failpoints})
    if kill_at < EVERYBODY:
        await smtp.wait(lambda seen: seen.total >= kill_at)
        child.signal(signal.SIGKILL)
    return await child.ended()


async def told(path: Path) -> tuple[Delivery, Tally]:
    async with open_store(path, Mode.LIVE, read_only=True) as store:
        return await store.delivery(1), await store.tally(1, NOW)


async def test_everybody_is_served_and_the_board_tells_the_truth(path: Path, smtp: SmtpProvider) -> None:
    smtp.script(Phase.RCPT, reply("550 5.1.1 Unknown"), to="resident000003@example.jp", always=True)
    smtp.script(Phase.RCPT, reply("450 4.2.0 Greylisted"), to="resident000005@example.jp")
    assert await run(path, smtp) == 0
    delivery, tally = await told(path)
    assert delivery.state is State.ACCEPTED
    assert delivery.detail == "699 accepted, 1 refused, 0 unknown"
    assert (tally.total, tally.accepted, tally.failed) == (EVERYBODY, EVERYBODY - 1, 1)
    assert smtp.received.total == EVERYBODY - 1
    assert smtp.received.copies == tally.possible_duplicates == 0


MOMENTS = ["m1", "m2@3", "m3@2"]
GRADES = pytest.mark.parametrize("grade", [Grade.EMERGENCY, Grade.DRILL, Grade.INFORMATION])


@pytest.mark.fault(75)
@GRADES
@pytest.mark.parametrize("where", MOMENTS)
async def test_killed_at_any_step_it_ends_as_promised(path: Path, smtp: SmtpProvider, grade: Grade, where: str) -> None:
    assert await run(path, smtp, failpoints=where) == -signal.SIGKILL
    await ends_as_promised(path, smtp, grade)


@pytest.mark.fault(75)
@GRADES
async def test_killed_at_any_moment_it_ends_as_promised(path: Path, smtp: SmtpProvider, grade: Grade) -> None:
    smtp.script(Phase.DOT, late(0.002), always=True)  # so that mails are under way whenever it comes
    assert await run(path, smtp, kill_at=random.randint(1, EVERYBODY - 100)) == -signal.SIGKILL
    await ends_as_promised(path, smtp, grade)


async def ends_as_promised(path: Path, smtp: SmtpProvider, grade: Grade) -> None:
    """Only who was really under way is in doubt: served again and flagged in an emergency and its rehearsal, else left
    alone and called unknown. Everybody else is served, once.
    """
    _, before = await told(path)
    received, unrecorded = smtp.received.total, smtp.received.total - before.accepted
    assert received < EVERYBODY
    assert await run(path, smtp, ahead=30.0) == 0
    delivery, tally = await told(path)
    assert delivery.state is State.ACCEPTED
    doubtful = tally.unknown if grade is Grade.INFORMATION else tally.possible_duplicates
    assert unrecorded <= doubtful <= unrecorded + CONNECTIONS
    copies = 0 if grade is Grade.INFORMATION else unrecorded
    assert smtp.received.copies == copies, "what was recorded is not sent again, what was not is"
    assert len(smtp.received.by_recipient) >= EVERYBODY - tally.unknown
    assert tally.accepted + tally.unknown == EVERYBODY
    assert max(smtp.received.by_message_id.values()) <= 2


@pytest.mark.fault(75)
@pytest.mark.parametrize("grade", [Grade.EMERGENCY, Grade.INFORMATION])
async def test_after_a_power_cut_whoever_was_claimed_is_in_doubt(path: Path, smtp: SmtpProvider, grade: Grade) -> None:
    """The notes of the run went with the power: here, they are of another run of the kernel."""
    assert await run(path, smtp, failpoints="m2@3") == -signal.SIGKILL
    (notes,) = path.parent.glob("*-begun-*")
    notes.write_bytes(notes.read_bytes().replace(b"begun 1 ", b"begun 1 0", 1))
    _, cut = await told(path)
    assert await run(path, smtp, ahead=30.0) == 0
    delivery, tally = await told(path)
    doubtful = tally.unknown if grade is Grade.INFORMATION else tally.possible_duplicates
    assert CONNECTIONS < doubtful == cut.in_doubt, "nobody who was not claimed"
    assert tally.accepted + tally.unknown == EVERYBODY
    if grade is Grade.INFORMATION:
        assert smtp.received.copies == 0
        assert delivery.detail == f"{tally.accepted} accepted, 0 refused, {tally.unknown} unknown"
    else:
        assert 0 < smtp.received.copies <= doubtful
