"""The tables of the configuration that say which feeds of others are watched, and what becomes a draft."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from broadcaster.ports.store import Limits
from broadcaster.rules.automatic import TYPES as AUTOMATIC
from broadcaster.rules.automatic import Guards
from broadcaster.rules.egress import is_loopback
from broadcaster.rules.watching import PLAIN, PLAIN_PLACE, Watch


def _feed(url: str) -> str:
    """HTTPS, or HTTP on this machine: whoever stands between could speak as the agency."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
        fine = parts.hostname and parts.port != 0 and (parts.scheme == "https" or plain)
    except ValueError:
        fine = False
    if not fine:
        raise PydanticCustomError("say.feed_url_wrong", "not a feed's address")
    return url


_CODE = re.compile(r"[0-9]{3}|[0-9]{7}")
"""A region of intensities or tsunami warnings (351, 312), or a municipality (1322000), as telegrams have it."""
FeedAddress = Annotated[str, AfterValidator(_feed)]
Words = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", min_length=1, max_length=500)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FeedSettings(_Table):
    """`[[upstream.feeds]]`: one feed that is watched. Times in seconds or minutes, as their names say."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    url: FeedAddress
    kind: Literal["jma", "cap", "plain"]
    every_s: Annotated[int, Field(ge=1, le=3600)] = 60
    silent_after_minutes: Annotated[int, Field(ge=1, le=525_600)] = 60
    backlog_minutes: Annotated[int, Field(ge=0, le=1440)] = 120
    """How old a document may be when the feed is read for the first time."""
    fingerprint: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    hosts: tuple[Words, ...] = ()
    """Hosts its documents may stand on besides its own."""


class RuleSettings(_Table):
    """`[[upstream.rules]]`: what of the feeds becomes a draft."""

    name: Annotated[Words, Field(max_length=40)]
    template: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]
    areas: tuple[Words, ...] = ()
    feeds: tuple[str, ...] = ()
    types: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3,4}[0-9]{0,2}$")], ...] = ()
    codes: tuple[Words, ...] = ()
    words: tuple[Words, ...] = ()
    places: tuple[Words, ...] = ()
    values: dict[str, Words] = {}
    automatic: bool = False
    max_age_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    max_per_hour: Annotated[int, Field(ge=1, le=20)] = 1
    max_per_day: Annotated[int, Field(ge=1, le=50)] = 3

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        """A missing area never widens to everything; a rule over plain words has none."""
        if bool(self.areas) == bool(self.words):
            raise PydanticCustomError("say.upstream_areas_or_words", "one of both")
        return self

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        """What may speak by itself names all it speaks of: nothing in it may mean "any"."""
        if not self.automatic:
            return self
        if not self.types or not AUTOMATIC.issuperset(self.types):
            params = {"types": ", ".join(sorted(AUTOMATIC))}
            raise PydanticCustomError("say.automatic_types", "not on the list", params)
        if not (self.codes and self.places and all(_CODE.fullmatch(area) for area in self.areas)):
            raise PydanticCustomError("say.automatic_bounds", "codes, places and exact areas")
        return self

    def watch(self) -> Watch:
        """Return it as the rules take it."""
        return Watch(
            name=self.name,
            template=self.template,
            areas=frozenset(self.areas or (PLAIN_PLACE,)),
            feeds=frozenset(self.feeds),
            types=frozenset(self.types or ((PLAIN,) if self.words else ())),
            codes=frozenset(self.codes or self.words),
            values=self.values,
            places=self.places,
            automatic=self._guards() if self.automatic else None,
        )

    def _guards(self) -> Guards:
        limits = Limits(per_hour=self.max_per_hour, per_day=self.max_per_day)
        return Guards(max_age_minutes=self.max_age_minutes, limits=limits)


class AutomaticSettings(_Table):
    """`[upstream.automatic]`: the most that all rules together say without a person."""

    max_per_hour: Annotated[int, Field(ge=1, le=20)] = 2
    max_per_day: Annotated[int, Field(ge=1, le=50)] = 5


class UpstreamSettings(_Table):
    """`[upstream]`: feeds of others from which drafts arise."""

    feeds: tuple[FeedSettings, ...] = ()
    rules: tuple[RuleSettings, ...] = ()
    automatic: AutomaticSettings = AutomaticSettings()

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [each.name for each in self.feeds]
        if len({*names}) < len(names) or len({each.name for each in self.rules}) < len(self.rules):
            raise PydanticCustomError("say.upstream_twice", "twice")
        if unknown := sorted({name for rule in self.rules for name in rule.feeds} - {*names}):
            raise PydanticCustomError("say.upstream_feed_unknown", "unknown feed", {"names": ", ".join(unknown)})
        return self

    @property
    def total(self) -> Limits:
        """The most that all rules together say without a person."""
        return Limits(per_hour=self.automatic.max_per_hour, per_day=self.automatic.max_per_day)
