"""The two loops of `make faults`, in shares: at least 200 kills of the running core and 2,000 power cuts in CI, a few
at home. Each share is a process of its own, where nobody counts lines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.kit import needs

IN_CI = os.environ.get("CI") == "true"
SHARES, KILLS, CUTS = (4, 52, 520) if IN_CI else (1, 12, 40)
share = pytest.mark.parametrize("share", range(SHARES))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def counted(folder: Path, capsys: pytest.CaptureFixture[str], *options: object) -> Any:
    """Run the loop, show its tables, and return what it counted."""
    kept = folder / "counted.json"
    told = [str(each) for each in ("--messages", 0, "--together", 2, "--json", kept, *options)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.loops.kill", *told], capture_output=True, text=True, check=False
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{done.stdout}")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(kept.read_text(encoding="utf-8"))


@share
@pytest.mark.fault(1, 2, 3, 4, 5, 6)
def test_killed_again_and_again_it_loses_nothing_and_hides_no_copy(
    share: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs("strace")
    found = counted(tmp_path, capsys, "--points", KILLS, "--cuts", 0, "--seed", share)["kills"]["rows"][-1]
    assert found["tried"] >= KILLS
    assert found["fired"] > KILLS * 2 // 3, "at its moment; the others were killed when it had not come in ten seconds"
    assert found["told"] > 0
    assert [found[what] for what in ("lost", "unflagged", "disorder", "broken")] == [0, 0, 0, 0]


@share
@pytest.mark.fault(15, 16)
def test_the_power_goes_again_and_again_and_nothing_acknowledged_is_lost(
    share: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    *found, control = counted(tmp_path, capsys, "--points", 0, "--cuts", CUTS, "--control", 20, "--seed", share)[
        "cuts"
    ]["rows"]
    assert sum(each["cuts"] for each in found) >= CUTS
    assert [(each["lost"], each["broken"]) for each in found] == [(0, 0)] * len(found)
    assert control["lost"] > 0, "the bench sees a store that does not sync"
