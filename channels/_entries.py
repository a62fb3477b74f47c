"""What stands in the feeds of one language: an entry per incident, each showing its newest version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from broadcaster.model import JAPANESE, Alert, Edition, Ended, Mode
from broadcaster.ports.world import City, Renderer
from channels._kept import Kept
from channels._text import DRILL_MARK, clean, file_name, lines, marked
from channels._views import View, Views, speaker
from channels._words import Phrasebook
from channels._xml import urn


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """One incident as a feed shows it. `html` is the whole text; `updated` moves with each version and its end. What
    did not change is the same entry in each edition, so that what was written of it is found again.
    """

    id: str
    language: str
    title: str
    updated: datetime
    page: str
    categories: tuple[str, ...]
    html: str
    alert: Alert
    withheld: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One language's feed, before it is written as Atom or RSS. `suffix` is `.en` in `atom.en.xml`, or empty."""

    id: str
    language: str
    suffix: str
    title: str
    about: str
    author: str
    updated: datetime
    home: str
    base: str
    entries: tuple[Entry, ...]


class Editor:
    """Makes feeds of an edition."""

    def __init__(self, city: City, renderer: Renderer, books: Phrasebook, history: int) -> None:
        self._city, self._renderer, self._books, self._history = city, renderer, books, history
        self._entry = Kept(self._make_entry)
        self._message = Kept(self._make_message)

    def turn(self) -> None:
        """An edition is done: see `Kept`."""
        self._entry.turn()
        self._message.turn()

    def feed(self, edition: Edition, views: Views, language: str, base: str) -> Feed:
        """Return the feed of one language, published under the address `base`. Raise `RenderingError`."""
        over = closed(edition)[: self._history]
        entries = (
            *(self._entry(views.in_force(alert, language), alert, language) for alert in edition.in_force),
            *(self._entry(views.ended(ended, language), ended.alert, language) for ended in over),
        )
        updated = max((entry.updated for entry in entries), default=edition.issued_at)
        return replace(self._frame(edition, language, base), updated=updated, entries=entries)

    def index(self, edition: Edition, messages: Sequence[Alert], base: str) -> Feed:
        """Return the index of CAP messages, each an entry of its own."""
        feed = self._frame(edition, JAPANESE, base, name=" (CAP 1.2)")
        entries = tuple(self._message(edition.mode, alert) for alert in messages)
        updated = max((entry.updated for entry in entries), default=edition.issued_at)
        number = urn(self._city.sender, edition.mode, "cap")
        return replace(feed, id=number, updated=updated, entries=entries)

    def _frame(self, edition: Edition, language: str, base: str, name: str = "") -> Feed:
        words, drill = self._books[language], edition.mode is Mode.DRILL
        author = speaker(self._city, language)
        mark = DRILL_MARK if drill else ""
        return Feed(
            id=urn(self._city.sender, edition.mode, "feed", language),
            language=language,
            suffix="" if language == JAPANESE else f".{file_name(language)}",
            title=f"{mark}{author} {words.site}{name}{mark}",
            about=f"{mark}{words.drill}{mark}" if drill else f"{author} {words.site}",
            author=author,
            updated=edition.issued_at,
            home=self._city.public_url,
            base=base,
            entries=(),
        )

    def _make_message(self, mode: Mode, alert: Alert) -> Entry:
        info, drill = alert.primary, mode is Mode.DRILL
        return Entry(
            id=urn(self._city.sender, mode, alert.identifier),
            language=info.language,
            title=marked(" ".join(lines(info.headline or info.event)), drill=drill),
            updated=alert.sent,
            page="",
            categories=(),
            html="",
            alert=alert,
            withheld=False,
        )

    def _make_entry(self, view: View, alert: Alert, language: str) -> Entry:
        """Render title and text. Kept, since of all entries an edition changes one or two."""
        values: dict[str, object] = {"view": view, "w": self._books[language], "language": language}
        values |= {"home": self._city.public_url}
        title = " ".join(clean(self._renderer.render("site/entry_title.txt", values)).split())
        mode = Mode.DRILL if view.drill else Mode.LIVE
        return Entry(
            id=urn(self._city.sender, mode, f"incident/{alert.incident}", language),
            language=view.said[0].language if view.said else language,
            title=title,
            updated=max(view.sent, view.at or view.sent),
            page=self._city.public_url + view.path,
            categories=tuple(dict.fromkeys(category for info in alert.infos for category in info.category)),
            html=self._renderer.render("site/entry.html", values).strip(),
            alert=alert,
            withheld=view.withheld,
        )


def closed(edition: Edition) -> Sequence[Ended]:
    """Return the newest version of each incident that has nothing in force, newest end first."""
    running = {alert.incident for alert in edition.in_force}
    newest: dict[int, Ended] = {}
    for ended in edition.ended:
        known = newest.get(ended.alert.incident)
        if ended.alert.incident not in running and (known is None or known.alert.version < ended.alert.version):
            newest[ended.alert.incident] = ended
    return sorted(newest.values(), key=lambda ended: (ended.at, ended.alert.incident), reverse=True)


def spoken(edition: Edition) -> Iterator[str]:
    """Yield the languages of everything in the edition."""
    for alert in (*edition.in_force, *(ended.alert for ended in edition.ended)):
        yield from (info.language for info in alert.infos)
