"""Atom 1.0 (RFC 4287): the residents' feed, and the index of CAP messages."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from channels._cap import cap_path
from channels._entries import Entry, Feed
from channels._kept import Kept
from channels._xml import LANG, Element, child, document, dump, inside, stamp

NAMESPACE = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
INDEX = "cap/index.xml"


class Atom:
    """Writes feeds with complete texts; each entry is linked to its page and to its CAP message."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._written = Kept(self._write)
        self.turn = self._written.turn

    def xml(self, feed: Feed) -> bytes:
        """Return a feed."""
        root = _head(feed, self._zone, f"atom{feed.suffix}.xml")
        return dump(root, "feed", [self._written(entry, feed.base) for entry in feed.entries])

    def _write(self, entry: Entry, base: str) -> bytes:
        root = document("feed", NAMESPACE)
        node = _entry(root, entry, self._zone)
        child(node, _tag("link"), attributes={"rel": "alternate", "type": "text/html", "href": entry.page})
        if not entry.withheld:
            _cap_link(node, "related", base + cap_path(entry.alert))
        for category in entry.categories:
            child(node, _tag("category"), attributes={"term": category})
        child(node, _tag("content"), entry.html, {"type": "html", LANG: entry.language})
        return inside(root, "feed")


class Index:
    """Writes the index of CAP messages: each entry leads to one (RFC 4287, 4.1.1: an alternate link, so no content)."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._written = Kept(self._write)
        self.turn = self._written.turn

    def xml(self, feed: Feed) -> bytes:
        """Return the index."""
        root = _head(feed, self._zone, INDEX)
        return dump(root, "feed", [self._written(entry, feed.base) for entry in feed.entries])

    def _write(self, entry: Entry, base: str) -> bytes:
        root = document("feed", NAMESPACE)
        _cap_link(_entry(root, entry, self._zone), "alternate", base + cap_path(entry.alert))
        return inside(root, "feed")


def _head(feed: Feed, zone: ZoneInfo, name: str) -> Element:
    root = document("feed", NAMESPACE)
    root.set(LANG, feed.language)
    child(root, _tag("id"), feed.id)
    child(root, _tag("title"), feed.title)
    child(root, _tag("subtitle"), feed.about)
    child(root, _tag("updated"), stamp(feed.updated, zone))
    child(root, _tag("link"), attributes={"rel": "self", "type": "application/atom+xml", "href": feed.base + name})
    child(root, _tag("link"), attributes={"rel": "alternate", "type": "text/html", "href": feed.home})
    author = child(root, _tag("author"))
    child(author, _tag("name"), feed.author)
    child(root, _tag("generator"), "Broadcaster")
    return root


def _entry(root: Element, entry: Entry, zone: ZoneInfo) -> Element:
    node = child(root, _tag("entry"), attributes={LANG: entry.language})
    child(node, _tag("id"), entry.id)
    child(node, _tag("title"), entry.title)
    child(node, _tag("updated"), stamp(entry.updated, zone))
    return node


def _cap_link(node: Element, relation: str, address: str) -> None:
    child(node, _tag("link"), attributes={"rel": relation, "type": CAP_TYPE, "href": address})


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
