"""The SQL: every statement is used, prepares, and finds its rows by an index."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import broadcaster.store
from broadcaster.model import Mode
from broadcaster.store import open_store
from broadcaster.store.driver import sqlite3
from broadcaster.store.statements import migration_files, parse, statements

HERE = Path(broadcaster.store.__file__).parent
MAY_SCAN = {
    "people.by_language",  # statistics, on a snapshot
    "people.by_area",  # statistics, on a snapshot
    "archive.counts",  # one row per channel and state
    "outbox.channels",  # one row per channel and state
    "archive.newest_alerts",  # from the end, with a limit
    "archive.open_alerts",  # a partial index of just these
    "intake.submissions_waiting",  # a partial index of just these
    "automatic.consents",  # a handful
    "feeds.all",  # a handful
    "drafts.open",  # a partial index of just these
    "routine.open_occurrences",  # a partial index of just these
    "canary.open",  # a partial index of just these
    "canary.overtake",  # a partial index of just these
    "canary.pulses",  # one for each channel and address
    "routine.plans",  # a city has a few dozen
    "outbox.interrupted",  # a partial index of just these
    "ledger.bring_forward",  # at a start and when the clock went back, one row per bulk delivery
    "ledger.cut_off",  # at a start, one row per bulk delivery
    "refusals.forget_served",  # once per bulk delivery, over the few addresses that refused
    "glass.running",  # a partial index of just these
    "glass.unreviewed",  # a partial index of just these
    "roster.any_officer",  # the first row
    "roster.changes",  # a partial index of just these
    "roster.tokens",  # a city has a few
    "roster.officers",  # a city has a few dozen
    "refusals.suppressed",  # statistics, on a snapshot
    "intake.newest_incident",
    "intake.newest_submission",
    "backup.unsettled",  # a restore, offline
    "backup.skip_incidents",  # a restore, offline
    "backup.hold_routine",  # a restore, offline
    "backup.hold_automatic",  # a restore, offline
    "backup.end_countdowns",  # a restore, offline
    "backup.end_sessions",  # a restore, offline
}

IN_ORDER = ("candidates", "doubts", "unconfirmed", "next_due", "spent")


@pytest.fixture
async def connection(tmp_path: Path) -> object:
    await open_store(tmp_path / "s.db", Mode.LIVE).close()
    return sqlite3.connect(tmp_path / "s.db")


def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in HERE.glob("*.py"))


def plan(connection: sqlite3.Connection, sql: str) -> Iterator[str]:
    values: defaultdict[str, int] = defaultdict(int)
    for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values):
        yield row[3]


def test_every_statement_is_used() -> None:
    text = sources()
    assert [name for name in statements() if f'"{name}"' not in text] == []


def test_every_name_used_is_a_statement() -> None:
    files = "|".join({name.partition(".")[0] for name in statements()})
    used = set(re.findall(rf'"((?:{files})\.\w+)"', sources()))
    assert used - set(statements()) == set()


@pytest.mark.fault(120)
@pytest.mark.parametrize("name", sorted(statements()))
def test_every_statement_prepares_and_finds_its_rows_by_an_index(connection: sqlite3.Connection, name: str) -> None:
    steps = list(plan(connection, statements()[name]))
    scans = [step for step in steps if re.match(r"SCAN (?!CONSTANT|json_each|\(subquery)", step)]
    assert name in MAY_SCAN or scans == [], steps


@pytest.mark.parametrize(
    "name", ["outbox.candidates", "outbox.doubts", "outbox.unconfirmed", "outbox.next_due", "ledger.due"]
)
def test_what_waits_is_read_in_order_and_never_sorted(connection: sqlite3.Connection, name: str) -> None:
    """With a million deliveries due, taking the first ten must not look at the others."""
    steps = list(plan(connection, statements()[name]))
    assert [step for step in steps if "TEMP B-TREE" in step] == []


@pytest.mark.parametrize("name", sorted(statements()))
def test_no_limit_is_a_bare_parameter(name: str) -> None:
    """SQLite plans by the value of such a limit (since 3.47) and so prepares the statement anew each time it is run:
    that was half of what a claim cost. `LIMIT 0 + :limit` is nothing to plan by.
    """
    assert re.search(r"LIMIT\s+:", statements()[name]) is None


def test_a_name_used_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"x\.one is defined twice"):
        parse("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;\n", "x")


def test_migrations_are_numbered_without_gap_or_double() -> None:
    numbers = [int(path.name[:4]) for path in migration_files()]
    assert numbers == list(range(1, len(numbers) + 1))
