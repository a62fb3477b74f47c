"""Accepting until it is on disk, against one bare SQLite commit of the same durability in the same run.

Three lengths of the same way are measured: the store's transaction alone (alert, four messages, four deliveries, audit
entry, superseding), the desk in this process (checks and texts of every channel before it), and a client that hands the
alert in over the service's unix socket. The bare commit is one row of the same size in a file of its own, WAL and
synchronous=FULL, on the same disk.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import frame, house
from broadcaster.api import Rooms, application, serve
from broadcaster.client import Client
from broadcaster.documents import dump
from broadcaster.ports.channel import Channel
from broadcaster.ports.store import Acceptance
from broadcaster.ports.world import Context
from broadcaster.store.driver import sqlite3

ALLOWED_MS = 5.0
SIZE = 8_000
"""Bytes of the bare commit's row: about what one acceptance writes."""


class Bare:
    """One table, one row a commit."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")

    def commit(self) -> float:
        """Commit one row; return the seconds it took."""
        text = secrets.token_hex(SIZE // 2)
        begun = time.perf_counter()
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("INSERT INTO t (body) VALUES (?)", (text,))
        self._db.execute("COMMIT")
        return time.perf_counter() - begun


def idle(around: Context) -> dict[str, Channel]:
    """The two composing channels: nobody listens there, since nothing is sent."""
    return {
        "twitter": house.channel("twitter", around, **house.twitter_settings(9)),
        "mail": house.channel("mail", around, **house.mail_settings(9)),
        "page": house.channel("page", around),
        "feeds": house.channel("feeds", around),
    }


async def measure(options: frame.Options) -> frame.Report:
    rounds = options.pick(300, 40)
    with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as name:
        folder = Path(name)
        async with house.house(folder, idle, dispatching=False) as core:
            return await _compared(core, folder, rounds)


async def _compared(core: house.House, folder: Path, rounds: int) -> frame.Report:
    bare, drafts = Bare(folder / "bare.db"), [house.draft(number) for number in range(2 * rounds + 8)]
    seen: list[Acceptance] = []
    spans: list[float] = []
    accept = core.store.accept

    async def watched(acceptance: Acceptance, submission: int | None = None) -> object:
        seen.append(acceptance)
        with frame.timed(spans):
            return await accept(acceptance, submission)

    core.store.accept = watched  # type: ignore[method-assign,assignment]

    async def one_commit(_: int) -> float:
        return await asyncio.to_thread(bare.commit)

    async def in_process(number: int) -> float:
        begun, done, _ = await core.send(drafts[2 * number])
        return done - begun

    rooms = Rooms(
        desk=core.desk, events=core.events, officers=core.officers, planning=core.planning, automatic=core.automatic
    )
    async with serve(application(rooms), folder / "desk.sock", ""):
        client = Client(folder / "desk.sock")

        async def by_socket(number: int) -> float:
            body, key = dump(replace(drafts[2 * number + 1])), secrets.token_hex(16)
            return await asyncio.to_thread(_timed, client, body, key)

        commit, desk, socket = await frame.turns(rounds, one_commit, in_process, by_socket)
    return _report(commit, tuple(spans[-2 * rounds :]), desk, socket)


def _timed(client: Client, body: object, key: str) -> float:
    begun = time.perf_counter()
    client.submit(body, key)
    return time.perf_counter() - begun


def _report(
    commit: tuple[float, ...], store: tuple[float, ...], desk: tuple[float, ...], socket: tuple[float, ...]
) -> frame.Report:
    bare = frame.Series("one bare SQLite FULL commit", frame.ms(commit), peer=True)
    ours = frame.Series("Broadcaster: accepted to durable", frame.ms(store))
    series = (
        ours,
        frame.Series("with checks and texts (desk, four channels)", frame.ms(desk)),
        frame.Series("the same, by a client over the socket", frame.ms(socket)),
        bare,
    )
    over = ours.p99 - bare.p99
    figure = frame.Figure(
        "accepted to durable, p99 beyond the commit's",
        over,
        ALLOWED_MS,
        "ms",
        **frame.beside(ours, bare, "SQLite", "p99"),
    )
    said = "The transaction writes alert, messages, deliveries and audit entry; texts are made before it."
    return frame.Report("durable", "Accepting until it is on disk", series, (figure,), said=(said,))


def run(options: frame.Options) -> frame.Report:
    """Accepting until it is on disk, beside one bare SQLite commit."""
    return frame.on_the_loop(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
