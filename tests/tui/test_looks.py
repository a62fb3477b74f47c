"""The screens as text, compared with those that were looked at: `pytest tests/tui/test_looks.py --snapshot-update`
after a change that is meant, then read them (tests/tui/__snapshots__). What they do is tested elsewhere; this is how
they look on 80 columns by 24, where it is tight.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from broadcaster.documents import dump, plan_from, plan_table
from broadcaster.model import Actor, Mode
from broadcaster.rendering import templates_dir
from broadcaster.tui.handing import Handing
from broadcaster.tui.screens.approve import ApproveScreen
from broadcaster.tui.screens.compose import ComposeScreen
from broadcaster.tui.screens.preview import PreviewScreen
from broadcaster.tui.screens.send import SendScreen
from broadcaster.tui.widgets.sheet_state import SheetState
from tests.desk import persons
from tests.desk.world import handing
from tests.tui.desk import Core, Seat, core, seat
from tests.tui.test_approve import loaded
from tests.tui.test_compose import ORDER

NIGHT = datetime(2026, 12, 1, 18, 4, 10, tzinfo=UTC)
"""When it is in the city four minutes past three, for long enough to be looked at."""
AUTHOR, APPROVER = Actor(name="duty-a"), Actor(name="duty-b")


async def night(made: Core) -> str:
    """An order in force, its update handed in, an announcement planned; return the session of the second officer."""
    here = made.here
    here.clock.ahead = NIGHT - here.clock.now()
    await persons.seat(here.store, "duty-a", here.clock.now(), display="当直A")
    session = await persons.seat(here.store, "duty-b", here.clock.now(), display="当直B")
    draft = await here.draft()
    done = await here.desk.submit(draft, handing(), AUTHOR)
    assert done.submission is not None
    await here.desk.approve(done.submission, done.digest, APPROVER)
    await here.desk.update("1-1", draft, handing(), AUTHOR)
    name, table = plan_table(templates_dir() / "routine" / "evening-chime.toml")
    await here.planning.put(plan_from(name, table), AUTHOR)
    return session


def seen(here: Seat) -> str:
    """What is on the screen, but for what passes while one looks."""
    shown = re.sub(r"(\d\d:\d\d):\d\d", r"\1:--", here.shown())
    ages = r"\b\d+(?= s ago|秒前)", r"(?<=- s ago  ).*|(?<=-秒前  ).*"  # a longer age leaves less of what follows it
    for passing in (*ages, r"(?<=Date: ).*", r"(?<=draft )\d+|(?<=下書き )\d+"):
        shown = re.sub(passing, "-", shown)
    return "\n".join(line.rstrip() for line in shown.splitlines())


async def walk(here: Seat) -> AsyncIterator[str]:
    """Go from screen to screen, and stop where there is something to be looked at."""
    form = ComposeScreen(ORDER)
    here.app.push_screen(form)
    await here.until(lambda: form.problems_told)
    form.inquire()
    await here.until(lambda: form.query_one(SheetState).told and form.keeper.row is not None)
    yield "compose"
    await here.press("escape")
    here.app.push_screen(PreviewScreen(Handing(draft=dump(await here.core.here.draft()), key="looked at")))
    await loaded(here)
    yield "points"
    await here.press("right", "right")
    yield "mail"
    await here.press("enter")
    await here.until(lambda: isinstance(here.app.screen, SendScreen))
    yield "send"
    await here.press("escape", "escape")
    here.app.push_screen(ApproveScreen())
    await here.pilot.pause()
    yield "waiting"
    await here.press("enter")
    await loaded(here)
    await here.press("right")
    yield "review"
    await here.press("escape", "escape", "end", "f1")
    yield "help"
    await here.press("escape", "t")
    await here.until(lambda: getattr(here.app.screen, "found", None) is not None)
    yield "hand-over"
    await here.press("escape", "b")
    await here.until(lambda: bool(getattr(here.app.screen, "items", ())))
    yield "calendar"


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_every_screen_looks_as_it_did(tmp_path: Path, snapshot: SnapshotAssertion, language: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        session = await night(made)
        async with seat(made, language, session=session) as here:
            await here.until(lambda: here.app.me is not None)
            async for name in walk(here):
                await here.pilot.pause()
                assert seen(here) == snapshot(name=name)
