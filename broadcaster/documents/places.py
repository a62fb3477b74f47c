"""A city as a document: officers' programs check what is typed by the desk's own lists, and read no file for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from zoneinfo import ZoneInfo

from broadcaster.documents.values import dump
from broadcaster.model import Geocode
from broadcaster.ports.world import City


def city_document(city: City) -> dict[str, Any]:
    """Return all that is known of the city as plain values; its zone by name."""
    named = {field.name: getattr(city, field.name) for field in fields(city)}
    return {**named, "zone": city.zone.key, "geocodes": dump(city.geocodes)}


def city_of(document: Mapping[str, Any]) -> City:
    """Return the city of such a document, as it comes out of JSON."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    given["zone"] = ZoneInfo(document["zone"])
    given["geocodes"] = {area: tuple(Geocode(**code) for code in codes) for area, codes in document["geocodes"].items()}
    given["area_groups"] = {name: tuple(areas) for name, areas in document["area_groups"].items()}
    return City(**given)
