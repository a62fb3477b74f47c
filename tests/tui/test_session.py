"""Who sits at the desk: logging in, another officer, a session that ends while something is being done."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import Input

from broadcaster.client import Client
from broadcaster.errors import Unauthenticated
from broadcaster.model import Mode
from broadcaster.tui.screens.board import BoardScreen
from broadcaster.tui.screens.decide import DecideScreen
from broadcaster.tui.screens.login import LoginScreen
from tests.desk.persons import Person, enrol
from tests.tui.desk import Core, Seat, core, seat


async def hired(made: Core, name: str = "duty-a") -> Person:
    """An officer with a second factor, made by the owner of the service."""
    owner: Client = made.client()
    asked = await asyncio.to_thread(owner.add_officer, name, "当直A", ["admin", "composer", "approver"])
    return await asyncio.to_thread(enrol, owner, name, asked["ticket"], made.here.clock.now())


async def asked(here: Seat) -> LoginScreen:
    await here.until(lambda: isinstance(here.app.screen, LoginScreen))
    assert isinstance(here.app.screen, LoginScreen)
    return here.app.screen


async def log_in(here: Seat, person: Person, passphrase: str = "", step: int = 0) -> None:
    """Type name, passphrase and code."""
    screen = await asked(here)
    values = (person.name, passphrase or person.passphrase, person.code(here.core.here.clock.now(), step))
    for field, value in zip(("name", "passphrase", "code"), values, strict=True):
        screen.query_one(f"#{field}", Input).value = value
    screen.query_one("#code", Input).focus()
    await here.press("enter")


async def inside(here: Seat) -> None:
    await here.until(lambda: here.app.who == "当直A" and not isinstance(here.app.screen, LoginScreen))


async def test_without_accounts_nobody_is_asked(tmp_path: Path) -> None:
    async with core(tmp_path) as made, seat(made) as here:
        await here.until(lambda: here.app.me is not None)
        assert isinstance(here.app.screen, BoardScreen)
        await here.press("f3")
        await here.pilot.pause()
        assert isinstance(here.app.screen, BoardScreen)


@pytest.mark.parametrize(("language", "wrong"), [("ja", "違います"), ("en", "wrong")])
async def test_an_officer_logs_in_and_is_seen_to_be_there(tmp_path: Path, language: str, wrong: str) -> None:
    async with core(tmp_path, Mode.LIVE) as made:
        person = await hired(made)
        async with seat(made, language) as here:
            await log_in(here, person, "not this one")
            await here.until(lambda: wrong in here.shown())
            assert person.passphrase not in here.shown()
            await log_in(here, person)
            await inside(here)
            await here.until(lambda: [each["display"] for each in here.app.board["officers"]] == ["当直A"])


async def test_whoever_only_looks_needs_no_login(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        await hired(made)
        alert = await made.here.alert()
        async with seat(made) as here:
            await asked(here)
            await here.press("escape")
            await here.until(lambda: isinstance(here.app.screen, BoardScreen))
            assert alert.serial in here.shown()
            await here.press("home", "f", "y")
            await asked(here)
            assert len(await made.here.store.board(made.here.clock.now(), 9)) == 1


async def test_a_session_that_ends_loses_nothing_that_was_typed(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        person = await hired(made)
        await made.here.alert()
        (row,) = await made.here.store.board(made.here.clock.now(), 9)
        async with seat(made) as here:
            await log_in(here, person)
            await inside(here)
            table = here.app.screen.query_one("BoardTable")
            table.cursor = next(n for n, line in enumerate(table._lines) if line.key == str(row.deliveries[0].id))  # type: ignore[attr-defined]
            await here.press("h")
            await here.until(lambda: isinstance(here.app.screen, DecideScreen))
            await here.press(*"because")
            made.here.clock.ahead += timedelta(days=2)
            await here.press("enter")
            await log_in(here, person)
            await here.until(lambda: isinstance(here.app.screen, DecideScreen))
            assert here.app.screen.query_one("#why", Input).value == "because"


async def test_another_officer_takes_the_seat(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        person = await hired(made)
        async with seat(made) as here:
            await log_in(here, person)
            await inside(here)
            session = here.app.gateway.session
            await here.press("f3")
            await asked(here)
            assert here.app.gateway.session == ""
            assert (await asyncio.to_thread(made.client("").me))["officer"] is None
            with pytest.raises(Unauthenticated):
                await asyncio.to_thread(made.client(session).drafts)


async def test_whoever_leaves_the_desk_leaves_no_session(tmp_path: Path) -> None:
    async with core(tmp_path) as made:
        person = await hired(made)
        async with seat(made) as here:
            await log_in(here, person)
            await inside(here)
            session = here.app.gateway.session
            await here.app.action_quit()
        with pytest.raises(Unauthenticated):
            await asyncio.to_thread(made.client(session).drafts)
