"""The tables of the configuration as types. What each means to a city stands in config.example.toml."""

from __future__ import annotations

import grp
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from broadcaster.config.announcing import RoutineSettings, SchoolSettings
from broadcaster.config.canary import CanarySettings
from broadcaster.config.secrets import values_of
from broadcaster.config.watching import FeedSettings, UpstreamSettings
from broadcaster.model import Geocode, Mode, School
from broadcaster.ports.store import Limits
from broadcaster.ports.world import City
from broadcaster.rules.lane import LaneSettings
from broadcaster.rules.login import Lifetimes
from broadcaster.rules.policy import Policy
from broadcaster.rules.watching import Watch


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError("say.zone_unknown", "unknown zone") from None
    return name


def _group(name: str) -> str:
    try:
        return grp.getgrnam(name).gr_name if name else ""
    except (KeyError, ValueError):
        raise PydanticCustomError("say.group_unknown", "unknown group") from None


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.query
    except ValueError:
        fine = False
    if not fine or not url.endswith("/"):
        raise PydanticCustomError("say.url_wrong", "not a base address")
    return url


Group = Annotated[str, AfterValidator(_group)]
Zone = Annotated[str, AfterValidator(_zone)]
BaseAddress = Annotated[str, AfterValidator(_address)]
Domain = Annotated[
    str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$", max_length=253)
]
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=500)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AreaGroup(_Table):
    """`[[city.area_groups]]`: areas that are chosen together."""

    name: Annotated[Line, Field(min_length=1)]
    areas: Annotated[tuple[Annotated[Line, Field(min_length=1, pattern="^[^、，,]*$")], ...], Field(min_length=1)]


class CitySettings(_Table):
    """`[city]`: who speaks."""

    name: Annotated[Line, Field(min_length=1)]
    name_en: Annotated[Line, Field(min_length=1)]
    sender: Annotated[str, Field(pattern=r"^[^\s,<&]+$", max_length=200)]
    """CAP 1.2, 3.2.1: no space, comma, `<` or `&`."""
    timezone: Zone = "Asia/Tokyo"
    public_url: BaseAddress
    domains: tuple[Domain, ...]
    contact: Line = ""
    contact_en: Line = ""
    hashtag: Annotated[str, Field(pattern=r"^(#\S+)?$", max_length=100)] = ""
    fallback: Line = ""
    areas: tuple[Annotated[Line, Field(min_length=1)], ...] = ()
    areas_en: dict[str, Annotated[Line, Field(min_length=1, pattern="^[^、，,]*$")]] = {}
    geocodes: dict[str, dict[str, Annotated[Line, Field(min_length=1)]]] = {}
    area_groups: tuple[AreaGroup, ...] = ()

    @model_validator(mode="after")
    def _areas_known(self) -> Self:
        unknown = [name for name in (*self.geocodes, *self.areas_en) if name not in self.areas]
        if unknown:
            raise PydanticCustomError("say.geocode_area_unknown", "unknown area", {"names": ", ".join(unknown)})
        grouped = [name for group in self.area_groups for name in group.areas]
        if foreign := [name for name in grouped if self.areas and not name.startswith(self.areas)]:
            raise PydanticCustomError("say.area_group_unknown", "unknown area", {"names": ", ".join(foreign)})
        if len({group.name for group in self.area_groups}) < len(self.area_groups):
            raise PydanticCustomError("say.area_group_twice", "twice")
        return self

    def city(self) -> City:
        """Return what channels and rules get to know of it."""
        return City(
            name=self.name,
            name_en=self.name_en,
            sender=self.sender,
            zone=ZoneInfo(self.timezone),
            public_url=self.public_url,
            domains=self.domains,
            contact=self.contact,
            contact_en=self.contact_en,
            hashtag=self.hashtag,
            fallback=self.fallback,
            areas=self.areas,
            areas_en=self.areas_en,
            geocodes={name: _codes(codes) for name, codes in self.geocodes.items()},
            area_groups={group.name: group.areas for group in self.area_groups},
        )


def _codes(codes: Mapping[str, str]) -> tuple[Geocode, ...]:
    return tuple(Geocode(value_name=name, value=value) for name, value in codes.items())


class RulesSettings(_Table):
    """`[rules]`: figures that a city may make stricter than docs/delivery.md, never laxer."""

    max_validity_hours: Annotated[int, Field(ge=1, le=72)] = 72
    approval_minutes: Annotated[int, Field(ge=1, le=30)] = 30
    stale_emergency_minutes: Annotated[int, Field(ge=1, le=10)] = 10
    stale_warning_minutes: Annotated[int, Field(ge=1, le=30)] = 30

    def policy(self) -> Policy:
        """Return them as the rules take them."""
        return Policy(
            max_validity=timedelta(hours=self.max_validity_hours),
            approval_within=timedelta(minutes=self.approval_minutes),
            stale_emergency=timedelta(minutes=self.stale_emergency_minutes),
            stale_warning=timedelta(minutes=self.stale_warning_minutes),
        )


class OfficersSettings(_Table):
    """`[officers]`: how long a login lasts, and who is told by mail of what goes out without a second person."""

    session_idle_minutes: Annotated[int, Field(ge=5, le=720)] = 60
    session_hours: Annotated[int, Field(ge=1, le=24)] = 12
    notice_to: tuple[Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+$", max_length=254)], ...] = ()

    def lifetimes(self) -> Lifetimes:
        """Return them as the rules take them."""
        return Lifetimes(
            idle=timedelta(minutes=self.session_idle_minutes), absolute=timedelta(hours=self.session_hours)
        )


class PageServerSettings(_Table):
    """`[page_server]`: the residents' server."""

    enabled: bool = True
    host: Annotated[str, Field(min_length=1, max_length=253)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    max_age_s: Annotated[int, Field(ge=1, le=300)] = 10
    connections: Annotated[int, Field(ge=10, le=1_000_000)] = 10_000
    per_address: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    workers: Annotated[int, Field(ge=1, le=64)] = 1


class LoggingSettings(_Table):
    """`[logging]`: JSON lines on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class DrillSettings(_Table):
    """`[drill]`: endpoints for exercises, as `host` or `host:port`, and whether ours stand in for X and the relay."""

    endpoints: tuple[Annotated[str, Field(pattern=r"^[^\s/]+$", max_length=260)], ...] = ()
    stand_ins: bool = False
    approval: bool = False
    """A second person is asked for as in earnest."""


class LaneTable(_Table):
    """`[channels.NAME.lane]`: how hard a channel is driven."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] = 4
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 30.0
    rate_per_s: Annotated[float, Field(gt=0, le=10_000)] = 1.0
    burst: Annotated[int, Field(ge=1, le=100_000)] = 10
    breaker_failures: Annotated[int, Field(ge=1, le=1000)] = 5
    breaker_open_s: Annotated[float, Field(gt=0, le=3600)] = 30.0
    refresh_s: Annotated[float, Field(ge=5, le=3600)] = 60.0

    def settings(self) -> LaneSettings:
        """Return them as the dispatcher takes them."""
        return LaneSettings(**self.model_dump())


class Core(_Table):
    """Everything but the channels, whose tables have types of their own."""

    mode: Mode
    data_dir: Path = Path("data")
    socket: Path | None = None
    socket_group: Group = ""
    """The Unix group that may use the socket besides its owner; empty: the owner alone (mode 0600)."""
    city: CitySettings
    rules: RulesSettings = RulesSettings()
    officers: OfficersSettings = OfficersSettings()
    routine: RoutineSettings = RoutineSettings()
    school: SchoolSettings = SchoolSettings()
    upstream: UpstreamSettings = UpstreamSettings()
    page_server: PageServerSettings = PageServerSettings()
    logging: LoggingSettings = LoggingSettings()
    drill: DrillSettings = DrillSettings()

    @model_validator(mode="after")
    def _stand_ins_only_in_a_drill(self) -> Self:
        if self.drill.stand_ins and self.mode is not Mode.DRILL:
            raise PydanticCustomError("say.stand_ins_live", "stand-ins are for drills")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelConfig:
    """One enabled channel: its lane, and its settings as its own model."""

    name: str
    settings: BaseModel
    lane: LaneSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration. `channels` holds the enabled ones, `disabled` the names of the others."""

    path: Path
    mode: Mode
    data_dir: Path
    socket: Path
    socket_group: str
    city: City
    policy: Policy
    lifetimes: Lifetimes
    notice_to: tuple[str, ...]
    routine: RoutineSettings
    school: School
    feeds: tuple[FeedSettings, ...]
    watches: tuple[Watch, ...]
    automatic: Limits
    """The most that all rules together say without a person."""
    page_server: PageServerSettings
    logging: LoggingSettings
    drill_endpoints: tuple[str, ...]
    stand_ins: bool
    """Whether this drill's X, relay and mailbox are ours, on this machine."""
    channels: Mapping[str, ChannelConfig]
    disabled: tuple[str, ...] = ()
    canary: CanarySettings | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the log to blacken."""
        tables = [*(channel.settings for channel in self.channels.values()), *([self.canary] if self.canary else [])]
        return tuple(value for table in tables for value in values_of(table))
