"""No bytes from outside make a reader crash, hang, or refuse otherwise than by an error of our own.

Short and bounded here; `make fuzz` goes on for ten minutes each, guided by coverage.
"""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.faults.kit import parsers, seeds
from tests.faults.kit.heavy import HEAVY
from tests.faults.kit.parsers import PARSERS, Parser, TooSlow, check

EXAMPLES = 150


@pytest.mark.fault(46)
@pytest.mark.fault(70)
@pytest.mark.fault(109)
@pytest.mark.fault(110)
@pytest.mark.parametrize("name", PARSERS)
def test_no_bytes_make_a_reader_fail(name: str) -> None:
    parser = PARSERS[name]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(parser.seeds), st.integers(0, 2**32), st.none() | st.binary(max_size=300))
    @example(parser.seeds[0], 0, b"")
    def read(seed: bytes, number: int, raw: bytes | None) -> None:
        check(parser, seeds.spoilt(seed, parser.words, random.Random(number)) if raw is None else raw)

    read()


@pytest.mark.parametrize("name", PARSERS)
def test_every_seed_is_read(name: str) -> None:
    for seed in PARSERS[name].seeds:
        check(PARSERS[name], seed)


@pytest.mark.fault(45)
@pytest.mark.fault(109)
def test_nothing_heavy_takes_a_second() -> None:
    """In a process of its own, where nobody counts its lines: that would be measured, not the reader."""
    done = subprocess.run([sys.executable, "-m", "tests.faults.kit.heavy"], capture_output=True, text=True, check=False)
    read = [line.split("\t") for line in done.stdout.splitlines()]
    assert (done.returncode, len(read)) == (0, sum(len(names.split()) for names, _ in HEAVY.values())), done.stderr
    assert [line for line in read if float(line[0]) > parsers.LONGEST_S] == []


def test_a_reader_that_is_too_slow_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch itself works."""
    monkeypatch.setattr(parsers, "LONGEST_S", -1.0)
    with pytest.raises(TooSlow):
        check(Parser(name="slow", read=lambda data: None, seeds=()), b"x")


def test_a_reader_that_crashes_is_noticed() -> None:
    def crash(data: bytes) -> None:
        raise KeyError(data)

    with pytest.raises(KeyError):
        check(Parser(name="crash", read=crash, seeds=()), b"x")
