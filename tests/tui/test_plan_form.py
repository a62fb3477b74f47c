"""Writing a plan at the desk: in words, with the next days as one types, in both languages; and field by field."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadcaster.documents import plan_document, plan_from, read_plan
from broadcaster.errors import Refused
from broadcaster.model import Problem
from broadcaster.routine import Planning, Shelf, read_folder
from broadcaster.tui.plan_fields import blank, field_of, fields_of, placed, table_of
from broadcaster.tui.screens.plan_form import PlanFormScreen
from tests.tui.desk import core, seat
from tests.unit.test_plans import SAMPLES


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_sample_goes_through_the_form_unchanged(path: Path, language: str) -> None:
    plan = read_plan(path)
    name, table = table_of(fields_of(plan, language), plan)
    made = plan_from(name, table)
    assert plan_document(made) | {"draft": None} == plan_document(plan) | {"draft": None}
    assert made.draft.get("infos") == plan.draft.get("infos")


def test_every_problem_is_told_by_its_field() -> None:
    wrong = blank() | {"id": "x", "title": "t", "when.0.days": "ときどき", "when.0.season": "夏", "valid_minutes": "三"}
    with pytest.raises(Refused) as caught:
        table_of(wrong)
    assert {each.place for each in caught.value.problems} == {"when.0.days", "when.0.season", "valid_minutes"}
    with pytest.raises(Refused) as caught:
        table_of(blank() | {"id": "Ä", "when.0.at": "25:00", "when.1.at": "9:00", "when.1.days": "毎日"})
    assert {each.place for each in caught.value.problems} == {"id", "title", "when.0.at"}
    places = [
        "when",
        "when[1].season_to",
        "when[0].dates",
        "infos[2].headline",
        "infos[0].areas",
        "slots.trick",
        "last",
    ]
    assert [each.place for each in placed([Problem(code="plan_never", place=place) for place in places])] == [
        *("when.0.days", "when.1.season", "when.0.days", "texts.en.headline", "areas", "values.trick", "last")
    ]
    assert field_of("draft.areas[0]") == "areas"


@pytest.mark.parametrize(("language", "days"), [("ja", "毎週 火・木"), ("en", "weekly tue thu")])
async def test_a_plan_is_written_looked_at_saved_as_a_file_and_changed(
    tmp_path: Path, language: str, days: str
) -> None:
    folder = tmp_path / "routine"
    folder.mkdir()
    async with core(tmp_path) as made:
        here = made.here
        here.planning._shelf = Shelf(folder)
        async with seat(made, language) as desk:
            await desk.press("b", "n")
            await desk.until(lambda: "10:00" in desk.shown())
            screen = desk.app.screen
            assert isinstance(screen, PlanFormScreen)
            await desk.press(*"fraud", "enter", *"sagi", "enter", "enter", "ctrl+u", *days, "enter")
            await desk.until(lambda: bool(screen.seen) and screen.seen["problems"] != [])
            assert "10:00" in desk.shown().split("22:00-06:00")[1], "the days stand there before the words are right"
            screen.fields |= {
                "template": "fraud-warning",
                "values.areas": "東大和市全域",
                "values.trick": "police",
                "when.0.holidays": "skip",
            }
            screen.look()
            await desk.until(lambda: bool(screen.seen) and screen.seen["problems"] == [])
            await desk.press("f5")
            await desk.until(lambda: type(desk.app.screen).__name__ == "PlanScreen" and "sagi" in desk.shown())
            (plan,) = read_folder(folder).plans
            assert [str(day) for day in plan.when[0].weekdays] == ["tue", "thu"]
            await desk.press("e")
            await desk.until(lambda: "17:00" not in desk.shown() and "10:00" in desk.shown())
            await desk.until(lambda: bool(getattr(desk.app.screen, "seen", None)))
            desk.app.screen.fields["when.0.at"] = "17:00"  # type: ignore[attr-defined]
            await desk.press("f5")
            await desk.until(lambda: "17:00" in desk.shown())
        row = await here.store.plan("fraud")
        assert (row.file, row.speaks, row.author.name) == ("fraud.toml", False, "root")
        await Planning(here.planning._room).refresh(read_folder(folder))
        assert await here.store.plan("fraud") == row, "its own file is no news"
        assert (folder / "fraud.toml.before").exists()
