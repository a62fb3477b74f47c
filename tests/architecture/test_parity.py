"""Commands do everything the screens do: docs/desk.md against the keys and commands there are; and both front
ends by what they ask of the core.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import click
from textual.binding import Binding

from broadcaster.cli.app import broadcaster
from broadcaster.tui import screens
from broadcaster.tui.app import DeskApp
from broadcaster.tui.screens.base import DeskModal, DeskScreen
from broadcaster.tui.screens.pick import DraftTable
from broadcaster.tui.widgets.key_bar import MOVES

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "desk.md").read_text(encoding="utf-8")
EVERYWHERE = "everywhere"
UNTOLD = {"", "tui_key_back", "tui_key_choose", *MOVES}
"""Descriptions of keys that only move about, or answer what is asked."""


def rows() -> Iterator[tuple[str, str, str]]:
    for line in TABLE.splitlines():
        if line.startswith("| ") and not line.startswith("| screen"):
            screen, keys, _, command = (cell.strip() for cell in line.strip("|").split("|"))
            for key in re.findall(r"`([^`]+)`", keys):
                yield screen, key, command


def spelled(key: str) -> str:
    """Return a key as people read it."""
    parts = [part.capitalize() if len(part) > 1 else part for part in key.split("+")]
    return "+".join(part.upper() if len(parts) > 1 else part for part in parts).replace("CTRL", "Ctrl")


def shown() -> Iterator[type]:
    """Yield every screen that is opened: those nothing is derived from."""
    for module in pkgutil.iter_modules(screens.__path__):
        for found in vars(importlib.import_module(f"{screens.__name__}.{module.name}")).values():
            own = inspect.isclass(found) and found.__module__.endswith(f".{module.name}")
            if own and issubclass(found, DeskScreen | DeskModal) and not found.__subclasses__():
                yield found
    yield DraftTable


def keys_of(owner: type) -> Iterator[str]:
    """Yield the first key of each binding that does something."""
    for each in owner.__dict__.get("BINDINGS", ()):
        assert isinstance(each, Binding)
        if each.description not in UNTOLD:
            yield spelled(each.key.split(",")[0])


def keys_with(owner: type) -> set[str]:
    """Return the keys of a screen and of what it is derived from, up to what all have."""
    line = [each for each in owner.__mro__ if each not in (DeskScreen, DeskModal)]
    return {key for each in line if each.__module__.startswith("broadcaster") for key in keys_of(each)}


def test_every_key_of_every_screen_stands_in_the_table() -> None:
    told: dict[str, set[str]] = {}
    for screen, key, _ in rows():
        told.setdefault(screen, set()).add(key)
    everywhere = {*keys_of(DeskApp), *keys_of(DeskScreen), *keys_of(DeskModal), "?"}
    assert told.pop(EVERYWHERE) == everywhere
    told["Board"].remove("Enter")
    named = {
        re.sub(r"([a-z])([A-Z])", r"\1 \2", each.__name__.removesuffix("Screen")): keys_with(each) for each in shown()
    }
    assert told == {name: keys for name, keys in named.items() if keys}


def test_every_command_in_the_table_exists_with_its_options() -> None:
    for said in re.findall(r"`broadcaster ([^`]+)`", TABLE):
        command: click.Command = broadcaster
        for word in said.split():
            if isinstance(command, click.Group) and not word.startswith("-"):
                found = command.get_command(click.Context(command), word)
                assert found is not None, said
                command = found
            elif word.startswith("--") and word != "--help":
                assert word in {option for each in command.params for option in (*each.opts, *each.secondary_opts)}, (
                    said
                )


def asked(room: str, who: str) -> set[str]:
    """Return the methods of the desk's client that a room calls: on `core` at the desk, on a client in a command."""
    found = set[str]()
    for path in (ROOT / "broadcaster" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and who in ast.unparse(node.func.value)
            ):
                found.add(node.func.attr)
    return found


def test_whatever_the_desk_asks_of_the_core_a_command_asks_too() -> None:
    desk, commands = asked("tui", "core"), asked("cli", "client")
    assert len(desk) > 30
    assert desk - commands == set()
