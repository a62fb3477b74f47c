"""What is wrong with a draft: every problem at once, each with its place, for the form and for the desk alike.

`form` what must be there and how long it may be, `times` what may be said when, `moments` times that stand in a text,
`characters` what must not be in a text, `lookalikes` letters that pass for others, `words` what is left over or
abolished, `levels` evacuation levels and their names, `links` where a text may lead, `course` whether it fits the
incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from broadcaster.model import Alert, Draft, Mode, Problem
from broadcaster.ports.world import City
from broadcaster.rules.checks import characters, course, form, levels, links, lookalikes, times, words
from broadcaster.rules.checks.texts import Field, readable
from broadcaster.rules.policy import DEFAULT, Policy


def problems(
    draft: Draft, *, now: datetime, city: City, live: Sequence[Alert], mode: Mode, policy: Policy = DEFAULT
) -> tuple[Problem, ...]:
    """Return everything that is wrong with `draft`, worst first; one that is not `blocking` is a warning.

    `live` are all versions of the incident the draft refers to, oldest first; empty for a new one. Never raises,
    whatever the draft holds.
    """
    found = [*form.problems(draft, city), *times.problems(draft, now=now, live=live, policy=policy)]
    found += of_texts(readable(draft), city=city, mode=mode)
    found += [*levels.problems(draft), *course.problems(draft, live=live, mode=mode)]
    return tuple(sorted(found, key=lambda problem: not problem.blocking))


def of_texts(texts: Iterable[Field], *, city: City, mode: Mode) -> list[Problem]:
    """Return what is wrong with texts by themselves, wherever they stand."""
    given = tuple(texts)
    return [
        *characters.problems(given),
        *words.problems(given, mode),
        *links.problems(given, city),
        *lookalikes.problems(given),
    ]
