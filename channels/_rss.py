"""RSS 2.0 (RSS Advisory Board, 2.0.11): times by RFC 822 with years of four digits, a `guid` that is no address, and
`description` with the complete text as escaped HTML.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from lxml import etree

from channels._atom import NAMESPACE as ATOM
from channels._entries import Entry, Feed
from channels._kept import Kept
from channels._xml import Element, child, dump, inside

_MINUTES = "1"
"""How long a reader may keep a copy."""


class Rss:
    """Writes feeds with complete texts."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._written = Kept(self._write)
        self.turn = self._written.turn

    def xml(self, feed: Feed) -> bytes:
        """Return a feed."""
        root, channel = _document()
        child(channel, "title", feed.title)
        child(channel, "link", feed.home)
        child(channel, "description", feed.about)
        child(channel, "language", feed.language)
        child(channel, "lastBuildDate", _date(feed.updated, self._zone))
        child(channel, "generator", "Broadcaster")
        child(channel, "docs", "https://www.rssboard.org/rss-specification")
        child(channel, "ttl", _MINUTES)
        address = f"{feed.base}rss{feed.suffix}.xml"
        child(channel, f"{{{ATOM}}}link", attributes={"rel": "self", "type": "application/rss+xml", "href": address})
        return dump(root, "channel", [self._written(entry) for entry in feed.entries])

    def _write(self, entry: Entry) -> bytes:
        root, channel = _document()
        item = child(channel, "item")
        child(item, "title", entry.title)
        child(item, "link", entry.page)
        child(item, "description", entry.html)
        for category in entry.categories:
            child(item, "category", category)
        child(item, "guid", entry.id, {"isPermaLink": "false"})
        child(item, "pubDate", _date(entry.updated, self._zone))
        return inside(root, "channel")


def _document() -> tuple[Element, Element]:
    root = etree.Element("rss", version="2.0", nsmap={"atom": ATOM})
    return root, child(root, "channel")


def _date(moment: datetime, zone: ZoneInfo) -> str:
    return format_datetime(moment.astimezone(zone))
