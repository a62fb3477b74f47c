"""What a person typed into a slot, understood and put into the words of each language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from broadcaster.forms.areas import SEPARATORS, AreaWords
from broadcaster.forms.template import ISSUED, Slot, SlotKind, Template
from broadcaster.model import JAPANESE, Problem
from broadcaster.ports.world import City

_SLACK = timedelta(minutes=10)
"""`14:05` typed at 14:04 is not yesterday's: so far ahead (or behind) of now counts as now."""
_BROKEN = re.compile("[\ud800-\udfff]")
"""What a terminal of another encoding makes of an argument; no text can hold it."""

_HOUR = re.compile(r"\d{1,2}:\d{2}")

Problems = list[Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads slot values of one template for one city at one moment; problems gather in `problems`."""

    template: Template
    city: City
    now: datetime
    values: Mapping[str, str]
    problems: Problems
    area_words: AreaWords
    moment: Callable[[datetime, str], str]
    """Words of a moment in a language."""

    def unknown(self) -> None:
        """Report every value that belongs to no slot or no language of the template."""
        for key in self.values:
            name, _, language = key.partition(".")
            if name not in self.template.slots or (language and language not in self.template.text):
                self._report("slot_unknown", key, known=", ".join(self.template.slots))

    def words(self, name: str, language: str) -> str:
        """Return the slot's value as `language` says it; empty where it was not given."""
        slot, raw = self.template.slots[name], self._raw(name, language)
        if not raw:
            return self._absent(name, slot, language)
        if broken := [f"U+{ord(char):04X} ({place})" for place, char in enumerate(raw, 1) if _BROKEN.match(char)]:
            self._report("character_surrogate", name, language, codepoints=", ".join(broken[:5]), count=len(broken))
            return ""
        if len(raw) > slot.max_length:
            self._report("slot_too_long", name, language, length=len(raw), limit=slot.max_length)
            return ""
        return self._read(name, slot, raw, language)

    def areas(self, language: str) -> tuple[str, ...]:
        """Return the area names in `language`, in the order typed; nothing is ever added to them."""
        names = self._split("areas", language)
        if self._own("areas", language) and len(names) != len(self._split("areas", JAPANESE)):
            self._report("slot_area_count", "areas", language)
        return tuple(self.area_words.worded(self.city, name, language) for name in names)

    def area_keys(self) -> tuple[str, ...]:
        """Return the area names as typed in Japanese; those not of the city's list are reported.

        A part of a listed town will do (`芋窪1丁目` of `芋窪`): orders are given by the block.
        """
        keys = self._split("areas", JAPANESE)
        whole = self.area_words.whole(self.city, JAPANESE)
        for key in keys:
            if self.city.areas and key != whole and not key.startswith(self.city.areas):
                self._report("slot_area_unknown", "areas", area=key)
        return keys

    def _own(self, name: str, language: str) -> str:
        return self.values.get(f"{name}.{language}", "").strip()

    def _raw(self, name: str, language: str) -> str:
        own = self._own(name, language) or (self._own(name, JAPANESE) if language != "en" else "")
        return own or self.values.get(name, "").strip() or self._own(name, JAPANESE)

    def _split(self, name: str, language: str) -> tuple[str, ...]:
        parts = (part.strip() for part in SEPARATORS.split(self._raw(name, language)))
        return tuple(dict.fromkeys(part for part in parts if part))

    def _absent(self, name: str, slot: Slot, language: str) -> str:
        if slot.required:
            self._report("slot_missing", name, **_told(slot))
        if slot.kind is SlotKind.TIME and name == ISSUED:
            return self.moment(self.now, language)
        return ""

    def _read(self, name: str, slot: Slot, raw: str, language: str) -> str:
        match slot.kind:
            case SlotKind.AREA:
                names = self.areas(language)
                return self.area_words.joined(names, language) if names else self._absent(name, slot, language)
            case SlotKind.TIME:
                moment = read_time(raw, self.now.astimezone(self.city.zone), slot.tense)
                return self.moment(moment, language) if moment else self._bad("slot_not_time", name, raw)
            case SlotKind.NUMBER:
                return f"{int(raw):,}" if raw.isascii() and raw.isdigit() else self._bad("slot_not_number", name, raw)
            case SlotKind.CHOICE:
                chosen = slot.choices.get(raw)
                return chosen[language] if chosen else self._bad("slot_not_choice", name, raw, tuple(slot.choices))
            case SlotKind.TEXT:
                return raw

    def _bad(self, code: str, name: str, raw: str, choices: Sequence[str] = ()) -> str:
        params = {"choices": ", ".join(choices)} if choices else {}
        self._report(code, name, value=raw, **params)
        return ""

    def _report(self, code: str, name: str, language: str = "", **params: str | float) -> None:
        place = f"slots.{name}.{language}" if language and self._own(name, language) else f"slots.{name}"
        problem = Problem(code=code, place=place, params=params)
        if problem not in self.problems:
            self.problems.append(problem)


def _told(slot: Slot) -> dict[str, str]:
    """What a person needs to know to fill a slot: its meaning in each language, and an example or all choices."""
    example = " | ".join(slot.choices) or slot.example[JAPANESE]
    return {"example": example, **{f"meaning_{language}": slot.meaning[language] for language in (JAPANESE, "en")}}


def read_time(raw: str, now: datetime, tense: str) -> datetime | None:
    """Return the moment typed, in the zone of `now`, or None if it is none. An hour alone is the last or the next."""
    try:
        if not has_date(raw):
            hour, minute = map(int, raw.split(":"))
            return _nearest(datetime.combine(now.date(), time(hour, minute), now.tzinfo), now, tense)
        moment = datetime.fromisoformat(raw)
        if moment.time() == time(0) and len(raw) <= len("2026-07-01"):
            return None
        return moment.astimezone(now.tzinfo) if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
    except (ValueError, OverflowError):  # year 1, east of Greenwich
        return None


def has_date(raw: str) -> bool:
    """Return whether more than an hour of the day was typed."""
    return not _HOUR.fullmatch(raw)


def _nearest(moment: datetime, now: datetime, tense: str) -> datetime:
    if tense == "past" and moment > now + _SLACK:
        return moment - timedelta(days=1)
    if tense == "future" and moment < now - _SLACK:
        return moment + timedelta(days=1)
    return moment
