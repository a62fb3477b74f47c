"""Feeds and open warning data: RSS 2.0, Atom 1.0 and CAP 1.2, as plain files.

Layout of one edition (each file also as `.gz` and `.br`; `edition.json` as in `channels.page`):

    atom.xml, rss.xml          Japanese with easy Japanese; one entry per incident, all in force and first
    atom.en.xml, rss.en.xml    the same per further language
    cap/index.xml              Atom feed of all CAP messages
    cap/<identifier>.xml       one CAP 1.2 message per alert version, with all its languages
    canary.xml                 the newest test message as CAP 1.2 with status `Test`; nothing leads to it
    edition.json

They have a directory of their own (mounted at `/feeds/`) and are a delivery of their own: a broken feed never holds
back the page. CAP messages of versions that are over stay for `cap_days`, so that a reader that was away can follow the
`references`; those of a search for a person leave once it is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from broadcaster.model import EASY_JAPANESE, JAPANESE, Alert, Edition, Mode
from broadcaster.ports.channel import Channel
from broadcaster.ports.world import City, Context, Renderer
from channels._atom import INDEX, Atom, Index
from channels._cap import cap_path, cap_xml
from channels._entries import Editor, spoken
from channels._kept import Kept
from channels._publication import Outlet, Publication
from channels._rss import Rss
from channels._views import Views, page_path, views_made
from channels._words import phrasebook

UNLISTED = "canary.xml"


class Settings(BaseModel):
    """`[channels.feeds]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Path = Path("public")
    """Where the feeds are published; relative to the channel's own folder. A link to the newest edition is made."""
    url: str = ""
    """The residents' address of this directory, ending with a slash; empty: `feeds/` under the city's `public_url`."""
    languages: tuple[str, ...] = ("en",)
    """Languages besides Japanese that always have feeds; those of the alerts come by themselves."""
    history: int = Field(default=50, ge=0, le=500)
    """How many incidents that are over stay in the feeds. Those in force always all stand there."""
    cap_days: int = Field(default=7, ge=1, le=7)
    """How many days CAP messages that are over stay published; the store hands out no more than 7."""


class Feeds:
    """Renders an edition as feeds and CAP messages. Pure: the same edition gives the same bytes."""

    def __init__(self, settings: Settings, city: City, renderer: Renderer) -> None:
        self._settings, self._city = settings, city
        self._books = phrasebook(renderer)
        self._views = views_made(self._books)
        self._editor = Editor(city, renderer, self._books, settings.history)
        self.url = settings.url or city.public_url + "feeds/"
        self._atom, self._rss, self._index = Atom(city.zone), Rss(city.zone), Index(city.zone)
        self._cap = Kept(self._cap_message)

    def render(self, edition: Edition) -> Mapping[str, bytes]:
        """Return path -> content, without compressed copies. Raise `RenderingError`."""
        return dict(self._files(edition))

    def turn(self) -> None:
        """Forget what neither this edition nor the one before needed."""
        for kept in (self._views, self._editor, self._atom, self._rss, self._index, self._cap):
            kept.turn()

    def _files(self, edition: Edition) -> Iterator[tuple[str, bytes]]:
        views = Views(edition, self._views)
        others = sorted(set(spoken(edition)) - {EASY_JAPANESE})
        for language in dict.fromkeys((JAPANESE, *self._settings.languages, *others)):
            feed = self._editor.feed(edition, views, language, self.url)
            yield f"atom{feed.suffix}.xml", self._atom.xml(feed)
            yield f"rss{feed.suffix}.xml", self._rss.xml(feed)
        messages = self._messages(edition, views)
        for alert in messages:
            yield cap_path(alert), self._cap(alert, edition.mode)
        yield INDEX, self._index.xml(self._editor.index(edition, messages, self.url))
        if edition.tested:
            yield UNLISTED, self._cap(edition.tested, edition.mode)

    def _cap_message(self, alert: Alert, mode: Mode) -> bytes:
        """Write one alert. Kept: it says the same in every edition."""
        return cap_xml(alert, self._city, mode, self._city.public_url + page_path(alert))

    def _messages(self, edition: Edition, views: Views) -> tuple[Alert, ...]:
        """Return the alerts whose CAP message is published: all in force, and what ended not long ago."""
        oldest = edition.issued_at - timedelta(days=self._settings.cap_days)
        over = (ended.alert for ended in edition.ended if ended.at >= oldest and not views.withheld(ended.alert))
        return (*edition.in_force, *over)


def build(settings: Settings, context: Context) -> Channel:
    """Make the channel. Raise `RenderingError` if the fixed words cannot be read."""
    feeds = Feeds(settings, context.city, context.renderer)
    directory = context.state_dir / settings.directory
    outlet = Outlet(name="feeds", directory=directory, url=feeds.url, main="atom.xml", unlisted=UNLISTED)
    return Publication(outlet, feeds, context)
