"""A new instance: its configuration, its folders, its empty secrets, and its store, stamped for one mode for ever.

The configuration is config.example.toml with the values a city starts from. Nothing that exists is touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from broadcaster.config.lines import Path as Place
from broadcaster.config.lines import lines_of
from broadcaster.config.secrets import MARK
from broadcaster.documents import parse_toml
from broadcaster.errors import Refused
from broadcaster.model import Mode, Problem
from broadcaster.rendering import templates_dir
from broadcaster.store import FILE, prepare

CONFIG = "config.toml"
DATA, SECRETS, ROUTINE = "data", "secrets", "routine"
_CITY = "東大和市"
"""Whose name stands in the sample."""
_SAMPLE = "season-greeting.toml"
"""The plan in the folder at first, as an example: its name does not end in .toml there, so it says nothing as it is."""
_SECRET = re.compile(r'^[a-z_]+_file = "(secrets/[^"]+)"$', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a city says at the beginning; the rest it fills in later. None keeps the example's value."""

    mode: Mode = Mode.DRILL
    name: str | None = None
    name_en: str | None = None
    port: int | None = None


def example() -> str:
    """Return config.example.toml: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "config.example.toml"
    return (inside if inside.exists() else package.parent / "config.example.toml").read_text(encoding="utf-8")


def create(folder: Path, start: Start | None = None) -> tuple[Path, ...]:
    """Make an instance and return what was made. Raise `Refused` if any of it exists."""
    begun = start or Start()
    return made(folder, configured(begun), begun.mode)


def made(folder: Path, text: str, mode: Mode, secrets: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Write configuration, folders, secret files and store; return them. Raise `Refused` if any of it exists.

    Folders have mode 0700, files 0600. A secret file that `secrets` does not fill stays empty.
    """
    files = {folder / CONFIG: text, folder / SECRETS / MARK: f"{mode.value}\n"}
    files |= {folder / name: (secrets or {}).get(name, "") for name in _SECRET.findall(text)}
    files[folder / ROUTINE / f"{_SAMPLE}.example"] = _season(text)
    folders = [folder, *(folder / name for name in (DATA, SECRETS, ROUTINE))]
    taken = [path for path in (folder / CONFIG, *folders[1:]) if path.exists() or path.is_symlink()]
    if taken:
        raise Refused([Problem(code="init_exists", place=str(path)) for path in taken])
    written = _written(folders, files)
    prepare(folder / DATA / FILE, mode, read_only=False)
    return (*written, folder / DATA / FILE)


def _season(config: str) -> str:
    """Return the sample of a plan, in the name of the city that this configuration speaks for."""
    sample = (templates_dir() / ROUTINE / _SAMPLE).read_text(encoding="utf-8")
    return sample.replace(_CITY, str(parse_toml(config)["city"]["name"]))


def _written(folders: list[Path], files: Mapping[Path, str]) -> tuple[Path, ...]:
    path = folders[0]
    try:
        for path in folders:
            path.mkdir(mode=0o700, parents=True, exist_ok=path == folders[0])
        for path, text in files.items():
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Refused([Problem(code="init_failed", place=str(path), params={"why": why})]) from None
    return (*folders, *files)


def configured(start: Start) -> str:
    """Return the example with the values of `start` in it."""
    values: dict[Place, str | int | None] = {
        ("mode",): start.mode.value,
        ("city", "name"): start.name,
        ("city", "name_en"): start.name_en,
        ("page_server", "port"): start.port,
        ("city", "public_url"): None if start.port is None else f"http://127.0.0.1:{start.port}/",
    }
    return replaced(example(), {place: value for place, value in values.items() if value is not None})


def replaced(text: str, values: Mapping[Place, object]) -> str:
    """Return the TOML text with other values on the lines of these keys. Raise `KeyError` for a key it lacks."""
    lines, where = text.splitlines(keepends=True), lines_of(text).own
    for place, value in values.items():
        key, _, _ = lines[where[place] - 1].partition("=")
        lines[where[place] - 1] = f"{key.rstrip()} = {spelled(value)}\n"
    return "".join(lines)


def spelled(value: object) -> str:
    """Return a value as TOML on one line. JSON's strings, numbers and truth are TOML's too."""
    if isinstance(value, Mapping):
        inner = ", ".join(
            f"{json.dumps(str(name), ensure_ascii=False)} = {spelled(each)}" for name, each in value.items()
        )
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(spelled(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)
