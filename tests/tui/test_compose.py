"""Composing at the desk: two keys to a form, every problem beside its field, nothing typed is lost or overwritten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual import events

from broadcaster.model import Actor, Severity, Subscriber
from broadcaster.sheet import LONGEST_PASTE, Sheet, from_json, to_json
from broadcaster.tui.screens.compose import ComposeScreen
from broadcaster.tui.screens.difference import DifferenceScreen
from broadcaster.tui.screens.pick import PickScreen
from broadcaster.tui.widgets.area_picker import AreaInput
from broadcaster.tui.widgets.choice_field import ChoiceField
from broadcaster.tui.widgets.safe_input import SafeArea, SafeInput
from tests.desk.world import OFFICER, handing
from tests.tui.desk import Core, Seat, core, seat

ORDER = Sheet(
    template="flood-level4",
    areas=("芋窪", "蔵敷"),
    slots={"river": "空堀川", "reason": "leak", "shelters": "第三小学校"},
)
OTHER = Actor(name="other")
HOURS_OF_6 = 24
"""What the digit 6 chooses of how long it holds."""


class Composing:
    """An officer composing."""

    def __init__(self, here: Seat) -> None:
        self.here = here

    @property
    def screen(self) -> ComposeScreen:
        return next(each for each in self.here.app.screen_stack if isinstance(each, ComposeScreen))

    @property
    def shown(self) -> str:
        return self.here.shown()

    async def open(self, screen: ComposeScreen) -> None:
        self.here.app.push_screen(screen)
        await self.here.until(lambda: isinstance(self.here.app.screen, PickScreen) or self.ready)
        await self.here.pilot.pause()

    @property
    def ready(self) -> bool:
        return isinstance(self.here.app.screen, ComposeScreen) and self.screen.problems_told

    async def pick(self, *keys: str) -> None:
        await self.here.press(*keys)
        await self.here.until(lambda: self.ready)
        await self.here.pilot.pause()

    async def type(self, text: str) -> None:
        await self.here.press(*text)

    async def paste(self, text: str) -> None:
        focused = self.here.app.focused
        assert focused is not None
        focused.post_message(events.Paste(text))
        await self.here.pilot.pause()

    async def kept(self) -> Any:
        """Wait until the desk has the sheet as it is."""
        await self.here.until(lambda: self.screen.keeper.row is not None and self.screen.keeper.kept(self.screen.sheet))
        return self.screen.keeper.row


@asynccontextmanager
async def composing(made: Core, language: str = "ja", size: tuple[int, int] = (80, 24)) -> AsyncIterator[Composing]:
    async with seat(made, language, size) as here:
        yield Composing(here)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_two_keys_and_a_few_more_make_an_order(tmp_path: Path, language: str) -> None:
    async with core(tmp_path) as made, composing(made, language) as desk:
        await desk.open(ComposeScreen())
        assert ("避難指示" if language == "ja" else "Evacuation Order") in desk.shown
        await desk.pick("f", "4")
        assert desk.screen.sheet == Sheet(template="flood-level4")
        await desk.here.press("2", "3", "tab")
        await desk.type("空堀川")
        await desk.here.press("tab")
        await desk.here.until(lambda: ("い状況です" if language == "ja" else "at any time") in desk.shown)
        await desk.here.press("3", "tab")
        await desk.type("第三小学校")
        row = await desk.kept()
        assert from_json(row["body"]) == ORDER
        await desk.here.until(lambda: not any(each.blocking for each in desk.screen.problems))
        await desk.here.until(lambda: ("そろいました" if language == "ja" else "Complete") in desk.shown)


async def test_full_width_keys_pick_too_since_the_input_method_may_be_on(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await desk.open(ComposeScreen())
        await desk.pick("ｌ", "４")
        assert desk.screen.sheet.template == "landslide-level4"
        await desk.here.press("２")
        assert desk.screen.sheet.areas == ("芋窪",)


async def test_the_areas_are_listed_while_one_chooses_and_only_then(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await desk.open(ComposeScreen())
        await desk.pick("f", "4")
        assert "2 芋窪" in desk.shown
        await desk.here.press("2", "tab")
        await desk.here.until(lambda: "2 芋窪" not in desk.shown)


@pytest.mark.fault(8)
async def test_a_draft_is_back_after_the_terminal_died(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        async with composing(made) as desk:
            await desk.open(ComposeScreen())
            await desk.pick("f", "4", "2", "tab")
            await desk.type("奈良橋川")
            await desk.kept()
        assert (await made.here.store.board(made.here.clock.now())) == ()
        async with composing(made) as desk:
            await desk.open(ComposeScreen())
            assert "避難指示（洪水） 芋窪" in desk.shown
            await desk.pick("shift+tab", "enter")
            assert desk.screen.sheet == Sheet(template="flood-level4", areas=("芋窪",), slots={"river": "奈良橋川"})
            assert "奈良橋川" in desk.shown
            assert desk.screen.keeper.number == 1


async def test_leaving_keeps_what_was_typed_and_nothing_where_nothing_was(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        for keys, count in ((("escape",), 0), (("2", "escape"), 1)):
            await desk.open(ComposeScreen())
            await desk.pick("f", "4")
            await desk.here.press(*keys)
            await desk.here.until(lambda: not isinstance(desk.here.app.screen, ComposeScreen))
            assert len(await made.here.store.drafts()) == count


async def theirs(made: Core, number: int, **changes: Any) -> None:
    row = await made.here.store.draft(number)
    await made.here.desk.save_draft(number, row.version, {**row.body, **changes}, OTHER)


@pytest.mark.fault(103)
@pytest.mark.parametrize(("key", "areas"), [("1", ("芋窪", "蔵敷")), ("2", ("奈良橋",))])
async def test_the_second_officer_sees_what_differs_and_says_whose_words_stay(
    tmp_path: Path, key: str, areas: tuple[str, ...]
) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await desk.open(ComposeScreen())
        await desk.pick("f", "4", "2")
        await desk.kept()
        await theirs(made, 1, areas=["奈良橋"])
        await desk.here.press("3")
        await desk.here.until(lambda: isinstance(desk.here.app.screen, DifferenceScreen))
        await desk.here.pilot.pause()
        assert "other" in desk.shown
        assert "芋窪、蔵敷" in desk.shown
        assert (await made.here.store.draft(1)).body["areas"] == ["奈良橋"]
        await desk.here.press(key)
        await desk.here.until(lambda: isinstance(desk.here.app.screen, ComposeScreen))
        await desk.kept()
        assert desk.screen.sheet.areas == areas
        row = await made.here.store.draft(1)
        assert row.body["areas"] == list(areas)
        assert [each.name for each in row.editors][1] == "other"


@pytest.mark.fault(103)
async def test_one_may_decide_later_and_nothing_is_overwritten_meanwhile(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await desk.open(ComposeScreen())
        await desk.pick("f", "4", "2")
        await desk.kept()
        await theirs(made, 1, areas=["奈良橋"])
        await desk.here.press("3")
        await desk.here.until(lambda: isinstance(desk.here.app.screen, DifferenceScreen))
        await desk.here.press("escape", "4")
        await desk.here.until(lambda: "F9" in desk.shown)
        await desk.screen.keeper.keep(desk.screen.sheet)
        assert (await made.here.store.draft(1)).body["areas"] == ["奈良橋"]
        await desk.here.press("f9")
        await desk.here.until(lambda: isinstance(desk.here.app.screen, DifferenceScreen))


async def test_a_lost_answer_makes_no_second_draft(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await desk.open(ComposeScreen(ORDER))
        keeper, sheet = desk.screen.keeper, desk.screen.sheet
        await keeper.keep(replace(sheet, hours=3))
        row, keeper.row = keeper.row, None  # kept, but the answer did not come
        await keeper.keep(replace(sheet, hours=6))
        assert [each.id for each in await made.here.store.drafts()] == [row["id"]]
        assert (await made.here.store.draft(row["id"])).body["hours"] == 6


async def test_an_update_is_filled_with_what_was_typed(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        here = made.here
        row = await here.desk.open_draft(to_json(ORDER), OFFICER)
        draft = await here.draft()
        sent = await here.desk.submit(draft, handing(draft_id=row.id), OFFICER)
        await desk.open(ComposeScreen(of=sent.alert.identifier))
        assert desk.screen.sheet.areas == ORDER.areas
        assert (desk.screen.sheet.of, desk.screen.sheet.incident) == (sent.alert.identifier, 1)
        assert "1-1" in desk.shown
        assert "空堀川" in desk.shown
        assert not any(each.blocking for each in desk.screen.problems)


async def test_easy_japanese_is_demanded_of_a_level_four(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await desk.open(ComposeScreen(ORDER))
        await desk.here.press("f6", "2")
        await desk.here.until(lambda: any(each.blocking for each in desk.screen.problems))
        assert desk.screen.sheet.languages == ("ja", "en")
        await desk.here.until(lambda: "！" in desk.shown)
        await desk.here.press("1")
        await desk.here.until(lambda: not any(each.blocking for each in desk.screen.problems))


async def test_the_words_of_a_language_can_be_written_freely_and_given_back(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made, size=(140, 40)) as desk:
        await desk.open(ComposeScreen(ORDER))
        await desk.here.press("f6", "f6", "f4")
        await desk.here.until(lambda: bool(desk.screen.query("#form-en SafeArea")))
        assert desk.screen.sheet.texts["en"].headline.startswith("Level 4, Evacuation Order")
        headline = next(each for each in desk.screen.query(SafeInput) if each.place == "texts.en.headline")
        headline.focus()
        await desk.here.pilot.pause()
        await desk.here.press("end", "!")
        await desk.kept()
        assert desk.screen.sheet.texts["en"].headline.endswith("!")
        await desk.here.press("f4")
        await desk.here.press("enter")
        await desk.here.until(lambda: not desk.screen.sheet.texts)


async def test_free_text_has_its_own_frame(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made, size=(140, 40)) as desk:
        await desk.open(ComposeScreen())
        await desk.pick("x", "1", "2", "tab", "5")
        await desk.here.until(lambda: "languages" in {each.place for each in desk.screen.problems if each.blocking})
        frame = desk.screen.sheet.frame
        assert (frame.level, frame.severity) == (4, Severity.EXTREME)
        shown = next(each for each in desk.screen.query(ChoiceField) if each.place == "frame.severity")
        assert shown.value == "Extreme"


async def test_whom_it_reaches_is_counted_and_how_long_each_text_is(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made, size=(140, 40)) as desk:
        people = [Subscriber(address=f"r{each}@residents.example", areas=("芋窪",)) for each in range(3)]
        await made.here.store.put(people, OFFICER, made.here.clock.now())
        await desk.open(ComposeScreen(ORDER))
        await desk.here.press("4")
        await desk.here.until(lambda: "メール 3 人" in desk.shown and "/280" in desk.shown)


# ------------------------------------------------------------------ what is typed and pasted


async def field(desk: Composing) -> SafeInput:
    await desk.open(ComposeScreen(Sheet(template="flood-level4")))
    await desk.here.press("tab")
    focused = desk.here.app.focused
    assert isinstance(focused, SafeInput)
    assert focused.place == "slots.river"
    return focused


async def test_wide_letters_put_the_cursor_where_they_end(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        line = await field(desk)
        await desk.type("空堀川a")
        assert (line.value, line.cursor_position) == ("空堀川a", 4)
        start = line.content_region.x
        assert line.cursor_screen_offset.x - start in (7, 8)
        await desk.here.press("left", "left", "backspace")
        assert line.value == "空川a"


async def test_a_mark_joins_the_letter_before_it(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        line = await field(desk)
        await desk.paste("か\u3099わ")
        assert (line.value, line.cursor_position) == ("がわ", 2)
        await desk.paste("は\u309a")
        assert (line.value, line.cursor_position) == ("がわぱ", 3)


@pytest.mark.fault(93)
@pytest.mark.fault(94)
async def test_what_nobody_sees_is_taken_out_and_told(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        line = await field(desk)
        await desk.paste("空\x1b[31m堀\u202e川\x00")
        assert line.value == "空[31m堀川"
        await desk.here.until(lambda: "U+202E" in desk.shown)
        assert "U+001B" in desk.shown
        assert "\x1b[31m" not in desk.shown


async def test_several_lines_become_a_list_on_one(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        line = await field(desk)
        await desk.paste("第三小学校\r\n第五中学校\n")
        assert line.value == "第三小学校、第五中学校"


@pytest.mark.fault(109)
async def test_a_paste_of_ten_megabytes_is_refused_whole(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        line = await field(desk)
        await desk.type("空")
        await desk.paste("x" * 10_000_000)
        assert line.value == "空"
        await desk.here.until(lambda: "10000000" in desk.shown)
        await desk.paste("x" * LONGEST_PASTE)
        assert line.value == "空"


@pytest.mark.fault(92)
async def test_an_over_long_value_is_told_and_never_cut(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        line = await field(desk)
        await desk.paste("川" * 61)
        assert len(line.value) == 61
        await desk.here.until(lambda: "slot_too_long" in {each.code for each in desk.screen.problems})


@pytest.mark.fault(90)
async def test_a_templates_own_marks_are_refused_as_words(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await field(desk)
        await desk.type("{{river}}")
        await desk.here.until(lambda: "placeholder_left" in {each.code for each in desk.screen.problems})


async def test_several_lines_stay_lines_where_they_may(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made, size=(140, 40)) as desk:
        await desk.open(ComposeScreen())
        await desk.pick("x", "1")
        area = next(each for each in desk.screen.query(SafeArea) if each.place == "texts.ja.description")
        area.focus()
        await desk.here.pilot.pause()
        await desk.paste("一行\u202e目\r\n二行目")
        await desk.here.press("enter")
        await desk.paste("か\u3099")
        await desk.here.until(lambda: desk.screen.sheet.texts["ja"].description == "一行目\n二行目\nが")


async def test_a_block_is_typed_and_a_town_found_by_its_beginning(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await desk.open(ComposeScreen(Sheet(template="flood-level4")))
        assert isinstance(desk.here.app.focused, AreaInput)
        await desk.paste("芋窪3丁目、芋窪4丁目")
        await desk.here.press("enter")
        await desk.type("奈良")
        await desk.here.press("enter")
        found = [desk.screen.sheet.areas]
        for keys in (("1",), ("up", "up", "space"), ("蔵", "tab")):
            await desk.here.press(*keys)
            found.append(desk.screen.sheet.areas)
        assert found == [("芋窪3丁目", "芋窪4丁目", "奈良橋"), ("東大和市全域",), ("芋窪",), ("芋窪", "蔵")]


async def test_a_draft_is_dropped_where_one_picks(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await made.here.desk.open_draft(to_json(ORDER), OTHER)
        await desk.open(ComposeScreen())
        await desk.here.press("shift+tab", "delete")
        await desk.here.until(lambda: "flood-level4" not in desk.shown)
        assert await made.here.store.drafts() == ()
        await desk.pick("l", "4")
        assert desk.screen.sheet.template == "landslide-level4"


async def test_what_is_typed_far_ahead_of_the_areas_lands_where_it_belongs(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await desk.open(ComposeScreen())
        await desk.pick("f", "4")
        for key in (*"2", *"芋窪1丁目", "enter", "enter", *"空堀川", "enter"):
            desk.here.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await desk.here.until(lambda: desk.screen.sheet.slots.get("river") == "空堀川")
        assert "芋窪1丁目" in desk.screen.sheet.areas


@pytest.mark.parametrize("on", ["tab", "enter", "down"])
async def test_what_is_typed_far_ahead_lands_where_it_belongs(tmp_path: Path, on: str) -> None:
    """Every key is there before the first is dealt with, as from a slow line."""
    async with core(tmp_path) as made, composing(made) as desk:
        await field(desk)
        for key in ("空", "堀", "川", on, "3", "enter", "第", "三", on, "6"):
            desk.here.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await desk.here.until(lambda: desk.screen.sheet.hours == HOURS_OF_6)
        assert desk.screen.sheet.slots == {**ORDER.slots, "shelters": "第三"}


async def test_leaving_the_desk_keeps_what_is_on_the_form(tmp_path: Path) -> None:
    async with core(tmp_path) as made, composing(made) as desk:
        await field(desk)
        for key in ("空", "堀", "川", "ctrl+q"):
            desk.here.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await desk.here.until(lambda: not desk.here.app.is_running)
        (row,) = await made.here.store.drafts()
        assert from_json(row.body).slots == {"river": "空堀川"}
