"""Run the state machine: briefly at home, for at least 100,000 steps in CI."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.machine import Machine, ended_in, taken_steps

IN_CI = os.environ.get("CI") == "true"
RUNS, STEPS = (50, 200) if IN_CI else (20, 60)
LEAST = 100_000 if IN_CI else 500


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_invariants_hold_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    taken_steps.clear()
    profile = settings(
        max_examples=RUNS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate] if IN_CI else [Phase.generate, Phase.shrink],
        derandomize=not IN_CI,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=profile)
    while IN_CI and taken_steps.total() < LEAST:
        run_state_machine_as_test(Machine, settings=profile)
    with capsys.disabled():
        sys.stdout.write(f"\nstate machine: {taken_steps.total()} steps: {dict(taken_steps.most_common())}\n")
        sys.stdout.write(f"deliveries ended: {dict(ended_in.most_common())}\n")
    assert taken_steps.total() >= LEAST
    assert len(taken_steps) == 12 or not IN_CI, "every kind of step was taken"
