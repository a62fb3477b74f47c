"""kill -9 of a real process at every named moment of an announcement: said exactly once, never twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from broadcaster import audit
from tests.routine.child import DUE
from tests.routine.house import HandClock, house
from tests.unit.plans import plan

ROOT = Path(__file__).parents[2]


def looked(folder: Path, failpoints: str = "") -> int:
    """Return how a service ended that looked at what is due."""
    environment = {**os.environ, "BROADCASTER_FAILPOINTS": failpoints}
    command = [sys.executable, "-m", "tests.routine.child", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == ("" if done.returncode else "done\n"), done.stderr
    return done.returncode


@pytest.mark.fault(106)
async def test_a_service_killed_again_and_again_says_it_once(tmp_path: Path) -> None:
    """One after the other, as restarts would, at every moment from before the hand-in to after it."""
    async with house(tmp_path) as here:
        await here.approved(plan())
    for point in ("o0", "a0", "o1", "a1", "a2", "a3"):
        assert looked(tmp_path, point) == -signal.SIGKILL, f"{point} was not passed"
    assert looked(tmp_path, "o0") == 0  # it was said by the one that passed a3: nothing is due any more
    async with house(tmp_path, HandClock(DUE + timedelta(minutes=2))) as here:
        await here.runner.turn()
        assert await here.states() == [("sent", "")]
        assert len(await here.alerts()) == 1
        assert (await audit.verify_trail(here.store))[1] is None


@pytest.mark.fault(106)
async def test_a_service_killed_right_after_it_says_nothing_again(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.approved(plan())
    assert looked(tmp_path, "o2") == -signal.SIGKILL
    assert looked(tmp_path) == 0
    async with house(tmp_path, HandClock(DUE + timedelta(minutes=2))) as here:
        assert len(await here.alerts()) == 1
