"""From the file to the settings. Nothing stops at the first problem."""

from __future__ import annotations

import json
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from broadcaster import registry
from broadcaster.config.canary import CanarySettings
from broadcaster.config.lines import Lines, lines_of
from broadcaster.config.lines import Path as Place
from broadcaster.config.secrets import Resolver
from broadcaster.config.settings import ChannelConfig, Config, Core, LaneTable
from broadcaster.documents import LARGEST, parse_toml, place_of, validation_codes
from broadcaster.errors import ConfigError, EgressRefused
from broadcaster.model import Mode, Problem
from broadcaster.ports.channel import Reaching
from broadcaster.ports.world import City
from broadcaster.rules.egress import Endpoints

_OURS = ("enabled", "lane")
"""Keys of a channel's table that are not its own settings."""


def load_config(path: Path, held: bytes | None = None) -> Config:
    """Return the configuration in this file, or raise `ConfigError` with every problem, its place and line. `held` is
    its text as it was read before, and the file is not read again.
    """
    reading = _Reading(path=path.absolute(), held=held)
    document = reading.document()
    tables, watch = document.pop("channels", {}), document.pop("canary", None)
    core = reading.model(Core, document, ())
    if core is not None:
        reading.mode, reading.egress = core.mode, Endpoints(core.mode, core.drill.endpoints)
    channels = reading.channels(tables)
    canary = None if watch is None else reading.canary(watch, channels)
    if core is None or reading.problems:
        raise ConfigError(reading.problems)
    return replace(_assembled(reading.path, core, channels), canary=canary)


def load_city(path: Path) -> City:
    """Return who speaks, from this file. Raise `ConfigError`."""
    city: City = load_core(path).city.city()
    return city


def load_core(path: Path, held: bytes | None = None) -> Core:
    """Return everything but the channels, from this file: an officer may read it without being allowed to read the
    secrets that the channels' tables name. `held` is its text where that was read before. Raise `ConfigError`.
    """
    reading = _Reading(path=path.absolute(), held=held)
    document = reading.document()
    document.pop("channels", None)
    document.pop("canary", None)
    core: Core | None = reading.model(Core, document, ())
    if core is None:
        raise ConfigError(reading.problems)
    return core


def _assembled(path: Path, core: Core, channels: Mapping[str, ChannelConfig | None]) -> Config:
    data_dir = path.parent / core.data_dir
    return Config(
        path=path,
        mode=core.mode,
        data_dir=data_dir,
        socket=core.socket or data_dir / "desk.sock",
        socket_group=core.socket_group,
        city=core.city.city(),
        lifetimes=core.officers.lifetimes(),
        notice_to=core.officers.notice_to,
        routine=core.routine.model_copy(update={"folder": path.parent / core.routine.folder}),
        school=core.school.school(),
        feeds=core.upstream.feeds,
        watches=tuple(rule.watch() for rule in core.upstream.rules),
        automatic=core.upstream.total,
        policy=replace(core.rules.policy(), rehearsed=core.drill.approval),
        page_server=core.page_server,
        logging=core.logging,
        drill_endpoints=core.drill.endpoints,
        stand_ins=core.drill.stand_ins,
        channels={name: channel for name, channel in channels.items() if channel},
        disabled=tuple(name for name, channel in channels.items() if not channel),
    )


@dataclass
class _Reading:
    path: Path
    problems: list[Problem] = field(default_factory=list[Problem])
    lines: Lines = field(default_factory=Lines)
    mode: Mode | None = None
    egress: Endpoints | None = None
    held: bytes | None = None
    """The file's content, where it is not to be read."""
    sealed: bool = False
    """No secret file is opened; what stands in for its value is never used."""

    def report(self, code: str, place: Place = (), **params: str | float) -> None:
        """Note a problem; its place reads `config.toml:12: channels.twitter.url`."""
        line = self.lines.of(place)
        where = f"{self.path.name}:{line}" if line else self.path.name
        self.problems.append(Problem(code=code, place=f"{where}: {place_of(place)}" if place else where, params=params))

    def document(self) -> dict[str, Any]:
        """Return the file's content. Raise `ConfigError` where it is no TOML at all."""
        try:
            read = self._content() if self.held is None else self.held
            if len(read) <= LARGEST:
                text = read.decode("utf-8-sig")
                document = parse_toml(text)
                self.lines = lines_of(text)
                return document
            self.report("file_too_large", limit=LARGEST)
        except OSError as error:
            self.report("config_unreadable", path=str(self.path), why=error.strerror or type(error).__name__)
        except UnicodeDecodeError:
            self.report("not_utf8")
        except (ValueError, RecursionError) as error:
            self.report("toml_wrong", why=str(error))
        raise ConfigError(self.problems)

    def _content(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(LARGEST + 1)

    def model(self, model: type[BaseModel], table: object, place: Place) -> Any:
        """Return the table as this model, or None with the problems noted."""
        if not isinstance(table, dict):
            self.report("type_wrong", place, wanted="table")
            return None
        try:
            text = json.dumps(self._resolver().resolve(model, table, place), default=str)
            return model.model_validate_json(text, strict=True)  # strict: "yes" is no true, "80" no number
        except ValidationError as error:
            for code, path, params in validation_codes(error):
                self.report(code, (*place, *path), **params)
        return None

    def channels(self, tables: object) -> dict[str, ChannelConfig | None]:
        """Return each configured channel, None for a disabled one."""
        if not isinstance(tables, dict):
            self.report("type_wrong", ("channels",), wanted="table")
            return {}
        return {name: self._channel(name, table) for name, table in tables.items()}

    def _channel(self, name: str, table: object) -> ChannelConfig | None:
        place = ("channels", name)
        if name not in registry.names():
            self.report("channel_unknown", place, known=", ".join(registry.names()))
        elif not isinstance(table, dict):
            self.report("type_wrong", place, wanted="table")
        elif not isinstance(table.get("enabled", True), bool):
            self.report("type_wrong", (*place, "enabled"), wanted="bool")
        else:
            return self._read_channel(name, table, place)
        return None

    def _read_channel(self, name: str, table: dict[str, Any], place: Place) -> ChannelConfig | None:
        lane = self.model(LaneTable, table.get("lane", {}), (*place, "lane"))
        own = {key: value for key, value in table.items() if key not in _OURS}
        if not table.get("enabled", True):
            self._only_names(name, own, place)
            return None
        settings = self.settings(name, own, place)
        return ChannelConfig(name=name, settings=settings, lane=lane.settings()) if settings and lane else None

    def settings(self, name: str, table: dict[str, Any], place: Place) -> BaseModel | None:
        """Return a channel's own settings, or None with the problems noted."""
        try:
            model = registry.settings_model(name)
        except ConfigError as broken:
            self.report(broken.problems[0].code, place, **broken.problems[0].params)
            return None
        settings: BaseModel | None = self.model(model, table, place) if self._may_reach(model, table, place) else None
        return settings

    def _may_reach(self, model: type[BaseModel], table: dict[str, Any], place: Place) -> bool:
        """Tell before any secret is opened: a drill must not even hold credentials that lead out of it."""
        settings = self._shadow().model(model, table, place)
        allowed = True
        if self.egress is not None and isinstance(settings, Reaching):
            for name, (host, port) in settings.endpoints.items():
                try:
                    self.egress.check(host, port)
                except EgressRefused as refused:
                    self.report(refused.code, (*place, *name.split(".")), **refused.params)
                    allowed = False
        return allowed

    def canary(self, table: object, channels: Collection[str]) -> CanarySettings | None:
        """Return `[canary]`, or None with the problems noted. It names channels only that are configured."""
        place: Place = ("canary",)
        if not isinstance(table, dict):
            self.report("type_wrong", place, wanted="table")
            return None
        if not self._may_reach(CanarySettings, table, place):
            return None
        settings: CanarySettings | None = self.model(CanarySettings, table, place)
        if settings is not None:
            named = (*settings.channels, *(mirror.channel for mirror in settings.readback.mirrors))
            for unknown in sorted({*named} - {*channels}):
                self.report("unknown_channel", (*place, "channels"), channel=unknown, known=", ".join(channels))
        return settings

    def _shadow(self) -> _Reading:
        """Return a reader of the same file whose problems are its own, and who opens no secret."""
        return _Reading(path=self.path, lines=self.lines, sealed=True)

    def _only_names(self, name: str, table: dict[str, Any], place: Place) -> None:
        """A disabled channel may lack what is still to be filled in; a misspelt key is told all the same."""
        shadow = self._shadow()
        shadow.settings(name, table, place)
        self.problems += [problem for problem in shadow.problems if problem.code == "field_unknown"]

    def _resolver(self) -> Resolver:
        mode = stat.S_IMODE(self.path.stat().st_mode)
        return Resolver(
            base=self.path.parent,
            open_file=bool(mode & 0o077),
            report=self.report,
            mode=self.mode,
            sealed=self.sealed,
        )
