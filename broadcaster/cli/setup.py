"""`init` and `check`: a configuration for a city, and whether it would work."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from broadcaster.cli.session import Session, command, runs
from broadcaster.cli.tables import channel
from broadcaster.cli.words import words
from broadcaster.errors import BroadcasterError, Refused
from broadcaster.model import Actor, Mode, Problem
from broadcaster.ports.channel import Finding

if TYPE_CHECKING:
    from broadcaster.config import PageServerSettings


@command("init")
@click.argument("folder", metavar="DIR", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--live/--drill", default=None, help=words("help_live"))
@click.option("--beside", type=click.Path(path_type=Path), help=words("help_beside"))
@click.option("--name", help=words("help_name"))
@click.option("--name-en", help=words("help_name_en"))
@click.option("--port", type=click.IntRange(1, 65535), help=words("help_port"))
def init(session: Session, folder: Path | None, *, live: bool | None, beside: Path | None, **said: Any) -> None:
    """Make a configuration that works at once, as a drill with a local page unless told otherwise.

    `init --drill` alone makes the drill beside the instance whose configuration is the session's.
    """
    if folder is None and live is False and beside is None:
        beside = session.config_path
    home, made = _beside(folder, beside, live, said) if beside else _alone(folder, live, said)
    told = words("made_beside", folder=home, live=beside) if beside else words("made", folder=home)
    session.show({"folder": str(home), "files": [str(path) for path in made]}, told)


def _alone(folder: Path | None, live: bool | None, said: dict[str, Any]) -> tuple[Path, tuple[Path, ...]]:
    from broadcaster.scaffold import Start, create  # noqa: PLC0415 - only here

    if folder is None:
        raise Refused([Problem(code="init_where", place="DIR")])
    return folder, create(folder, Start(mode=Mode.LIVE if live else Mode.DRILL, **said))


def _beside(
    folder: Path | None, beside: Path, live: bool | None, said: dict[str, Any]
) -> tuple[Path, tuple[Path, ...]]:
    from broadcaster.api.peers import user_name  # noqa: PLC0415 - heavy, and only here
    from broadcaster.clock import SystemClock, SystemEntropy  # noqa: PLC0415 - see above
    from broadcaster.scaffold import Maker, create_beside, home_beside  # noqa: PLC0415 - see above

    wrong = ["init_beside_live"] * bool(live) + ["init_beside_named"] * bool(said["name"] or said["name_en"])
    if wrong:
        raise Refused([Problem(code=code, place="--beside") for code in wrong])
    home, uid = folder or home_beside(beside), os.getuid()
    clock, entropy = SystemClock(), SystemEntropy()
    maker = Maker(by=Actor(name=user_name(uid), uid=uid), now=clock.now(), entropy=entropy)
    return home, create_beside(home, beside, maker, said["port"])


@command("check")
def check(session: Session) -> None:
    """Look at everything without posting anything; take up again what was down and is mended."""
    found = asyncio.run(_found(session))
    good = all(entry["ok"] for entry in found)
    reopened = _reopen(session, found)
    session.exit_code = 0 if good else 1
    lines = [_line(entry) for entry in found] + [words("check_reopened", channel=channel(name)) for name in reopened]
    session.show({"ok": good, "findings": found, "reopened": reopened}, *lines)


async def _found(session: Session) -> list[dict[str, Any]]:
    from broadcaster.bootstrap import inspected  # noqa: PLC0415 - heavy, and only here

    settings = session.settings()
    found = [_entry(each.channel, each.finding) for each in await inspected(settings)]
    missing = [entry for entry in found if entry["code"] == "public_unreachable"]
    if missing and not runs(session):
        for entry in missing:
            if own_address(settings.page_server, str(entry["params"]["url"])):
                told = Finding(code="public_not_started", ok=True, params={"url": entry["params"]["url"]})
                entry.update(_entry(entry["channel"], told))
    return found


def _entry(channel_name: str, finding: Finding) -> dict[str, Any]:
    return {
        "channel": channel_name,
        "code": finding.code,
        "ok": finding.ok,
        "params": dict(finding.params),
        "message": words(finding.code, **finding.params),
    }


def own_address(server: PageServerSettings, url: str) -> bool:
    """Return whether the address is that of the page server which the service itself starts."""
    parts = urlsplit(url)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1", server.host)
    return server.enabled and here and parts.port == server.port


def _line(entry: dict[str, Any]) -> str:
    mark = words("check_ok" if entry["ok"] else "check_bad")
    about = f"{channel(entry['channel'])}: " if entry["channel"] else ""
    return f"[{mark}] {about}{entry['message']}"


def _reopen(session: Session, found: Sequence[dict[str, Any]]) -> list[str]:
    """Tell a running service to try again every channel that was taken down and has nothing wrong now."""
    bad = {entry["channel"] for entry in found if not entry["ok"]}
    try:
        client = session.client()
        down = [each["channel"] for each in client.board(1)["channels"] if each["down"]]
        mended = [name for name in down if name not in bad]
        for name in mended:
            client.reopen(name)
    except BroadcasterError:  # no service, or not ours to ask: there is nothing to take up
        return []
    return mended
