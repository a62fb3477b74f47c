"""From a notice to the sheet an officer finds: pure."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from broadcaster.model import Notice, Subject
from broadcaster.rules.hazards import highest, level_of, strongest
from broadcaster.rules.watching import Watch
from broadcaster.sheet import Sheet


def sheet_of(notice: Notice, watch: Watch, subject: Subject, zone: ZoneInfo) -> Sheet:
    """Return the rule's template with its values filled from the notice. What the notice does not tell is left open for
    the officer: nothing is guessed.
    """
    told = words(notice, subject, zone)
    return Sheet(
        template=watch.template,
        areas=watch.places,
        slots={name: value for name, text in watch.values.items() if (value := _filled(text, told))},
        note=told["source"],
    )


def words(notice: Notice, subject: Subject, zone: ZoneInfo) -> Mapping[str, str]:
    """Return what a rule's values may name in braces: `source`, `headline`, `sender`, `time`, `level`, `codes`; of an
    earthquake or tsunami also `occurred`, `intensity` and `tsunami`, the last two as templates name their choices.
    """
    levels = [level for code in subject.said.values() if (level := level_of(code)) is not None]
    serial = f" #{notice.serial}" if notice.serial else ""
    event = f" {notice.event_id}" if notice.event_id else ""
    at = notice.reported_at.astimezone(zone)
    return {
        "source": f"{notice.sender} {notice.type}{event}{serial} {at:%Y-%m-%d %H:%M}",
        "headline": notice.headline,
        "sender": notice.sender,
        "time": f"{at:%H:%M}",
        "level": str(max(levels)) if levels else "",
        "codes": ",".join(sorted(set(subject.said.values()))),
        "occurred": f"{notice.occurred_at.astimezone(zone):%Y-%m-%dT%H:%M}" if notice.occurred_at else "",
        "intensity": strongest(subject.said.values()),
        "tsunami": highest(subject.said.values()),
    }


def _filled(text: str, told: Mapping[str, str]) -> str:
    """Put in what is named; a value that names something untold is left out as a whole."""
    for name, value in told.items():
        if f"{{{name}}}" in text and not value:
            return ""
        text = text.replace(f"{{{name}}}", value)
    return text
