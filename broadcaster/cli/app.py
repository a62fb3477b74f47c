"""The group of all commands, loaded one by one, and the boundary at which every error becomes a sentence."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from broadcaster import __version__
from broadcaster.cli.localised import Localised
from broadcaster.cli.people import reader_for
from broadcaster.cli.session import Session, config_option, say
from broadcaster.cli.words import help_of, problem, words
from broadcaster.errors import BroadcasterError, Refused
from broadcaster.papers.reading import PEOPLE

COMMANDS = {
    "demo": "demo:demo",
    "drill": "drilling:drill",
    "init": "setup:init",
    "check": "setup:check",
    "run": "service:run",
    "reload": "deciding:reload",
    "tui": "desk:tui",
    "preview": "looking:preview",
    "measure": "looking:measure",
    "send": "sending:send",
    "compose": "composing:compose",
    "drafts": "kept:drafts",
    "approve": "approving:approve",
    "update": "following:update",
    "extend": "following:extend",
    "correct": "following:correct",
    "cancel": "following:cancel",
    "clear": "following:clear",
    "status": "board:status",
    "history": "reading:history",
    "incident": "reading:incident",
    "handover": "reading:handover",
    "resend": "deciding:resend",
    "hold": "deciding:hold",
    "release": "deciding:release",
    "drop": "deciding:drop",
    "reopen": "deciding:reopen",
    "stop": "glass:stop",
    "review": "glass:review",
    "login": "entering:login",
    "logout": "entering:logout",
    "officers": "officers:officers",
    "tokens": "tokens:tokens",
    "routine": "routine:routine",
    "subscribers": "subscribing:subscribers",
    "upstream": "watching:upstream",
    "canary": "testing:canary",
    "audit": "records:audit",
    "backup": "records:backup",
    "restore": "records:restore",
    "core": "service:core",
    "pages": "service:pages",
    "stand-ins": "service:stand_ins",
}
"""Each command, and where it stands. The last three are children of `run` and not listed."""
HIDDEN = ("core", "pages", "stand-ins")
BROKEN = 1
USAGE = 2
INTERRUPTED = 130


class Group(Localised, click.Group):
    """Commands that are imported only when they are called. `prefix` begins the codes of their help texts."""

    def __init__(self, places: dict[str, str], prefix: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._places, self._prefix = places, prefix

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return the names that are shown."""
        return [name for name in self._places if name not in HIDDEN]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (see above)
        """Import one command."""
        if cmd_name not in self._places:
            return None
        module, _, attribute = self._places[cmd_name].partition(":")
        found = getattr(importlib.import_module(f"broadcaster.cli.{module}"), attribute)
        return found if isinstance(found, click.Command) else None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        Localised.format_options(self, ctx, formatter)
        with formatter.section(words("commands")):
            formatter.write_dl(
                [(name, help_of(self._prefix + name).partition("\n")[0]) for name in self.list_commands(ctx)]
            )


@click.group(cls=Group, places=COMMANDS, help=help_of("broadcaster"), invoke_without_command=True)
@click.option("--version", is_flag=True, help=words("help_version"))
@config_option
@click.pass_context
def broadcaster(context: click.Context, version: bool) -> None:
    """Say the version, or the help where nothing is asked."""
    if version:
        say(f"broadcaster {__version__}")
    elif context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed or in doubt, 2 refused, 3 service not reachable."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    session = Session()
    try:
        broadcaster.main(args=given, prog_name="broadcaster", standalone_mode=False, obj=session)
        code = session.exit_code
    except BaseException as error:  # noqa: BLE001 - the boundary: a person gets a sentence, whatever it was
        code = _heard(error, session, as_json="--json" in given)
    _say_the_rest()
    return code


def _say_the_rest() -> None:
    """Write what is still to be written. Where nobody reads any more (a terminal that is gone) it is let go, since
    Python would end with 120 for it, whatever became of the command.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not stream.closed:
            try:
                stream.flush()
            except OSError:
                setattr(sys, name, None)


def _heard(error: BaseException, session: Session, *, as_json: bool) -> int:
    """Say what went wrong, unless nobody listens any more (`broadcaster ... | head`)."""
    try:
        return _ended(error, session, as_json=as_json)
    except BrokenPipeError:
        return _ended(BrokenPipeError(), session, as_json=as_json)


def _ended(error: BaseException, session: Session, *, as_json: bool) -> int:
    """Say what went wrong in one sentence, or one document, and return the exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else BROKEN
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return _tell({"code": "interrupted", "params": {}, "problems": []}, INTERRUPTED, as_json=as_json)
    if isinstance(error, BroadcasterError):
        return _tell(_fault(error), error.exit_code, as_json=as_json, session=session)
    if isinstance(error, click.ClickException):
        return _tell(_misuse(error), USAGE, as_json=as_json)
    if isinstance(error, BrokenPipeError):
        sys.stdout = None  # nobody reads on: nothing more may be written at exit
        return BROKEN
    from broadcaster.cli.trouble import keep  # noqa: PLC0415 - only when something is broken

    params = {"kind": type(error).__name__, "log": str(keep(error))}
    return _tell({"code": "unexpected", "params": params, "problems": []}, BROKEN, as_json=as_json)


def _fault(error: BroadcasterError) -> dict[str, Any]:
    problems = error.problems if isinstance(error, Refused) else ()
    shown = [{"code": p.code, "place": p.place, "params": dict(p.params), "blocking": p.blocking} for p in problems]
    return {"code": error.code, "params": error.params, "problems": shown}


def _misuse(error: click.ClickException) -> dict[str, Any]:
    code, params = "usage_wrong", {"message": error.format_message().rstrip(".。")}
    if isinstance(error, click.NoSuchOption):
        code, params = "usage_no_option", {"name": error.option_name}
    elif isinstance(error, click.MissingParameter) and error.param:
        code, params = "usage_missing", {"name": error.param.get_error_hint(error.ctx) if error.ctx else "?"}
    elif isinstance(error, click.FileError):
        code, params = "file_unreadable", {"path": error.ui_filename, "why": error.message}
    return {"code": code, "params": params, "problems": []}


def _tell(fault: dict[str, Any], exit_code: int, *, as_json: bool, session: Session | None = None) -> int:
    sentence = _sentence(fault, session)
    if as_json:
        document = {"error": {**fault, "message": sentence}}
        print(json.dumps(document, ensure_ascii=False, indent=2))  # noqa: T201 - this is the command line's output
        return exit_code
    say(sentence, err=True)
    for entry in fault["problems"]:
        say(f"  - {problem(entry)}", err=True)
    return exit_code


def _sentence(fault: dict[str, Any], session: Session | None) -> str:
    """Put it into words. The core is asked for names only where it names a person."""
    if session is None or not PEOPLE.intersection(fault["params"]):
        return words(fault["code"], **fault["params"])
    return reader_for(session).refusal(fault["code"], fault["params"])
