"""Alerts as the templates of page and feeds see them: cleaned, in lines, in the languages that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial

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
from channels._kept import Kept
from channels._text import DRILL_MARK, Piece, clean, file_name, lines, link, pieces
from channels._words import Phrasebook, Words

Line = tuple[Piece, ...]
WHOLE = ""
"""In place of a language: all of them, as the alert has them."""
_KEPT = 512
"""Languages of alerts that are remembered: each stands on several pages."""
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
class Shown:
    """Which alert, and how: in the language of a page, or with `WHOLE` in all of its own."""

    alert: Alert
    language: str
    drill: bool
    withheld: bool
    why: Ending | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """One alert. `tone` names its look: a level, or a severity in lower case. `only`: not there in the page's language.
    `why` and `at` say how it ended; `withheld` that nothing of its content may be shown any more. The same alert shown
    in the same way is the same view in each edition, so what was made of it is found again without comparing texts.
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


Made = Kept[Shown, View]


def views_made(books: Phrasebook) -> Made:
    """Return the memory of views, to be given to the `Views` of each edition."""
    return Kept(partial(_view, books))


class Views:
    """Makes views of one edition."""

    def __init__(self, edition: Edition, made: Made) -> None:
        self._drill = edition.mode is Mode.DRILL
        self._made = made
        self._running = {alert.incident for alert in edition.in_force}
        self._personal = {alert.incident for alert in _alerts(edition) if _concerns_a_person(alert)}

    def in_force(self, alert: Alert, language: str) -> View:
        """Return an alert as the page of this language shows it: Japanese pages add easy Japanese."""
        return self._view(alert, language)

    def ended(self, ended: Ended, language: str) -> View:
        """Return one that is no longer in force, as the page of this language shows it."""
        return self._view(ended.alert, language, ended)

    def whole(self, alert: Alert, ended: Ended | None = None) -> View:
        """Return an alert in all its languages."""
        return self._view(alert, WHOLE, ended)

    def withheld(self, alert: Alert) -> bool:
        """Whether an alert was about a person, and is over; the message that ends it may still be shown."""
        incident = alert.incident
        return incident in self._personal and incident not in self._running and not alert.kind.ends

    def _view(self, alert: Alert, language: str, ended: Ended | None = None) -> View:
        why, at = (ended.why, ended.at) if ended else (None, None)
        withheld = self.withheld(alert)
        return self._made(Shown(alert=alert, language=language, drill=self._drill, withheld=withheld, why=why, at=at))


def _view(books: Phrasebook, shown: Shown) -> View:
    alert = shown.alert
    infos = _infos(alert, shown.language)
    level = _level(alert)
    return View(
        serial=alert.serial,
        identifier=clean(alert.identifier),
        path=page_path(alert),
        incident=alert.incident,
        kind=alert.kind,
        severity=alert.severity,
        level=level,
        tone=f"l{alert.level}" if level else alert.severity.lower(),
        sent=alert.sent,
        drill=shown.drill,
        only=shown.language not in (WHOLE, infos[0].language),
        said=() if shown.withheld else tuple(_said(books, level, info) for info in infos),
        why=shown.why,
        at=shown.at,
        withheld=shown.withheld,
    )


def _alerts(edition: Edition) -> Iterator[Alert]:
    yield from edition.in_force
    yield from (ended.alert for ended in edition.ended)


def _concerns_a_person(alert: Alert) -> bool:
    return any(PERSONAL & set(info.category) for info in alert.infos)


def _infos(alert: Alert, language: str) -> Sequence[Info]:
    """Return the alert in the language asked for, Japanese followed by easy Japanese.

    No page leaves an alert out: one that is not there in the language is shown in easy Japanese, which is written for
    people whose language it is not, or else in the authoritative language.
    """
    if language == WHOLE:
        return alert.infos
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
