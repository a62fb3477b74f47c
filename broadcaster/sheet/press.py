"""From a sheet to a draft, and what stands in the way, each with the field it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.errors import Refused, RenderingError
from broadcaster.forms import SEPARATORS, Forms, SlotKind, Template, contact
from broadcaster.forms.values import has_date, read_time
from broadcaster.model import JAPANESE, Alert, Area, Draft, Info, Kind, Mode, Problem
from broadcaster.ports.world import City
from broadcaster.rules import checks
from broadcaster.rules.checks import moments
from broadcaster.rules.checks.texts import Field
from broadcaster.rules.policy import DEFAULT, Policy
from broadcaster.sheet.sheet import FIELDS, Sheet, Wording

FREE_HOURS = 12
"""How long free text holds unless another time is chosen."""
_MOST_HOURS = 24 * 366
_INFO = re.compile(r"infos\[(\d+)\]\.?(.*)")
_FOREIGN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
"""Japanese letters, which a reader of another language cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Makes drafts of sheets for one city. Pure: the time comes in."""

    forms: Forms
    city: City
    mode: Mode
    policy: Policy = DEFAULT

    def template(self, sheet: Sheet) -> Template | None:
        """Return the template it fills, None for free text. Raise `NotFound`."""
        return self.forms.template(sheet.template) if sheet.template else None

    def languages(self, sheet: Sheet) -> tuple[str, ...]:
        """Return the languages it is said in, the authoritative one first."""
        template = self.template(sheet)
        possible = tuple(template.text) if template else (JAPANESE, *sheet.languages)
        chosen = [tag for tag in possible if tag in sheet.languages] if sheet.languages else possible
        return tuple(dict.fromkeys((JAPANESE, *chosen)))

    def kind(self, sheet: Sheet) -> Kind:
        """Return its kind: what was chosen, else the template's; a new alert's words that follow one update it."""
        template = self.template(sheet)
        own = template.kind if template else Kind.ALERT
        return sheet.kind or (Kind.UPDATE if sheet.of and not own.refers else own)

    def level(self, sheet: Sheet) -> int | None:
        """Return the evacuation level it is of."""
        template = self.template(sheet)
        return template.level if template else sheet.frame.level

    def hours(self, sheet: Sheet) -> int:
        """Return how long it holds from its sending."""
        template = self.template(sheet)
        usual = template.validity_hours if template else FREE_HOURS
        return max(0, min(sheet.hours or usual, _MOST_HOURS))

    def draft(self, sheet: Sheet, now: datetime) -> Draft:
        """Return the draft as it would be handed in now. Raise `Refused` with what is missing, unknown or unreadable,
        `NotFound` for the template, `RenderingError`.
        """
        return self._draft(sheet, self._values(sheet), now)

    def texts(self, sheet: Sheet, now: datetime) -> dict[str, Wording]:
        """Return the words of each language as far as they are filled, to be looked at while one types: what is still
        missing stands in 〔〕. Raise `NotFound`, `RenderingError`.
        """
        if not sheet.template:
            return {tag: sheet.texts.get(tag, Wording()) for tag in self.languages(sheet)}
        found = self.forms.glimpse(sheet.template, self._values(sheet), city=self.city, now=now)
        return {tag: _own(Wording(**dict(words)), sheet.texts.get(tag)) for tag, words in found.items()}

    def problems(self, sheet: Sheet, now: datetime, live: Sequence[Alert] = ()) -> tuple[Problem, ...]:
        """Return everything that is wrong, worst first. `place` is the field: `slots.river`, `slots.river.en`, `areas`,
        `hours`, `languages`, `of`, `texts.ja.headline`, `frame.severity`. Raise `NotFound` for the template.

        What is not filled yet is told as such, and hides nothing of the rest: examples stand in for it.
        """
        found = [*self._unfilled(sheet, now), *self._typed(sheet), *_hours(sheet)]
        found += self._whole(sheet, {_slot(each.place) for each in found}, now, live)
        found += self._untranslated(sheet)
        found += moments.problems(self._moments(sheet, now), now=now, expires=now + timedelta(hours=self.hours(sheet)))
        once = [each for index, each in enumerate(found) if each not in found[:index]]
        return tuple(sorted(once, key=lambda each: not each.blocking))

    # ------------------------------------------------------------ steps

    def _values(self, sheet: Sheet) -> dict[str, str]:
        values = {key: value for key, value in sheet.slots.items() if value.strip()}
        return values | ({"areas": "、".join(sheet.areas)} if sheet.areas else {})

    def _draft(self, sheet: Sheet, values: Mapping[str, str], now: datetime) -> Draft:
        made = self._filled(sheet, values, now) if sheet.template else self._free(sheet, now)
        return replace(
            made,
            kind=self.kind(sheet),
            incident=sheet.incident,
            infos=tuple(_reworded(info, sheet.texts.get(info.language)) for info in made.infos),
            channels=sheet.channels,
            silent=sheet.silent,
            note=sheet.note,
        )

    def _filled(self, sheet: Sheet, values: Mapping[str, str], now: datetime) -> Draft:
        expires = now + timedelta(hours=self.hours(sheet))
        languages = self.languages(sheet)
        return self.forms.draft(sheet.template, values, city=self.city, now=now, expires=expires, languages=languages)

    def _free(self, sheet: Sheet, now: datetime) -> Draft:
        infos = tuple(self._free_info(sheet, language, now) for language in self.languages(sheet))
        return Draft(kind=Kind.ALERT, infos=infos, level=sheet.frame.level)

    def _free_info(self, sheet: Sheet, language: str, now: datetime) -> Info:
        frame = sheet.frame
        return Info(
            language=language,
            category=frame.category,
            **dict.fromkeys(FIELDS, ""),
            effective=now,
            expires=now + timedelta(hours=self.hours(sheet)),
            urgency=frame.urgency,
            severity=frame.severity,
            certainty=frame.certainty,
            response_type=frame.response_type,
            web=self.city.public_url,
            contact=contact(self.city, language),
            areas=tuple(self._areas(sheet, language)),
        )

    def _areas(self, sheet: Sheet, language: str) -> Iterator[Area]:
        """The areas in a language: by the names typed for it where there are as many, else by the city's."""
        given = [part.strip() for part in SEPARATORS.split(sheet.slots.get(f"areas.{language}", ""))]
        own = [part for part in given if part]
        for index, name in enumerate(sheet.areas):
            worded = self.forms.area_words.worded(self.city, name, language)
            said = own[index] if len(own) == len(sheet.areas) else worded
            yield Area(area_desc=said, geocodes=self.city.geocodes.get(name, ()))

    # ------------------------------------------------------------ what is wrong

    def _unfilled(self, sheet: Sheet, now: datetime) -> Iterator[Problem]:
        """What the form itself says: missing, unknown, over-long, unreadable."""
        if not sheet.template:
            return
        try:
            self._filled(sheet, self._values(sheet), now)
        except Refused as refused:
            for problem in refused.problems:
                yield replace(problem, place="areas") if problem.place == "slots.areas" else problem
        except RenderingError as error:
            yield Problem(code=error.code, place="template", params=error.params)

    def _typed(self, sheet: Sheet) -> list[Problem]:
        """What is wrong with the words typed into slots, whatever the template makes of them."""
        texts = [_field(key, value) for key, value in sheet.slots.items()]
        return checks.of_texts((text for text in texts if not text.too_long), city=self.city, mode=self.mode)

    def _whole(self, sheet: Sheet, bad: Iterable[str], now: datetime, live: Sequence[Alert]) -> Iterator[Problem]:
        """What the rules say of the draft, with examples for what is still missing or wrong."""
        try:
            draft = self._draft(self._mended(sheet, bad), self._stood_in(sheet, bad, now), now)
        except (Refused, RenderingError):
            return
        rules = checks.problems(draft, now=now, city=self.city, live=live, mode=self.mode, policy=self.policy)
        for problem in rules:
            yield replace(problem, place=_placed(problem.place, draft))

    def _mended(self, sheet: Sheet, bad: Iterable[str]) -> Sheet:
        return replace(sheet, hours=0) if "hours" in bad else sheet

    def _stood_in(self, sheet: Sheet, bad: Iterable[str], now: datetime) -> dict[str, str]:
        if not sheet.template:
            return {}
        examples = self.forms.examples(sheet.template, self.city, now)
        kept = {key: value for key, value in self._values(sheet).items() if key.partition(".")[0] not in bad}
        return {key: value for key, value in examples.items() if key.partition(".")[0] in bad} | kept

    def _untranslated(self, sheet: Sheet) -> Iterator[Problem]:
        """Names in Japanese letters in a text for those who cannot read them: told, not refused."""
        template = self.template(sheet)
        further = [tag for tag in self.languages(sheet) if tag.partition("-")[0] != JAPANESE]
        for name, slot in (template.slots if template else {}).items():
            said = sheet.slots.get(name, "")
            for language in further:
                key = f"{name}.{language}"
                if slot.kind is SlotKind.TEXT and _FOREIGN.search(said) and not sheet.slots.get(key, "").strip():
                    params = {f"meaning_{tag}": slot.meaning[tag] for tag in (JAPANESE, "en")}
                    yield Problem(code="slot_untranslated", place=f"slots.{key}", params=params, blocking=False)

    def _moments(self, sheet: Sheet, now: datetime) -> Iterator[moments.Moment]:
        """The times that were typed and can be read."""
        template, local = self.template(sheet), now.astimezone(self.city.zone)
        for key, value in sheet.slots.items():
            slot, raw = template.slots.get(key.partition(".")[0]) if template else None, value.strip()
            if slot and slot.kind is SlotKind.TIME and (at := read_time(raw, local, slot.tense)):
                ahead = slot.tense == "future"
                yield moments.Moment(place=f"slots.{key}", at=at, ahead=ahead, dated=has_date(raw))


def _own(said: Wording, wording: Wording | None) -> Wording:
    own = {name: text for name in FIELDS if wording and (text := getattr(wording, name).strip())}
    return replace(said, **own)


def _reworded(info: Info, wording: Wording | None) -> Info:
    """Put free words in the place of the template's."""
    own = {name: text for name in FIELDS if wording and (text := getattr(wording, name).strip())}
    return replace(info, **own)


def _hours(sheet: Sheet) -> Iterator[Problem]:
    if sheet.hours < 0 or sheet.hours > _MOST_HOURS:
        bound = 0 if sheet.hours < 0 else _MOST_HOURS
        yield Problem(code="too_small" if sheet.hours < 0 else "too_large", place="hours", params={"bound": bound})


def _field(key: str, value: str) -> Field:
    """A slot as a text to look into: one line, as long as an event may be is enough to tell."""
    language = key.partition(".")[2] or JAPANESE
    return Field("web", f"slots.{key}", value, language)


def _slot(place: str) -> str:
    """The slot a place belongs to; other places stand for themselves."""
    head, _, rest = place.partition(".")
    return rest.partition(".")[0] if head == "slots" else head


def _placed(place: str, draft: Draft) -> str:
    """The field of the sheet for a place of the draft."""
    found = _INFO.fullmatch(place)
    if found is None:
        return {"infos": "languages", "incident": "of", "level": "frame.level", "status": "kind"}.get(place, place)
    info, part = draft.infos[int(found[1])], found[2]
    name = part.partition("[")[0]
    if name in FIELDS:
        return f"texts.{info.language}.{name}"
    return {"expires": "hours", "effective": "hours", "areas": "areas", "language": "languages"}.get(
        name, f"frame.{name}"
    )
