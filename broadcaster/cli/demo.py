"""`demo`: the whole service with providers on this machine; nothing leaves it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadcaster import catalog
from broadcaster.cli import drilling
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import channel, row_lines
from broadcaster.cli.troubling import trouble_options
from broadcaster.cli.words import language, words
from broadcaster.demo.trouble import Trouble

if TYPE_CHECKING:
    from broadcaster.demo.stage import Stage


@command("demo")
@click.option("--headless", is_flag=True, help=words("help_headless"))
@click.option("--seconds", type=click.FloatRange(min=1), help=words("help_seconds"))
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help=words("help_data_dir"))
@trouble_options
def demo(session: Session, headless: bool, seconds: float | None, data_dir: Path | None, trouble: Trouble) -> None:
    """Play headless where there is no terminal."""
    alone = headless or session.json or not sys.stdout.isatty()
    with _folder(data_dir) as folder:
        if not session.json:
            say(words("demo_title"))
            say(words("demo_starting"))
        if alone:
            asyncio.run(_headless(session, folder, seconds, trouble))
        else:
            with suppress(KeyboardInterrupt):  # before the desk is open
                asyncio.run(_live(folder, seconds, trouble))
            session.show({}, "", *drilling.lines(drilling.debriefs(folder / "config.toml")))


@contextmanager
def _folder(given: Path | None) -> Generator[Path, None, None]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="broadcaster-demo-", ignore_cleanup_errors=True) as made:
        yield Path(made)


async def _headless(session: Session, folder: Path, seconds: float | None, trouble: Trouble) -> None:
    """Send the sample alert and wait; where trouble was wished, tell also how it went."""
    from broadcaster import bootstrap  # noqa: PLC0415 - the service's weight is not for other commands
    from broadcaster.config import load_config  # noqa: PLC0415 - see above
    from broadcaster.demo import play  # noqa: PLC0415 - see above

    async with play.running(folder, trouble) as (ready, client):
        sent = await play.send_sample(ready, client)
        report = await play.confirmed(client, sent["alert"]["identifier"], seconds or play.CONFIRM_S)
        row = report["row"]
        serial, silent = await play.rehearsed(client, seconds or play.CONFIRM_S)
        went = await bootstrap.debriefed(load_config(ready.config)) if trouble else ()
    good = all(each["state"] == "confirmed" for each in row["deliveries"]) and not silent
    session.exit_code = 0 if good else 1
    verdict = words("demo_confirmed" if good else "demo_unconfirmed")
    shown = document(report, dict(ready.urls)) | {"canary": {"serial": serial, "silent": list(silent)}}
    lines = [*row_lines(row, report["zone"]), "", *addresses(ready), _canary(ready, serial, silent), verdict]
    if went:
        shown["drill"] = drilling.documents(went)
        lines += ["", *drilling.lines(went)]
    session.show(shown, *lines)


def _canary(ready: Stage, serial: str, silent: Sequence[str]) -> str:
    """Return what came of the test message."""
    if silent:
        return words("demo_canary_silent", serial=serial, names=", ".join(channel(name) for name in silent))
    return words("demo_canary", serial=serial, page=ready.page)


def document(report: Any, urls: dict[str, str]) -> dict[str, Any]:
    """Return what `--json` prints. `latency_ms` is from acceptance until the provider had it, not until it was seen."""
    row = report["row"]
    deliveries = [
        {name: each[name] for name in ("channel", "target", "state", "ref")}
        | {"latency_ms": _latency(each, report["attempts"])}
        for each in row["deliveries"]
    ]
    return {"alert": row["alert"], "deliveries": deliveries, "urls": urls}


def _latency(delivery: Any, attempts: Any) -> int | None:
    """Return milliseconds until an attempt was accepted; None where none was."""
    for each in attempts.get(str(delivery["id"]), []):
        if each["outcome"] == "accepted":
            took = datetime.fromisoformat(each["ended_at"]) - datetime.fromisoformat(delivery["accepted_at"])
            return round(took.total_seconds() * 1000)
    return None


def addresses(ready: Stage) -> list[str]:
    """Return the residents' addresses as lines."""
    urls = ready.urls
    feeds = words("demo_feeds", atom=urls["atom"], rss=urls["rss"], cap=urls["cap"])
    return [words("demo_page", url=urls["page"]), *feeds.splitlines()]


async def _live(folder: Path, seconds: float | None, trouble: Trouble) -> None:
    """Open the desk with two officers and nothing sent yet."""
    from broadcaster.client import Client  # noqa: PLC0415 - the service's weight is not for other commands
    from broadcaster.clock import SystemClock  # noqa: PLC0415 - see above
    from broadcaster.demo import play  # noqa: PLC0415 - see above
    from broadcaster.tui import show_desk  # noqa: PLC0415 - see above

    async with play.running(folder, trouble, approval=True, watching=True) as (ready, client):
        await asyncio.to_thread(client.test_now)  # the board shows that every channel answers
        await play.seat_officers(client, {name: words(f"demo_{name}") for name in play.OFFICERS})
        hint = {each: _hint(each) for each in catalog.LANGUAGES}

        def connect(secret: str) -> Client:
            return Client(ready.socket, session=secret)

        asyncio.get_running_loop().call_later(play.RAIN_S, ready.rain)
        await show_desk(connect, SystemClock(), language=language(), hint=hint, seconds=seconds)


def _hint(spoken: str) -> str:
    from broadcaster.demo import play  # noqa: PLC0415 - see above

    first, second = play.OFFICERS
    return catalog.say("demo_hint", spoken, first=first, second=second, passphrase=play.PASSPHRASE)
