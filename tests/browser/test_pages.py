"""The residents' pages in a real browser: accessible, readable on any phone, and asking for nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from broadcaster.model import Edition, Mode
from broadcaster.rendering import Templates
from channels.page import Page as Pages
from channels.page import Settings
from tests.channels.editions import CITY, busy, edition
from tests.channels.kit import TOKYO

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

EDITIONS = {"busy": busy(), "drill": busy(Mode.DRILL), "calm": edition()}
PLACES = (
    *(("busy", name) for name in ("index.html", "en.html", "zh.html", "alerts/15-2.html", "alerts/9-1.html")),
    *(("drill", name) for name in ("index.html", "alerts/15-2.html")),
    *(("calm", name) for name in ("index.html", "404.html")),
)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LEVELS = {"l5": (12, 0, 12), "l4": (170, 0, 170), "l3": (255, 40, 0), "l2": (242, 231, 0)}
"""Colours of the evacuation levels as Japanese authorities use them."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    for kind, one in EDITIONS.items():
        write(root / kind, one)
    return root


def write(folder: Path, one: Edition) -> None:
    for name, data in Pages(Settings(languages=("en", "zh")), CITY, Templates(TOKYO)).render(one).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@contextmanager
def opened(browser: Browser, path: Path, width: int = 1000, **options: Any) -> Iterator[Page]:
    """Open a file; whatever else it asks for, and whatever the console says, is an error."""
    context = browser.new_context(viewport={"width": width, "height": 800}, offline=True, **options)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    try:
        page.goto(path.as_uri())
        yield page
        assert asked == [path.as_uri()]
        assert said == []
    finally:
        context.close()


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_axe_finds_no_violation(chromium: Browser, site: Path, kind: str, name: str) -> None:
    with opened(chromium, site / kind / name) as page:
        unfold(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
            assert found.violations_count == 0, (scheme, found.generate_report())


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_nothing_runs_off_the_side(chromium: Browser, site: Path, kind: str, name: str) -> None:
    """320 px is WCAG 1.4.10; there the text is also enlarged to 200 % (1.4.4)."""
    with opened(chromium, site / kind / name, width=320) as page:
        unfold(page)
        for size in ("100%", "200%"):
            page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, size
            assert page.evaluate(_CUT_OFF) == [], size


_CUT_OFF = """[...document.querySelectorAll('body *')]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && one.tagName !== 'RT')
  .map(one => one.tagName + ' ' + one.className)"""


def test_spacing_may_be_widened_without_loss(chromium: Browser, site: Path) -> None:
    """WCAG 1.4.12."""
    with opened(chromium, site / "drill/index.html", width=320) as page:
        unfold(page)
        page.evaluate(
            "document.querySelectorAll('*').forEach(one => { one.style.letterSpacing = '0.12em';"
            " one.style.wordSpacing = '0.16em'; one.style.lineHeight = '1.5' })"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_levels_have_the_colours_people_know_and_are_told_apart_without_them(
    chromium: Browser, site: Path, scheme: str
) -> None:
    with opened(chromium, site / "busy/index.html", color_scheme=scheme) as page:
        shapes = set()
        for tone, colour in LEVELS.items():
            badge = page.locator(f".{tone} .badge").first
            shown = badge.evaluate("one => getComputedStyle(one).backgroundColor")
            assert shown == f"rgb{colour}".replace("'", "")
            assert "警戒レベル" in badge.inner_text()
            shapes.add(badge.inner_text()[0])
        assert len(shapes) == len(LEVELS)


def test_a_keyboard_reaches_everything_and_sees_where_it_is(chromium: Browser, site: Path) -> None:
    with opened(chromium, site / "busy/index.html") as page:
        wanted = page.locator("a:visible, summary:visible").count()
        reached = set()
        for _ in range(wanted + 1):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "(one => [[...document.querySelectorAll('a, summary')].indexOf(one),"
                " getComputedStyle(one).outlineStyle])(document.activeElement)"
            )
            if focused[0] >= 0:
                reached.add(focused[0])
                assert focused[1] != "none"
        assert len(reached) == wanted


def test_what_to_do_is_on_the_first_screen_of_a_small_phone(chromium: Browser, site: Path) -> None:
    with opened(chromium, site / "busy/index.html", width=360) as page:
        box = page.locator(".do").first.bounding_box()
        assert box is not None
        assert box["y"] < 640


def test_print_has_all_alerts_in_force_in_black_on_white(chromium: Browser, site: Path) -> None:
    with opened(chromium, site / "drill/index.html", color_scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert page.locator(".alert:visible").count() == 5
        assert page.locator("nav").is_hidden()
        assert page.locator(".drill").first.is_visible()
        for selector in ("body", ".badge", ".do"):
            style = page.locator(selector).first.evaluate(
                "one => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]"
            )
            assert style == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"], selector
        assert page.pdf()[:4] == b"%PDF"


def test_without_any_style_the_order_still_makes_sense(chromium: Browser, site: Path) -> None:
    with opened(chromium, site / "drill/index.html") as page:
        page.evaluate("document.querySelector('style').remove()")
        text = page.locator("body").inner_text()
        places = [
            text.find(part) for part in ("【訓練】", "緊急情報", "11月23日14時05分", "警戒レベル５", "すぐにすること")
        ]
        assert -1 not in places
        assert places == sorted(places)


def test_the_pages_policy_lets_no_script_run(chromium: Browser, site: Path, tmp_path: Path) -> None:
    html = (site / "busy/index.html").read_text(encoding="utf-8")
    changed = tmp_path / "changed.html"
    changed.write_text(html.replace("<main>", "<main><script>document.title='ran'</script>"), encoding="utf-8")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(changed.as_uri())
    assert page.title() != "ran"
    assert page.locator("body").evaluate("one => getComputedStyle(one).maxWidth") != "none", "the style still applies"
    context.close()
