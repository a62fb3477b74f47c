"""A relay on this machine that would keep a mail for days: whether `check` tells it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from broadcaster.demo.smtp import SmtpProvider
from broadcaster.model import Mode
from channels import _relay
from tests.channels.kit import world
from tests.channels.mailkit import channel


@pytest.fixture
def postconf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Postfix that says what a test writes into the program which tells its configuration."""
    program = tmp_path / "bin" / "postconf"
    program.parent.mkdir()
    program.touch(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def says(program: Path, value: str) -> None:
    program.write_text(f'#!/bin/sh\n[ "$*" = "-h maximal_queue_lifetime" ] && echo {value}\n', encoding="ascii")


async def findings(folder: Path, mode: Mode = Mode.LIVE) -> dict[str, bool]:
    async with SmtpProvider() as smtp, channel(world(folder, mode=mode), smtp.port) as mail:
        return {each.code: each.ok for each in await mail.check()}


@pytest.mark.fault(76)
async def test_a_postfix_as_it_comes_keeps_mail_for_five_days_and_check_says_so(tmp_path: Path, postconf: Path) -> None:
    says(postconf, "5d")
    assert await findings(tmp_path) == {"mail_ready": True, "mail_relay_holds": False}
    says(postconf, "4h")
    assert await findings(tmp_path) == {"mail_ready": True}


async def test_a_drills_relay_is_no_postfix(tmp_path: Path, postconf: Path) -> None:
    says(postconf, "5d")
    assert await findings(tmp_path, Mode.DRILL) == {"mail_ready": True}


async def test_a_postfix_that_does_not_tell_is_no_finding(tmp_path: Path, postconf: Path) -> None:
    for value in ("$other", "", "five days"):
        says(postconf, f"'{value}'")
        assert await _relay.lifetime() is None
    postconf.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    assert await _relay.lifetime() is None
    postconf.write_text("no program at all", encoding="ascii")
    assert await _relay.lifetime() is None


async def test_one_that_hangs_is_not_waited_for(
    tmp_path: Path, postconf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_relay, "_PATIENCE_S", 0.05)
    postconf.write_text("#!/bin/sh\nexec sleep 60\n", encoding="ascii")
    assert await _relay.lifetime() is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [("5d", 120), ("12h", 12), ("90m", 1.5), ("3600s", 1), ("1w", 168), ("2", 48), ("0", 0), (" 4h\n", 4)],
)
def test_times_are_read_as_postfix_writes_them(said: str, meant: float) -> None:
    assert _relay.read(said) == timedelta(hours=meant)
