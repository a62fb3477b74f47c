"""Draw the README's pictures from the running program: `make pictures`. Needs Chromium and a Japanese font.

The demonstration runs on loopback. Two officers send an order and hand in another; then the residents' page is
photographed by a headless browser, and the desk as Textual draws it: SVG, made a picture by the same browser.
"""

from __future__ import annotations

import asyncio
import html
import itertools
import re
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright
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


def picture(app: DeskApp) -> str:
    """Return what the desk shows, as a page that needs no font from elsewhere.

    Rich stretches each piece of text to as many columns as it has letters. Wide ones take two: so each run of letters
    of one width is placed by itself.
    """
    svg = re.sub(r"@font-face \{.*?\}", "", app.export_screenshot(), flags=re.DOTALL).replace("Fira Code", FONT)
    svg = re.sub(r'<text ([^>]*?)x="([\d.]+)"([^>]*?) textLength="([\d.]+)"([^>]*)>([^<]*)</text>', _placed, svg)
    return f'<!doctype html><meta charset="utf-8"><body style="margin:0;background:#11151c">{svg}</body>'


def _placed(piece: re.Match[str]) -> str:
    text = html.unescape(piece[6])
    column, x = float(piece[4]) / max(1, len(text)), float(piece[2])
    found = list[str]()
    for _, letters in itertools.groupby(text, key=width):
        run = "".join(letters)
        length = column * width(run)
        spelled = html.escape(run).replace("\xa0", "&#160;")
        place = f'x="{x:.1f}"{piece[3]} textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs"'
        found.append(f"<text {piece[1]}{place}{piece[5]}>{spelled}</text>")
        x += length
    return "".join(found)


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


async def desk(browser: Browser, ready: Stage, session: str) -> None:
    """Photograph the board, and what an approver sees of the order that waits."""

    def connect(_: str) -> Client:
        return Client(ready.socket, session=session)

    app = DeskApp(connect, SystemClock(), language="ja", session=session)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: bool(app.board and app.me))
        await pilot.pause(0.5)
        await photograph(browser, HERE / "board.png", 1180, 0, page=picture(app))
        await pilot.press("a")
        await pilot.pause(1)
        await pilot.press("enter")
        await pilot.pause(1)
        await pilot.press("right")
        await pilot.pause(0.5)
        await photograph(browser, HERE / "preview.png", 1180, 0, page=picture(app))


async def photograph(browser: Browser, target: Path, wide: int, high: int, *, url: str = "", page: str = "") -> None:
    """Write a PNG of an address, or of a page given as text; `high` 0 means as high as it is."""
    view = await browser.new_page(viewport={"width": wide, "height": high or 100})
    await (view.goto(url) if url else view.set_content(page))
    await view.screenshot(path=target, full_page=high == 0)
    await view.close()


async def main() -> None:
    """Play the demonstration and draw."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with tempfile.TemporaryDirectory() as folder:
            async with play.running(Path(folder), approval=True) as (ready, client):
                await play.seat_officers(client, dict(zip(play.OFFICERS, ("当直A", "当直B"), strict=True)))
                sessions = [client.login(name, play.PASSPHRASE)["session"] for name in play.OFFICERS]
                first, second = (Client(ready.socket, session=each) for each in sessions)
                await sent(ready, first, second)
                await photograph(browser, HERE / "page.png", 820, 900, url=ready.urls["page"])
                await desk(browser, ready, sessions[1])
        await browser.close()


asyncio.run(main())
