"""Draw the README's pictures from the running program: `make pictures`. Needs Chromium and a Japanese font.

The demonstration runs on loopback; its page and its board are photographed by a headless browser.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright
from rich.console import Console

from broadcaster.cli.live import picture
from broadcaster.demo import play

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 14px; background: #11151c; color: #e8e8e8 }}
pre {{ margin: 0; font: 15px/1.35 "Noto Sans Mono CJK JP", monospace }}
{stylesheet}</style><pre>{code}</pre>"""


def board_page(board: Any) -> str:
    """Return the board, as the terminal shows it, as one HTML page."""
    console = Console(record=True, width=108, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(picture(board))
    return console.export_html(inline_styles=True, code_format=TERMINAL)


async def photograph(browser: Browser, target: Path, width: int, height: int, *, url: str = "", html: str = "") -> None:
    """Write a PNG of an address, or of a page given as text; `height` 0 means as high as it is."""
    page = await browser.new_page(viewport={"width": width, "height": height or 100})
    await (page.goto(url) if url else page.set_content(html))
    await page.screenshot(path=target, full_page=height == 0)
    await page.close()


async def main() -> None:
    """Play the demonstration and draw."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with tempfile.TemporaryDirectory() as folder:
            async with play.running(Path(folder)) as (ready, client):
                sent = await play.send_sample(ready, client)
                await play.confirmed(client, sent["alert"]["identifier"])
                board = await asyncio.to_thread(client.board)
                await photograph(browser, HERE / "page.png", 820, 900, url=ready.urls["page"])
                await photograph(browser, HERE / "board.png", 840, 0, html=board_page(board))
        await browser.close()


asyncio.run(main())
