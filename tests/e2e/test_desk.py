"""The desk in a real terminal, over the demonstration, key by key: what a newcomer does in the first ten minutes.

Two officers at one seat compose a level-4 order, approve it, see it arrive everywhere, and take it back.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from broadcaster import catalog
from broadcaster.demo.play import OFFICERS, PASSPHRASE
from tests.e2e.house import ROOT
from tests.e2e.tmux import Tmux, tmux

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
CHANNELS = 4


@dataclass(frozen=True)
class Newcomer:
    """Somebody who reads what stands on the screen and presses what it says."""

    terminal: Tmux
    language: str

    @property
    def headline(self) -> str:
        """How the order's headline begins, in the language of whoever sits here."""
        return {"ja": "【警戒レベル4", "en": "Level 4, Evacuation Order"}[self.language]

    def word(self, code: str, **params: str) -> str:
        return catalog.say(code, self.language, **params)

    async def log_in(self, name: str) -> None:
        """Say who sits here, as fast as the fingers go; the demonstration tells how."""
        await self.terminal.until(self.word("tui_login_why"), PASSPHRASE)
        await self.terminal.type(name)
        await self.terminal.keys("Enter")
        await self.terminal.type(PASSPHRASE)
        await self.terminal.keys("Enter", "Enter")
        await self.terminal.until(self.word(f"demo_{name}"), self.word("tui_key_compose"))

    async def compose(self) -> None:
        """Fill in an evacuation order: flood, level 4, the first group of areas."""
        await self.terminal.keys("n")
        await self.terminal.until(self.word("tui_pick_ask"))
        await self.terminal.keys("f", "4")
        await self.terminal.until("浸水想定区域")
        await self.terminal.keys("1")
        await self.terminal.until("*1 浸水想定区域")
        await self.terminal.keys("Enter")
        await self.terminal.until(" 5 蔵敷", absent=True)
        await self.terminal.type("空堀川")
        await self.terminal.until("空堀川")
        await self.terminal.keys("Enter")
        await self.terminal.until(" 3: ")
        await self.terminal.keys("1")
        await self.terminal.until("*1: ")
        await self.terminal.keys("Enter")
        await self.terminal.until("*1: ", absent=True)
        await self.terminal.type("第三小学校")
        await self.terminal.until("第三小学校", self.word("tui_ready"))

    async def send(self) -> None:
        """Look at what would go out, and hand it in."""
        await self.terminal.keys("F5")
        await self.terminal.until(self.word("tui_key_send"), "第三小学校")
        await self.terminal.keys("Enter")
        await self.confirm()
        await self.terminal.until(self.word("tui_key_compose"), self.headline)

    async def confirm(self) -> None:
        """Type what is asked for, a wide word where the language has one."""
        word = self.word("confirm_word_drill")
        await self.terminal.until(self.word("tui_type_drill", word=word), self.word("mode_drill"))
        await self.terminal.type(word)
        await self.terminal.until(f" {word} ")
        await self.terminal.keys("Enter")

    async def approve(self) -> None:
        """Open what waits, look at it, and approve."""
        await self.terminal.keys("a")
        await self.terminal.until(f" {self.word('tui_approve_name')} ", self.headline)
        await self.terminal.keys("Enter")
        await self.terminal.until(self.word("tui_key_hand_back"), "第三小学校")
        await self.terminal.keys("a")
        await self.confirm()
        await self.terminal.until(self.word("tui_nothing_waits"))
        await self.terminal.keys("Escape")

    async def confirmed(self, serial: str) -> str:
        """Watch the board until everything of this version is proved."""
        while True:
            shown = await self.terminal.until(f" {serial} ")
            newest = shown[shown.index(f" {serial} ") :]
            if newest.count(self.word("state_confirmed")) >= CHANNELS:
                return shown
            await self.terminal.until(self.word("state_confirmed"))


@asynccontextmanager
async def sitting(language: str, width: int, height: int) -> AsyncIterator[Newcomer]:
    locale = {"ja": "ja_JP.UTF-8", "en": "en_US.UTF-8"}[language]
    environment = {"LC_ALL": locale, "BROADCASTER_CATALOG": "strict", "PYTHONPATH": str(ROOT)}
    command = shlex.join([sys.executable, "-m", "broadcaster", "demo"])
    async with tmux(command, width, height, environment) as terminal:
        yield Newcomer(terminal, language)


@pytest.mark.parametrize(("language", "width", "height"), [("ja", 80, 24), ("en", 140, 40)])
async def test_two_officers_send_an_order_and_take_it_back(
    language: str, width: int, height: int, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    async with sitting(language, width, height) as here:
        await here.log_in(OFFICERS[0])
        await here.compose()
        await here.send()
        await here.terminal.keys("F3")
        await here.log_in(OFFICERS[1])
        await here.approve()
        shown = await here.confirmed("1-1")
        assert here.word("mode_drill") in shown
        await here.terminal.keys("f")
        await here.terminal.until(here.word("tui_approved_before"))
        await here.terminal.keys("y")
        await here.confirmed("1-2")
        await here.terminal.keys("C-q")
        last = await here.terminal.until("ended with 0")
        assert here.word("step_corrected") in last
        assert "Traceback" not in last
    with capsys.disabled():
        sys.stdout.write(f"\n{language} {width}x{height}: the whole walk took {time.monotonic() - began:.1f} s\n")
