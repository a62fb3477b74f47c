"""`make fuzz`: every reader of bytes from outside against inputs that coverage guides (atheris), some minutes each.

`python -m tests.faults.loops.fuzz --seconds 600 [--only NAME]` prints for each reader how often it read and what it did
not bear; exit code 1 if that is anything. What was found lies in build/fuzz and is read again by `--replay NAME FILE`.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.faults.kit.parsers import PARSERS, check
from tests.faults.loops.tally import say

FOUND = Path("build/fuzz")
_RUNS = re.compile(r"(?:Done|ran) ([0-9]+) ")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one reader bore, and the files that hold what it did not."""

    name: str
    runs: int
    seconds: float
    ended: str
    failures: tuple[Path, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as told; return 1 if a reader failed."""
    told = _told(arguments)
    if told.replay:
        name, file = told.replay
        check(PARSERS[name], Path(file).read_bytes())
        return 0
    if importlib.util.find_spec("atheris") is None:
        say("atheris is not installed: inputs are spoilt at random instead of being guided by coverage.")
    say(f"{len(PARSERS)} readers, {told.seconds} s each, {told.jobs} at a time, seed {told.seed}.")
    say(f"\n{'reader':<14}{'read':>12}{'a second':>10}{'failed':>8}")
    with ThreadPoolExecutor(told.jobs) as pool:
        done = list(pool.map(lambda name: _told_of(_fuzzed(name, told.seconds, told.seed)), told.only or PARSERS))
    failures = [failure for outcome in done for failure in outcome.failures]
    say(f"\n{sum(outcome.runs for outcome in done):,} inputs, {len(failures)} not borne.")
    return 1 if failures or any(outcome.ended for outcome in done) else 0


def _told(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="for each reader")
    parser.add_argument("--jobs", type=int, default=2, help="readers at a time")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 2**31))
    parser.add_argument("--only", nargs="*", choices=tuple(PARSERS), help="these readers instead of all")
    parser.add_argument("--replay", nargs=2, metavar=("NAME", "FILE"), help="read one file again")
    return parser.parse_args(arguments)


def _told_of(outcome: Outcome) -> Outcome:
    """Print a line of the table."""
    pace = outcome.runs / max(outcome.seconds, 1e-9)
    say(f"{outcome.name:<14}{outcome.runs:>12,}{pace:>10,.0f}{len(outcome.failures):>8}  {outcome.ended}".rstrip())
    for file in outcome.failures:
        say(f"    {sys.executable} -m tests.faults.loops.fuzz --replay {outcome.name} {file}")
    return outcome


def _fuzzed(name: str, seconds: int, seed: int) -> Outcome:
    """Let a process of its own read for so long, and read again what it stumbled over."""
    FOUND.mkdir(parents=True, exist_ok=True)
    before = set(_found(name))
    command = [sys.executable, "-m", "tests.faults.loops.fuzzing", name, str(seconds), str(seed), str(FOUND)]
    started = time.monotonic()
    process = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    took, said = time.monotonic() - started, process.stdout + process.stderr
    runs = int(found[-1]) if (found := _RUNS.findall(said)) else 0
    fresh = [file for file in _found(name) if file not in before]
    failures = tuple(file for file in fresh if not _borne(name, file))
    for file in set(fresh) - set(failures):
        file.unlink()  # too slow only because every step was counted
    ended = "" if runs or failures else f"it did not run: {said[-300:]}"
    return Outcome(name, runs, took, ended, failures)


def _found(name: str) -> Iterator[Path]:
    return FOUND.glob(f"{name}-*")


def _borne(name: str, file: Path) -> bool:
    """Whether the reader bears this, without anybody counting its steps."""
    command = [sys.executable, "-m", "tests.faults.loops.fuzz", "--replay", name, str(file)]
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


if __name__ == "__main__":
    sys.exit(main())
