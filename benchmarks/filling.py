"""Stores of any size, filled by plain SQL in seconds: what is in them is what accepting would have put there.

One alert is accepted properly; its rows are then copied under other numbers, so that every column holds what the
program writes.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from broadcaster.store.driver import sqlite3

_ALERTS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO alert (identifier, incident, version, kind, digest, author, author_uid, accepted_at, expires_at, newest,
  body, prepared)
SELECT a.identifier || '-' || (:first + n.i), :first + n.i, 1, a.kind, a.digest, a.author, a.author_uid,
  a.accepted_at - :age, a.expires_at - :age, 1,
  json_set(a.body, '$.incident', :first + n.i, '$.identifier', a.identifier || '-' || (:first + n.i)), a.prepared
FROM n, (SELECT * FROM alert WHERE id = :like) a
"""
_DELIVERIES = """
INSERT INTO delivery (alert, identifier, incident, version, kind, grade, reserved, channel, target, key, state, attempt,
  accepted_at, due_at, expires_at, stale_at, updated_at, epoch, started, ref)
SELECT a.id, a.identifier, a.incident, 1, d.kind, d.grade, d.reserved, d.channel, d.target,
  d.key || '-' || a.id, :state, :attempt, a.accepted_at, a.accepted_at, a.expires_at, d.stale_at - :age,
  a.accepted_at, :epoch, :attempt, :ref
FROM alert a, (SELECT * FROM delivery WHERE alert = :like AND :only IN ('', channel)) d
WHERE a.incident > :first AND a.incident <= :first + :count
"""


@contextmanager
def _quick(path: Path) -> Generator[sqlite3.Connection]:
    """Nothing is logged or synced: a store that was not filled to the end is thrown away. Nobody else has it open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        yield db
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode=WAL")


def copies(path: Path, like: int, count: int, *, state: str, age_ms: int = 0, only: str = "") -> None:
    """Copy an alert and its deliveries `count` times, each as an incident of its own, in this state.

    `age_ms` moves them into the past, expiry included; `only` names the one channel that is owed something. The store
    must be closed.
    """
    done = state not in ("ready", "retry_wait")
    with _quick(path) as db:
        first = db.execute("SELECT max(number) FROM incident").fetchone()[0]
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO incident (number, latest) SELECT ? + i, 1 FROM n",
            (count, first),
        )
        values = {"count": count, "first": first, "like": like, "age": age_ms, "state": state, "only": only}
        db.execute(_ALERTS, values)
        db.execute(
            "INSERT INTO message "
            "SELECT a.id, m.channel, m.posts, m.microusd, json_set(m.body, '$.alert', a.identifier) FROM alert a, "
            "(SELECT * FROM message WHERE alert = ?) m WHERE a.incident > ?",
            (like, first),
        )
        db.execute(_DELIVERIES, {**values, "attempt": int(done), "epoch": int(done), "ref": "1" if done else ""})


def subscribers(path: Path, count: int) -> None:
    """Residents of a few wards with a few wishes, as a city's register has them."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA synchronous=OFF")
        have = db.execute("SELECT count(*) FROM subscriber").fetchone()[0]
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO subscriber (address, language, areas, categories, gravity) "
            "SELECT 'resident' || i || '@residents.example', iif(i % 10, 'ja', 'en'), "
            "  iif(i % 4, '[]', '[\"中央\"]'), '[]', 4 FROM n",
            (have + 1, count),
        )
