"""An alert as mails say it: subject and body per language, and who reads which.

The words stand in templates/mail/: two templates, and one file of fixed words per language. A line of ours fits an old
phone's twelve full-width columns.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from broadcaster.model import EASY_JAPANESE, JAPANESE, Alert, Info, Length, Mode, Text
from broadcaster.ports.world import City, Context

DRILL_MARK = "【訓練】"
SEVERAL = "mul"
"""ISO 639-2 for several languages: what readers of a language that the alert lacks are sent."""
SUBJECT_COLUMNS = 160
"""Eighty full-width characters: easy Japanese with readings needs them. Phones show fifteen to thirty of them."""
_WRITTEN = frozenset({JAPANESE, EASY_JAPANESE, "en", "zh", "ko"})
_BLANK_LINES = re.compile(r"\n{3,}")
_RULE = "－－－－－－"


def columns(text: str) -> int:
    """Count half-width columns: full-width and ambiguous characters are two (Unicode Annex 11, as Japanese phones do),
    combining ones none.
    """
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WFA" else 1


def length(subject: str) -> Length:
    """Return a subject's length against the limit."""
    return Length(length=columns(subject), limit=SUBJECT_COLUMNS)


class Words:
    """Renders. Pure: the same alert gives the same texts."""

    def __init__(self, context: Context, unsubscribe: str) -> None:
        self._renderer = context.renderer
        self._city = context.city
        self._drill = context.mode is Mode.DRILL
        self._unsubscribe = unsubscribe
        self._books: dict[str, Mapping[str, Any]] = {}

    def subject(self, alert: Alert, info: Info) -> str:
        """Return the subject without drill mark, as its length is measured."""
        return self._subject(alert, info, late=False)

    def texts(self, alert: Alert, *, late: bool = False) -> tuple[Text, ...]:
        """Return one text per language of the alert, and one in several languages where there are several."""
        plain = [self._text(alert, info, late=late) for info in alert.infos]
        return tuple(self._marked(text) for text in (*plain, *self._together(plain)))

    def _text(self, alert: Alert, info: Info, *, late: bool) -> Text:
        body = self._render("body", alert, info, late=late)
        tidy = _BLANK_LINES.sub("\n\n", body.replace("\r\n", "\n")).strip()
        return Text(language=info.language, subject=self._subject(alert, info, late=late), body=tidy)

    def _subject(self, alert: Alert, info: Info, *, late: bool) -> str:
        return " ".join(self._render("subject", alert, info, late=late).split())

    def _render(self, part: str, alert: Alert, info: Info, *, late: bool) -> str:
        values: Mapping[str, object] = {
            "w": self._fixed(info.language),
            "alert": alert,
            "info": info,
            "late": late,
            "drill": self._drill,
            "sender": _sender(self._city, info.language),
            "page": self._city.public_url,
            "unsubscribe": self._unsubscribe,
        }
        return self._renderer.render(f"mail/{part}.txt", values)

    def _fixed(self, language: str) -> Mapping[str, Any]:
        primary = language.partition("-")[0]
        name = next((tag for tag in (language, primary) if tag in _WRITTEN), "en")
        if name not in self._books:
            self._books[name] = tomllib.loads(self._renderer.render(f"mail/words/{name}.toml", {}))
        return self._books[name]

    def _together(self, texts: Sequence[Text]) -> tuple[Text, ...]:
        """Easy Japanese and English first, where the alert has them, then the authoritative text."""
        others = [text for tag in (EASY_JAPANESE, "en") for text in texts[1:] if text.language == tag]
        if not others:
            return ()
        parts = (f"［{self._fixed(text.language)['name']}］\n{text.body}" for text in (*others, texts[0]))
        return (Text(language=SEVERAL, subject=texts[0].subject, body=f"\n\n{_RULE}\n".join(parts)),)

    def _marked(self, text: Text) -> Text:
        if not self._drill:
            return text
        subject = f"{DRILL_MARK}{text.subject}{DRILL_MARK}"
        return Text(language=text.language, subject=subject, body=f"{DRILL_MARK}\n{text.body}\n{DRILL_MARK}")


def _sender(city: City, language: str) -> str:
    return city.name if language.partition("-")[0] == JAPANESE else city.name_en


def choose(texts: Sequence[Text], language: str) -> Text:
    """Return the text a reader of `language` gets: that language, a variety of it, else several languages at once, else
    the authoritative one.
    """
    wanted = language.lower()
    by_tag = {text.language.lower(): text for text in texts}
    primary = wanted.partition("-")[0]
    kin = (text for tag, text in by_tag.items() if tag.partition("-")[0] == primary)
    if found := by_tag.get(wanted) or by_tag.get(primary) or next(kin, None):
        return found
    return by_tag.get(SEVERAL, texts[0])
