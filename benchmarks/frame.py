"""What every benchmark shares: samples, percentiles, ratios to a peer, tables and results.

A benchmark is a module with a function `run(options) -> Report`, and ends with

    if __name__ == "__main__":
        raise SystemExit(frame.main(run))

The machine is never quite idle, so ours and the peer take turns (`turns`), and what counts is the ratio of the two
in one run. A `Report` says the load before and after. Nothing is printed that was not measured.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import importlib.util
import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from broadcaster.loops import loop_factory
from broadcaster.store.driver import sqlite3

RESULTS = Path(__file__).parent / "results"
IMAGES = Path(__file__).parent.parent / "docs" / "images"


@dataclass(frozen=True)
class Options:
    """How long a benchmark may take: `quick` asks for a look, not for figures to quote."""

    quick: bool = False

    def pick(self, full: int, quick: int) -> int:
        """The full number of rounds, or the quick one."""
        return quick if self.quick else full


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest measured value that `share` of all values do not exceed (nearest rank: never an invented value)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Series:
    """What was measured again and again: times in "ms" (smaller is better), rates in "/s" (larger is better), "MB"."""

    name: str
    values: tuple[float, ...]
    unit: str = "ms"
    peer: bool = False
    """True for what ours is compared with."""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        """The bad end: 99 of 100 are no worse (for a rate: no slower)."""
        return percentile(self.values, 0.01 if self.unit == "/s" else 0.99)


@dataclass(frozen=True)
class Figure:
    """A figure to reach: `value` at most (or at least) `limit`."""

    name: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False
    ours: str = ""
    """The series the figure is taken from, at its `at`; told beside it."""
    peer: str = ""
    """The peer's series, where there is one; `beside` is the peer's own name."""
    beside: str = ""
    at: str = "median"

    @property
    def reached(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True)
class Curve:
    """How something grows: points of (size, value)."""

    name: str
    points: tuple[tuple[float, float], ...]
    unit: str = "ms"


@dataclass(frozen=True)
class Report:
    """One benchmark's outcome. `said` are sentences for the reader: what was done, what is missing or doubtful."""

    name: str
    title: str
    series: tuple[Series, ...] = ()
    figures: tuple[Figure, ...] = ()
    curves: tuple[Curve, ...] = ()
    said: tuple[str, ...] = ()
    machine: dict[str, Any] = field(default_factory=dict)

    def find(self, name: str) -> Series:
        """The series of this name. KeyError if there is none."""
        for series in self.series:
            if series.name == name:
                return series
        raise KeyError(name)


def ms(seconds: Sequence[float]) -> tuple[float, ...]:
    """Seconds to milliseconds."""
    return tuple(1000 * s for s in seconds)


def ratio(ours: float, peer: float) -> float:
    """Ours for one of the peer's."""
    return ours / peer if peer else math.inf


@contextmanager
def timed(into: list[float]) -> Iterator[None]:
    """Append the seconds the block took."""
    start = time.perf_counter()
    yield
    into.append(time.perf_counter() - start)


Runner = Callable[[int], Awaitable[float]]
"""One round: given its number, it answers what it measured."""


async def turns(rounds: int, *runners: Runner, warm: int = 2) -> tuple[tuple[float, ...], ...]:
    """Let the runners take turns, so that a noisy neighbour hurts all alike; the order changes with each round.

    A runner is given the round's number and answers what it measured. The first `warm` rounds are not counted.
    """
    kept: list[list[float]] = [[] for _ in runners]
    for number in range(rounds + warm):
        for step in range(len(runners)):
            place = (number + step) % len(runners)
            measured = await runners[place](number)
            if number >= warm:
                kept[place].append(measured)
    return tuple(tuple(values) for values in kept)


def on_the_loop(measuring: Coroutine[Any, Any, Report]) -> Report:
    """Measure on the event loop that the service runs on."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(measuring)


def installed(module: str) -> bool:
    """Whether a peer can be imported here."""
    return importlib.util.find_spec(module) is not None


def beside(ours: Series, peer: Series, product: str, at: str = "median") -> dict[str, Any]:
    """The fields of a figure that name what it compares: `Figure("...", ..., **beside(ours, peer, "nginx"))`."""
    return {"ours": ours.name, "peer": peer.name, "beside": product, "at": at}


def missing(peer: str, how: str) -> str:
    """The plain sentence for a peer that is not here."""
    return f"{peer} is not installed here, so there is nothing to compare with ({how}); ours was measured alone."


def memory_mb(process: int) -> float:
    """What a process holds in memory now, in MB (VmRSS)."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return math.nan


def machine() -> dict[str, Any]:
    """Where and under what load this was measured."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(x, 2) for x in os.getloadavg()],
        "python": platform.python_version(),
        "system": platform.system(),
        "sqlite": sqlite3.sqlite_version,
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def shown(value: float, unit: str) -> str:
    """A value with three significant digits."""
    if value >= 1000:
        text = f"{value:,.0f}"
    elif value >= 100:
        text = f"{value:.0f}"
    else:
        text = f"{value:.3g}"
    return f"{text} {unit}".strip()


def _series_table(report: Report) -> Table:
    peer = next((s for s in report.series if s.peer), None)
    table = Table(title=report.title, title_justify="left", title_style="bold")
    for heading in ("measured", "median", "p99", "runs", f"for one of {peer.name}'s" if peer else ""):
        table.add_column(heading, justify="left" if heading == "measured" else "right")
    for s in report.series:
        comparable = peer is not None and peer.unit == s.unit
        beside = f"{ratio(s.median, peer.median):.3g}" if comparable and peer else ""
        table.add_row(s.name, shown(s.median, s.unit), shown(s.p99, s.unit), str(len(s.values)), beside)
    return table


def _curve_table(report: Report) -> Table:
    table = Table(title=None if report.series else report.title, title_justify="left", title_style="bold")
    sizes = sorted({size for curve in report.curves for size, _ in curve.points})
    table.add_column("grows with")
    for size in sizes:
        table.add_column(f"{size:,.0f}", justify="right")
    for curve in report.curves:
        values = dict(curve.points)
        table.add_row(curve.name, *(shown(values[s], curve.unit) if s in values else "" for s in sizes))
    return table


def print_report(report: Report, console: Console | None = None) -> None:
    """The table, the figures with reached or not, and what has to be said."""
    console = console or Console(width=None if sys.stdout.isatty() else 140)
    if report.series:
        console.print(_series_table(report))
    if report.curves:
        console.print(_curve_table(report))
    for figure in report.figures:
        sign = ">=" if figure.at_least else "<="
        word = "reached    " if figure.reached else "NOT REACHED"
        text = (
            f"  {word}  {figure.name}: {shown(figure.value, figure.unit)} ({sign} {shown(figure.limit, figure.unit)})"
        )
        console.print(text, style="" if figure.reached else "bold red", highlight=False)
    for sentence in report.said:
        console.print(f"  {sentence}", highlight=False, style="dim")
    console.print()


def summary(report: Report) -> dict[str, Any]:
    """What the README may quote: no single samples."""
    return {
        "name": report.name,
        "title": report.title,
        "series": [
            {"name": s.name, "unit": s.unit, "peer": s.peer, "runs": len(s.values), "median": s.median, "p99": s.p99}
            for s in report.series
        ],
        "figures": [{**dataclasses.asdict(f), "reached": f.reached} for f in report.figures],
        "curves": [dataclasses.asdict(c) for c in report.curves],
        "said": list(report.said),
        "machine": report.machine,
    }


def save(report: Report) -> Path:
    """Write the report with every sample to benchmarks/results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{report.name}.json"
    path.write_text(json.dumps(dataclasses.asdict(report), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def load(path: Path) -> Report:
    """A saved report."""
    data = json.loads(path.read_text(encoding="utf-8"))
    data["series"] = tuple(Series(**{**s, "values": tuple(s["values"])}) for s in data["series"])
    data["figures"] = tuple(Figure(**f) for f in data["figures"])
    data["curves"] = tuple(Curve(**{**c, "points": tuple((x, y) for x, y in c["points"])}) for c in data["curves"])
    return Report(**{**data, "said": tuple(data["said"])})


def main(run: Callable[[Options], Report], arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark as a program: print its table, save its JSON. Exit code 1 where a figure is not reached."""
    parser = argparse.ArgumentParser(description=(run.__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a look in a few seconds; not for figures to quote")
    parser.add_argument("--silent", action="store_true", help="save the JSON, print nothing")
    chosen = parser.parse_args(arguments)
    before = machine()
    report = run(Options(quick=chosen.quick))
    around = {**before, "load_after": machine()["load"], "quick": chosen.quick}
    report = dataclasses.replace(report, machine=around)
    save(report)
    if not chosen.silent:
        print_report(report)
    return 0 if all(f.reached for f in report.figures) else 1
