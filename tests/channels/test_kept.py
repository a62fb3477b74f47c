"""What page and feeds remember from one edition to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from broadcaster.rendering import Templates
from channels._kept import Kept, keeping
from channels.feeds import Feeds
from channels.feeds import Settings as FeedSettings
from channels.page import Page, Settings
from tests.channels.editions import CITY, alert, busy, edition, info
from tests.channels.kit import TOKYO

TEMPLATES = Templates(TOKYO)


class Count:
    """Doubles numbers, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, number: int) -> int:
        self.asked += 1
        return 2 * number


class Counted(Templates):
    """Counts the alerts that are rendered."""

    def __init__(self) -> None:
        super().__init__(TOKYO)
        self.alerts = 0

    def render(self, template: str, values: Mapping[str, object]) -> str:
        self.alerts += template.startswith("site/alert")
        return super().render(template, values)


def test_what_the_last_edition_needed_is_not_made_again_however_much_it_is() -> None:
    count = Count()
    kept = Kept(count)
    for _ in range(3):
        with keeping():
            assert [kept(number) for number in range(10_000)] == list(range(0, 20_000, 2))
        kept.turn()
    assert count.asked == 10_000


def test_what_two_editions_did_not_need_is_forgotten() -> None:
    count = Count()
    kept = Kept(count)
    with keeping():
        kept(1)
        kept.turn()
        kept.turn()
        kept(1)
    assert count.asked == 2


def test_of_what_is_only_looked_at_some_is_kept() -> None:
    count = Count()
    kept = Kept(count)
    for _ in range(2):
        kept(1)
    assert count.asked == 1
    for number in range(10_000):
        kept(number)
    before = count.asked
    kept(9_999)
    assert count.asked == before + 1


def test_an_edition_is_the_same_to_the_byte_whatever_came_before() -> None:
    changed = alert(infos=(info(headline="another text"),))
    page, feeds = Page(Settings(), CITY, TEMPLATES), Feeds(FeedSettings(), CITY, TEMPLATES)
    for one in (edition(alert()), busy(), edition(changed, number=43), replace(busy(), in_force=()), edition(alert())):
        with keeping():
            assert page.render(one) == Page(Settings(), CITY, TEMPLATES).render(one)
            assert feeds.render(one) == Feeds(FeedSettings(), CITY, TEMPLATES).render(one)
        page.turn()
        feeds.turn()


def test_a_preview_between_two_editions_makes_nothing_forgotten() -> None:
    counted = Counted()
    page = Page(Settings(), CITY, counted)
    with keeping():
        page.render(busy())
    page.turn()
    page.render(edition(alert(99)))
    page.render(edition(alert(98)))
    before = counted.alerts
    page.render(busy())
    assert counted.alerts == before
