"""Who would get an alert: a resident's wishes against what is said. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from broadcaster.model import Alert, Category, Severity
from broadcaster.rules.districts import Concerned, Districts
from broadcaster.store.transaction import Row

GRAVITY = {severity: place for place, severity in enumerate(Severity)}
"""Gravest is 0. A wish for `Unknown` is a wish for everything."""


class Matter(NamedTuple):
    """What of an alert a wish is held against."""

    concerned: Concerned
    categories: frozenset[str]
    gravity: int
    at: datetime


def matter(alert: Alert, districts: Districts) -> Matter:
    """Return it, over all languages of the alert."""
    areas = [area.area_desc for info in alert.infos for area in info.areas]
    categories = [category for info in alert.infos for category in info.category]
    return about(districts.concerned(areas), categories, alert.severity, alert.sent)


def about(concerned: Concerned, categories: Iterable[Category], severity: Severity, at: datetime) -> Matter:
    """Return what a new alert would be held against."""
    named = frozenset(category.value for category in categories)
    return Matter(concerned, named, GRAVITY[severity], at)


def wants(row: Row, said: Matter) -> bool:
    """Whether a subscriber's row matches. An alert without an area reaches only those who want every area: a missing
    area never widens. An address that is refused again and again is left out, but never of the gravest.
    """
    if row["gravity"] < said.gravity or (row["suppressed"] and said.gravity > GRAVITY[Severity.EXTREME]):
        return False
    areas, categories = _names(row["areas"]), _names(row["categories"])
    return said.concerned.meets(areas) and not (categories and categories.isdisjoint(said.categories))


@lru_cache(maxsize=4_096)
def _names(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))
