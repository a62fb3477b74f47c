"""The list a feed gives of its documents: Atom or RSS, read by feedparser from bytes."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser

from broadcaster.errors import FeedUnreadable
from broadcaster.upstream.xml import parse

MOST_ENTRIES = 1_000
_TELEGRAM = re.compile(r"/\d{14}_\d+_([A-Z]{4}\d{2})_[^/]*\.xml$")
"""`…/YYYYMMDDhhmmss_n_TTTTTT_office.xml`: the type stands only in the document's name (JMA's pull feed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One document of a feed. `type` is a telegram's, empty elsewhere; `updated_at` None where none is given."""

    identifier: str
    link: str
    title: str
    summary: str = ""
    updated_at: datetime | None = None
    type: str = ""


def read(data: bytes) -> tuple[Entry, ...]:
    """Return the entries, oldest first. One without an address or identifier is left out; the others stand.

    Raise `FeedUnreadable` for what is no feed at all: a web page, half a document, nothing (fault 82).
    """
    parse(data)
    found: Any = feedparser.parse(data, sanitize_html=True, resolve_relative_uris=False)
    if not found.version:
        raise FeedUnreadable("feed_no_feed")
    entries = [entry for each in found.entries[:MOST_ENTRIES] if (entry := _entry(each)) is not None]
    return tuple(sorted(entries, key=_order))


def _entry(raw: Mapping[str, Any]) -> Entry | None:
    identifier, link = str(raw.get("id") or raw.get("link") or ""), str(raw.get("link") or raw.get("id") or "")
    if not identifier or not link.startswith(("https://", "http://")):
        return None
    named = _TELEGRAM.search(link)
    return Entry(
        identifier=identifier,
        link=link,
        title=str(raw.get("title", "")),
        summary=str(raw.get("summary", "")),
        updated_at=_updated(raw),
        type=named[1] if named else "",
    )


def _updated(raw: Mapping[str, Any]) -> datetime | None:
    parts = raw.get("updated_parsed") or raw.get("published_parsed")
    return datetime.fromtimestamp(timegm(parts), UTC) if parts else None


def _order(entry: Entry) -> tuple[datetime, str]:
    """Times tie within a feed; the document's own number then tells."""
    return entry.updated_at or datetime.min.replace(tzinfo=UTC), entry.identifier
