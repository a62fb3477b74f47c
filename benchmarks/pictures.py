"""The README's charts, from the saved results. A result that is not there, or was a quick look, leaves
its chart as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import charts, frame

PICTURES: dict[str, tuple[str, Callable[[frame.Report], str]]] = {}
"""By file name: the result it needs, and how it is drawn."""


def picture(file: str, result: str) -> Callable[[Callable[[frame.Report], str]], Callable[[frame.Report], str]]:
    """Register a chart: `@picture("bench-x.svg", "x")` over a function from report to SVG."""

    def keep(draw: Callable[[frame.Report], str]) -> Callable[[frame.Report], str]:
        PICTURES[file] = (result, draw)
        return draw

    return keep


def bars_of(report: frame.Report, title: str, subtitle: str) -> str:
    """Every series of a report as a bar."""
    entries = [charts.Bar(s.name, s.median, s.unit, s.peer, s.p99 if s.unit == "ms" else None) for s in report.series]
    return charts.bars(title, subtitle, entries)


@picture("bench-mail.svg", "mail")
def mail(report: frame.Report) -> str:
    """Messages a second."""
    return bars_of(report, report.title, "Mails a second on 8 connections; only ours writes down who has it.")


@picture("bench-pages.svg", "pages")
def pages(report: frame.Report) -> str:
    """Requests a second, ours beside nginx."""
    return bars_of(
        report,
        report.title,
        "Requests for each second of one core, by what is asked for and over how many connections.",
    )


@picture("bench-fanout.svg", "fanout")
def fanout(report: frame.Report) -> str:
    """Milliseconds to four providers."""
    return bars_of(report, report.title, "Milliseconds until all four have the message; only ours is durable before.")


@picture("bench-queueing.svg", "queueing")
def queueing(report: frame.Report) -> str:
    """Jobs a second."""
    return bars_of(report, report.title, "Jobs a second, each synced to disk; ours with attempt and audit entry.")


@picture("bench-flood.svg", "flood")
def flood(report: frame.Report) -> str:
    """Dispatch in quiet and under a flood."""
    return bars_of(report, report.title, "Milliseconds until all four providers have the message.")


@picture("bench-growth.svg", "growth")
def growth(report: frame.Report) -> str:
    """Times, by size."""
    times = [curve for curve in report.curves if curve.unit == "ms"]
    subtitle = "Milliseconds, by how many there are. Both axes are logarithmic."
    return charts.growth(report.title, subtitle, times, ("status: at most 100 ms", 100.0))


def draw_all() -> Iterator[Path]:
    """Draw what there are results for; yield the files."""
    for file, (result, draw) in PICTURES.items():
        saved = frame.RESULTS / f"{result}.json"
        if saved.exists() and not (report := frame.load(saved)).machine.get("quick"):
            charts.draw(frame.IMAGES / file, draw(report))
            yield frame.IMAGES / file
