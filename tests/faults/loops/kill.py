"""`make faults`: kill, cut the power, count; then do the same to the peers. Prints tables; exits 1 if a promise broke.

`--points` kills are spread over all named moments, random system calls (where strace is installed) and moments of
nothing but chance, in several lives at a time, as far as `--seconds` allow; `--cuts` power cuts; `--messages` for each
peer, 0 for none. Every run prints its seed: the same seed makes the same choices. `--json FILE` keeps what was counted;
`make tables` writes it into the README.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import importlib.util
import json
import multiprocessing
import os
import random
import secrets
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.frame import machine
from tests.faults.kit.judging import Verdict
from tests.faults.kit.strace import may_trace
from tests.faults.loops import killing, peers
from tests.faults.loops.tally import HEAD, KEYS, Found, Tally, say, table

PER_LIFE = 20
"""Kills in one life."""
CALLS, MOMENTS = 0.25, 0.15
"""Shares of the kills that fall on system calls and on random moments; the others are named."""
POWER_HEAD = ("power cuts under the store", "cuts", "acknowledged, looked for", "acknowledged, lost", "broken")
POWER_KEYS = ("what", "cuts", "looked_for", "lost", "broken")
NORMAL = "PRAGMA synchronous = NORMAL"
CONTROL = "control: a store that does not sync each commit"
Living = Callable[[], Awaitable[Tally]]


@dataclass
class Report:
    """What was counted, as rows by their columns' keys."""

    good: bool = True
    kills: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    cuts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    peers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def keep(self, file: Path, seed: int) -> None:
        """Write each table that was made into the file, beside those of other runs."""
        kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        where = {"seed": seed, "machine": machine()}
        made = {"kills": self.kills, "cuts": self.cuts, "peers": self.peers}
        kept |= {name: {**where, "rows": rows} for name, rows in made.items() if rows}
        file.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Run it all; return the exit code."""
    options, report = _options(), Report()
    os.environ["BROADCASTER_CATALOG"] = "strict"
    say(f"seed {options.seed}")
    if options.points:
        asyncio.run(_kills(options, report))
    if options.cuts:
        _power(options, report)
    if options.messages:
        asyncio.run(_compare(options, report))
    if options.json:
        report.keep(options.json, options.seed)
    say("\nEvery promise held." if report.good else "\nA PROMISE WAS BROKEN: see the lines above.")
    return 0 if report.good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=240)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--cuts", type=int, default=2000)
    parser.add_argument("--control", type=int, default=100, help="power cuts of a store that does not sync")
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--together", type=int, default=(os.cpu_count() or 1) + 1, help="lives at a time")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--json", type=Path, help="write what was counted into this file")
    return parser.parse_args()


# ---------------------------------------------------------------- kills


async def _kills(options: argparse.Namespace, report: Report) -> None:
    lives, began = _lives(options.points, options.seed), time.monotonic()
    tallies: dict[str, Tally] = {}

    async def work() -> None:
        for living in lives:
            if time.monotonic() > began + options.seconds:
                return
            try:
                tally = await living()
            except Exception as error:  # noqa: BLE001 - a run that breaks off is a finding, and hides no other
                words = f"a run broke off: {type(error).__name__}: {str(error)[:2000]}"
                tally = Tally("broken off", verdict=Verdict(broken=[words]))
            tallies[tally.name] = tallies.get(tally.name, Tally(tally.name)) + tally

    async with asyncio.TaskGroup() as tasks:
        for _ in range(options.together):
            tasks.create_task(work())
    whole = functools.reduce(Tally.__add__, tallies.values(), Tally("together"))
    say(f"\nKill -9 of the running core, started again each time ({time.monotonic() - began:.0f} s):\n")
    rows = [each.row for each in (*tallies.values(), whole)]
    say(table(HEAD, rows))
    report.kills = [dict(zip(KEYS, row, strict=True)) for row in rows]
    report.good &= whole.good
    _say_points(tallies)
    for line in whole.details()[:50]:
        say(line)
    if whole.tried.total() < options.points:
        say(f"Time was up after {whole.tried.total()} of {options.points} kills.")


def _say_points(tallies: dict[str, Tally]) -> None:
    say()
    for name, tally in tallies.items():
        words = (f"{point} {tally.fired[point]}/{number}" for point, number in sorted(tally.tried.items()))
        say(f"{name}, fired/tried: {', '.join(words)}")
    named = tallies.get("named moments")
    if named and (silent := set(killing.ALERTING) - set(+named.fired)):
        say(f"Named moments at which nothing was killed in this run: {', '.join(sorted(silent))}")


def _lives(points: int, seed: int) -> Iterator[Living]:
    """Yield lives, their kinds mixed, until every point is spent."""
    chance = random.Random(seed)
    traced = bool(shutil.which("strace")) and may_trace()
    if not traced:
        say("strace is not installed or may not trace here: no kills at system calls, more at named moments.")
    calls, moments = int(points * CALLS) if traced else 0, int(points * MOMENTS)
    every = sorted(killing.CALLS)
    kinds = (
        (killing.by_name, killing.plan(chance, points - calls - moments)),
        (killing.by_call, [every[number % len(every)] for number in range(calls)]),
        (killing.by_time, [_moment(number) for number in range(moments)]),
    )
    lives: list[Living] = []
    for kill, whole in kinds:
        for part in _parts(whole):
            lives.append(functools.partial(kill, part, seed + len(lives)))
    chance.shuffle(lives)
    return iter(lives)


def _moment(number: int) -> str:
    """Three of four moments have messages under way."""
    return killing.UNDER_WAY if number % 4 else killing.STARTING


def _parts(whole: list[str]) -> Iterator[list[str]]:
    return (whole[start : start + PER_LIFE] for start in range(0, len(whole), PER_LIFE))


# ---------------------------------------------------------------- power


def _power(options: argparse.Namespace, report: Report) -> None:
    if importlib.util.find_spec("apsw") is None:
        say("\napsw is not installed: no power cuts.")
        return
    from tests.faults.loops import power

    workers = os.cpu_count() or 1
    share = -(-options.cuts // (2 * workers))
    jobs: list[tuple[str, tuple[str, ...], int]] = []
    jobs += [("as it runs", (), share)] * workers + [
        ("with a checkpoint every 30 pages", (power.OFTEN,), share)
    ] * workers
    jobs += [(CONTROL, (power.OFTEN, NORMAL), options.control)]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("forkserver")) as pool:
        asked = [
            pool.submit(power.worker, pragmas, count, options.seed + number)
            for number, (_, pragmas, count) in enumerate(jobs)
        ]
        found = [(name, each.result()) for (name, _, _), each in zip(jobs, asked, strict=True)]
    _say_power(found, report)


def _say_power(found: Sequence[tuple[str, Found]], report: Report) -> None:
    lines: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for name, each in found:
        numbers = (each.cuts, each.told, len(each.lost), len(each.broken))
        lines[name] = [sum(pair) for pair in zip(lines[name], numbers, strict=True)]
    say("\nThe power goes at random writes of a busy morning; what was not synced is kept, lost, torn or noise:\n")
    rows = [(name, *numbers) for name, numbers in lines.items()]
    say(table(POWER_HEAD, rows))
    report.cuts = [dict(zip(POWER_KEYS, row, strict=True)) for row in rows]
    words = [line for name, each in found if name != CONTROL for line in (*each.lost, *each.broken)]
    for line in words[:20]:
        say(line)
    report.good &= not words


# ---------------------------------------------------------------- peers


async def _compare(options: argparse.Namespace, report: Report) -> None:
    say(f"\nThe peers, {options.messages} messages each:\n")
    counts = [await peers.ours(options.messages, options.seed)]
    for kind in peers.PEERS:
        if missing := kind.missing():
            say(f"{missing} is not installed here: not compared.")
            continue
        try:
            counts.append(await peers.theirs(kind, options.messages, options.seed))
        except (AssertionError, OSError) as error:  # what was found of us so far counts without it
            say(f"{kind.name} did not come back ({type(error).__name__}): not compared.")
    say(table(peers.HEAD, [count.row for count in counts]))
    report.peers = [dict(zip(peers.KEYS, count.row, strict=True)) for count in counts]
    report.good &= counts[0].lost == 0


if __name__ == "__main__":
    sys.exit(main())
