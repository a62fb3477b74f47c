"""Before a table is validated: secrets from their files, and paths relative to the configuration file.

A setting `x` of type `SecretStr` has a twin `x_file`. Neither is ever named with its value in a problem.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from broadcaster.config.lines import Path as Place
from broadcaster.errors import ConfigError
from broadcaster.model import Problem

_LARGEST_SECRET = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

Report = Callable[..., None]
"""Called with a code, the place, and parameters."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """`base` is the folder of the configuration file, `open_file` whether others may read that file."""

    base: Path
    open_file: bool
    report: Report

    def resolve(self, model: type[BaseModel], table: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """Return the table with every `x_file` read and every relative path made absolute."""
        made = dict(table)
        for name, field in model.model_fields.items():
            leaves = tuple(_leaves(field.annotation))
            if SecretStr in leaves:
                self._secret(made, name, place)
            elif name in made:
                made[name] = self._value(leaves, made[name], (*place, name))
        return made

    def _value(self, leaves: tuple[type, ...], value: Any, place: Place) -> Any:
        if isinstance(value, str) and Path in leaves:
            return str(self.base / Path(value).expanduser())
        if isinstance(value, list):
            return [self._value(leaves, item, (*place, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            for model in leaves:
                if issubclass(model, BaseModel):
                    value = self.resolve(model, value, place)
        return value

    def _secret(self, table: dict[str, Any], name: str, place: Place) -> None:
        twin = f"{name}_file"
        if twin not in table:
            if table.get(name) and self.open_file:
                self.report("secret_inline", (*place, name), twin=twin)
            return
        if name in table:
            self.report("secret_twice", (*place, twin), name=name)
        table[name] = self._read(table.pop(twin), (*place, twin))

    def _read(self, given: Any, place: Place) -> str:
        try:
            return read_secret(self.base / Path(str(given)).expanduser())
        except ConfigError as refused:
            for problem in refused.problems:
                self.report(problem.code, place, **problem.params)
        return "-"  # so that the field is not reported as missing besides


def read_secret(path: Path) -> str:
    """Return what the file holds, without the line's end. Raise `ConfigError` if others may read it, or nobody can."""
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()[: _LARGEST_SECRET + 1].decode("utf-8").rstrip("\r\n") if stat.S_ISREG(mode) else ""
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise _refused(
            "secret_unreadable", path, why=getattr(error, "strerror", None) or type(error).__name__
        ) from None
    if mode & _OTHERS:
        raise _refused("secret_readable", path, mode=f"{stat.S_IMODE(mode):04o}")
    if not text or len(text) > _LARGEST_SECRET:
        raise _refused("secret_empty", path)
    return text


def values_of(settings: object) -> Iterator[str]:
    """Yield the secrets within settings, however deep."""
    if isinstance(settings, SecretStr):
        yield settings.get_secret_value()
    elif isinstance(settings, BaseModel):
        for name in type(settings).model_fields:
            yield from values_of(getattr(settings, name))
    elif isinstance(settings, Mapping):
        for value in settings.values():
            yield from values_of(value)
    elif isinstance(settings, list | tuple):
        for value in settings:
            yield from values_of(value)


def _refused(code: str, path: Path, **params: str) -> ConfigError:
    return ConfigError([Problem(code=code, params={"path": str(path), **params})])


def _leaves(annotation: Any) -> Iterator[type]:
    """Yield the classes within an annotation: `Path` of `tuple[Path, ...] | None`."""
    if parts := get_args(annotation):
        for part in parts:
            yield from _leaves(part)
    elif isinstance(annotation, type):
        yield annotation
