"""`python -m tests.unit.walk SEED STEPS`: the state machine for at least so many steps, in a process where nobody
counts lines. Prints what was done, as JSON; a broken invariant is a traceback and exit code 1.
"""

from __future__ import annotations

import json
import sys

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.machine import Machine, ended_in, taken_steps

LONG = settings(
    max_examples=10,
    stateful_step_count=200,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def walk(start: int, steps: int) -> None:
    """Take at least so many steps; the same seed takes the same ones."""
    number = start
    while taken_steps.total() < steps:
        run_state_machine_as_test(seed(number)(type("Machine", (Machine,), {})), settings=LONG)
        number += 1


if __name__ == "__main__":
    walk(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(json.dumps({"steps": dict(taken_steps.most_common()), "ended": dict(ended_in.most_common())}))
