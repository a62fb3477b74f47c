"""On which days something comes round, in words: `毎週 月・水・金`, `毎月 第2水曜`, `毎年 3月11日`, `2027-02-10`.

In English `daily`, `weekly mon wed`, `monthly 2nd wed`, `yearly 3/11`. Both are read whatever language is spoken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from unicodedata import normalize

from broadcaster.errors import Refused
from broadcaster.model import Problem, Rule, Weekday

_DAYS = "月火水木金土日"
_SHORT = tuple(each.value for each in Weekday)
_PLACES = ("1st", "2nd", "3rd", "4th", "5th")
_BREAKS = re.compile(r"[\s、,・と]+")
_MARKS = frozenset({"毎日", "毎週", "毎月", "毎年", "daily", "weekly", "monthly", "yearly", "every"})
"""Words that say how often; what follows them says it exactly."""
_WORDS: Mapping[str, re.Pattern[str]] = {
    "date": re.compile(r"(\d{4}-\d{2}-\d{2})"),
    "of_year": re.compile(r"(\d{1,2})(?:月|/)(\d{1,2})日?"),
    "month": re.compile(r"(\d{1,2})月"),
    "place": re.compile(rf"(?:第(\d)|(最後の|最終))([{_DAYS}])(?:曜日?)?"),
    "day": re.compile(r"(\d{1,2})(?:日|th|st|nd|rd)?"),
    "end": re.compile(r"末日|last-day"),
    "weekday": re.compile(rf"([{_DAYS}])(?:曜日?)?|({'|'.join(_SHORT)})[a-z]*"),
}
_OFTEN = re.compile("^(毎日|毎週|毎月|毎年)")
_SEVERAL = re.compile(rf"[{_DAYS}]{{2,}}")
"""Weekdays in one word: 月水金."""
_ENGLISH_PLACE = re.compile(rf"({'|'.join(_PLACES)}|last) ({'|'.join(_SHORT)})[a-z]*")


def days_from(words: str, place: str = "") -> dict[str, Any]:
    """Return the keys of a `[[when]]` these words stand for. Raise `Refused` for words that are none."""
    said = normalize("NFKC", words).casefold().strip()
    said = _OFTEN.sub(r"\1 ", said)
    said = _ENGLISH_PLACE.sub(lambda found: _japanese(found[1], found[2]), said)
    tokens = [token for token in _BREAKS.split(said) if token]
    if not tokens:
        raise Refused([Problem(code="days_words_missing", place=place)])
    found: dict[str, Any] = {}
    for token in (token for token in tokens if token not in _MARKS):
        pairs = tuple(_read(token))
        if not pairs:
            raise Refused([Problem(code="days_words_unreadable", place=place, params={"word": token})])
        for key, value in pairs:
            found.setdefault(key, []).append(value)
    return found | ({"days": ",".join(found["days"])} if "days" in found else {})


def words_of(rule: Rule, language: str) -> str:
    """Return a rule's days in words that `days_from` reads again."""
    japanese = language == "ja"
    if rule.dates:
        return " ".join(day.isoformat() for day in rule.dates)
    months, days = [f"{month}月" for month in rule.months], [each for each in rule.days.split(",") if each]
    if len(rule.months) == 1 and days and all(day.isdigit() for day in days):
        said = [f"{rule.months[0]}月{day}日" if japanese else f"{rule.months[0]}/{day}" for day in days]
        return " ".join(["毎年" if japanese else "yearly", *said, *_weekdays(rule, japanese=japanese)])
    said = [*(_day(day, japanese=japanese) for day in days), *_weekdays(rule, japanese=japanese), *months]
    often = ("毎月", "monthly") if days else ("毎週", "weekly") if rule.weekdays else ("毎日", "daily")
    return " ".join([often[not japanese], *said])


def _read(token: str) -> Iterator[tuple[str, Any]]:
    """Yield the keys one word stands for; nothing where it is none."""
    if _SEVERAL.fullmatch(token):
        yield from (("weekdays", _SHORT[_DAYS.index(day)]) for day in token)
        return
    for kind, pattern in _WORDS.items():
        if found := pattern.fullmatch(token):
            yield from _meant(kind, found)
            return


def _meant(kind: str, found: re.Match[str]) -> Iterator[tuple[str, Any]]:
    match kind:
        case "date":
            yield "dates", found[1]
        case "of_year":
            yield "months", int(found[1])
            yield "days", str(int(found[2]))
        case "month":
            yield "months", int(found[1])
        case "place":
            number = "last" if found[2] else _PLACES[min(max(int(found[1]), 1), len(_PLACES)) - 1]
            yield "days", f"{number} {_SHORT[_DAYS.index(found[3])]}"
        case "day":
            yield "days", str(int(found[1]))
        case "end":
            yield "days", "last"
        case _:
            yield "weekdays", found[2] or _SHORT[_DAYS.index(found[1])]


def _japanese(place: str, weekday: str) -> str:
    """Spell `2nd wed` as one word."""
    day = _DAYS[_SHORT.index(weekday)]
    return f"最終{day}" if place == "last" else f"第{_PLACES.index(place) + 1}{day}"


def _day(day: str, *, japanese: bool) -> str:
    place, _, weekday = day.partition(" ")
    if day == "last":
        return "末日" if japanese else "last-day"
    if not weekday:
        return f"{day}日" if japanese else day
    return f"{_japanese(place, weekday)}曜" if japanese else day


def _weekdays(rule: Rule, *, japanese: bool) -> list[str]:
    return [_DAYS[_SHORT.index(day)] if japanese else day.value for day in rule.weekdays]
