"""What every command shares: which configuration, which language, how to print, whom to ask."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from broadcaster.cli.localised import Localised
from broadcaster.cli.words import help_of, words
from broadcaster.errors import ServiceUnreachable

if TYPE_CHECKING:
    from broadcaster.client import Client
    from broadcaster.config import Config
    from broadcaster.ports.world import City

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Session:
    """One call of the command line."""

    config: Path | None = None
    json: bool = False
    exit_code: int = field(default=0)
    held: bytes | None = field(default=None, repr=False)
    """The configuration's text as `run` read it at its start; None: the file is read."""
    names: dict[str, str] | None = None
    """How officers are shown, by id; None before the service was asked (`people.reader`)."""

    @property
    def config_path(self) -> Path:
        """Where the configuration is: `--config`, BROADCASTER_CONFIG, or ./config.toml."""
        return self.config or Path(os.environ.get("BROADCASTER_CONFIG") or "config.toml")

    def settings(self) -> Config:
        """Read the whole configuration. Raise `ConfigError`."""
        from broadcaster.config import load_config  # noqa: PLC0415 - pydantic costs more than a status may

        return load_config(self.config_path, self.held)

    def city(self) -> City:
        """Read who speaks, and no secret. Raise `ConfigError`."""
        from broadcaster.config import load_city  # noqa: PLC0415 - see above

        return load_city(self.config_path)

    @property
    def socket(self) -> Path:
        """Where the service listens: BROADCASTER_SOCKET, or what the configuration names. Raise `ConfigError`.

        An officer need not be able to read the configuration, which may hold secrets.
        """
        from broadcaster.cli.sockets import socket_of  # noqa: PLC0415 - only commands that ask the service

        named = os.environ.get("BROADCASTER_SOCKET")
        return Path(named) if named else socket_of(self.config_path)

    def client(self, *, named: bool = True, session: str = "") -> Client:
        """Return the desk over the socket, for whoever is logged in; not `named`: for the Unix user only. `session` is
        one that this process has begun itself.

        Raise `ConfigError`, `Forbidden`.
        """
        from broadcaster.cli.keeping import bearer  # noqa: PLC0415 - only commands that ask the service
        from broadcaster.client import Client  # noqa: PLC0415

        return Client(self.socket, session=session or (bearer(self.socket) if named else ""))

    @property
    def is_machine(self) -> bool:
        """Whether a program asks, by a machine token. Raise `ConfigError`, `Forbidden`."""
        from broadcaster.cli.keeping import bearer  # noqa: PLC0415 - see above
        from broadcaster.officers.codes import TOKEN  # noqa: PLC0415 - pyotp is for few commands

        return bearer(self.socket).startswith(TOKEN)

    @property
    def interactive(self) -> bool:
        """Whether a person sits in front of it, to be asked and to be shown progress."""
        return not self.json and sys.stdin.isatty() and sys.stdout.isatty()

    def show(self, document: object, *lines: str) -> None:
        """Print the document under `--json`, else the lines."""
        if self.json:
            print(json.dumps(document, ensure_ascii=False, indent=2))  # noqa: T201 - this is the command line's output
        else:
            for line in lines:
                say(line)


def runs(session: Session) -> bool:
    """Return whether the service answers this user."""
    try:
        session.client(named=False).health()
    except ServiceUnreachable:
        return False
    return True


@contextmanager
def drawn(session: Session, title: str) -> Generator[Callable[[int, int], None], None, None]:
    """Give a function to call with what is done and how much there is: a bar on a terminal, else nothing."""
    if session.json or not sys.stdout.isatty():
        yield lambda _done, _total: None
        return
    from broadcaster.cli.bars import counting  # noqa: PLC0415 - rich is for terminals only

    with counting(words(title)) as progress:
        yield progress


def say(line: str = "", *, err: bool = False) -> None:
    """Print a line. What a terminal would obey instead of show (control characters) is made visible."""
    click.echo(
        "".join(each if each.isprintable() or each in "\n\t\u3000" else f"\\x{ord(each):02x}" for each in line), err=err
    )


def _set_config(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.ensure_object(Session).config = value


def _set_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Session).json = True


def config_option(command: Command) -> Command:
    """Add `--config`."""
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option(
        "--config", type=kind, callback=_set_config, expose_value=False, is_eager=True, help=words("help_config")
    )(command)


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option(
        "--json", is_flag=True, callback=_set_json, expose_value=False, is_eager=True, help=words("help_json")
    )(command)


def command(name: str, **extra: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command with its help text, `--config` and `--json`, whose first argument is the session."""

    def wrap(function: Callable[..., Any]) -> click.Command:
        made = click.command(name.rpartition(" ")[2], cls=Localised, help=help_of(name.replace(" ", "_")), **extra)
        return made(config_option(json_option(click.pass_obj(function))))

    return wrap
