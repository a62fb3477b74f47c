"""Evacuation levels and their names (2021 law): 3 高齢者等避難, 4 避難指示, 5 緊急安全確保 are the mayor's to issue."""

from __future__ import annotations

import re
from collections.abc import Iterator

from broadcaster.model import EASY_JAPANESE, JAPANESE, Draft, Info, Kind, Problem, Severity, Urgency
from broadcaster.rules.checks.texts import LONGEST, folded

NAMES = {3: "高齢者等避難", 4: "避難指示", 5: "緊急安全確保"}
_LEVELS = range(1, 6)
_EASY_FROM = 4
_DIGITS = str.maketrans("一二三四五", "12345")
_NUMBER = r"警戒レベル([1-5一二三四五])"
_NAMED = re.compile(_NUMBER + r"(?:相当)?[、,「『(【:]{0,2}(" + "|".join(NAMES.values()) + ")")
_NUMBERED = re.compile(_NUMBER + r"(?!相当)")
_SEVERITY = {3: (Severity.SEVERE, Severity.EXTREME), 4: (Severity.EXTREME,), 5: (Severity.EXTREME,)}
"""docs/adr/0008: so that no order passes the second person under a low severity."""


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield where number, name, severity and words do not say the same."""
    if draft.level is not None and draft.level not in _LEVELS:
        yield Problem(code="level_range", place="level", params={"level": draft.level})
        return
    if draft.kind.ends or not draft.infos or _withdraws(draft):
        return
    yield from _words(draft)
    if draft.level in NAMES:
        yield from _order(draft, draft.level)


def _withdraws(draft: Draft) -> bool:
    """A correction that only takes back what was wrong names the order without giving it (`approval.takes_back`)."""
    return draft.kind is Kind.CORRECTION and all(info.urgency is Urgency.PAST for info in draft.infos)


def _words(draft: Draft) -> Iterator[Problem]:
    """Compare the words of each Japanese text with the level's number and name."""
    for index, info in enumerate(draft.infos):
        if info.language in (JAPANESE, EASY_JAPANESE):
            yield from _pairs(f"infos[{index}].description", _said(info))
            yield from _headline(f"infos[{index}].headline", folded(info.headline[: LONGEST["headline"]]), draft)


def _said(info: Info) -> str:
    return folded(f"{info.headline[: LONGEST['headline']]}\n{info.description[: LONGEST['description']]}")


def _order(draft: Draft, level: int) -> Iterator[Problem]:
    """Hold an order to its severity, to its name, and to a text in easy Japanese."""
    name, wanted = NAMES[level], _SEVERITY[level]
    for index, info in enumerate(draft.infos):
        if info.severity not in wanted:
            place = f"infos[{index}].severity"
            yield Problem(code="level_severity", place=place, params={"level": level, "severity": wanted[0].value})
        if info.language == JAPANESE and name not in _said(info) + folded(info.event[: LONGEST["event"]]):
            place = f"infos[{index}].headline"
            yield Problem(code="level_name_missing", place=place, params={"level": level, "name": name})
    if level >= _EASY_FROM and all(info.language != EASY_JAPANESE for info in draft.infos):
        yield Problem(code="easy_japanese_missing", place="infos", params={"level": level})


def _pairs(place: str, text: str) -> Iterator[Problem]:
    """Refuse 警戒レベル3 with the name of 4, whatever the draft's own level."""
    for found in _NAMED.finditer(text):
        number = int(found[1].translate(_DIGITS))
        if NAMES.get(number) != found[2]:
            yield Problem(code="level_pair", place=place, params={"level": number, "name": found[2]})


def _headline(place: str, headline: str, draft: Draft) -> Iterator[Problem]:
    said = {int(number.translate(_DIGITS)) for number in _NUMBERED.findall(headline)}
    named = {level for level, name in NAMES.items() if name in headline}
    if draft.level is None:
        if named and draft.kind is not Kind.ROUTINE and "解除" not in headline:
            level = max(named)
            yield Problem(code="level_missing", place="level", params={"name": NAMES[level], "level": level})
    elif (said and draft.level not in said) or (named and draft.level in NAMES and draft.level not in named):
        others = ", ".join(str(level) for level in sorted(said | named))
        yield Problem(code="level_differs", place=place, params={"level": draft.level, "said": others})
