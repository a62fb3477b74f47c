"""`run`, and its children `core`, `pages` and, in a drill, `stand-ins`."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from broadcaster.cli.session import Session, command
from broadcaster.cli.troubling import trouble_options
from broadcaster.cli.words import words
from broadcaster.demo.trouble import Trouble
from broadcaster.errors import BroadcasterError, Forbidden

_GIVES_WAY = 5
"""How much nicer the page server is than the core: a flood of the page must not take the processor from the sending."""


@command("run")
@trouble_options
def run(session: Session, trouble: Trouble) -> None:
    """Supervise core and page server until told to stop; in a drill stand-ins too, with the trouble wished for."""
    from broadcaster import bootstrap, logs, supervisor  # noqa: PLC0415 - the service's weight is not for other commands

    settings, held = session.settings(), session.config_path.read_bytes()
    if trouble and not settings.stand_ins:
        raise Forbidden("trouble_not_here")
    bootstrap.refuse_other_mode(settings)
    logs.configure(settings.logging.level, settings.secrets)
    bootstrap.set_room_aside(settings)
    session.exit_code = supervisor.run(bootstrap.children(settings, held, trouble.options))


def _hold(context: click.Context, _: click.Parameter, value: bool) -> None:
    """Take the configuration from standard input, where `run` gives it to its children."""
    if value:
        context.ensure_object(Session).held = sys.stdin.buffer.read()


held_option = click.option("--held", is_flag=True, callback=_hold, expose_value=False, hidden=True)


def _tell_change(session: Session) -> None:
    """Say that the file holds something else by now: it counts from the next `run` on."""
    try:
        now: bytes | None = session.config_path.read_bytes()
    except OSError:
        now = None
    if session.held not in (None, now):
        log = logging.getLogger("broadcaster.service")
        log.warning(words("config_changed"), extra={"event": "config_changed", "path": str(session.config_path)})


@command("core")
@held_option
def core(session: Session) -> None:
    """Desk, API and dispatcher, until told to stop."""
    from broadcaster import bootstrap, logs, loops  # noqa: PLC0415 - see above

    settings = session.settings()
    logs.configure(settings.logging.level, settings.secrets)
    _tell_change(session)
    with _last_words(session), asyncio.Runner(loop_factory=loops.loop_factory()) as runner:
        runner.run(bootstrap.core(settings))


@command("pages")
@click.option("--root", "roots", multiple=True, metavar="PREFIX=DIR")
@click.option("--host", default="127.0.0.1")
@click.option("--port", type=int, default=8080)
@click.option("--max-age", type=int, default=10)
@click.option("--connections", type=int, default=10_000)
@click.option("--per-address", type=int, default=200)
@click.option("--reuse-port", is_flag=True)
@click.option("--log-level", default="info")
def pages(session: Session, roots: tuple[str, ...], **options: int | str) -> None:
    """The residents' server. All it is told comes by options, so that no secret is in this process."""
    from broadcaster import logs  # noqa: PLC0415 - see above
    from broadcaster.pages import Limits, Options, Root, serve  # noqa: PLC0415 - see above

    logs.configure(str(options["log_level"]))
    os.nice(_GIVES_WAY)
    limits = Limits(connections=int(options["connections"]), per_address=int(options["per_address"]))
    pairs = (root.partition("=") for root in roots)
    found = tuple(Root(prefix, Path(directory)) for prefix, _, directory in pairs)
    host, port = str(options["host"]), int(options["port"])
    age, shared = int(options["max_age"]), bool(options["reuse_port"])
    with _last_words(session):
        serve(Options(roots=found, host=host, port=port, reuse_port=shared, max_age_s=age, limits=limits))


@command("stand-ins")
@held_option
@trouble_options
def stand_ins(session: Session, trouble: Trouble) -> None:
    """A drill's X, relay and mailbox on this machine, until told to stop."""
    from broadcaster import logs  # noqa: PLC0415 - see above
    from broadcaster.demo.stand_ins import stand_in  # noqa: PLC0415 - see above

    settings = session.settings()
    logs.configure(settings.logging.level, settings.secrets)
    with _last_words(session):
        asyncio.run(stand_in(settings, trouble))


@contextmanager
def _last_words(session: Session) -> Generator[None, None, None]:
    """Let a child that cannot go on say why in its log, as JSON like all the rest: nobody reads its screen."""
    log = logging.getLogger("broadcaster.service")
    session.exit_code = 1
    try:
        yield
    except BroadcasterError as error:
        log.critical(words(error.code, **error.params), extra={"event": "child_failed", "code": error.code})
        session.exit_code = error.exit_code
    except OSError as error:
        log.critical(str(error), extra={"event": "child_failed", "code": type(error).__name__})
    except Exception:
        log.critical("an unforeseen error", exc_info=True, extra={"event": "child_failed"})
    else:
        session.exit_code = 0
