"""What officers do, through the real command line against the real service."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.house import House, house, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

FLOOD = (
    *("--template", "flood-level4", "--set", "areas=中央", "--set", "river=空堀川（からぼりがわ）"),
    *("--set", "reason=水位が上がっています", "--set", "shelters=第三小学校"),
)


@pytest.fixture
async def home() -> AsyncIterator[House]:
    async with house() as made:
        yield made


async def send(home: House, *more: str) -> Any:
    return await home.json("send", *await flood(home), "--wait", *more)


async def flood(home: House) -> tuple[str, ...]:
    """Return how to send the flood template with its own examples."""
    from broadcaster.bootstrap import filled
    from broadcaster.config import load_config
    from broadcaster.documents import dump

    path = home.folder / "flood.json"
    if not path.exists():
        import json

        path.write_text(json.dumps(dump(filled(load_config(home.stage.config), "flood-level4"))))
    return (str(path),)


async def test_a_drill_from_sending_to_all_clear(home: House) -> None:
    sent = await send(home, "--key", "first")
    assert sent["accepted"] is True
    assert {each["channel"] for each in sent["deliveries"]} == {"twitter", "mail", "page", "feeds"}
    again = await send(home, "--key", "first")
    assert again["alert"]["identifier"] == sent["alert"]["identifier"]
    board = await home.json("status")
    assert len(board["rows"]) == 1
    corrected = await home.json("correct", "1-1", "--wait", "--yes")
    assert corrected["alert"]["kind"] == "correction"
    assert corrected["alert"]["references"][0]["identifier"] == sent["alert"]["identifier"]
    cleared = await home.json("clear", "1-2", "--wait")
    assert (cleared["alert"]["incident"], cleared["alert"]["version"]) == (1, 3)
    posts = [post.text for post in home.stage.x.posts]
    assert len(posts) == 3
    assert all(text.startswith("【訓練】") and text.endswith("【訓練】") for text in posts)
