"""The residents' status page: plain files that any web server can hand out.

Layout of one edition (each file also as `.gz` and `.br`, a moment later if it is new; `edition.json` alone has none):

    index.html             Japanese with easy Japanese: all alerts in force, gravest and newest first; when there are
                           too many for one quick page, the later ones by headline and link
    en.html, zh.html ...   one page per further language
    index.txt, en.txt ...  the same as plain text
    alerts/14-2.html       one page per alert, by its serial, in all its languages
    404.html, robots.txt
    canary.html            the newest test message; nothing leads to it
    edition.json           what this edition is: `channels.targets.directory.Manifest`

What the page server and every other web server can rely on: `directory` is a symbolic link to the newest edition and is
switched in one step, so `directory/edition.json` changes exactly when everything else does; its `files` holds the
SHA-256 of each file. The page is mounted at `/`; the feeds (`channels.feeds`) have a directory and an `edition.json` of
their own, mounted at `/feeds/`. The one `<style>` of all pages is the same; its hash is in `edition.json` as `style`
(`sha256-...`, for `style-src '<style>'`) and in a Content-Security-Policy of the page itself, so that it holds on
foreign mirrors too.

Words stand in `templates/site/`, never here.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from broadcaster.model import EASY_JAPANESE, JAPANESE, Alert, Edition, Ended, Mode
from broadcaster.ports.channel import Channel
from broadcaster.ports.world import City, Context, Renderer
from channels._kept import Kept
from channels._publication import Outlet, Publication
from channels._text import DRILL_MARK, file_name, lines, pieces
from channels._views import View, Views, speaker, views_made
from channels._words import phrasebook

UNLISTED = "canary.html"
_STYLE, _IN_FORCE, _MORE, _PAST = "\0style\0", "\0in force\0", "\0more\0", "\0past\0"
"""Where rendered parts go. No text can hold a NUL (`clean`), so no text can pass for one of these."""

WHOLE_BYTES = 40_000
"""Bytes of alerts in force that a page shows whole; with style and frame that is what 14 kB hold, compressed. A phone
gets so much with the first answer; whatever is longer takes further rounds, on a crowded network (docs/adr/0036).
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS = 6
"""Pages of single alerts move their time in steps of this part of the age at which a page says that it is old."""


class Settings(BaseModel):
    """`[channels.page]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Path = Path("public")
    """Where the page is published; relative to the channel's own folder. A link to the newest edition is made there."""
    url: str = ""
    """The residents' address of this directory, ending with a slash; empty: the city's `public_url`."""
    languages: tuple[str, ...] = ("en",)
    """Languages besides Japanese that always have a page; those of the alerts come by themselves."""
    older_than_minutes: int = Field(default=30, ge=1, le=24 * 60)
    """From which age on the page says to look elsewhere. Must be longer than the interval of re-publishing."""
    history: int = Field(default=20, ge=0, le=500)
    """How many alerts that are over stay on the page. Those in force always all stand there."""
    feeds: str = "feeds/"
    """Where the feeds lie, seen from the page; empty: they are not named there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stamp:
    """What a page says of its edition. Without a number it is at least as new as it says."""

    mode: Mode
    at: datetime
    number: str = ""
    count: str = ""


class Page:
    """Renders an edition as files. Pure: the same edition gives the same bytes."""

    def __init__(self, settings: Settings, city: City, renderer: Renderer) -> None:
        self._settings, self._city, self._renderer = settings, city, renderer
        self._books = phrasebook(renderer)
        self._css = renderer.render("site/style.css", {}).strip()
        self.style = "sha256-" + b64encode(sha256(self._css.encode()).digest()).decode()
        self._policy = f"default-src 'none'; style-src '{self.style}'; base-uri 'none'; form-action 'none'"
        self._url = settings.url or city.public_url
        self._views = views_made(self._books)
        self._alert = Kept(self._draw)
        self._single = Kept(self._draw_single)
        self._missing = Kept(self._draw_missing)
        self._robots = renderer.render("site/robots.txt", {}).encode()

    def render(self, edition: Edition) -> Mapping[str, bytes]:
        """Return path -> content, without compressed copies. Raise `RenderingError`."""
        return dict(self._files(edition))

    def turn(self) -> None:
        """Forget what neither this edition nor the one before needed."""
        for kept in (self._views, self._alert, self._single, self._missing):
            kept.turn()

    def _files(self, edition: Edition) -> Iterator[tuple[str, bytes]]:
        past = _latest(edition.ended, self._settings.history)
        views = Views(edition, self._views)
        languages = self._languages(edition.in_force, past)
        links = [self._link(language) for language in languages]
        for language in languages:
            yield from self._language(edition, language, views, past, links)
        steady = self._steady(edition)
        for alert in edition.in_force:
            view = views.whole(alert)
            yield view.path, self._single(steady, view, view)
        for ended in past:
            view = views.whole(ended.alert, ended)
            yield view.path, self._single(steady, view, views.whole(ended.alert))
        yield "404.html", self._missing(steady, languages)
        yield "robots.txt", self._robots
        if edition.tested:
            yield UNLISTED, self._test(steady, views.whole(edition.tested))

    def _languages(self, in_force: Sequence[Alert], past: Sequence[Ended]) -> tuple[str, ...]:
        """Return Japanese first, then those the settings name, then whatever else alerts speak."""
        alerts = (*in_force, *(ended.alert for ended in past))
        spoken = sorted({info.language for alert in alerts for info in alert.infos} - {EASY_JAPANESE})
        return tuple(dict.fromkeys((JAPANESE, *self._settings.languages, *spoken)))

    def _link(self, language: str) -> Mapping[str, str]:
        return {"language": language, "name": self._books.name(language), "path": _stem(language) + ".html"}

    def _language(
        self,
        edition: Edition,
        language: str,
        views: Views,
        past: Sequence[Ended],
        links: Sequence[Mapping[str, str]],
    ) -> Iterator[tuple[str, bytes]]:
        in_force = [views.in_force(alert, language) for alert in edition.in_force]
        over = [views.ended(ended, language) for ended in past]
        count = len(edition.in_force)
        stamp = _Stamp(
            mode=edition.mode, at=edition.issued_at, number=str(edition.number), count=str(count) if count else ""
        )
        values = self._common(stamp, language) | {
            "links": links,
            "gravest": in_force[0].said[0].title if in_force else "",
            "past": bool(over),
            "plain": _stem(language) + ".txt",
            "easy": self._easy(language),
            "planned": edition.planned,
        }
        values["description"] = self._renderer.render("site/description.txt", values | {"count": str(count)}).strip()
        for suffix in (".html", ".txt"):
            whole = self._fitting("site/alert" + suffix, in_force, language)
            rest = in_force[len(whole) :]
            parts = {
                _IN_FORCE: "".join(whole),
                _MORE: "".join(self._each("site/short" + suffix, rest, language)),
                _PAST: "".join(self._each("site/past" + suffix, over, language)),
            }
            more = {"more": str(len(rest)) if rest else ""}
            yield _stem(language) + suffix, self._render("site/index" + suffix, values | more, parts)

    def _easy(self, language: str) -> Mapping[str, object] | None:
        if language != JAPANESE:
            return None
        words = self._books[EASY_JAPANESE]
        return {
            "name": words.name,
            "calm": pieces(words.calm),
            "calm_note": pieces(words.calm_note),
            "planned": pieces(words.planned),
            "more": pieces(words.more),
        }

    def _steady(self, edition: Edition) -> _Stamp:
        """What is said on pages that stay as they are from one edition to the next: a time in steps. With the edition's
        own, the page of every alert would have to be written anew for each.
        """
        step = timedelta(minutes=max(1, self._settings.older_than_minutes // _STEPS))
        return _Stamp(mode=edition.mode, at=edition.issued_at - (edition.issued_at - _EPOCH) % step)

    def _draw_single(self, stamp: _Stamp, view: View, plain: View) -> bytes:
        """Render the page of one alert. `plain` is its view without how it ended: that stands above it, on the page."""
        language = view.said[0].language if view.said else JAPANESE
        words = self._books[language]
        title = view.said[0].title if view.said else words.withheld
        values = self._common(stamp, language) | {
            "up": "../",
            "serial": view.serial,
            "title": title,
            "description": " ".join(piece.text for piece in view.said[0].headline) if view.said else words.withheld,
            "why": view.why,
            "at": view.at,
            "url": self._url + view.path,
        }
        said = self._alert("site/alert.html", plain, language, "")
        return self._render("site/single.html", values, {_IN_FORCE: said})

    def _draw_missing(self, stamp: _Stamp, languages: Sequence[str]) -> bytes:
        others = [
            {"language": language, "w": self._books[language], "url": f"{self._url}{_stem(language)}.html"}
            for language in languages[1:]
        ]
        words = self._books[JAPANESE]
        values = self._common(stamp, JAPANESE) | {"others": others, "description": words.missing, "feed": ""}
        return self._render("site/missing.html", values, {})

    def _test(self, stamp: _Stamp, view: View) -> bytes:
        words = self._books[JAPANESE]
        values = self._common(stamp, JAPANESE) | {"view": view, "description": words.unlisted, "feed": ""}
        return self._render("site/canary.html", values, {})

    def _common(self, stamp: _Stamp, language: str) -> dict[str, object]:
        return {
            "w": self._books[language],
            "language": language,
            "mark": DRILL_MARK if stamp.mode is Mode.DRILL else "",
            "city": speaker(self._city, language),
            "number": stamp.number,
            "issued_at": stamp.at,
            "minutes": str(self._settings.older_than_minutes),
            "fallback": pieces(" ".join(lines(self._city.fallback))),
            "count": stamp.count,
            "url": self._url,
            "up": "",
            "feed": self._feed(language),
            "links": (),
            "policy": self._policy,
            "style_slot": _STYLE,
            "in_force_slot": _IN_FORCE,
            "more_slot": _MORE,
            "past_slot": _PAST,
        }

    def _feed(self, language: str) -> str:
        name = "atom.xml" if language == JAPANESE else f"atom.{file_name(language)}.xml"
        return self._settings.feeds + name if self._settings.feeds else ""

    def _each(self, template: str, views: Sequence[View], language: str) -> Iterator[str]:
        return (self._alert(template, view, language, view.path) for view in views)

    def _fitting(self, template: str, views: Sequence[View], language: str) -> list[str]:
        """Return the first alerts whole, as many as fit a page that loads at once, but at least one."""
        said, room = list[str](), WHOLE_BYTES
        for text in self._each(template, views, language):
            room -= len(text.encode())
            if said and room < 0:
                break
            said.append(text)
        return said

    def _draw(self, template: str, view: View, language: str, link: str) -> str:
        """Render one alert. Kept, since of all that is on the page an edition changes one or two."""
        values = {
            "view": view,
            "language": language,
            "w": self._books[language],
            "mark": view.mark,
            "linked": bool(link),
            "home": self._city.public_url,
            "url": self._url,
        }
        return self._renderer.render(template, values)

    def _render(self, template: str, values: Mapping[str, object], parts: Mapping[str, str]) -> bytes:
        text = self._renderer.render(template, values)
        for slot, part in {_STYLE: self._css, **parts}.items():
            text = text.replace(slot, part)
        return (text.lstrip() if template.endswith(".html") else text).encode()


def _stem(language: str) -> str:
    return "index" if language == JAPANESE else file_name(language)


def _latest(ended: Sequence[Ended], most: int) -> tuple[Ended, ...]:
    """Return liftings and withdrawals first among the latest: they are news."""
    return tuple(sorted(sorted(ended, key=lambda one: one.at, reverse=True)[:most], key=_is_old))


def _is_old(ended: Ended) -> bool:
    return not ended.alert.kind.ends


def build(settings: Settings, context: Context) -> Channel:
    """Make the channel. Raise `RenderingError` if the fixed words or the style cannot be read."""
    page = Page(settings, context.city, context.renderer)
    outlet = Outlet(
        name="page",
        directory=context.state_dir / settings.directory,
        url=settings.url or context.city.public_url,
        main="index.html",
        unlisted=UNLISTED,
        style=page.style,
    )
    return Publication(outlet, page, context)
