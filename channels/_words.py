"""The fixed words of page and feeds, one TOML file per language in `templates/site/words/`.

A language without a file of its own speaks English around the alert's own words. `checked = false` says that no native
speaker has read the file yet; pages then say so themselves.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from broadcaster.errors import RenderingError
from broadcaster.model import EASY_JAPANESE, JAPANESE, Ending, Kind, Severity
from broadcaster.ports.world import Renderer

WRITTEN = (JAPANESE, EASY_JAPANESE, "en", "zh", "ko")
"""Languages with a file."""
OTHERS = "en"
"""Whose words stand around alerts in any other language."""
Level = Literal["1", "2", "3", "4", "5"]


class Words(BaseModel):
    """One language's words. What stands in braces is filled in by the templates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """The language's own name for itself."""
    direction: Literal["ltr", "rtl"] = "ltr"
    checked: bool
    unchecked: str
    site: str
    languages: str
    drill: str
    edition: str
    steady: str
    """Where a page stays as it is over several editions: the least it can say of its time."""
    older: str
    calm: str
    calm_note: str
    count: str
    more: str
    """Heads those in force that a page only names."""
    action: str
    area: str
    reason: str
    until: str
    until_value: str
    contact: str
    web: str
    issued: str
    serial: str
    only: str
    past: str
    past_note: str
    ended: str
    withheld: str
    single: str
    back: str
    feed: str
    plain: str
    missing: str
    missing_note: str
    planned: str
    """Announces a test of the channels, from `{begins}` to `{ends}`."""
    unlisted: str
    """On the page of a test message, to which no link leads."""
    describe: str
    level: str
    digits: Mapping[Level, str]
    levels: Mapping[Level, str]
    severities: Mapping[Severity, str]
    kinds: Mapping[Kind, str]
    endings: Mapping[Ending, str]


@dataclass(frozen=True, slots=True, eq=False)
class Phrasebook:
    """All languages' words. There is one for each renderer: it is only ever the same as itself."""

    by_language: Mapping[str, Words]

    def __getitem__(self, language: str) -> Words:
        """Return the words for a language, or those of its primary subtag (`zh` for `zh-Hant`), or English."""
        books = self.by_language
        return books.get(language) or books.get(language.partition("-")[0]) or books[OTHERS]

    def name(self, language: str) -> str:
        """Return what a language calls itself, or its tag where nobody wrote that down."""
        words = self[language]
        return words.name if language in self.by_language else language


def phrasebook(renderer: Renderer) -> Phrasebook:
    """Read all words. Raise `RenderingError` where a file is missing or incomplete."""
    return Phrasebook({language: _read(renderer, language) for language in WRITTEN})


@cache
def _parse(source: str) -> Words:
    return Words.model_validate(tomllib.loads(source), strict=False)


def _read(renderer: Renderer, language: str) -> Words:
    name = f"site/words/{language}.toml"
    try:
        return _parse(renderer.render(name, {}))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise RenderingError("template_failed", template=name, why=" ".join(str(error).split())) from error
