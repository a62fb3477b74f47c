"""Templates from their folder, and drafts from filled forms."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from broadcaster.errors import NotFound, Refused
from broadcaster.forms.areas import AreaWords, city_name, contact
from broadcaster.forms.template import GIVEN, ISSUED, Slot, SlotKind, Template, Words, parse
from broadcaster.forms.values import Problems, Reader
from broadcaster.model import JAPANESE, Area, Draft, Info
from broadcaster.ports.world import City, TextRenderer

_GAPS = re.compile(r"\n{3,}")
_ID = re.compile(r"[a-z0-9-]+")


class Forms:
    """The alert templates under `templates`, the folder of all templates."""

    def __init__(self, templates: Path, renderer: TextRenderer) -> None:
        self._templates = templates
        self._folder = templates / "alerts"
        self._renderer = renderer
        self._areas = AreaWords.read(templates / "areas.toml")

    def names(self) -> tuple[str, ...]:
        """Return the ids of all templates, sorted."""
        return _names(self._folder)

    def template(self, name: str) -> Template:
        """Return one template. Raise `NotFound`, or `Refused` if the file is not a valid template."""
        return template_of(self._templates, name)

    def all(self) -> tuple[Template, ...]:
        """Return every template. Raise `Refused` with the problems of all invalid ones."""
        found, problems = list[Template](), Problems()
        for name in self.names():
            try:
                found.append(self.template(name))
            except Refused as refused:
                problems.extend(refused.problems)
        if problems:
            raise Refused(problems)
        return tuple(found)

    def draft(
        self,
        name: str,
        values: Mapping[str, str],
        *,
        city: City,
        now: datetime,
        incident: int | None = None,
        effective: datetime | None = None,
        expires: datetime | None = None,
        languages: Collection[str] = (),
    ) -> Draft:
        """Return the draft the template makes of `values`, in every language it has, or those of `languages`.

        Times are aware; `effective` defaults to `now`, `expires` to `now` and the template's validity. Raise
        `Refused` with every missing, unknown, over-long or unreadable value, `NotFound`, `RenderingError`.
        """
        template = self.template(name)
        reader = self._reader(template, values, city, now)
        filled = _fill(reader, languages)
        if reader.problems:
            raise Refused(reader.problems, code="form_refused")
        span = (effective or now, expires or now + timedelta(hours=template.validity_hours))
        infos = (self._info(reader, language, values, span) for language, values in filled.items())
        return Draft(kind=template.kind, infos=tuple(infos), level=template.level, incident=incident)

    def glimpse(self, name: str, values: Mapping[str, str], *, city: City, now: datetime) -> dict[str, Words]:
        """Return the texts of every language as far as they are filled: 〔what is missing〕 stands where it will stand.
        Never to be sent. Raise `NotFound`, `RenderingError`.
        """
        template = self.template(name)
        reader = self._reader(template, values, city, now)
        shown = {language: _blanks(template, language) | _given(reader, language) for language in template.text}
        return {language: self._say(template.text[language], said) for language, said in shown.items()}

    def examples(self, name: str, city: City, now: datetime) -> dict[str, str]:
        """Return values that fill the template for this city at this moment: its own areas where it lists any, times
        around now, else what the template gives.
        """
        values = dict[str, str]()
        for slot_name, slot in self.template(name).slots.items():
            if slot.kind is SlotKind.AREA and slot.whole_city:
                values[slot_name] = self._areas.whole(city, JAPANESE)
            elif slot.kind is SlotKind.AREA and city.areas:
                values[slot_name] = self._areas.joined(city.areas[:2], JAPANESE)
            elif slot.kind is SlotKind.TIME:
                values[slot_name] = _example_time(slot_name, slot, now.astimezone(city.zone))
            else:
                values |= {_key(slot_name, tag): words for tag, words in slot.example.items()}
        return values

    @property
    def area_words(self) -> AreaWords:
        """How areas are worded."""
        return self._areas

    def _reader(self, template: Template, values: Mapping[str, str], city: City, now: datetime) -> Reader:
        return Reader(
            template=template,
            city=city,
            now=now,
            values=values,
            problems=[],
            area_words=self._areas,
            moment=self._moment,
        )

    def _moment(self, at: datetime, language: str) -> str:
        return self._renderer.render_text("{{ at | moment(language) }}", {"at": at, "language": language})

    def _info(self, reader: Reader, language: str, values: Mapping[str, str], span: tuple[datetime, datetime]) -> Info:
        template, city = reader.template, reader.city
        text = self._say(template.text[language], values)
        return Info(
            **text.model_dump(),
            language=language,
            category=template.category,
            effective=span[0],
            expires=span[1],
            urgency=template.urgency,
            severity=template.severity,
            certainty=template.certainty,
            response_type=template.response_type,
            web=city.public_url,
            contact=contact(city, language),
            areas=_areas(reader, language),
        )

    def _say(self, words: Words, values: Mapping[str, str]) -> Words:
        said = {name: _tidy(self._renderer.render_text(source, values)) for name, source in words}
        return Words.model_validate(said)


def template_of(templates: Path, name: str) -> Template:
    """Return one of the alert templates under `templates`. Raise as `Forms.template`."""
    folder = templates / "alerts"
    path = folder / f"{name}.toml"
    if not _ID.fullmatch(name) or not path.is_file():
        raise NotFound("template_not_found", name=name, known=", ".join(_names(folder)))
    return parse(path.read_text(encoding="utf-8"), name)


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def _fill(reader: Reader, wanted: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the values by language and name, the authoritative one first; problems gather in the reader."""
    reader.unknown()
    reader.area_keys()
    further = (tag for tag in reader.template.text if tag != JAPANESE and (not wanted or tag in wanted))
    return {language: _values(reader, language) for language in (JAPANESE, *further)}


def _values(reader: Reader, language: str) -> dict[str, str]:
    return {
        **{name: reader.words(name, language) for name in reader.template.slots},
        "city": city_name(reader.city, language),
        "contact": contact(reader.city, language),
        "areas_short": reader.area_words.shortened(reader.areas(language), language),
    }


def _given(reader: Reader, language: str) -> dict[str, str]:
    return {name: said for name, said in _values(reader, language).items() if said}


def _blanks(template: Template, language: str) -> dict[str, str]:
    """What stands for each value that is missing: nothing for those that may be."""
    tongue = "ja" if language.partition("-")[0] == JAPANESE else "en"
    blanks = {name: f"〔{slot.meaning[tongue]}〕" if slot.required else "" for name, slot in template.slots.items()}
    return {**dict.fromkeys(GIVEN, ""), **blanks, "areas_short": blanks["areas"]}


def _example_time(name: str, slot: Slot, now: datetime) -> str:
    away = timedelta() if name == ISSUED else timedelta(hours=6) if slot.tense == "future" else timedelta(minutes=-20)
    return (now + away).replace(tzinfo=None).isoformat(timespec="minutes")


def _key(slot: str, language: str) -> str:
    return slot if language == JAPANESE else f"{slot}.{language}"


def _areas(reader: Reader, language: str) -> tuple[Area, ...]:
    pairs = zip(reader.area_keys(), reader.areas(language), strict=True)
    return tuple(Area(area_desc=name, geocodes=reader.city.geocodes.get(key, ())) for key, name in pairs)


def _tidy(text: str) -> str:
    """Drop what optional sentences leave behind: blanks at line ends, and more than one empty line."""
    return _GAPS.sub("\n\n", "\n".join(line.rstrip() for line in text.splitlines())).strip()
