"""A plan as the fields of a form, each a text, and back: pure. A field's problems are told by the field's own name.

`when.0.days` holds words (`毎週 月・水`, `monthly 2nd wed`), `when.0.season` two days of the year, `values.NAME` a slot
of the template, `texts.LANGUAGE.NAME` words of one's own where there is no template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from unicodedata import normalize

from broadcaster.documents import days_from, plan_document, plan_from, words_of
from broadcaster.errors import Refused
from broadcaster.forms import SEPARATORS
from broadcaster.model import EASY_JAPANESE, JAPANESE, Plan, Problem, Rule
from broadcaster.sheet import FIELDS

LANGUAGES = (JAPANESE, EASY_JAPANESE, "en")
"""Languages in which words of one's own are asked for."""
RULE_FIELDS = ("at", "days", "season", "holidays", "school", "reserve")
NUMBERS = ("valid_minutes", "max_late_minutes")
_PLAIN = ("title", "category", "late", "first", "last", "template")
_DAY_KEYS = ("weekdays", "months", "days", "dates")
_FRAME = {
    "category": "Other",
    "urgency": "Expected",
    "severity": "Minor",
    "certainty": "Observed",
    "response_type": "Monitor",
}
"""How words of one's own are graded in CAP: what comes by the calendar is never grave (`rules.routine.too_grave`)."""
_SEASON = re.compile(r"(\d{1,2})[-/月](\d{1,2})日?(?:から)?[^0-9]+(\d{1,2})[-/月](\d{1,2})日?(?:まで)?")
_WHEN = re.compile(r"when\[(\d+)\](?:\.(\w+))?")
_INFO = re.compile(r"(?:draft\.)?infos\[(\d+)\]\.(\w+)")
Fields = Mapping[str, str]


def blank(language: str = JAPANESE) -> dict[str, str]:
    """Return a new plan's fields, its days in words of this language."""
    start = {"category": "civic", "valid_minutes": "180", "max_late_minutes": "30", "late": "skip"}
    return start | {"when.0.at": "10:00", "when.0.days": "毎日" if language == JAPANESE else "daily"}


def fields_of(plan: Plan, language: str) -> dict[str, str]:
    """Return a plan's fields, its days in words of this language."""
    table = plan_document(plan)
    found = {"id": plan.id, **{name: str(table.get(name, "")) for name in (*_PLAIN, *NUMBERS)}}
    found["channels"] = ", ".join(plan.channels)
    for number, (rule, when) in enumerate(zip(plan.when, table["when"], strict=True)):
        found |= {f"when.{number}.{name}": value for name, value in _rule_fields(rule, when, language).items()}
    found |= {f"values.{name}": value for name, value in plan.values.items()}
    found["areas"] = "、".join(plan.draft.get("areas", ()))
    for info in plan.draft.get("infos", ()):
        found |= {f"texts.{info['language']}.{name}": str(info.get(name, "")) for name in FIELDS}
    return {name: value for name, value in found.items() if value}


def _rule_fields(rule: Rule, when: Mapping[str, Any], language: str) -> dict[str, str]:
    season = f"{when['season_from']}..{when['season_to']}" if rule.season else ""
    kept = {name: str(when.get(name, "")) for name in ("at", "holidays", "school", "reserve")}
    return {**kept, "days": words_of(rule, language), "season": season}


def rules_in(fields: Fields) -> list[int]:
    """Return the numbers of the rules there are fields for, in their order."""
    return sorted({int(name.split(".")[1]) for name in fields if name.startswith("when.")})


def table_of(fields: Fields, base: Plan | None = None) -> tuple[str, dict[str, Any]]:
    """Return the plan's id and the table of its file. What a form has no field for (a lift) is that of `base`. Raise
    `Refused` with every problem that can be told without the core, each by its field.
    """
    problems: list[Problem] = []
    table: dict[str, Any] = {name: fields[name] for name in _PLAIN if fields.get(name)}
    table |= {name: _number(fields.get(name, ""), name, problems) for name in NUMBERS}
    table["channels"] = [part for part in SEPARATORS.split(fields.get("channels", "")) if part]
    table["when"] = [_when(fields, number, problems) for number in rules_in(fields)]
    table |= _words(fields)
    if base is not None and base.lift is not None:
        table["lift"] = plan_document(base)["lift"]
    if not problems:
        problems = _refused(fields.get("id", ""), table)
    if problems:
        raise Refused(problems)
    return fields["id"], table


def _refused(name: str, table: Mapping[str, Any]) -> list[Problem]:
    try:
        plan_from(name, table)
    except Refused as refused:
        return placed(refused.problems)
    return []


def _words(fields: Fields) -> dict[str, Any]:
    if fields.get("template"):
        values = {name.removeprefix("values."): text for name, text in fields.items() if name.startswith("values.")}
        return {"values": {name: text for name, text in values.items() if text.strip()}}
    areas = [part for part in SEPARATORS.split(fields.get("areas", "")) if part]
    return {"draft": {**_FRAME, "areas": areas, "infos": list(_infos(fields))}}


def _infos(fields: Fields) -> Iterator[dict[str, str]]:
    for language in LANGUAGES:
        own = {name: fields.get(f"texts.{language}.{name}", "").strip() for name in FIELDS}
        if language == JAPANESE or any(own.values()):
            yield {"language": language, **own}


def _when(fields: Fields, number: int, problems: list[Problem]) -> dict[str, Any]:
    given = {name: fields.get(f"when.{number}.{name}", "").strip() for name in RULE_FIELDS}
    table: dict[str, Any] = {"at": normalize("NFKC", given["at"])}
    try:
        table |= days_from(given["days"], f"when.{number}.days")
    except Refused as refused:
        problems += refused.problems
    if given["season"]:
        table |= _season(given["season"], f"when.{number}.season", problems)
    return table | {name: given[name] for name in ("holidays", "school", "reserve") if given[name]}


def _season(words: str, place: str, problems: list[Problem]) -> dict[str, str]:
    found = _SEASON.fullmatch(normalize("NFKC", words).strip())
    if found is None:
        problems.append(Problem(code="season_words_unreadable", place=place))
        return {}
    days = [f"{int(found[first]):02d}-{int(found[first + 1]):02d}" for first in (1, 3)]
    return dict(zip(("season_from", "season_to"), days, strict=True))


def _number(words: str, place: str, problems: list[Problem]) -> int:
    said = normalize("NFKC", words).strip()
    if said.isascii() and said.isdigit() and len(said) < 6:  # noqa: PLR2004 (no plan holds for ten thousand minutes)
        return int(said)
    problems.append(Problem(code="type_wrong", place=place, params={"wanted": "int"}))
    return 0


def placed(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems of a plan's table as problems of the form's fields."""
    return [
        Problem(code=each.code, place=field_of(each.place), params=each.params, blocking=each.blocking)
        for each in problems
    ]


def field_of(place: str) -> str:
    """Return the field a place of a plan, or of what it says, stands in."""
    if found := _WHEN.fullmatch(place):
        name = found[2] or "days"
        own = "season" if name.startswith("season") else "days" if name in _DAY_KEYS else name
        return f"when.{found[1]}.{own}"
    if place == "when":
        return "when.0.days"
    if found := _INFO.fullmatch(place):
        language = LANGUAGES[min(int(found[1]), len(LANGUAGES) - 1)]
        return f"texts.{language}.{found[2]}" if found[2] in FIELDS else "areas" if found[2] == "areas" else "template"
    if place.startswith("slots."):
        return f"values.{place.removeprefix('slots.')}"
    return "areas" if place.startswith("draft.areas") else place
