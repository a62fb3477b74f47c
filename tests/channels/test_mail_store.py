"""Mail on the real store and dispatcher, in a process of its own that is killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster.demo.smtp import Phase, SmtpProvider, reply
from broadcaster.model import Delivery, Grade, Mode, State
from broadcaster.ports.store import Tally
from broadcaster.store import open_store
from channels._mail_job import CLAIM, LOW_WATER
from tests.channels.kit import world
from tests.channels.mailkit import channel, message
from tests.contract.values import NOW, OFFICER, acceptance, alert, planned, resident

EVERYBODY = 700


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


async def run(path: Path, smtp: SmtpProvider, *, ahead: float = 0.0, failpoints: str = "") -> int:
    """Drive it; return how the process ended."""
    environment = {**os.environ, "BROADCASTER_FAILPOINTS": failpoints}
    command = (sys.executable, "-m", "tests.channels.mailchild", str(path), str(smtp.port), str(ahead))
    child = await asyncio.create_subprocess_exec(*command, env=environment)
    async with asyncio.timeout(60):
        return await child.wait()


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


@pytest.mark.fault(75)
@pytest.mark.parametrize("where", ["m1", "m2", "m3", "m1@2", "m2@5", "m3@4"])
async def test_killed_at_any_step_nobody_is_missing_and_every_copy_is_flagged(
    path: Path, smtp: SmtpProvider, where: str
) -> None:
    assert await run(path, smtp, failpoints=where) == -signal.SIGKILL
    _, before = await told(path)
    unrecorded = smtp.received.total - before.accepted
    assert smtp.received.total < EVERYBODY
    assert await run(path, smtp, ahead=30.0) == 0
    delivery, tally = await told(path)
    assert delivery.state is State.ACCEPTED
    assert tally.accepted == len(smtp.received.by_recipient) == EVERYBODY
    assert smtp.received.copies == unrecorded, "what was recorded is not sent again, what was not is"
    assert smtp.received.copies <= tally.possible_duplicates
    assert max(smtp.received.by_message_id.values()) <= 2


@pytest.mark.fault(75)
@pytest.mark.parametrize("grade", [Grade.INFORMATION])
async def test_after_a_kill_routine_mail_is_never_sent_twice_and_the_board_says_who_is_unknown(
    path: Path, smtp: SmtpProvider
) -> None:
    assert await run(path, smtp, failpoints="m2@3") == -signal.SIGKILL
    assert await run(path, smtp, ahead=30.0) == 0
    delivery, tally = await told(path)
    assert smtp.received.copies == 0
    assert 0 < tally.unknown <= CLAIM + LOW_WATER
    assert tally.accepted + tally.unknown == EVERYBODY
    assert delivery.detail == f"{tally.accepted} accepted, 0 refused, {tally.unknown} unknown"
