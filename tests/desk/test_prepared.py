"""Whatever goes out, what may have to follow it is ready: for every alert template, in every language."""

from pathlib import Path

import pytest

from broadcaster.model import Kind, Mode
from broadcaster.rendering import templates_dir
from tests.desk.world import world

TEMPLATES = sorted(path.stem for path in (templates_dir() / "alerts").glob("*.toml"))


@pytest.mark.no_cover  # one way through the code, a hundred times: measuring it would double the time
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("name", TEMPLATES)
async def test_each_template_has_followers_that_may_be_sent(name: str, mode: Mode, tmp_path: Path) -> None:
    async with world(tmp_path, mode) as desk:
        draft = await desk.draft(name)
        assert [each for each in (await desk.desk.preview(draft)).problems if each.place.startswith("prepared")] == []
        sent = await desk.send(draft)
        ready = await desk.desk.prepared(sent.alert.identifier)
        kinds = () if draft.kind.ends else (Kind.CORRECTION, Kind.CANCEL, Kind.ALL_CLEAR)
        assert tuple(each.kind for each in ready) == kinds
        for each in ready:
            assert {info.language for info in each.infos} == {info.language for info in draft.infos}
            shown = await desk.desk.preview(each)
            assert [problem for problem in shown.problems if problem.blocking] == []


async def test_a_follower_that_could_not_be_sent_is_told_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as desk:
        draft = await desk.draft()
        monkeypatch.setattr("broadcaster.desk.prepared._words", lambda *_: ("避難勧告", "○○", ""))
        shown = await desk.desk.preview(draft)
        told = [each for each in shown.problems if each.place.startswith("prepared.correction")]
        assert told
        assert not any(each.blocking for each in shown.problems)
        assert (await desk.send(draft)).accepted
