"""The end of every run: what the providers really received, against what was acknowledged and what the store says.

Lost: acknowledged, not received, and nobody was told. A copy is unflagged when the store does not call it a possible
duplicate. Out of order: an older version of an incident arrived after a newer one.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels._mail_letter import key_part
from tests.faults.kit.invariants import Scene, check

if TYPE_CHECKING:
    from tests.faults.kit.life import Life

_SERIAL = re.compile(r"第(\d+)-(\d+)報")
_OVERTAKEN = ("superseded", "closed_superseded")
_OVER = ("expired", "closed_expired")
_TOLD = ("failed", "cancelled", "held", "needs_human")
_NEARLY_MS = 60_000
"""What expires within a minute may have left the page already."""
_GOOD = ("accepted", "confirmed")


@dataclass(kw_only=True)
class Verdict:
    """What came out. Every list says in words what is wrong; `told` counts what a person was asked or told about."""

    acknowledged: int = 0
    deliveries: int = 0
    received: int = 0
    copies: int = 0
    told: int = 0
    lost: list[str] = field(default_factory=list)
    unflagged: list[str] = field(default_factory=list)
    disorder: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def holds(self) -> None:
        """Raise `AssertionError` unless nothing is lost, hidden, out of order, unknown or broken."""
        wrong = {name: found for name, found in vars(self).items() if isinstance(found, list) and found}
        assert not wrong, json.dumps(wrong, ensure_ascii=False, indent=1)[:6000]

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(**{name: value + getattr(other, name) for name, value in vars(self).items()})


async def judge(town: Life) -> Verdict:
    """Compare providers, acknowledgements and store, and check the invariants. The core must have stopped."""
    verdict = Verdict(acknowledged=len(town.told))
    deliveries = [dict(row) for row in _rows(town, "SELECT * FROM delivery ORDER BY id")]
    verdict.deliveries = len(deliveries)
    newest = {row["incident"]: row["latest"] for row in _rows(town, "SELECT number AS incident, latest FROM incident")}
    _judge_posts(town, verdict, deliveries)
    _judge_mails(town, verdict, deliveries)
    _judge_pages(town, verdict, deliveries, newest)
    for each in deliveries:
        _judge_end(verdict, each, newest)
    verdict.broken += check(town.store, scene(town))
    return verdict


def scene(town: Life) -> Scene:
    """Return what the invariants are checked against."""
    secrets = [value for name, value in town.x.keys.items() if "secret" in name]
    files = [
        town.log,
        *(path for path in (town.folder / "data").rglob("*") if path.is_file() and not path.is_symlink()),
    ]
    (mode,) = town.query("SELECT value FROM meta WHERE key = 'mode'")[0]
    return Scene(
        mode=mode,
        acknowledged=tuple(town.told),
        secrets=[*secrets, *town.mail.users.values()],
        files=[file for file in files if file.exists()],
        editions=town.editions,
    )


def _rows(town: Life, statement: str) -> Iterator[dict[str, Any]]:
    columns, rows = town.table(statement)
    return (dict(zip(columns, row, strict=True)) for row in rows)


def _name(row: dict[str, Any]) -> str:
    return f"{row['incident']}-{row['version']} on {row['channel']} ({row['state']}, {row['reason']})"


def _judge_end(verdict: Verdict, row: dict[str, Any], newest: dict[int, int]) -> None:
    """Look whether a delivery that was not sent had a reason for it."""
    if row["state"] in _OVERTAKEN and newest[row["incident"]] <= row["version"]:
        verdict.lost.append(f"{_name(row)}: nothing newer was accepted")
    if row["state"] in _OVER and row["updated_at"] < row["expires_at"]:
        verdict.lost.append(f"{_name(row)}: ended before its expiry")
    verdict.told += row["state"] in _TOLD


def _judge_posts(town: Life, verdict: Verdict, deliveries: list[dict[str, Any]]) -> None:
    owed = {(row["incident"], row["version"]): row for row in deliveries if row["channel"] == "twitter"}
    came: Counter[tuple[int, int]] = Counter()
    newest: defaultdict[int, int] = defaultdict(int)
    for post in sorted([*town.x.posts, *town.x.account.deleted], key=lambda each: int(each.id)):
        named = _SERIAL.findall(post.text)  # an all-clear names what it lifts, and itself at the end
        serial = (int(named[-1][0]), int(named[-1][1])) if named else (0, 0)
        came[serial] += 1
        if serial not in owed:
            verdict.phantom.append(f"post {serial}")
        if serial[1] < newest[serial[0]]:
            verdict.disorder.append(f"post {serial} after version {newest[serial[0]]}")
        newest[serial[0]] = max(newest[serial[0]], serial[1])
    for serial, row in owed.items():
        _count(verdict, _name(row), came[serial], flagged=bool(row["possible_duplicate"]))
        if row["state"] in _GOOD and not came[serial]:
            verdict.lost.append(f"{_name(row)}: never arrived")
        if came[serial] > row["attempt"]:
            verdict.broken.append(f"I3: {_name(row)}: arrived {came[serial]} times in {row['attempt']} attempts")


def _judge_mails(town: Life, verdict: Verdict, deliveries: list[dict[str, Any]]) -> None:
    owed = {key_part(row["key"]): row for row in deliveries if row["channel"] == "mail"}
    came: Counter[tuple[int, str]] = Counter()
    newest: defaultdict[tuple[int, str], int] = defaultdict(int)
    for address, message_id in town.mail.received.arrivals:
        row = owed.get(message_id.strip("<>").partition(".")[0])
        if row is None:
            verdict.phantom.append(f"mail {message_id}")
            continue
        came[row["id"], address] += 1
        line = (row["incident"], address)
        if row["version"] < newest[line]:
            verdict.disorder.append(f"mail {_name(row)} to {address} after version {newest[line]}")
        newest[line] = max(newest[line], row["version"])
    by_id = {row["id"]: row for row in owed.values()}
    for each in _rows(town, "SELECT * FROM recipient"):
        row, number = by_id[each["delivery"]], came.pop((each["delivery"], each["address"]), 0)
        flagged = bool(each["possible_duplicate"] and row["possible_duplicate"]) or row["state"] not in _GOOD
        _count(verdict, f"{_name(row)} to {each['address']}", number, flagged=flagged)
        if each["state"] == "accepted" and not number:
            verdict.lost.append(f"{_name(row)} to {each['address']}: never arrived")
    verdict.phantom += [f"mail {number} to {address}" for number, address in came]
    _judge_audience(town, verdict, by_id)


def _judge_audience(town: Life, verdict: Verdict, mails: dict[int, dict[str, Any]]) -> None:
    """Every resident is served by each mail that was accepted."""
    (people,) = town.query("SELECT count(*) FROM subscriber")[0]
    for row in mails.values():
        if row["state"] in _GOOD and row["total"] < people:
            verdict.lost.append(f"{_name(row)}: {row['total']} of {people} residents")
    query = "SELECT delivery, state, count(*) AS number FROM recipient GROUP BY delivery, state"
    for each in _rows(town, query):
        row = mails[each["delivery"]]
        if row["state"] in _GOOD and each["state"] in ("pending", "retry", "started", "in_doubt"):
            verdict.lost.append(f"{_name(row)}: {each['number']} recipients still {each['state']}")
        verdict.told += each["number"] if each["state"] in ("unknown", "failed") else 0


def _judge_pages(town: Life, verdict: Verdict, deliveries: list[dict[str, Any]], newest: dict[int, int]) -> None:
    """What is in force stands on the page; `now` does not end any of it within a run."""
    manifest = town.folder / "data" / "page" / "public" / "edition.json"
    shown = _shown(manifest)
    for row in deliveries:
        if row["channel"] == "page" and row["state"] in _GOOD:
            verdict.received += 1
            over = row["expires_at"] <= town.clock.time() * 1000 + _NEARLY_MS
            if (
                row["version"] == newest[row["incident"]]
                and not over
                and f"{row['incident']}-{row['version']}" not in shown
            ):
                verdict.lost.append(f"{_name(row)}: not on the page")


def _shown(manifest: Path) -> set[str]:
    if not manifest.exists():
        return set()
    files = json.loads(manifest.read_bytes())["files"]
    return {name.removeprefix("alerts/").removesuffix(".html") for name in files if name.startswith("alerts/")}


def _count(verdict: Verdict, name: str, number: int, *, flagged: bool) -> None:
    verdict.received += number
    if number > 1:
        verdict.copies += number - 1
        if not flagged:
            verdict.unflagged.append(f"{name}: {number} times")
