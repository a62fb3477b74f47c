"""What a subscription may hold, whichever way it comes: as CSV, over the desk's API, later from a page.

An address goes into an SMTP envelope and a header, an area onto terminals: neither may carry anything but itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from broadcaster.model import Problem, Subscriber

ADDRESS = re.compile(
    r"(?=.{3,254}$)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,6}")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]")
_SHOWN = 80


def problems(people: Iterable[Subscriber], areas: Collection[str]) -> Iterator[Problem]:
    """Yield what is wrong with each, with its place. `areas` are the city's; empty, any name will do."""
    for index, person in enumerate(people):
        place = f"subscribers[{index}]"
        if not ADDRESS.fullmatch(person.address):
            yield _problem("subscriber_address", f"{place}.address", person.address)
        if not LANGUAGE.fullmatch(person.language):
            yield _problem("subscriber_language", f"{place}.language", person.language)
        for name in person.areas:
            if not is_area(name, areas):
                yield _problem("subscriber_area", f"{place}.areas", name)


def is_area(name: str, known: Collection[str]) -> bool:
    """Whether a wish for this area could ever match anything."""
    return not UNPRINTABLE.search(name) and (not known or name in known)


def shown(value: str) -> str:
    """Return what a person may be shown of a bad value: short, and without characters that act."""
    return UNPRINTABLE.sub("?", value[:_SHOWN])


def _problem(code: str, place: str, value: str) -> Problem:
    return Problem(code=code, place=place, params={"value": shown(value)})
