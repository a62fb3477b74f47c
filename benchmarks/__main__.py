"""Run every benchmark, print the tables, write the summary, draw the charts: `python -m benchmarks [--quick] [NAME]`.

Each runs in a process of its own, so that none inherits another's memory or threads, and is ended after `LIMIT_S`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

from rich.console import Console

from benchmarks import frame, pictures

LIMIT_S = 300
"""Seconds after which a benchmark is ended and its absence said."""
ALL = (
    "durable",
    "fanout",
    "publishing",
    "hanging",
    "queueing",
    "growth",
    "status",
    "mail",
    "pages",
    "flood",
    "feeds",
    "desk",
)
"""In this order."""
SUMMARY = frame.RESULTS / "summary.json"


def main() -> int:
    """Run those asked for. Exit code 1 where a figure was not reached or a benchmark failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of: {', '.join(ALL)}")
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes; not for figures to quote")
    chosen = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 140)
    names = tuple(chosen.names or ALL)
    start = time.monotonic()
    codes = [_one(name, chosen.quick, console) for name in names]
    if not chosen.quick:
        _keep(names)
        for path in pictures.draw_all():
            console.print(f"drawn: {path.relative_to(frame.IMAGES.parent.parent)}", highlight=False)
    console.print(f"All in {time.monotonic() - start:.0f} s.", highlight=False)
    return max(codes, default=0)


def _one(name: str, quick: bool, console: Console) -> int:
    console.print(f"== {name}", style="bold", highlight=False)
    start = time.monotonic()
    command = [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if quick else [])]
    try:
        code = subprocess.run(command, check=False, timeout=LIMIT_S).returncode
    except subprocess.TimeoutExpired:
        console.print(f"{name} was ended after {LIMIT_S} s: no figures from it.", style="bold red")
        return 1
    console.print(f"({time.monotonic() - start:.0f} s)\n", style="dim", highlight=False)
    return code


def _keep(names: tuple[str, ...]) -> None:
    """Put what was just measured into the one small file that the README quotes; the rest stays as it was told before.

    Of a benchmark that failed there is nothing new, and of a quick look nothing is kept.
    """
    told = json.loads(SUMMARY.read_text(encoding="utf-8")) if SUMMARY.exists() else {}
    for name in names:
        path = frame.RESULTS / f"{name}.json"
        if path.exists() and not (report := frame.load(path)).machine.get("quick"):
            told[name] = frame.summary(report)
    text = json.dumps({name: told[name] for name in ALL if name in told}, indent=1, ensure_ascii=False)
    SUMMARY.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
