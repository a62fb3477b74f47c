"""A sheet as questions, one after the other: the same fields as on the desk's form, for a line at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from unicodedata import normalize

from broadcaster.catalog import sentences
from broadcaster.cli.people import headline
from broadcaster.cli.tables import serial
from broadcaster.cli.words import language, words
from broadcaster.forms import SEPARATORS, Slot, SlotKind
from broadcaster.model import EASY_JAPANESE, JAPANESE, Severity
from broadcaster.sheet import FIELDS, Press, Sheet, clean
from broadcaster.sheet.hazards import Hazard

EASY_FROM = 4
"""From this level on easy Japanese is not asked about: it is demanded."""
LANGUAGES = (EASY_JAPANESE, "en")
"""Further languages free text is offered in."""
_GRADES = {3: Severity.SEVERE, 4: Severity.EXTREME, 5: Severity.EXTREME}
"""An order's severity goes with its level (docs/adr/0008)."""
_LONG = ("description", "instruction")


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose by its number."""

    value: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One field. `place` is the sheet's; an empty answer keeps `now`; several may be chosen where `many`."""

    place: str
    name: str
    now: str = ""
    example: str = ""
    must: bool = False
    options: tuple[Option, ...] = ()
    many: bool = False

    def lines(self) -> Iterator[str]:
        """Yield what is asked."""
        yield ""
        yield words("line_question", name=self.name) + (words("line_must") if self.must and not self.now else "")
        for number, option in enumerate(self.options, 1):
            yield f"  {number}  {option.said}"
        if self.example and not self.now:
            yield words("line_example", example=self.example)
        if self.now:
            yield words("line_now", value=self.shown(self.now))

    def shown(self, value: str) -> str:
        """Return a value as it was offered."""
        return next((option.said for option in self.options if option.value == value), value)

    def value(self, typed: str) -> str:
        """Return what was meant: a number is what it stands for, one of a list of names too. Raise `ValueError`."""
        plain = normalize("NFKC", typed).strip()
        if not self.options:
            return typed.strip()
        if self.many:
            parts = (part.strip() for part in SEPARATORS.split(typed.replace(" ", "、")))
            return "、".join(self._one(part) for part in parts if part)
        if plain.isdecimal() and 1 <= int(plain) <= len(self.options):
            return self.options[int(plain) - 1].value
        raise ValueError(plain)

    def _one(self, part: str) -> str:
        plain = normalize("NFKC", part)
        if not plain.isdecimal():
            return part
        if not 1 <= int(plain) <= len(self.options):
            raise ValueError(plain)
        return self.options[int(plain) - 1].value


def filled(sheet: Sheet, place: str, value: str) -> Sheet:
    """Return the sheet with an answer in its place."""
    kind, _, rest = place.partition(".")
    match kind:
        case "areas":
            names = [part.strip() for part in SEPARATORS.split(value) if part.strip()]
            return replace(sheet, areas=tuple(dict.fromkeys(names)))
        case "slots":
            return sheet.slot(rest, value)
        case "texts":
            tag, _, name = rest.partition(".")
            return sheet.text(tag, name, value)
        case "hours":
            return replace(sheet, hours=int(value))
        case "silent":
            return replace(sheet, silent=value == "yes")
        case _:
            return _framed(sheet, place, value)


def _framed(sheet: Sheet, place: str, value: str) -> Sheet:
    match place:
        case "frame.level":
            severity = _GRADES.get(int(value), sheet.frame.severity)
            return replace(sheet, frame=replace(sheet.frame, level=int(value) or None, severity=severity))
        case "frame.severity":
            return replace(sheet, frame=replace(sheet.frame, severity=Severity(value)))
        case _:
            return replace(sheet, note=value)


@dataclass(frozen=True, slots=True)
class Asker:
    """What is asked about a sheet."""

    press: Press
    sheet: Sheet

    def questions(self) -> Iterator[Question]:
        """Yield what the first language asks: areas, slots, validity."""
        template = self.press.template(self.sheet)
        yield self._areas()
        if template is None:
            yield from self._frame()
            yield from self.texts(JAPANESE)
        slots = [(name, slot) for name, slot in (template.slots if template else {}).items() if name != "areas"]
        for name, slot in sorted(slots, key=lambda each: not each[1].required):
            yield self._slot(name, slot, JAPANESE)
        yield self._hours()
        if self.sheet.of:
            yield self._silent()
        yield Question(place="note", name=words("tui_field_note"), now=self.sheet.note)

    def further(self, tag: str) -> Iterator[Question]:
        """Yield what a further language asks: how it writes the names that were typed."""
        template = self.press.template(self.sheet)
        if template is None:
            yield from self.texts(tag)
        place = f"slots.areas.{tag}"
        yield Question(place=place, name=words("tui_field_areas"), now=self.sheet.slots.get(f"areas.{tag}", ""))
        for name, slot in (template.slots if template else {}).items():
            if slot.kind is SlotKind.TEXT and self.sheet.slots.get(name):
                yield self._slot(name, slot, tag)

    def tags(self) -> tuple[str, ...]:
        """Return the further languages there can be words in."""
        template = self.press.template(self.sheet)
        known = tuple(template.text) if template else (*LANGUAGES, *self.sheet.languages)
        return tuple(dict.fromkeys(tag for tag in known if tag != JAPANESE))

    def demanded(self, tag: str) -> bool:
        """Whether this language may not be left out."""
        return tag == EASY_JAPANESE and (self.press.level(self.sheet) or 0) >= EASY_FROM

    def _areas(self) -> Question:
        city = self.press.city
        whole = self.press.forms.area_words.whole(city, JAPANESE)
        groups = [Option("、".join(names), f"{name}（{'、'.join(names)}）") for name, names in city.area_groups.items()]
        options = (*groups, *(Option(name, name) for name in (whole, *city.areas)))
        now = "、".join(self.sheet.areas)
        name = words("tui_field_areas")
        return Question(place="areas", name=name, now=now, must=True, options=options, many=True)

    def _slot(self, name: str, slot: Slot, tag: str) -> Question:
        key = name if tag == JAPANESE else f"{name}.{tag}"
        spoken = language()
        options = [Option(each, said[spoken]) for each, said in slot.choices.items()]
        return Question(
            place=f"slots.{key}",
            name=slot.meaning[spoken],
            now=self.sheet.slots.get(key, ""),
            example="" if options else slot.example.get(tag) or slot.example[JAPANESE],
            must=slot.required and tag == JAPANESE,
            options=tuple(options),
        )

    def _hours(self) -> Question:
        most = int(self.press.policy.max_validity / timedelta(hours=1))
        usual = self.press.hours(self.sheet)
        hours = sorted({usual, *(each for each in (1, 3, 6, 12, 24, 48, 72) if each <= most)})
        options = tuple(Option(str(each), words("line_hours", count=each)) for each in hours)
        return Question(place="hours", name=words("tui_field_hours"), now=str(usual), options=options)

    def _silent(self) -> Question:
        options = (Option("no", words("tui_notify_again")), Option("yes", words("tui_silently")))
        now = "yes" if self.sheet.silent else "no"
        return Question(place="silent", name=words("tui_field_silent"), now=now, options=options)

    def _frame(self) -> Iterator[Question]:
        frame = self.sheet.frame
        levels = [Option("0", words("tui_level_none"))]
        levels += [Option(str(each), words("tui_level", level=each)) for each in range(1, 6)]
        grades = tuple(Option(each.value, words(f"severity_{each.value.lower()}")) for each in Severity)
        now = str(frame.level or 0)
        yield Question(place="frame.level", name=words("tui_field_level"), now=now, options=tuple(levels))
        name = words("tui_field_severity")
        yield Question(place="frame.severity", name=name, now=frame.severity.value, options=grades)

    def texts(self, tag: str) -> Iterator[Question]:
        """Yield the words of a language, to be written freely."""
        own = self.sheet.texts.get(tag)
        for name in FIELDS:
            now = getattr(own, name) if own else ""
            yield Question(place=f"texts.{tag}.{name}", name=words(f"tui_field_{name}"), now=now, must=True)


def cleaned(typed: str, place: str) -> tuple[str, tuple[str, ...]]:
    """Return an answer as it may stand in a text, and what was taken out. Raise `ValueError` for one that is too long.

    A line cannot hold a line break: in the long texts a blank line is written as ` / `.
    """
    many = place.rpartition(".")[2] in _LONG
    done = clean(typed.replace(" / ", "\n") if many else typed, lines=many)
    return done.text, done.removed


def hazard_lines(found: Iterable[Hazard]) -> Iterator[str]:
    """Yield every hazard with what can be said of it."""
    for hazard in found:
        said = ", ".join(f"{hazard.key}{each.key} {_variant(each.template)}" for each in hazard.variants)
        known = f"hazard_{hazard.id}" in sentences(language())
        yield f"  {words(f'hazard_{hazard.id}')}: {said}" if known else f"  {said}"


def _variant(template: Any) -> str:
    if template is None:
        return words("hazard_free_text")
    return str(template.name[language()]).partition("（")[0].partition(" (")[0]


def picked(found: Iterable[Hazard], typed: str) -> Sheet | None:
    """Return the sheet two keys stand for (`f4`), None for none."""
    keys = "".join(normalize("NFKC", typed).casefold().split())
    for hazard in found:
        for each in hazard.variants:
            if keys == hazard.key + each.key:
                return Sheet(template=each.template.id if each.template else "")
    return None


def followed(board: Any) -> tuple[Option, ...]:
    """Return what is in force and can be followed."""
    rows = [row["alert"] for row in board["rows"] if row["in_force"]]
    return tuple(Option(alert["identifier"], f"{serial(alert)} {headline(alert)}") for alert in rows)
