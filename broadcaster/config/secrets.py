"""Before a table is validated: secrets from their files, and paths relative to the configuration file.

A setting `x` of type `SecretStr` has a twin `x_file`. Neither is ever named with its value in a problem.

The folder of a secret file may carry a mark, a file `mode` that says `live` or `drill` (`broadcaster init` writes it).
An instance of the other mode does not open the secrets beside it, by whatever link or path it came there.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from broadcaster.config.lines import Path as Place
from broadcaster.errors import ConfigError
from broadcaster.model import Mode, Problem

MARK = "mode"
"""The file beside secrets that says which kind of instance they belong to."""
_LARGEST_SECRET = 64 * 1024
_LARGEST_MARK = 16
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_STAND_IN = "-"
"""For a secret that was not read, so that its field is not reported as missing besides."""

Report = Callable[..., None]
"""Called with a code, the place, and parameters."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """`base` is the folder of the configuration file, `open_file` whether others may read that file, `mode` that of the
    instance as far as it is known. `sealed`: no secret file is opened, and none is complained about.
    """

    base: Path
    open_file: bool
    report: Report
    mode: Mode | None = None
    sealed: bool = False

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
        if self.sealed:
            return _STAND_IN
        try:
            return read_secret(self.base / Path(str(given)).expanduser(), self.mode)
        except ConfigError as refused:
            for problem in refused.problems:
                self.report(problem.code, place, **problem.params)
        return _STAND_IN


def read_secret(path: Path, mode: Mode | None = None) -> str:
    """Return what the file holds, without the line's end. Raise `ConfigError` if others may read it, nobody can, or its
    folder is marked as that of an instance of another mode.
    """
    try:
        status = path.stat()
        marked = _mark(path)
        if mode is not None and marked not in ("", mode.value):
            raise _refused("secret_other_mode", path, marked=marked, mode=mode.value)
        text = path.read_bytes()[: _LARGEST_SECRET + 1].decode("utf-8") if stat.S_ISREG(status.st_mode) else ""
    except (OSError, UnicodeDecodeError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise _refused("secret_unreadable", path, why=why) from None
    if status.st_mode & _OTHERS:
        raise _refused("secret_readable", path, mode=f"{stat.S_IMODE(status.st_mode):04o}")
    if not (value := text.rstrip("\r\n")) or len(value) > _LARGEST_SECRET:
        raise _refused("secret_empty", path)
    return value


def _mark(path: Path) -> str:
    """Return what the folder says in which the file really lies, past every link; empty where it says nothing."""
    with suppress(FileNotFoundError), path.resolve().with_name(MARK).open(encoding="utf-8", errors="replace") as file:
        return file.read(_LARGEST_MARK).strip()
    return ""


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
