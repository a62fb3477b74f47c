"""`compose` and `drafts`: the form as plain lines, over a real socket; whatever ends it early sends nothing."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest

from broadcaster.cli import main
from broadcaster.model import Actor, Mode, Subscriber
from broadcaster.sheet import Sheet, from_json, to_json
from tests.desk.world import OFFICER
from tests.tui.desk import Core, core

ORDER = Sheet(
    template="flood-level4",
    areas=("芋窪", "蔵敷"),
    slots={"river": "空堀川", "reason": "leak", "shelters": "第三小学校"},
)
KEEP = "\n"
FURTHER = KEEP * 3 + "1\n" + KEEP * 3
"""Easy Japanese as it is, English too, as it is."""


class Line:
    """A person at a line: what is typed, and what is read."""

    def __init__(self, made: Core, patch: pytest.MonkeyPatch, caps: pytest.CaptureFixture[str]) -> None:
        self.made, self.patch, self.caps = made, patch, caps
        patch.setenv("BROADCASTER_SOCKET", str(made.socket))
        patch.setenv("LC_ALL", "ja_JP.UTF-8")

    async def run(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        self.patch.setattr("sys.stdin", io.StringIO(typed))
        code = await asyncio.to_thread(main, arguments)
        said = self.caps.readouterr()
        return code, said.out + said.err

    async def rows(self) -> Any:
        return (await self.made.here.desk.board()).rows

    async def draft(self) -> Sheet:
        (row,) = await self.made.here.store.drafts()
        return from_json(row.body)


@pytest.mark.parametrize(("language", "word"), [("ja_JP.UTF-8", "訓練"), ("en_GB.UTF-8", "drill")])
async def test_an_order_is_made_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str, word: str
) -> None:
    async with core(tmp_path) as made:
        line = Line(made, monkeypatch, capsys)
        monkeypatch.setenv("LC_ALL", language)
        typed = "f4\n2 3\n空堀川\n3\n第三小学校\n" + KEEP * 5 + FURTHER + f"{word}\n"
        code, said = await line.run("compose", typed=typed)
        assert code == 0, said
        (row,) = await line.rows()
        assert (row.alert.level, [area.area_desc for area in row.alert.primary.areas]) == (4, ["芋窪", "蔵敷"])
        assert "空堀川の堤防に異常" in row.alert.primary.description
        assert "\x1b" not in said
        assert await made.here.store.drafts() == ()


@pytest.mark.fault(14)
@pytest.mark.parametrize("typed", ["", "f4\n", "f4\n2 3\n空堀川\n", "f4\n2 3\n空堀川\n3\n第三小学校\n" + KEEP * 10])
async def test_a_line_that_ends_sends_nothing_and_keeps_what_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    async with core(tmp_path) as made:
        line = Line(made, monkeypatch, capsys)
        code, said = await line.run("compose", typed=typed)
        assert code == 130
        assert "送っていません" in said
        assert await line.rows() == ()
        if typed.count("\n") > 1:
            assert (await line.draft()).areas == ("芋窪", "蔵敷")
            assert "--draft 1" in said


async def test_another_word_sends_nothing_and_a_draft_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        line = Line(made, monkeypatch, capsys)
        await made.here.desk.open_draft(to_json(ORDER), OFFICER)
        code, said = await line.run("compose", "--draft", "1", typed=KEEP * 9 + FURTHER + "はい\n")
        assert code == 130
        assert await line.rows() == ()
        code, said = await line.run("compose", typed="1\n" + KEEP * 9 + FURTHER + "訓練\n")
        assert code == 0, said
        assert len(await line.rows()) == 1
        code, said = await line.run("compose", "--draft", "1", typed="")
        assert code == 2
        assert "開いていません" in said


async def test_what_is_wrong_is_said_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        line = Line(made, monkeypatch, capsys)
        typed = "zz\nf4\n立川\nhttp://evil.example/\u202e\n9\n3\n第三小学校\n" + KEEP * 5 + FURTHER
        code, said = await line.run("compose", typed=typed + "2\n空堀川\n" + "訓練\n")
        assert code == 0, said
        assert "U+202E" in said
        assert "直す所が 2 あります" in said
        (row,) = await line.rows()
        assert [area.area_desc for area in row.alert.primary.areas] == ["芋窪"]


async def test_a_lifting_follows_what_is_out_or_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        line = Line(made, monkeypatch, capsys)
        code, said = await line.run("compose", typed="f0\n")
        assert code == 2
        assert "何も送っていません" in said
        await made.here.alert()
        typed = "f0\n1\n2\n空堀川\n2\n" + KEEP * 4 + "1\n" + KEEP * 2 + "1\n" + KEEP * 2 + "訓練\n"
        code, said = await line.run("compose", typed=typed)
        assert code == 0, said
        assert (await line.rows())[0].alert.kind.value == "all-clear"


async def test_an_update_is_asked_with_what_was_typed_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        line = Line(made, monkeypatch, capsys)
        await made.here.desk.open_draft(to_json(ORDER), OFFICER)
        await line.run("compose", "--draft", "1", typed=KEEP * 9 + FURTHER + "訓練\n")
        code, said = await line.run("compose", "--of", "1-1", typed="4\n" + KEEP * 9 + FURTHER + "訓練\n")
        assert code == 0, said
        assert "今: 芋窪、蔵敷" in said
        assert [row.alert.serial for row in await line.rows()] == ["1-2", "1-1"]


@pytest.mark.fault(103)
async def test_another_officers_change_is_shown_and_not_overwritten_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        line = Line(made, monkeypatch, capsys)
        desk = made.here.desk
        await desk.open_draft(to_json(ORDER), OFFICER)
        changed = desk.save_draft

        async def both(number: int, version: int, body: Any, actor: Actor) -> Any:
            if version == 1:
                await changed(number, 1, {**to_json(ORDER), "areas": ["奈良橋"]}, Actor(name="other"))
            return await changed(number, version, body, actor)

        monkeypatch.setattr(desk, "save_draft", both)
        code, said = await line.run("compose", "--draft", "1", typed="2\n2\n")
        assert code == 130
        assert "奈良橋" in said
        assert (await line.draft()).areas == ("奈良橋",)


async def test_live_asks_for_the_level_and_the_first_area(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        line = Line(made, monkeypatch, capsys)
        await made.here.desk.open_draft(to_json(ORDER), OFFICER)
        code, _ = await line.run("compose", "--draft", "1", typed=KEEP * 9 + FURTHER + "訓練\n")
        assert code == 130
        code, said = await line.run("compose", "--draft", "1", typed=KEEP * 9 + FURTHER + "４ 芋窪\n")
        assert code == 0, said
        assert len((await made.here.desk.board()).waiting) == 1


async def test_drafts_are_listed_shown_and_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        line = Line(made, monkeypatch, capsys)
        assert "ありません" in (await line.run("drafts", "list"))[1]
        await made.here.desk.open_draft({**to_json(ORDER), "areas": []}, OFFICER)
        assert "避難指示（洪水）" in (await line.run("drafts", "list"))[1]
        shown = (await line.run("drafts", "show", "1"))[1]
        assert "〔対象の町名" in shown
        assert OFFICER.name in shown
        assert '"slot_missing"' in (await line.run("drafts", "show", "1", "--json"))[1]
        assert (await line.run("drafts", "drop", "1"))[0] == 0
        assert (await line.run("drafts", "drop", "1"))[0] == 2
        assert (await line.run("drafts", "show", "9"))[0] == 2
        assert (await line.run("compose", "--json"))[0] == 2


async def test_a_correction_asks_for_silence_and_for_ones_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        await made.here.store.put(
            [Subscriber(address=f"r{each}@example.jp", areas=("芋窪",)) for each in range(3)],
            OFFICER,
            made.here.clock.now(),
        )
        await made.here.desk.open_draft(to_json(ORDER), OFFICER)
        line = Line(made, monkeypatch, capsys)
        code, said = await line.run("compose", "--draft", "1", typed=KEEP * 9 + FURTHER + "訓練\n")
        assert "登録者：3人" in said
        await made.here.said()
        silently, ours = KEEP * 8 + "2\n" + KEEP, KEEP + "訂正します\n" + KEEP * 2
        arguments = ("compose", "--of", "1-1", "--kind", "correction", "--own-words", "ja")
        code, said = await line.run(*arguments, typed=silently + FURTHER + ours + "訓練\n")
        assert code == 0, said
        (row, _) = await line.rows()
        assert (row.alert.serial, row.alert.kind.value, row.alert.silent) == ("1-2", "correction", True)
        assert row.alert.primary.headline == "訂正します"
        assert row.alert.primary.description
        assert {each.channel for each in row.deliveries} == {"page", "feeds"}


async def test_words_of_a_language_there_is_not_are_refused_and_the_draft_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with core(tmp_path) as made:
        line = Line(made, monkeypatch, capsys)
        typed = "f4\n2 3\n空堀川\n3\n第三小学校\n" + KEEP * 5 + FURTHER
        code, said = await line.run("compose", "--own-words", "fr", typed=typed)
        assert code == 2
        assert "ja-x-easy" in said
        assert (await line.draft()).slots == ORDER.slots
