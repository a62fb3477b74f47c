"""`audit`, `backup` and `restore`: the evidence, and copies of it. They read the store's file and need no service."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from broadcaster.cli.app import Group
from broadcaster.cli.session import Session, command, drawn, runs
from broadcaster.cli.words import help_of, words
from broadcaster.errors import Conflict, Refused
from broadcaster.model import Actor, Problem

audit = Group(
    {"list": "reading:entries", "verify": "records:verify", "export": "records:export"},
    name="audit",
    help=help_of("audit"),
    prefix="audit_",
)


@command("audit verify")
@click.option("--head", default="", metavar="NUMBER:HASH", help=words("help_head"))
@click.option("--by-service", is_flag=True, help=words("help_by_service"))
def verify(session: Session, head: str, by_service: bool) -> None:
    """Verify the chain, and that it goes through a head that was kept elsewhere, be it beside the store."""
    if head and by_service:
        raise click.UsageError(words("usage_head_by_service"))
    found = session.client().verify() if by_service else asyncio.run(_verified(session, head))
    if found["whole"]:
        session.show({"whole": True, "entries": found["entries"]}, words("audit_whole", count=found["entries"]))
        return
    session.exit_code = 1
    broken = found["broken"]
    session.show(found, words("audit_broken", seq=broken["seq"], why=words(f"damage_{broken['damage']}")))


async def _verified(session: Session, head: str) -> Any:
    count, broken = await _verify(session, head)
    told = {"seq": broken.seq, "damage": broken.damage.value} if broken else None
    return {"whole": broken is None, "entries": count, "broken": told}


async def _verify(session: Session, given: str) -> Any:
    from broadcaster.audit import head_of, verify_trail  # noqa: PLC0415 - heavy, and only here
    from broadcaster.bootstrap import stored  # noqa: PLC0415

    try:
        kept = head_of(given) if given else None
    except ValueError:
        raise Refused([Problem(code="head_wrong", place="head")]) from None
    async with stored(session.settings(), read_only=True) as store:
        head, broken = await verify_trail(store, kept or store.remembered())
        return head.seq, broken


@command("audit export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default=Path("-"))
def export(session: Session, file: Path) -> None:
    """Write every entry as a line of JSON; under `--json` as one list."""
    asyncio.run(_export(session, file))


async def _export(session: Session, file: Path) -> None:
    from broadcaster.bootstrap import stored  # noqa: PLC0415 - heavy, and only here
    from broadcaster.documents import dump  # noqa: PLC0415

    async with stored(session.settings(), read_only=True) as store:
        if session.json:
            session.show([dump(entry) async for entry in store.entries()])
            return
        with sys.stdout if str(file) == "-" else file.open("w", encoding="utf-8") as out:
            async for entry in store.entries():
                out.write(json.dumps(dump(entry), ensure_ascii=False) + "\n")


@command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(session: Session, file: Path) -> None:
    """Copy the store while the service runs on."""
    from broadcaster.bootstrap import store_path  # noqa: PLC0415 - heavy, and only here
    from broadcaster.store import back_up  # noqa: PLC0415 - see above

    settings = session.settings()
    if file.exists():
        raise Conflict("backup_exists", file=str(file))
    with drawn(session, "backing_up") as progress:
        back_up(store_path(settings), file, settings.mode, progress)
    size = file.stat().st_size
    session.show({"file": str(file), "bytes": size}, words("backed_up", file=file, bytes=size))


@command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def restore(session: Session, file: Path) -> None:
    """Put a copy in the store's place. Whatever was still to be sent in it is held for a person."""
    from broadcaster.api.peers import user_name  # noqa: PLC0415 - heavy, and only here
    from broadcaster.bootstrap import store_path  # noqa: PLC0415 - see above
    from broadcaster.store import restore as put_back  # noqa: PLC0415 - see above

    settings = session.settings()
    if runs(session):
        raise Conflict("restore_running")
    uid, now = os.getuid(), datetime.now(UTC)
    with drawn(session, "restoring") as progress:
        actor = Actor(name=user_name(uid), uid=uid)
        done = put_back(file, store_path(settings), settings.mode, actor, now, progress)
    kept = str(done.replaced or "-")
    document = {"file": str(file), "kept": kept, "held": done.held, "doubts": done.doubts}
    session.show(document, words("restored", file=file, kept=kept, held=done.held + done.doubts))
