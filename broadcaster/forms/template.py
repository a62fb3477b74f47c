"""What an alert template is: its TOML read into frozen values, with every problem at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from broadcaster.errors import Refused
from broadcaster.model import (
    EASY_JAPANESE,
    JAPANESE,
    Category,
    Certainty,
    Kind,
    Problem,
    ResponseType,
    Severity,
    Urgency,
)

LANGUAGES = (JAPANESE, EASY_JAPANESE, "en")
"""Every template speaks these, the authoritative one first; further ones are welcome."""

GIVEN = frozenset({"city", "contact", "areas_short"})
"""Names every text may use besides its slots: who speaks, who to ask, and the areas cut short for a headline."""

ISSUED = "issued"
"""The slot for the moment of decision; left empty it is the moment the form is filled."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Filled = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class SlotKind(StrEnum):
    """What a slot takes, and so which field a form shows for it."""

    TEXT = "text"
    AREA = "area"
    """Town names, separated by `、` or commas."""
    TIME = "time"
    """`14:05`, or `2026-07-01T14:05` in the city's zone."""
    NUMBER = "number"
    CHOICE = "choice"
    """One of `choices`, each of which is worded in every language: no translation in a hurry."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Slot(_Part):
    """One blank of a template. `max_length` counts characters as typed, per language."""

    kind: SlotKind
    meaning: dict[str, Filled]
    example: dict[str, Filled]
    required: bool = False
    max_length: int = Field(default=100, ge=1, le=1000)
    choices: dict[Name | Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")], dict[str, Filled]] = {}
    tense: Literal["past", "future"] = "past"
    """Which 14:05 is meant when only the hour is given: the last one, or the next."""
    whole_city: bool = False
    """Whether this is usually said to the whole city, which the example then names in so many words."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not {"ja", "en"} <= self.meaning.keys():
            raise ValueError("meaning is needed in ja and en")
        if JAPANESE not in self.example:
            raise ValueError("example is needed in ja")
        if (self.kind is SlotKind.CHOICE) != bool(self.choices):
            raise ValueError("choices belong to kind choice, and it needs them")
        return self


class Words(_Part):
    """The text of one language, as Jinja2 source."""

    event: Filled
    headline: Filled
    description: Filled
    instruction: Filled


class Template(_Part):
    """An alert officers start from. `id` is the file's name; `validity_hours` the default time until it expires."""

    id: str
    name: dict[str, Filled]
    kind: Kind
    hazard: Filled
    category: tuple[Category, ...] = Field(min_length=1)
    level: int | None = Field(default=None, ge=1, le=5)
    response_type: tuple[ResponseType, ...] = Field(min_length=1)
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    validity_hours: int = Field(ge=1, le=72)
    slots: dict[Name, Slot]
    text: dict[str, Words]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if faults := [*self._faults(), *self._untranslated()]:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        for language in sorted(set(LANGUAGES) - self.text.keys()):
            yield f"text is missing in {language}"
        for name in sorted(GIVEN & self.slots.keys()):
            yield f"a slot may not be called {name}"
        area = self.slots.get("areas")
        if area is None or area.kind is not SlotKind.AREA or not area.required:
            yield "a required slot `areas` of kind area is needed: nothing is said to nowhere"

    def _untranslated(self) -> Iterator[str]:
        for name, slot in self.slots.items():
            for choice, words in slot.choices.items():
                for language in sorted(self.text.keys() - words.keys()):
                    yield f"slots.{name}.choices.{choice} is missing in {language}"


@lru_cache(maxsize=128)
def parse(source: str, name: str) -> Template:
    """Return the template that `source` (TOML) declares. Raise `Refused` with every problem, placed by file and key.

    Remembered, since a form that is being filled asks for it again with each letter.
    """
    try:
        return Template.model_validate({"id": name, **tomllib.loads(source)})
    except tomllib.TOMLDecodeError as error:
        raise Refused([Problem(code="template_not_toml", place=f"{name}.toml", params={"why": str(error)})]) from error
    except ValidationError as error:
        raise Refused([_problem(name, entry["loc"], entry["msg"]) for entry in error.errors()]) from error


def _problem(name: str, path: tuple[int | str, ...], why: str) -> Problem:
    place = ".".join(str(step) for step in path)
    return Problem(code="template_invalid", place=f"{name}.toml: {place}", params={"why": why})
