"""Every alert template an officer can start from, as a post."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster.forms import Forms
from broadcaster.model import Alert, Mode, Status
from broadcaster.rendering import Templates, templates_dir
from channels._weighted import weigh
from tests.channels.kit import CITY, NOW, alert, situation, world
from tests.channels.test_twitter_posts import channel

TOWN = replace(CITY, areas=())
FORMS = Forms(templates_dir(), Templates(TOWN.zone))


def from_template(name: str) -> Alert:
    draft = FORMS.draft(name, FORMS.examples(name, TOWN, NOW), city=TOWN, now=NOW, incident=14)
    version = 2 if draft.kind.refers else 1
    return alert(draft.kind, version=version, infos=draft.infos, level=draft.level, status=Status.ACTUAL)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("name", FORMS.names())
def test_it_fits_says_what_it_must_and_can_be_late(tmp_path: Path, name: str, mode: Mode) -> None:
    order = from_template(name)
    composition = channel(tmp_path, mode).compose(order, situation(order, mode=mode))
    message = composition.message
    assert message is not None, composition.problems
    assert message.late_texts, "there is no room for the late mark"
    for text in (*message.texts, *message.late_texts):
        assert weigh(text.body) <= 280
        assert f"第{order.serial}報 14:05 東大和市" in text.body
        assert order.primary.headline in text.body
        assert not any(left in text.body for left in ("{{", "None", "\n\n", "【】"))


def test_the_drill_of_the_kit_is_the_real_thing_but_for_its_marks(tmp_path: Path) -> None:
    order = from_template("flood-level4")
    live = channel(tmp_path).compose(order, situation(order)).message
    drill = channel(tmp_path, Mode.DRILL).compose(order, situation(order, mode=Mode.DRILL)).message
    assert live is not None
    assert drill is not None
    words = live.texts[0].body.replace(" #東大和市災害", "")
    assert drill.texts[0].body == f"【訓練】{words}【訓練】"
    assert world(tmp_path, mode=Mode.DRILL).mode is Mode.DRILL
