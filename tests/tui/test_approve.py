"""Preview, sending, approving: what is shown is what goes out, once, and only by two."""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from broadcaster.desk import FollowUp
from broadcaster.documents import dump
from broadcaster.model import Draft, Kind, Mode
from broadcaster.tui.handing import Handing
from broadcaster.tui.screens.approve import ApproveScreen, ReviewScreen
from broadcaster.tui.screens.preview import PreviewScreen
from broadcaster.tui.screens.send import SendScreen
from tests.desk.world import CONFIG, OFFICER, SECOND, handing
from tests.tui.desk import Core, Seat, core, seat

LIVE = "4芋窪"


async def handed_in(made: Core, draft: Draft | None = None) -> int:
    """Have somebody else hand a level 4 order in; return its submission."""
    done = await made.here.desk.submit(draft or await made.here.draft(), handing(), OFFICER)
    assert done.submission is not None
    return done.submission


async def update_handed_in(made: Core) -> int:
    draft = await made.here.draft()
    await made.here.send(draft)
    info = replace(draft.infos[0], description=draft.infos[0].description + "\n奈良橋川でも水位が上がっています。")
    done = await made.here.desk.update("1-1", replace(draft, infos=(info, *draft.infos[1:])), handing(), OFFICER)
    assert done.submission is not None
    return done.submission


async def previewed(here: Seat, **more: Any) -> None:
    """Open the preview of a level 4 order, as the form does."""
    draft = dump(replace(await here.core.here.draft(), **more))
    here.app.push_screen(PreviewScreen(Handing(draft=draft, key="form-1")))
    await loaded(here)


async def loaded(here: Seat) -> None:
    await here.until(lambda: getattr(here.app.screen, "shown", None) is not None)
    await here.pilot.pause()


async def typed(here: Seat, text: str, *, enters: int = 1) -> None:
    """Type into the last question. An input method hands its words over as they are."""
    await here.until(lambda: isinstance(here.app.screen, SendScreen))
    await here.pilot.pause()
    here.app.screen.query_one("#typed").value = text  # type: ignore[attr-defined]
    await here.press(*["enter"] * enters)


@pytest.mark.parametrize(("language", "what"), [("ja", "要点"), ("en", "Points")])
async def test_each_channel_is_shown_as_residents_get_it(tmp_path: Path, language: str, what: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made, seat(made, language, (120, 60)) as here:
        await previewed(here)
        assert f"[{what}]" in here.shown()
        await here.press("right")
        assert "192/280" in here.shown()
        assert "$0.015" in here.shown()
        assert "第1-1報" in here.shown()
        await here.press("right")
        assert "From: 東大和市 <bousai@city.example.lg.jp>" in here.shown()
        assert "List-Unsubscribe: <mailto:teishi@city.example.lg.jp" in here.shown()
        await here.press("right")
        assert "index.txt" in here.shown()
        await here.press("left", "left", "left", "left")
        assert "atom.xml" in here.shown()


async def test_the_page_can_be_opened_in_a_browser_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async with core(tmp_path) as made, seat(made) as here:
        await previewed(here)
        await here.press("w")
        await here.until(lambda: "file://" in here.shown())
        (line,) = (line for line in here.shown().splitlines() if "file://" in line)
        page = Path(unquote(urlsplit(line[line.index("file://") :].strip()).path))
        assert "警戒レベル" in page.read_text(encoding="utf-8")
        assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
        await here.press("escape")
        await here.until(lambda: not page.parent.exists())


async def test_what_a_killed_desk_left_in_the_way_of_pages_is_swept_up_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed = subprocess.Popen(["true"])
    killed.wait()
    left, running = (tmp_path / f"broadcaster-preview-{each}-x" for each in (killed.pid, os.getpid()))
    foreign, elsewhere = tmp_path / "broadcaster-preview-notes", tmp_path / "elsewhere"
    for folder in (left, running, foreign, elsewhere):
        folder.mkdir()
        (folder / "index.html").write_text("before")
    (tmp_path / f"broadcaster-preview-{killed.pid}-link").symlink_to(elsewhere)
    async with core(tmp_path) as made, seat(made) as here:
        await here.until(lambda: not left.exists())
    assert all((folder / "index.html").exists() for folder in (running, foreign, elsewhere))


@pytest.mark.fault(100)
@pytest.mark.parametrize(("language", "word"), [("ja", LIVE), ("en", "4 芋窪")])
async def test_live_asks_for_level_and_area_and_pressing_twice_sends_once(
    tmp_path: Path, language: str, word: str
) -> None:
    async with core(tmp_path, Mode.LIVE) as made, seat(made, language) as here:
        await previewed(here)
        await here.press("enter")
        await typed(here, "訓練")
        assert isinstance(here.app.screen, SendScreen)
        assert not (await made.here.desk.board()).waiting
        await typed(here, word, enters=3)
        await here.until(lambda: not isinstance(here.app.screen, SendScreen))
        assert len((await made.here.desk.board()).waiting) == 1


@pytest.mark.fault(100)
async def test_a_form_sent_again_after_its_answer_was_lost_is_the_same_alert(tmp_path: Path) -> None:
    async with core(tmp_path) as made, seat(made) as here:
        for _ in range(2):
            await previewed_at(here, await fixed(made))
            await here.press("enter")
            await typed(here, "訓練")
            await here.until(lambda: not isinstance(here.app.screen, SendScreen | PreviewScreen))
        assert len((await made.here.desk.board()).rows) == 1


async def fixed(made: Core) -> Any:
    """The very same draft each time, as the form holds it."""
    if not hasattr(made, "draft"):
        made.draft = dump(await made.here.draft())  # type: ignore[attr-defined]
    return made.draft  # type: ignore[attr-defined]


async def previewed_at(here: Seat, draft: Any) -> None:
    here.app.push_screen(PreviewScreen(Handing(draft=draft, key="form-1")))
    await loaded(here)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_a_drill_asks_for_its_own_word(tmp_path: Path, language: str) -> None:
    async with core(tmp_path) as made, seat(made, language) as here:
        await previewed(here)
        await here.press("enter")
        await typed(here, LIVE)
        assert isinstance(here.app.screen, SendScreen)
        await typed(here, here.app.words("confirm_word_drill"))
        await here.until(lambda: not isinstance(here.app.screen, SendScreen))
        assert len((await made.here.desk.board()).rows) == 1


async def test_the_question_names_mode_channels_and_audience(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made, seat(made) as here:
        await previewed(here)
        await here.press("enter")
        await here.until(lambda: isinstance(here.app.screen, SendScreen))
        await here.pilot.pause()
        for part in ("【本番】", "X（Twitter）", "メール: 0 人", "ページ", "警戒レベル4", "芋窪、蔵敷"):
            assert part in here.shown()


async def test_what_is_refused_cannot_be_sent(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made, seat(made) as here:
        await previewed(here, channels=("loudspeaker",))
        assert "まだ送れません" in here.shown()
        await here.press("enter")
        await here.pilot.pause()
        assert isinstance(here.app.screen, PreviewScreen)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_a_second_officer_approves_what_was_shown(tmp_path: Path, language: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        await update_handed_in(made)
        async with seat(made, language, (120, 60)) as here:
            await here.press("home", "a")
            await loaded(here)
            assert isinstance(here.app.screen, ReviewScreen)
            assert "奈良橋川でも水位が上がっています。+}" in here.shown()
            await here.press("d")
            assert "{+" not in here.shown()
            await here.press("a")
            await typed(here, LIVE)
            await here.until(lambda: not isinstance(here.app.screen, SendScreen | ReviewScreen))
            (row, _) = (await made.here.desk.board()).rows
            assert (row.alert.version, row.approved_how) == (2, "second_person")
            assert "1-2" in here.told()


async def test_the_list_shows_everything_that_waits(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        first, second = await handed_in(made), await handed_in(made)
        async with seat(made) as here:
            here.app.push_screen(ApproveScreen())
            await here.until(lambda: "（2 件）" in here.shown())
            await made.here.desk.hand_back(first, SECOND, "誤り")
            await here.until(lambda: "（1 件）" in here.shown())
            await here.press("enter")
            await loaded(here)
            assert f"{second} 番" in here.shown()


@pytest.mark.fault(103)
@pytest.mark.fault(104)
@pytest.mark.parametrize(("language", "what"), [("ja", "差し戻しました"), ("en", "Handed back by")])
async def test_what_was_closed_meanwhile_is_not_approved(tmp_path: Path, language: str, what: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        number = await handed_in(made)
        async with seat(made, language) as here:
            here.app.push_screen(ReviewScreen(number))
            await loaded(here)
            await here.press("a")
            await here.until(lambda: isinstance(here.app.screen, SendScreen))
            await made.here.desk.hand_back(number, OFFICER, "地区の誤り")
            await typed(here, LIVE)
            await here.until(lambda: bool(here.told()))
            assert not (await made.here.desk.board()).rows
            await here.press("escape")
            await here.until(lambda: what in here.shown())
            assert "地区の誤り" in here.shown()


@pytest.mark.fault(104)
@pytest.mark.parametrize(("language", "what"), [("ja", "文面が違います"), ("en", "not those you saw")])
async def test_other_texts_than_those_shown_are_not_approved(tmp_path: Path, language: str, what: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        number = await handed_in(made)
        async with seat(made, language) as here:
            here.app.push_screen(ReviewScreen(number))
            await loaded(here)
            here.app.screen.shown["acceptance"]["digest"] = "of other texts"  # type: ignore[attr-defined]
            await here.press("a")
            await typed(here, LIVE)
            await here.until(lambda: bool(here.told()))
            assert what in here.told()
            assert not (await made.here.desk.board()).rows


@pytest.mark.fault(105)
@pytest.mark.parametrize(("language", "what"), [("ja", "本人なので承認できません"), ("en", "cannot approve it too")])
async def test_the_author_cannot_be_the_second_person(tmp_path: Path, language: str, what: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made, seat(made, language) as here:
        await previewed(here)
        await here.press("enter")
        await typed(here, LIVE)
        await here.until(lambda: not isinstance(here.app.screen, SendScreen | PreviewScreen))
        (waiting,) = (await made.here.desk.board()).waiting
        here.app.push_screen(ReviewScreen(waiting.id))
        await loaded(here)
        await here.press("a")
        await typed(here, LIVE)
        await here.until(lambda: what in here.told())
        assert not (await made.here.desk.board()).rows


async def test_an_overtaken_one_says_so(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        number = await update_handed_in(made)
        await made.here.desk.follow_up("1-1", FollowUp(kind=Kind.CANCEL), handing(), SECOND)
        async with seat(made) as here:
            here.app.push_screen(ReviewScreen(number))
            await loaded(here)
            assert "もう承認できません" in here.shown()


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_handing_back_needs_a_reason(tmp_path: Path, language: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        number = await handed_in(made)
        async with seat(made, language) as here:
            here.app.push_screen(ReviewScreen(number))
            await loaded(here)
            await here.press("r", "enter")
            assert here.app.words("tui_reason_needed") in here.shown()
            here.app.screen.query_one("#reason").value = "地区の誤り"  # type: ignore[attr-defined]
            await here.press("enter")
            await here.until(lambda: not isinstance(here.app.screen, ReviewScreen))
            closed = await made.here.desk.submission(number)
            assert (closed.state.value, closed.reason) == ("returned", "地区の誤り")


@pytest.mark.fault(98)
async def test_hostile_words_are_shown_not_obeyed(tmp_path: Path) -> None:
    async with core(tmp_path) as made, seat(made, size=(120, 60)) as here:
        draft = await made.here.draft()
        info = replace(draft.infos[0], description="[bold red]赤[/] [@click=app.quit]x[/]")
        await previewed(here, infos=(info, *draft.infos[1:]))
        assert "[bold red]赤[/] [@click=app.quit]x[/]" in here.shown()


@pytest.mark.fault(104)
async def test_a_preview_that_is_no_longer_true_is_refused_and_shown_anew(tmp_path: Path) -> None:
    async with core(tmp_path, Mode.LIVE) as made, seat(made) as here:
        await previewed(here)
        stale = here.app.screen.shown["digest"] = "of a template that was changed meanwhile"  # type: ignore[attr-defined]
        await here.press("enter")
        await typed(here, LIVE)
        await here.until(lambda: "文面から変わりました" in here.told())
        assert not (await made.here.desk.board()).waiting
        await here.press("escape")
        await here.until(lambda: here.app.screen.shown["digest"] != stale)  # type: ignore[attr-defined]
        await here.press("enter")
        await typed(here, LIVE)
        await here.until(lambda: not isinstance(here.app.screen, SendScreen | PreviewScreen))
        assert len((await made.here.desk.board()).waiting) == 1


@pytest.mark.fault(104)
@pytest.mark.parametrize("language", ["ja", "en"])
async def test_a_preview_that_a_restart_has_overtaken_is_not_sent_before_it_was_seen(
    tmp_path: Path, language: str
) -> None:
    """The core comes back with other words while the preview is open: what was seen is not what would go out."""
    changed = CONFIG.replace('name = "東大和市"', 'name = "新東大和市"')
    async with core(tmp_path, Mode.LIVE) as made:
        sitting = seat(made, language)
        here = await sitting.__aenter__()
        await previewed(here)
    await here.until(lambda: here.app.away is not None)
    async with core(tmp_path, Mode.LIVE, changed) as again:
        await here.until(lambda: here.app.away is None)
        await here.press("enter")
        await typed(here, LIVE if language == "ja" else "4 芋窪")
        await here.until(lambda: here.app.words("preview_changed") in here.told())
        assert not (await again.here.desk.board()).waiting
        await here.press("escape")
        await here.until(lambda: "新東大和市" in str(here.app.screen.shown["channels"]))  # type: ignore[attr-defined]
        await here.press("enter")
        await typed(here, LIVE if language == "ja" else "4 芋窪")
        await here.until(lambda: not isinstance(here.app.screen, SendScreen | PreviewScreen))
        assert len((await again.here.desk.board()).waiting) == 1
        await sitting.__aexit__(None, None, None)
