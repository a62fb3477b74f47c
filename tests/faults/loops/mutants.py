"""`make mutants`: change the rules and the classifier in one place at a time; a test must notice each change.

`python -m tests.faults.loops.mutants [--only MODULE ...] [--seconds N]` works on a copy in build/mutants, module by
module (mutmut), and prints how many changes were tried, noticed, named as equivalent, and missed. What no test can
notice stands in mutants.toml beside this file, each with its reason. Exit code 1 if anything else was missed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.loops.tally import say

ROOT = Path(__file__).parents[3]
COPY = ROOT / "build" / "mutants"
EQUIVALENTS = Path(__file__).with_name("mutants.toml")
_RULES = ("outcome", "retry", "ordering", "settle", "lane", "budget", "force", "egress", "approval", "routing")
_UNIT = "tests/unit/test_"
TESTS: Mapping[str, tuple[str, ...]] = {
    **{f"broadcaster/rules/{name}.py": (f"{_UNIT}policies.py",) for name in ("approval", "routing")},
    "broadcaster/rules/egress.py": (f"{_UNIT}policies.py", f"{_UNIT}canary.py"),
    **{f"broadcaster/rules/{name}.py": (f"{_UNIT}{name}.py",) for name in _RULES[:7]},
    **{
        f"broadcaster/rules/{name}.py": (f"{_UNIT}{name}.py",)
        for name in ("suppression", "differences", "districts", "pace", "roles")
    },
    "broadcaster/rules/settle.py": (f"{_UNIT}settlements.py", f"{_UNIT}settle.py"),
    "broadcaster/rules/deciding.py": (f"{_UNIT}deciding.py", f"{_UNIT}settle.py"),
    "broadcaster/rules/recurrence.py": (f"{_UNIT}recurrence.py", f"{_UNIT}plans.py"),
    "broadcaster/rules/calendar.py": (f"{_UNIT}recurrence.py",),
    "broadcaster/rules/routine.py": (f"{_UNIT}routine_rules.py", f"{_UNIT}plans.py"),
    "broadcaster/rules/timekeeping.py": (f"{_UNIT}routine_rules.py",),
    "broadcaster/rules/login.py": (f"{_UNIT}roles.py",),
    "broadcaster/rules/residents.py": (f"{_UNIT}residents.py", "tests/channels/test_mail_subscribers.py"),
    **{
        f"broadcaster/rules/checks/{name}.py": (f"{_UNIT}problems.py", f"{_UNIT}checks.py")
        for name in ("characters", "course", "form", "levels", "links", "texts", "times", "words")
    },
    "broadcaster/rules/checks/lookalikes.py": (f"{_UNIT}problems.py", f"{_UNIT}checks.py"),
    **{
        f"broadcaster/rules/{name}.py": (f"{_UNIT}{name}.py",)
        for name in ("automatic", "breakglass", "canary", "feeds", "hazards", "space", "staffing", "watching")
    },
    "broadcaster/rules/checks/__init__.py": (f"{_UNIT}checks.py",),
    "broadcaster/rules/checks/moments.py": (f"{_UNIT}moments.py",),
    "channels/_http.py": ("tests/channels/test_http.py",),
}
"""Each module, and the tests that have to notice a change in it."""
VALUES = frozenset(
    {"broadcaster/rules/__init__.py", "broadcaster/rules/policy.py", "broadcaster/rules/checks/domains.py"}
)
"""What has nothing to change: values and no decision."""
_CLASSIFIER = ("reason_of", "failure", "retry_after", "_until_date", "_detail", "Exceptional", "Reply")
"""Of `_http` only what tells replies apart; the wire is tried by faults 40 to 48."""
_NOTICED = frozenset({"killed", "timeout", "suspicious", "segfault", "caught by type check"})
_EXAMPLES = re.compile(rb"max_examples=[0-9]+")
_LINE = re.compile(r"^\s+(\S+): (.+)$", re.MULTILINE)


@dataclass(kw_only=True)
class Tried:
    """What came of one module. `missed` holds each change as a line before and one after it."""

    counts: Counter[str] = field(default_factory=Counter[str])
    missed: list[str] = field(default_factory=list)
    trouble: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as told; return 1 if a change was missed."""
    told = _told(arguments)
    if importlib.util.find_spec("mutmut") is None:
        say("mutmut is not installed: nothing was changed and nothing was tried.")
        return 1
    _copied()
    equivalent = _equivalents()
    say(f"{'module':<42}{'tried':>7}{'noticed':>9}{'equivalent':>12}{'missed':>8}")
    done = [_tried(module, equivalent, told.seconds) for module in told.only or TESTS if (ROOT / module).exists()]
    total = sum((each.counts for each in done), Counter[str]())
    _row("all", total)
    return 1 if total["missed"] or any(each.trouble for each in done) else 0


def _told(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="*", choices=tuple(TESTS), metavar="MODULE", help="these modules instead of all"
    )
    parser.add_argument("--seconds", type=int, default=900, help="the most for one module")
    return parser.parse_args(arguments)


def _row(name: str, counts: Counter[str]) -> None:
    tried = sum(counts.values())
    say(f"{name:<42}{tried:>7}{counts['noticed']:>9}{counts['equivalent']:>12}{counts['missed']:>8}")


def _equivalents() -> Mapping[str, frozenset[str]]:
    """Return, by module, the changes that no test can notice."""
    rows = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8"))
    return {module: frozenset(_change(row["was"], row["becomes"]) for row in found) for module, found in rows.items()}


def _change(was: str, becomes: str) -> str:
    return f"  - {was.strip()}\n  + {becomes.strip()}"


# ---------------------------------------------------------------- on a copy


def _copied() -> None:
    """Copy the checkout as it is now, committed or not; in the copy each property is tried with few examples."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, COPY / name)
    for test in (COPY / "tests").rglob("*.py"):
        test.write_bytes(_EXAMPLES.sub(b"max_examples=20", test.read_bytes()))


def _tried(module: str, equivalent: Mapping[str, frozenset[str]], seconds: int) -> Tried:
    """Try every change of one module."""
    tried, started = Tried(), time.monotonic()
    shutil.rmtree(COPY / "mutants", ignore_errors=True)
    tests = [test for test in TESTS[module] if (COPY / test).exists()]
    (COPY / "setup.cfg").write_text(_settings(module, tests), encoding="utf-8")
    try:
        ran = _mutmut("run", *_names(module), limit=seconds)
    except subprocess.TimeoutExpired:
        tried.trouble = True
        say(f"{module}: not done after {seconds} s")
        return tried
    for name, state in _LINE.findall(_mutmut("results", "--all", "true", limit=60)):
        if state in _NOTICED:
            tried.counts["noticed"] += 1
        elif state != "not checked":
            _missed(tried, name, equivalent.get(module, frozenset()))
    _row(f"{module} ({time.monotonic() - started:.0f} s)", tried.counts)
    if not tried.counts:
        tried.trouble = True
        say(f"nothing was tried: {ran[-400:]}")
    for change in tried.missed:
        say(change)
    return tried


def _missed(tried: Tried, name: str, equivalent: frozenset[str]) -> None:
    shown = _mutmut("show", name, limit=60).splitlines()
    was = "".join(line[1:] for line in shown if line.startswith("-") and not line.startswith("---"))
    becomes = "".join(line[1:] for line in shown if line.startswith("+") and not line.startswith("+++"))
    change = _change(was, becomes)
    if change in equivalent:
        tried.counts["equivalent"] += 1
    else:
        tried.counts["missed"] += 1
        tried.missed.append(change)


def _names(module: str) -> tuple[str, ...]:
    """Which functions: all of a rule, of `_http` the classifier."""
    if module != "channels/_http.py":
        return ()
    return tuple(f"channels._http.{mark}{name}*" for name in _CLASSIFIER for mark in ("x_", "xǁ"))


def _settings(module: str, tests: Sequence[str]) -> str:
    return "\n    ".join(
        (
            "[mutmut]\nsource_paths=",
            "broadcaster",
            "channels\nonly_mutate=",
            f"{module}\nalso_copy=",
            "templates",
            "docs",
            "config.example.toml\npytest_add_cli_args=",
            "-p",
            "no:cacheprovider\npytest_add_cli_args_test_selection=",
            *tests,
        )
    )


def _mutmut(*arguments: str, limit: int) -> str:
    command, world = [sys.executable, "-m", "mutmut", *arguments], {**os.environ, "BROADCASTER_EXAMPLES": "few"}
    ran = subprocess.run(command, cwd=COPY, env=world, capture_output=True, text=True, timeout=limit, check=False)
    return ran.stdout + ran.stderr


if __name__ == "__main__":
    sys.exit(main())
