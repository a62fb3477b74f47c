"""The first screen: what it shows, how it follows the core, and that it survives the core's death."""

from pathlib import Path

import pytest

from broadcaster.model import Mode
from tests.tui.desk import core, seat


@pytest.mark.parametrize(("language", "word"), [("ja", "【訓練】"), ("en", "【訓練 DRILL】")])
async def test_the_mode_stands_on_top_in_word_and_colour_and_in_the_title(
    tmp_path: Path, language: str, word: str
) -> None:
    async with core(tmp_path) as made, seat(made, language) as here:
        assert here.shown().splitlines()[0].count(word) == 2
        city = "東大和市" if language == "ja" else "Higashiyamato City"
        assert here.app.title == f"{word} {city} Broadcaster"


async def test_live_is_told_apart_from_a_drill(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made, seat(made) as here:
        assert here.shown().splitlines()[0].count("【本番】") == 2


async def test_an_accepted_alert_appears_by_the_event_stream(tmp_path: Path) -> None:
    async with core(tmp_path) as made, seat(made) as here:
        await made.here.alert()
        await here.until(lambda: "1-1" in here.shown())
        assert "警戒レベル4" in here.shown()
