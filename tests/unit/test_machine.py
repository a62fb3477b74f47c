"""Run the state machine: briefly at home, for at least 100,000 steps in CI."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.machine import Machine

IN_CI = os.environ.get("CI") == "true"
SHARDS, STEPS = (4, 25_500) if IN_CI else (1, 2_500)
KINDS_OF_STEPS = 12


def test_the_invariants_hold_in_the_shortest_lives() -> None:
    """A few short runs, the same each time, that shrink to the smallest counterexample."""
    short = settings(
        max_examples=15, stateful_step_count=40, database=None, derandomize=True, suppress_health_check=[*HealthCheck]
    )
    run_state_machine_as_test(Machine, settings=short)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_invariants_hold_whatever_happens(shard: int, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "tests.unit.walk", str(shard * 1_000_000), str(STEPS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads(done.stdout)
    steps = sum(made["steps"].values())
    with capsys.disabled():
        sys.stdout.write(f"\nstate machine, part {shard + 1} of {SHARDS}: {steps} steps: {made}\n")
    assert steps >= STEPS
    assert len(made["steps"]) == KINDS_OF_STEPS, "every kind of step was taken"
