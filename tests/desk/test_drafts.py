"""Drafts over the socket: kept, shared, handed in, and what a follow-up is pre-filled with."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broadcaster.documents import city_of, dump
from broadcaster.errors import BroadcasterError, Conflict, Refused
from broadcaster.forms import Forms
from broadcaster.model import Category, Kind, Mode, Subscriber
from broadcaster.rendering import Templates, templates_dir
from broadcaster.sheet import Press, Sheet, from_json, to_json
from tests.desk.test_api import Served, served

ORDER = Sheet(
    template="flood-level4",
    areas=("芋窪", "蔵敷"),
    slots={"river": "空堀川", "reason": "leak", "shelters": "第三小学校"},
)
BODY = to_json(ORDER)


async def pressed(here: Served, sheet: Sheet = ORDER) -> Any:
    city = city_of((await here.ask("setting"))["city"])
    press = Press(forms=Forms(templates_dir(), Templates(city.zone)), city=city, mode=Mode.DRILL)
    return dump(press.draft(sheet, here.clock.now()))


async def test_a_program_is_told_all_it_needs_to_fill_sheets(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        setting = await here.ask("setting")
        assert city_of(setting["city"]) == here.config.city
        assert (setting["mode"], setting["channels"]) == ("drill", ["twitter", "mail", "page", "feeds"])
        assert setting["policy"]["max_validity"] == "P3D"


@pytest.mark.fault(103)
async def test_two_officers_edit_one_draft(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        row = await here.ask("open_draft", BODY)
        assert (row["version"], row["title"]) == (1, "flood-level4 芋窪、蔵敷")
        after = await here.ask("save_draft", row["id"], 1, BODY | {"hours": 6})
        with pytest.raises(Conflict, match="draft_changed"):
            await here.ask("save_draft", row["id"], 1, BODY | {"hours": 12})
        assert (await here.ask("drafts")) == [after]
        assert (await here.ask("draft", row["id"]))["body"]["hours"] == 6


async def test_only_sheets_are_kept(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        with pytest.raises(Refused) as caught:
            await here.ask("open_draft", {"templat": "flood-level4"})
        assert [problem.code for problem in caught.value.problems] == ["field_unknown"]
        assert await here.ask("drafts") == []


async def test_a_draft_is_closed_with_its_alert_and_fills_the_update(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        row = await here.ask("open_draft", BODY)
        sent = await here.ask("submit", await pressed(here), "k", draft_id=row["id"])
        assert sent["accepted"]
        assert await here.ask("drafts") == []
        with pytest.raises(Conflict, match="draft_closed"):
            await here.ask("submit", await pressed(here), "k2", draft_id=row["id"])
        identifier = sent["alert"]["identifier"]
        again = from_json(await here.ask("sheet", "1-1"))
        assert again == ORDER.following(here_alert(again, identifier), Kind.UPDATE)
        update = replace(again, areas=("芋窪",))
        kept = await here.ask("open_draft", to_json(update))
        pressed_again = await pressed(here, update)
        second = await here.ask("hand_in", pressed_again, "k3", of=again.of, draft_id=kept["id"])
        assert (second["alert"]["version"], second["alert"]["kind"]) == (2, "update")
        cleared = from_json(await here.ask("sheet", "1-2", "all-clear"))
        assert (cleared.kind, cleared.areas) == (Kind.ALL_CLEAR, ("芋窪",))
        over = replace(cleared, template="flood-lifted", slots={"river": "空堀川", "order": "level4"})
        third = await here.ask("hand_in", await pressed(here, over), "k4", of=over.of)
        assert (third["alert"]["version"], third["alert"]["kind"]) == (3, "all-clear")


def here_alert(sheet: Sheet, identifier: str) -> Any:
    """As much of the alert as a sheet knows."""

    class Known:
        incident = sheet.incident

    made: Any = Known()
    made.identifier = identifier
    return made


async def test_an_alert_from_a_file_is_followed_by_its_own_words(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        first = await here.alert()
        sheet = from_json(await here.ask("sheet", first.serial, "correction"))
        assert sheet.texts["ja"].headline == first.primary.headline
        assert (sheet.template, sheet.kind, sheet.of) == ("", Kind.CORRECTION, first.identifier)
        with pytest.raises(BroadcasterError, match="refused"):
            await here.ask("sheet", first.serial, "rumour")


async def test_whom_it_would_reach_is_counted(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        people = [
            Subscriber(address="all@residents.example"),
            Subscriber(address="imokubo@residents.example", areas=("芋窪",)),
            Subscriber(address="zoshiki@residents.example", areas=("蔵敷",), categories=(Category.FIRE,)),
        ]
        await here.ask("put_subscribers", [dump(each) for each in people])
        for areas, categories, count in (
            (["芋窪"], ["Met"], 2),
            (["芋窪3丁目"], ["Met"], 2),
            (["東大和市全域"], ["Met"], 2),
            (["蔵敷"], ["Met"], 1),
            (["芋窪", "蔵敷"], ["Fire"], 3),
            ([], ["Fire"], 1),
        ):
            assert await here.ask("reach", areas, categories, "Extreme") == count
