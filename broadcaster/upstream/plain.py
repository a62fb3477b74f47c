"""Plain RSS and Atom: an entry says a rule's word, or nothing. What it means, and where, a person decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from broadcaster.model import Change, Notice, Place, Warned
from broadcaster.rules.watching import PLAIN, PLAIN_PLACE
from broadcaster.upstream.index import Entry


def notice_of(entry: Entry, words: Iterable[str], now: datetime) -> Notice:
    """Return what an entry says. It is its own event: a later entry of other words is another one."""
    said = f"{entry.title} {entry.summary}"
    place = Place(code=PLAIN_PLACE, name="")
    return Notice(
        identifier=entry.identifier,
        type=PLAIN,
        live=True,
        change=Change.ISSUED,
        sender="",
        reported_at=entry.updated_at or now,
        event_id=entry.identifier,
        headline=entry.title,
        title=entry.title,
        web=entry.link,
        warnings=tuple(Warned(code=word, name=word, place=place) for word in sorted(set(words)) if word in said),
    )
