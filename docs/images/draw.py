"""Draw the README's pictures from the running program: `make pictures`. Needs Chromium and a Japanese font.

The demonstration runs on loopback. Two officers send an order and hand in another; then the residents' page is
photographed by a headless browser, and the desk cell by cell, as a terminal places its letters: wide ones take two.

Any screen of the desk, after these keys on its board, in either language and any size:

    python docs/images/draw.py --to calendar.png --language en --size 80x24 b down enter
"""

from __future__ import annotations

import argparse
import asyncio
import html
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright
from rich.segment import Segment
from rich.style import Style
from textual.pilot import Pilot

from broadcaster.bootstrap import filled
from broadcaster.client import Client
from broadcaster.clock import SystemClock
from broadcaster.config import load_config
from broadcaster.demo import play
from broadcaster.demo.stage import SAMPLE, Stage
from broadcaster.documents import dump
from broadcaster.tui.app import DeskApp
from broadcaster.tui.words import width

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
FONT = "Noto Sans Mono CJK JP"
SIZE = (112, 22)
WIDE, HIGH = 10, 22
"""Pixels of a cell."""
INK, GROUND = "#e0e0e0", "#121212"
DUTY = {"ja": ("当直A", "当直B"), "en": ("Duty A", "Duty B")}
"""How the two officers are shown, by language."""


def picture(app: DeskApp) -> str:
    """Return what the desk shows, as a page that needs no font from elsewhere."""
    columns, lines = app.size
    strips = app.screen._compositor.render_strips()  # noqa: SLF001 - Textual has no other way to its cells
    drawn = "".join(piece for line, strip in enumerate(strips) for piece in _line(line * HIGH, strip))
    place = f"position:relative;width:{columns * WIDE}px;height:{lines * HIGH}px;font:18px/{HIGH}px '{FONT}'"
    css = "<style>i{position:absolute;font-style:normal;white-space:pre}</style>"
    return f'<!doctype html><meta charset="utf-8">{css}<body style="margin:0"><div style="{place}">{drawn}</div>'


def _line(top: int, strip: Iterable[Segment]) -> Iterator[str]:
    left = 0
    for segment in strip:
        style = segment.style or Style()
        ink, ground = _colours(style)
        room = f"left:{left}px;top:{top}px;width:{segment.cell_length * WIDE}px;height:{HIGH}px;background:{ground}"
        yield f'<i style="{room}{";border-bottom:1px solid;box-sizing:border-box" if style.underline else ""}"></i>'
        looks = f"color:{ink}{';font-weight:bold' if style.bold else ''}{';opacity:.7' if style.dim else ''}"
        looks += ";text-decoration:line-through" if style.strike else ""
        for letter in segment.text:
            if letter != " ":
                yield f'<i style="left:{left}px;top:{top}px;{looks}">{html.escape(letter)}</i>'
            left += width(letter) * WIDE


def _colours(style: Style) -> tuple[str, str]:
    ink = style.color.get_truecolor().hex if style.color else INK
    ground = style.bgcolor.get_truecolor().hex if style.bgcolor else GROUND
    return (ground, ink) if style.reverse else (ink, ground)


async def hand_in(ready: Stage, client: Client) -> int:
    """Hand in the sample order and return its submission's number."""
    draft = filled(load_config(ready.config), SAMPLE)
    handed = await asyncio.to_thread(client.submit, dump(draft), secrets.token_hex(16))
    return int(handed["submission"])


async def sent(ready: Stage, first: Client, second: Client) -> None:
    """Send one order as two officers do, see it arrive, and let another one wait."""
    number = await hand_in(ready, first)
    waiting = await asyncio.to_thread(second.submission, number)
    done = await asyncio.to_thread(second.approve, number, waiting["acceptance"]["digest"])
    await play.confirmed(second, done["alert"]["identifier"])
    await hand_in(ready, first)


async def until(pilot: Pilot[Any], true: Callable[[], bool]) -> None:
    """Let the desk work until it is so."""
    while not true():
        await pilot.pause(0.05)


@dataclass
class Studio:
    """The demonstration with both officers logged in, an order sent and another waiting; and what draws it."""

    browser: Browser
    ready: Stage
    session: str
    language: str

    @asynccontextmanager
    async def desk(self, size: tuple[int, int]) -> AsyncIterator[tuple[DeskApp, Pilot[Any]]]:
        """Sit down at the desk as the second officer."""

        def connect(_: str) -> Client:
            return Client(self.ready.socket, session=self.session)

        app = DeskApp(connect, SystemClock(), language=self.language, session=self.session)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: bool(app.board and app.me))
            await pilot.pause(1)
            yield app, pilot

    async def draw(self, app: DeskApp, target: Path) -> None:
        """Write what the desk shows now as PNG."""
        columns, lines = app.size
        await self.photograph(target, columns * WIDE, lines * HIGH, page=picture(app))

    async def photograph(self, target: Path, wide: int, high: int, *, url: str = "", page: str = "") -> None:
        """Write a PNG of an address, or of a page given as text."""
        view = await self.browser.new_page(viewport={"width": wide, "height": high})
        await (view.goto(url) if url else view.set_content(page))
        await view.screenshot(path=target)
        await view.close()


@asynccontextmanager
async def studio(language: str) -> AsyncIterator[Studio]:
    """Play the demonstration."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with tempfile.TemporaryDirectory() as folder:
            async with play.running(Path(folder), approval=True) as (ready, client):
                await play.seat_officers(client, dict(zip(play.OFFICERS, DUTY[language], strict=True)))
                sessions = [client.login(name, play.PASSPHRASE)["session"] for name in play.OFFICERS]
                first, second = (Client(ready.socket, session=each) for each in sessions)
                await sent(ready, first, second)
                yield Studio(browser, ready, sessions[1], language)
        await browser.close()


async def readme() -> None:
    """Draw the page, and in both languages the board and what an approver sees of the order that waits."""
    for language in DUTY:
        async with studio(language) as here:
            if language == "ja":
                await here.photograph(HERE / "page.png", 820, 900, url=here.ready.urls["page"])
            async with here.desk(SIZE) as (app, pilot):
                await here.draw(app, HERE / f"board.{language}.png")
                await _pressed(pilot, ["home", "a", "right"])
                await here.draw(app, HERE / f"preview.{language}.png")


async def screen(target: Path, language: str, size: tuple[int, int], keys: Sequence[str]) -> None:
    """Draw whatever is shown after these keys."""
    async with studio(language) as here, here.desk(size) as (app, pilot):
        await _pressed(pilot, keys)
        await here.draw(app, target)


async def _pressed(pilot: Pilot[Any], keys: Sequence[str]) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause(1)


def _size(text: str) -> tuple[int, int]:
    columns, _, lines = text.partition("x")
    return int(columns), int(lines)


def main() -> None:
    """Draw one screen, or the README's pictures."""
    asked = argparse.ArgumentParser(description="Draw the README's pictures, or one screen of the desk.")
    asked.add_argument("--to", type=Path, help="one screen into this PNG instead of the README's pictures")
    asked.add_argument("--language", choices=sorted(DUTY), default="ja")
    asked.add_argument("--size", type=_size, default=SIZE, metavar="COLUMNSxLINES")
    asked.add_argument("keys", nargs="*", help="keys pressed on the board, as Textual names them")
    given = asked.parse_args()
    asyncio.run(screen(given.to, given.language, given.size, given.keys) if given.to else readme())


if __name__ == "__main__":
    main()
