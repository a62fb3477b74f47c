"""The invariants I1 to I14 of docs/delivery.md over a store that has come to rest, each as a sentence if it is broken.

What only the providers know (I3's other half, order and copies as they arrived) is `kit.judging`'s part.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broadcaster import audit
from broadcaster.ports.store import Entry, Head

_ENDED = frozenset(
    {"accepted", "confirmed", "failed", "superseded", "expired", "cancelled", "closed_superseded", "closed_expired"}
)
_PERSON = frozenset({"held", "needs_human"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the check knows besides the store. `files` may hold no secret; `editions` are numbers as they were seen."""

    mode: str
    acknowledged: Collection[str] = ()
    secrets: Collection[str] = ()
    files: Collection[Path] = ()
    editions: Mapping[str, Sequence[int]] = field(default_factory=dict)
    resting: bool = True


Check = Callable[[sqlite3.Connection, Scene], Iterator[str]]


def check(path: Path, scene: Scene) -> list[str]:
    """Return every broken invariant with its number; empty if all hold."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        connection.row_factory = sqlite3.Row
        return [f"{name}: {words}" for name, each in CHECKS.items() for words in each(connection, scene)]


def _accepted_is_on_disk(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    held = {row[0] for row in store.execute("SELECT identifier FROM alert")}
    yield from (f"{alert} was acknowledged and is not there" for alert in scene.acknowledged if alert not in held)
    found = [str(row[0]) for row in store.execute("PRAGMA integrity_check")]
    yield from () if found == ["ok"] else (f"integrity: {each}" for each in found)


def _one_delivery_that_ends(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    query = "SELECT a.identifier FROM alert a WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE d.alert = a.id)"
    yield from (f"{row[0]} has no delivery" for row in store.execute(query))
    if scene.resting:
        for row in store.execute("SELECT id, channel, state FROM delivery"):
            if row["state"] not in _ENDED | _PERSON:
                yield f"delivery {row['id']} on {row['channel']} is still {row['state']}"


def _no_result_without_a_start(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    query = (
        "SELECT id FROM delivery WHERE started = 0 AND (attempt > 0 OR ref <> '' OR state IN ('accepted', 'confirmed'))"
    )
    yield from (f"delivery {row[0]} has a result and was never started" for row in store.execute(query))


def _one_live_lease(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    query = (
        "SELECT incident, channel FROM delivery WHERE state = 'sending'"
        " GROUP BY incident, channel, target HAVING count(*) > 1"
    )
    yield from (f"two leases on {row['channel']} for incident {row['incident']}" for row in store.execute(query))


def _no_resend_without_a_resolution(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    doubted: dict[int, int] = {}
    seen: defaultdict[int, int] = defaultdict(int)
    resolved = dict(store.execute("SELECT delivery, count(*) FROM resolution GROUP BY delivery").fetchall())
    for row in store.execute("SELECT delivery, number, outcome FROM attempt WHERE late = 0 ORDER BY id"):
        number = row["delivery"]
        if number in doubted and row["number"] > doubted[number]:
            seen[number] += 1
            del doubted[number]
        if row["outcome"] == "in_doubt":
            doubted[number] = row["number"]
    for number, times in seen.items():
        records = resolved.get(number, 0)
        if records < times:
            yield f"delivery {number} was sent again {times} times after a doubt, with {records} records"


def _rising_versions(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    """One line has one lease at a time, so the order of first attempts is the order of starts."""
    query = (
        "SELECT d.incident, d.channel, d.target, d.version FROM attempt a JOIN delivery d ON d.id = a.delivery"
        " WHERE a.late = 0 AND a.id IN (SELECT min(id) FROM attempt GROUP BY delivery, number) ORDER BY a.id"
    )
    newest: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for row in store.execute(query):
        line = (row["incident"], row["channel"], row["target"])
        if row["version"] < newest[line]:
            yield f"version {row['version']} of {line} started after {newest[line]}"
        newest[line] = max(newest[line], row["version"])


def _nothing_after_expiry(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    query = (
        "SELECT d.id, d.channel FROM attempt a JOIN delivery d ON d.id = a.delivery WHERE a.started_at >= d.expires_at"
        " AND a.outcome IN ('accepted', 'in_doubt') AND a.id IN (SELECT min(id) FROM attempt GROUP BY delivery, number)"
    )
    yield from (
        f"delivery {row['id']} on {row['channel']} was started after its expiry" for row in store.execute(query)
    )


def _mode(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    (stamped,) = store.execute("SELECT value FROM meta WHERE key = 'mode'").fetchone()
    if stamped != scene.mode:
        yield f"the store is of a {stamped} instance"


def _approved(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    if scene.mode != "live":
        return
    query = (
        "SELECT a.identifier FROM alert a WHERE EXISTS (SELECT 1 FROM delivery d WHERE d.alert = a.id AND d.grade >= 2)"
        " AND NOT EXISTS (SELECT 1 FROM approval p WHERE p.alert = a.id AND"
        " ((p.by = 'break_glass' AND p.reason <> '') OR (p.by = 'second_person'"
        " AND p.actor <> a.author AND (p.uid IS NULL OR p.uid IS NOT a.author_uid))))"
    )
    yield from (f"{row[0]} has neither a second person nor a break-glass record" for row in store.execute(query))


def _chain(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    rows = store.execute("SELECT * FROM audit ORDER BY seq")
    entries = (Entry(**{**dict(row), "at": _EPOCH + timedelta(milliseconds=row["at"])}) for row in rows)
    head = store.execute("SELECT seq, hash FROM audit_head").fetchone()
    if broken := audit.verify(entries, Head(seq=head["seq"], hash=head["hash"])):
        yield f"entry {broken.seq} is {broken.damage.value}"


def _all_who_may_have_it(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    query = (
        "SELECT later.id, early.address FROM delivery later JOIN ledger l ON l.delivery = later.id AND l.expanded = 1"
        " JOIN delivery before ON before.incident = later.incident AND before.channel = later.channel"
        "  AND before.version < later.version"
        " JOIN recipient early ON early.delivery = before.id"
        "  AND early.state IN ('accepted', 'in_doubt', 'unknown', 'started')"
        " WHERE later.kind <> 'alert' AND NOT EXISTS"
        "  (SELECT 1 FROM recipient r WHERE r.delivery = later.id AND r.address = early.address)"
    )
    yield from (f"delivery {row['id']} does not reach {row['address']}" for row in store.execute(query))


def _no_secret(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    if not scene.secrets:
        return
    everything = "\n".join(store.iterdump())
    yield from (f"the store holds the secret {secret[:4]}..." for secret in scene.secrets if secret in everything)
    for file in scene.files:
        data = file.read_bytes()
        yield from (f"{file.name} holds the secret {each[:4]}..." for each in scene.secrets if each.encode() in data)


def _editions_rise(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    row = store.execute("SELECT value FROM counter WHERE name = 'edition'").fetchone()
    for channel, seen in scene.editions.items():
        if list(seen) != sorted(seen):
            yield f"{channel} fell back: {seen}"
        if seen and seen[-1] > (row[0] if row else 0):
            yield f"{channel} shows edition {seen[-1]}, the store knows {row[0] if row else 0}"


def _the_sum(store: sqlite3.Connection, scene: Scene) -> Iterator[str]:
    counted = "SELECT channel, state, count(*) AS number FROM delivery GROUP BY channel, state"
    real = {(row["channel"], row["state"]): row["number"] for row in store.execute(counted)}
    kept = {
        (row["channel"], row["state"]): row["number"]
        for row in store.execute("SELECT * FROM standing")
        if row["number"]
    }
    if real != kept:
        yield f"counted {sorted(real.items() ^ kept.items())}"
    for row in store.execute("SELECT * FROM ledger WHERE expanded = 1"):
        parts = ("pending", "started", "retry", "accepted", "failed", "in_doubt", "unknown")
        if sum(row[part] for part in parts) != row["total"]:
            yield f"the recipients of delivery {row['delivery']} do not add up: {json.dumps(dict(row))}"


CHECKS: Mapping[str, Check] = {
    "I1": _accepted_is_on_disk,
    "I2": _one_delivery_that_ends,
    "I3": _no_result_without_a_start,
    "I4": _one_live_lease,
    "I5": _no_resend_without_a_resolution,
    "I6": _rising_versions,
    "I7": _nothing_after_expiry,
    "I8": _mode,
    "I9": _approved,
    "I10": _chain,
    "I11": _all_who_may_have_it,
    "I12": _no_secret,
    "I13": _editions_rise,
    "I14": _the_sum,
}
