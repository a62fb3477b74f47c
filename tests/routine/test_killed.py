"""kill -9 of a real process at every named moment of an announcement: said exactly once, never twice."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest

from broadcaster import audit
from tests.nursery import fate
from tests.routine.child import DUE, serve
from tests.routine.house import HandClock, house
from tests.unit.plans import plan


@pytest.mark.fault(106)
async def test_a_service_killed_again_and_again_says_it_once(tmp_path: Path) -> None:
    """One after the other, as restarts would, at every moment from before the hand-in to after it."""
    async with house(tmp_path) as here:
        await here.approved(plan())
    for point in ("o0", "a0", "o1", "a1", "a2", "a3"):
        assert await fate(serve, tmp_path, failpoints=point) == -signal.SIGKILL, f"{point} was not passed"
    assert await fate(serve, tmp_path, failpoints="o0") == 0, "the one that passed a3 has said it: nothing is due"
    async with house(tmp_path, HandClock(DUE + timedelta(minutes=2))) as here:
        await here.runner.turn()
        assert await here.states() == [("sent", "")]
        assert len(await here.alerts()) == 1
        assert (await audit.verify_trail(here.store))[1] is None


@pytest.mark.fault(106)
async def test_a_service_killed_right_after_it_says_nothing_again(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.approved(plan())
    assert await fate(serve, tmp_path, failpoints="o2") == -signal.SIGKILL
    assert await fate(serve, tmp_path) == 0
    async with house(tmp_path, HandClock(DUE + timedelta(minutes=2))) as here:
        assert len(await here.alerts()) == 1
