"""Channels by entry point: ours and strangers' alike come from the group `broadcaster.channels`.

An entry point is `build(settings, context) -> Channel`; the annotation of its first parameter is the pydantic model
that the channel's table is read into. Nothing of a channel is imported before it is asked for by name.
"""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, cast

from pydantic import BaseModel

from broadcaster.errors import ConfigError
from broadcaster.model import Length, Problem
from broadcaster.ports.channel import Channel
from broadcaster.ports.world import Context

GROUP = "broadcaster.channels"


class Configured(Protocol):
    """What is needed of a channel's configuration."""

    @property
    def name(self) -> str:
        """The channel's name."""
        ...

    @property
    def settings(self) -> BaseModel:
        """Its validated settings."""
        ...


@cache
def _points() -> Mapping[str, EntryPoint]:
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def names() -> tuple[str, ...]:
    """Return the names of all channels that are installed, sorted."""
    return tuple(_points())


def settings_model(name: str) -> type[BaseModel]:
    """Return the model of the channel's table. Raise `ConfigError` if the channel is unknown or cannot be used."""
    build = _builder(name)
    try:
        first = next(iter(inspect.signature(build).parameters))
        model = typing.get_type_hints(build)[first]
    except (StopIteration, KeyError, NameError, TypeError, ValueError) as error:
        raise _broken(name, "build has no annotated settings") from error
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise _broken(name, "settings are no pydantic model")
    return model


def build(name: str, settings: BaseModel, context: Context) -> Channel:
    """Return the channel, with a state folder of its own. Raise `ConfigError`, or what the channel raises."""
    return _builder(name)(settings, replace(context, state_dir=context.state_dir / name))


def build_all(channels: Iterable[Configured], context: Context) -> dict[str, Channel]:
    """Return every configured channel by its name."""
    return {channel.name: build(channel.name, channel.settings, context) for channel in channels}


def measurer(name: str) -> Callable[[str], Length] | None:
    """Return the function `measure` beside the channel's `build`, which needs no configuration, or None."""
    if name not in _points():
        return None
    found: object = getattr(sys.modules[_builder(name).__module__], "measure", None)
    return cast("Callable[[str], Length]", found) if callable(found) else None


def sample(name: str, context: Context) -> Channel | None:
    """Return what the function `sample` beside the channel's `build` gives: the channel without a configuration, to
    preview its words; it reaches nothing. None where there is none.
    """
    if name not in _points():
        return None
    found: object = getattr(sys.modules[_builder(name).__module__], "sample", None)
    return cast("Callable[[Context], Channel]", found)(context) if callable(found) else None


@cache
def _builder(name: str) -> Callable[..., Channel]:
    point = _points().get(name)
    if point is None:
        raise ConfigError([Problem(code="channel_unknown", place=name, params={"known": ", ".join(names())})])
    try:
        loaded: Callable[..., Channel] = point.load()
    except Exception as error:
        raise _broken(name, f"{type(error).__name__}: {error}") from error
    return loaded


def _broken(name: str, why: str) -> ConfigError:
    return ConfigError([Problem(code="channel_broken", place=f"channels.{name}", params={"channel": name, "why": why})])
