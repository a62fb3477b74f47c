"""The rows of the form in which a plan is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.widget import Widget
from textual.widgets import Static

from broadcaster import catalog
from broadcaster.forms import ISSUED, Slot, SlotKind
from broadcaster.model import JAPANESE, Days, Kind, Late, RoutineCategory
from broadcaster.sheet import FIELDS, Press
from broadcaster.tui.place import AtDesk
from broadcaster.tui.plan_fields import LANGUAGES, Fields, rules_in
from broadcaster.tui.widgets.choice_field import Choice, ChoiceField
from broadcaster.tui.widgets.form_row import FormRow, Naming
from broadcaster.tui.widgets.safe_input import SafeArea, SafeInput
from broadcaster.tui.words import plain

_LONG = ("description", "instruction")
_EXAMPLES = {
    "id": ("fraud-warning", "fraud-warning"),
    "at": ("17:30", "17:30"),
    "days": (
        "毎日　毎週 月・水　毎月 第2水曜　2027-02-10",
        "daily, weekly mon wed, monthly 2nd wed",
    ),
    "season": ("4/1-9/30", "4/1..9/30"),
    "reserve": ("2027-02-17", "2027-02-17"),
    "first": ("2026-12-01", "2026-12-01"),
    "last": ("2027-03-31", "2027-03-31"),
}
"""What stands in a field while it is empty, in Japanese and English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Makes the rows for these fields. A plan that is there already keeps its name."""

    press: Press
    fields: Fields
    named: bool

    def all(self) -> Iterator[Widget]:
        """Yield every row: what is said, when, and how late."""
        if not self.named:
            yield self._line("id", must=True)
        yield self._line("title", must=True)
        yield self._choice("category", [_choice(f"plan_category_{each.value}", each.value) for each in RoutineCategory])
        for number in rules_in(self.fields):
            yield from self._rule(number)
        yield self._choice("template", self._templates())
        yield from self._slots() if self.fields.get("template") else self._texts()
        yield self._line("valid_minutes", must=True)
        yield self._line("max_late_minutes", must=True)
        yield self._choice("late", [_choice(f"plan_late_{each.value}", each.value) for each in Late])
        for name in ("first", "last", "channels"):
            yield self._line(name)

    def _rule(self, number: int) -> Iterator[FormRow]:
        front = f"when.{number}"
        yield self._line(f"{front}.days", must=True)
        yield self._line(f"{front}.at", must=True)
        yield self._line(f"{front}.season")
        for name in ("holidays", "school"):
            days = [_choice(f"plan_{name}_{each.value}", "" if each is Days.ANY else each.value) for each in Days]
            yield self._choice(f"{front}.{name}", days)
        yield self._line(f"{front}.reserve")

    def _templates(self) -> list[Choice]:
        routine = [each for each in self.press.forms.all() if each.kind is Kind.ROUTINE]
        return [_choice("plan_own_words", ""), *(Choice(each.id, each.name["ja"], each.name["en"]) for each in routine)]

    def _slots(self) -> Iterator[FormRow]:
        """Yield what the template asks for, but the moment at which it is said: that is each occurrence's own."""
        slots = self.press.forms.template(self.fields["template"]).slots
        yield from (self._slot(name, slot) for name, slot in slots.items() if name != ISSUED)

    def _slot(self, name: str, slot: Slot) -> FormRow:
        place, naming = f"values.{name}", _meaning(slot)
        value = self.fields.get(place, "")
        if slot.kind is SlotKind.CHOICE:
            choices = tuple(Choice(each, words["ja"], words["en"]) for each, words in slot.choices.items())
            return FormRow(place, naming, ChoiceField(place, choices, value), must=slot.required)
        example = slot.example[JAPANESE]
        return FormRow(place, naming, SafeInput(value, place=place, example=(example, example)), must=slot.required)

    def _texts(self) -> Iterator[Widget]:
        yield self._line("areas", must=True)
        for language in LANGUAGES:
            yield Tongue(language)
            for name in FIELDS:
                place = f"texts.{language}.{name}"
                value = self.fields.get(place, "")
                make = SafeArea if name in _LONG else SafeInput
                editor = make(value, place=place, language=language)
                yield FormRow(place, _code(f"tui_field_{name}"), editor, must=language == JAPANESE)

    def _line(self, place: str, *, must: bool = False) -> FormRow:
        name = place.rpartition(".")[2]
        editor = SafeInput(self.fields.get(place, ""), place=place, example=_EXAMPLES.get(name, ("", "")))
        return FormRow(place, _code(f"plan_field_{name}"), editor, must=must)

    def _choice(self, place: str, choices: list[Choice]) -> FormRow:
        field = ChoiceField(place, choices, self.fields.get(place, ""))
        return FormRow(place, _code(f"plan_field_{place.rpartition('.')[2]}"), field)


def _choice(code: str, value: str) -> Choice:
    return Choice(value, catalog.say(code, "ja"), catalog.say(code, "en"))


def _code(code: str) -> Naming:
    return lambda words: words(code)


class Tongue(AtDesk, Static):
    """A heading over the words of one language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def spoken(self) -> None:
        """Name it."""
        self.update(plain(f" {self.words.tongue(self._language)}", "bold underline"))


def _meaning(slot: Slot) -> Naming:
    return lambda words: slot.meaning["ja" if words.language == "ja" else "en"]
