"""What the unit tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path / "store.sqlite")
    try:
        yield made
    finally:
        await made.close()
