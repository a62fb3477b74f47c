"""Alerts as the templates of page and feeds see them: cleaned, in lines, in the languages that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from broadcaster.model import (
    EASY_JAPANESE,
    JAPANESE,
    Alert,
    Category,
    Edition,
    Ended,
    Ending,
    Info,
    Kind,
    Mode,
    Severity,
)
from broadcaster.ports.world import City
from channels._text import DRILL_MARK, Piece, clean, file_name, lines, link, pieces
from channels._words import Phrasebook, Words

Line = tuple[Piece, ...]
_KEPT = 4096
"""Languages of alerts that are remembered."""
PERSONAL = frozenset({Category.RESCUE})
"""Searches for people: their details leave page and feeds once the search is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An alert in one language. `level` is its number, or empty; `level_name` is empty where the event says it.
    `title` is the event as plain text. The words `w` are the language's own, so two that differ in nothing else are
    equal.
    """

    language: str
    w: Words = field(compare=False, repr=False)
    title: str
    event: Line
    level: str
    level_name: Line
    headline: Line
    instruction: tuple[Line, ...]
    description: tuple[Line, ...]
    areas: tuple[Line, ...]
    expires: datetime
    contact: Line
    web: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One alert. `tone` names its look: a level, or a severity in lower case. `only`: not there in the page's language.
    `why` and `at` say how it ended; `withheld` that nothing of its content may be shown any more.
    """

    serial: str
    identifier: str
    path: str
    incident: int
    kind: Kind
    severity: Severity
    level: str
    tone: str
    sent: datetime
    drill: bool
    only: bool
    said: tuple[Said, ...]
    why: Ending | None = None
    at: datetime | None = None
    withheld: bool = False

    @property
    def mark(self) -> str:
        """The drill mark, in a drill."""
        return DRILL_MARK if self.drill else ""

    @property
    def closes(self) -> bool:
        """Whether it is a lifting or a withdrawal: news, though nothing is in force."""
        return self.kind.ends


def page_path(alert: Alert) -> str:
    """Return where the page of one alert lies."""
    return f"alerts/{file_name(alert.serial)}.html"


def speaker(city: City, language: str) -> str:
    """Return the city's name as readers of a language write it: in characters for Japanese and Chinese."""
    return city.name if language.partition("-")[0] in ("ja", "zh") else city.name_en


class Views:
    """Makes views of one edition."""

    def __init__(self, edition: Edition, books: Phrasebook) -> None:
        self._drill = edition.mode is Mode.DRILL
        self._books = books
        self._running = {alert.incident for alert in edition.in_force}
        self._personal = {alert.incident for alert in _alerts(edition) if _concerns_a_person(alert)}

    def in_force(self, alert: Alert, language: str) -> View:
        """Return an alert as the page of this language shows it: Japanese pages add easy Japanese."""
        infos = _shown(alert, language)
        return self._view(alert, tuple(infos), only=infos[0].language != language)

    def ended(self, ended: Ended, language: str) -> View:
        """Return one that is no longer in force, as the page of this language shows it."""
        infos = _shown(ended.alert, language)
        return self._view(ended.alert, tuple(infos), only=infos[0].language != language, ended=ended)

    def whole(self, alert: Alert, ended: Ended | None = None) -> View:
        """Return an alert in all its languages."""
        return self._view(alert, alert.infos, ended=ended)

    def withheld(self, alert: Alert) -> bool:
        """Whether an alert was about a person, and is over; the message that ends it may still be shown."""
        return alert.incident in self._personal - self._running and not alert.kind.ends

    def _view(self, alert: Alert, infos: tuple[Info, ...], *, only: bool = False, ended: Ended | None = None) -> View:
        withheld = self.withheld(alert)
        return View(
            serial=alert.serial,
            identifier=clean(alert.identifier),
            path=page_path(alert),
            incident=alert.incident,
            kind=alert.kind,
            severity=alert.severity,
            level=_level(alert),
            tone=f"l{alert.level}" if _level(alert) else alert.severity.lower(),
            sent=alert.sent,
            drill=self._drill,
            only=only,
            said=() if withheld else tuple(_said(self._books, _level(alert), info) for info in infos),
            why=ended.why if ended else None,
            at=ended.at if ended else None,
            withheld=withheld,
        )


def _alerts(edition: Edition) -> Iterator[Alert]:
    yield from edition.in_force
    yield from (ended.alert for ended in edition.ended)


def _concerns_a_person(alert: Alert) -> bool:
    return any(PERSONAL & set(info.category) for info in alert.infos)


def _shown(alert: Alert, language: str) -> list[Info]:
    """Return the alert in the language asked for, Japanese followed by easy Japanese.

    No page leaves an alert out: one that is not there in the language is shown in easy Japanese, which is written for
    people whose language it is not, or else in the authoritative language.
    """
    easy = alert.info(EASY_JAPANESE)
    if language != JAPANESE:
        return [alert.info(language) or easy or alert.primary]
    first = alert.info(JAPANESE) or alert.primary
    return [first, easy] if easy and easy is not first else [first]


def _level(alert: Alert) -> str:
    """Return the evacuation level, or nothing where there is none that has a name."""
    return str(alert.level) if alert.level in range(1, 6) else ""


@lru_cache(maxsize=_KEPT)
def _said(books: Phrasebook, level: str, info: Info) -> Said:
    """Prepare one language of an alert. Kept: it is said again on every page and feed of every edition."""
    words = books[info.language]
    title, name = " ".join(lines(info.event)), words.levels[level] if level else ""  # type: ignore[index] # pyright: ignore[reportArgumentType]
    return Said(
        language=info.language,
        w=words,
        title=title,
        event=pieces(title),
        level=level,
        level_name=() if name in title else pieces(name),
        headline=pieces(" ".join(lines(info.headline))),
        instruction=tuple(map(pieces, lines(info.instruction))),
        description=tuple(map(pieces, lines(info.description))),
        areas=tuple(pieces(clean(area.area_desc)) for area in info.areas),
        expires=info.expires,
        contact=() if info.contact in info.instruction else pieces(" ".join(lines(info.contact))),
        web=link(info.web),
    )
