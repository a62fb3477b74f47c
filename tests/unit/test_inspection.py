"""What `broadcaster check` finds wrong with the instance's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadcaster.desk.inspection import LONGEST_LOG, logs_of


@pytest.mark.fault(25)
@pytest.mark.parametrize(("size", "told"), [(LONGEST_LOG, []), (LONGEST_LOG + 1, ["log_long"])])
def test_a_log_that_keeps_growing_is_told(tmp_path: Path, size: int, told: list[str]) -> None:
    with (tmp_path / "broadcaster.db-wal").open("wb") as file:
        file.truncate(size)
    found = logs_of(tmp_path)
    assert [each.code for each in found] == told
    assert not any(each.ok for each in found)
