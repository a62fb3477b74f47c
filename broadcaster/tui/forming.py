"""Which fields a sheet's form has, made from its template: one list for each language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget

from broadcaster import catalog
from broadcaster.forms import Slot, SlotKind
from broadcaster.model import EASY_JAPANESE, JAPANESE, Severity
from broadcaster.papers.reading import Reader
from broadcaster.sheet import FIELDS, Press, Sheet, Wording
from broadcaster.tui.lines import serial
from broadcaster.tui.widgets.area_picker import AreaPicker
from broadcaster.tui.widgets.choice_field import Choice, ChoiceField
from broadcaster.tui.widgets.form_row import FormRow, Naming, TextPane
from broadcaster.tui.widgets.safe_input import SafeArea, SafeInput

HOURS = (1, 2, 3, 6, 12, 24, 48, 72)
"""Validities to choose from."""
LANGUAGES = (JAPANESE, EASY_JAPANESE, "en")
"""Languages free text is offered in."""
YES, NO = "yes", "no"
_HINT = re.compile(r"[（(,]")
_LONG = ("description", "instruction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Makes the fields of one sheet. `board` is the desk's, for what may be followed; `free` the languages whose words
    are typed by hand.
    """

    press: Press
    sheet: Sheet
    board: Any
    free: frozenset[str]

    @property
    def languages(self) -> tuple[str, ...]:
        """Return every language there can be words in."""
        template = self.press.template(self.sheet)
        known = template.text if template else (*LANGUAGES, *self.sheet.languages)
        return tuple(dict.fromkeys((JAPANESE, *known)))

    def fields(self, language: str) -> Iterator[Widget]:
        """Yield the fields of one language, the words at the end."""
        yield from self._first() if language == JAPANESE else self._further(language)
        if language in self.free or not self.sheet.template:
            yield from self._typed(language)
        else:
            yield TextPane(language)

    # ------------------------------------------------------------ the first language: everything

    def _first(self) -> Iterator[Widget]:
        template, sheet = self.press.template(self.sheet), self.sheet
        if sheet.of or self.press.kind(sheet).refers:
            yield FormRow("of", _code("tui_field_of"), ChoiceField("of", tuple(self._followed()), sheet.of), must=True)
        whole = self.press.forms.area_words.whole(self.press.city, JAPANESE)
        areas = AreaPicker(self.press.city, whole, sheet.areas)
        yield FormRow("areas", _code("tui_field_areas"), areas, must=True)
        if template is None:
            yield from self._frame()
        slots = [(name, slot) for name, slot in (template.slots if template else {}).items() if name != "areas"]
        yield from (self._slot(name, slot) for name, slot in slots if slot.required)
        yield FormRow("hours", _code("tui_field_hours"), self._hours())
        yield from (self._slot(name, slot) for name, slot in slots if not slot.required)
        if sheet.of:
            yield FormRow("silent", _code("tui_field_silent"), self._silent())
        yield FormRow("note", _code("tui_field_note"), SafeInput(sheet.note, place="note"))

    def _slot(self, name: str, slot: Slot, language: str = JAPANESE) -> FormRow:
        key = name if language == JAPANESE else f"{name}.{language}"
        value = self.sheet.slots.get(key, "")
        place = f"slots.{key}"
        must = slot.required and language == JAPANESE
        if slot.kind is SlotKind.CHOICE:
            choices = tuple(Choice(each, words[JAPANESE], words["en"]) for each, words in slot.choices.items())
            return FormRow(place, _meaning(slot), ChoiceField(place, choices, value), must=must)
        editor = SafeInput(value, place=place, language=language, example=_example(slot, language))
        return FormRow(place, _meaning(slot), editor, must=must)

    def _hours(self) -> ChoiceField:
        most = int(self.press.policy.max_validity / timedelta(hours=1))
        usual = self.press.hours(self.sheet)
        hours = sorted({usual, *(each for each in HOURS if each <= most)})
        choices = [Choice(str(each), f"{each}時間", f"{each} h") for each in hours]
        return ChoiceField("hours", choices, str(usual))

    def _silent(self) -> ChoiceField:
        choices = [Choice(NO, *_both("tui_notify_again")), Choice(YES, *_both("tui_silently"))]
        return ChoiceField("silent", choices, YES if self.sheet.silent else NO)

    def _followed(self) -> Iterator[Choice]:
        """What is in force, and what the sheet follows in any case."""
        for row in self.board["rows"] if self.board else ():
            alert = row["alert"]
            if row["in_force"] or alert["identifier"] == self.sheet.of:
                said = (f"{serial(alert)} {Reader(language).headline(alert)}" for language in ("ja", "en"))
                yield Choice(alert["identifier"], *said)

    def _frame(self) -> Iterator[FormRow]:
        frame = self.sheet.frame
        levels = [Choice("", *_both("tui_level_none"))]
        levels += [Choice(str(each), *_both("tui_level", level=each)) for each in range(1, 6)]
        grades = [Choice(each.value, *_both(f"severity_{each.value.lower()}")) for each in Severity]
        level = ChoiceField("frame.level", levels, str(frame.level or ""))
        yield FormRow("frame.level", _code("tui_field_level"), level)
        severity = ChoiceField("frame.severity", grades, frame.severity.value)
        yield FormRow("frame.severity", _code("tui_field_severity"), severity)

    # ------------------------------------------------------------ further languages

    def _further(self, language: str) -> Iterator[Widget]:
        choices = [Choice(YES, *_both("tui_said")), Choice(NO, *_both("tui_not_said"))]
        said = YES if language in self.press.languages(self.sheet) else NO
        place = f"languages.{language}"
        also = ("languages",) if language == EASY_JAPANESE else ()
        yield FormRow(place, _code("tui_field_said"), ChoiceField(place, choices, said), also=also)
        own = SafeInput(
            self.sheet.slots.get(f"areas.{language}", ""), place=f"slots.areas.{language}", language=language
        )
        yield FormRow(f"slots.areas.{language}", _code("tui_field_areas"), own)
        template = self.press.template(self.sheet)
        for name, slot in (template.slots if template else {}).items():
            if slot.kind is SlotKind.TEXT:
                yield self._slot(name, slot, language)

    def _typed(self, language: str) -> Iterator[Widget]:
        own = self.sheet.texts.get(language, Wording())
        for name in FIELDS:
            place, text = f"texts.{language}.{name}", getattr(own, name)
            many = name in _LONG
            editor = (SafeArea if many else SafeInput)(text, place=place, language=language)
            yield FormRow(place, _code(f"tui_field_{name}"), editor)


def _example(slot: Slot, language: str) -> tuple[str, str]:
    """An example in the language of the field; the same whatever the desk speaks."""
    return _both("tui_example", example=slot.example.get(language) or slot.example[JAPANESE])


def _meaning(slot: Slot) -> Naming:
    """The slot's meaning, without the hints in brackets that its example gives as well."""
    return lambda words: _HINT.split(slot.meaning[words.language])[0].strip()


def _code(code: str) -> Naming:
    return lambda words: words(code)


def _both(code: str, **params: object) -> tuple[str, str]:
    return catalog.say(code, "ja", **params), catalog.say(code, "en", **params)


def form(language: str, fields: Iterable[Widget], *, shown: bool) -> VerticalScroll:
    """Put the fields of a language over its words; where there is room, beside them."""
    rows = list(fields)
    panes = [row for row in rows if isinstance(row, TextPane)]
    others = Vertical(*(row for row in rows if not isinstance(row, TextPane)), classes="fields")
    form = VerticalScroll(Horizontal(others, *panes, classes="both"), id=form_id(language), can_focus=False)
    form.display = shown
    return form


def form_id(language: str) -> str:
    """Return the id of a language's form."""
    return f"form-{language}"


def language_of(form: str) -> str:
    """Return the language of a form's id."""
    return form.removeprefix("form-")
