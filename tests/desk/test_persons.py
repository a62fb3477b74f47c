"""Persons at the desk, over its socket: who is let in, who may do what, and who may make others so."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from broadcaster.client import Client
from broadcaster.documents import dump
from broadcaster.errors import BroadcasterError, Busy, Conflict, Forbidden, NotFound, Refused, Unauthenticated
from broadcaster.model import Mode, Role
from broadcaster.rules import breakglass, login
from tests.desk.persons import DUTY, Person, enrol, seat
from tests.desk.test_api import Served, served

T = TypeVar("T")


class Hall:
    """An instance with officers; blocking calls go beside the service."""

    def __init__(self, here: Served) -> None:
        self.here = here
        self.owner = Client(here.socket, 10)

    def client(self, session: str) -> Client:
        return Client(self.here.socket, 10, session)

    async def do(self, call: Callable[..., T], *arguments: Any, **more: Any) -> T:
        return await asyncio.to_thread(call, *arguments, **more)

    def pass_time(self, by: timedelta) -> None:
        self.here.clock.ahead += by

    @property
    def now(self) -> Any:
        return self.here.clock.now()

    async def hire(self, name: str, *roles: str, by: Client | None = None, agreed: Client | None = None) -> Person:
        """Make an officer, have it agreed to, enrol, and log in."""
        asked = await self.do((by or self.owner).add_officer, name, f"当直 {name}", roles)
        if asked["change"] is not None:
            assert agreed is not None
            await self.do(agreed.close_change, asked["change"], confirmed=True)
        person = await self.do(enrol, self.owner, name, asked["ticket"], self.now)
        await self.do(person.log_in, self.owner, self.now)
        return person

    async def fails(self, call: Callable[..., Any], *arguments: Any, **more: Any) -> BroadcasterError:
        with pytest.raises(BroadcasterError) as caught:
            await self.do(call, *arguments, **more)
        return caught.value


@asynccontextmanager
async def hall(folder: Path, mode: Mode = Mode.LIVE) -> AsyncIterator[Hall]:
    async with served(folder, mode) as here:
        yield Hall(here)


async def events(there: Hall) -> list[str]:
    return [entry.event async for entry in there.here.store.entries()]


# ------------------------------------------------------------------ the first day


async def test_without_accounts_the_unix_user_is_the_person(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        me = await there.do(there.owner.me)
        assert (me["officer"], me["accounts"], me["owner"]) == (None, False, True)
        assert set(me["roles"]) == {"viewer", "composer", "approver", "admin"}


async def test_the_first_officer_is_an_admin_and_from_then_on_nobody_is_unnamed(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        refused = await there.fails(there.owner.add_officer, "duty-a", "当直A", ["composer"])
        assert isinstance(refused, Refused)
        assert [each.code for each in refused.problems] == ["officer_first_admin"]
        first = await there.hire("duty-a", "admin", *DUTY)
        me = await there.do(there.client(first.session).me)
        assert (me["name"], me["officer"]["display"], me["accounts"]) == ("duty-a", "当直 duty-a", True)
        draft = dump(await there.here.draft())
        assert (await there.fails(there.owner.preview, draft)).code == "session_needed"
        assert (await there.fails(there.owner.put_subscribers, [])).code == "session_needed"
        assert (await there.do(there.owner.board))["rows"] == []
        assert (await there.do(there.owner.me))["roles"] == []
        sent = await there.do(there.client(first.session).submit, draft, "k")
        board = await there.do(there.owner.board)
        assert board["waiting"][0]["acceptance"]["author"] == {"name": "duty-a", "uid": None, "via": ""}
        assert sent["accepted"] is False
        assert await events(there) == ["officer_added", "officer_enrolled", "session_began", "submitted"]


async def test_an_officer_without_a_second_factor_is_for_drills(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        refused = await there.fails(there.owner.add_officer, "duty-a", "A", ["admin"], second_factor=False)
        assert isinstance(refused, Refused)
        assert [each.code for each in refused.problems] == ["second_factor_needed"]
    (tmp_path / "drill").mkdir()
    async with hall(tmp_path / "drill", Mode.DRILL) as there:
        asked = await there.do(there.owner.add_officer, "duty-a", "A", ["admin"], second_factor=False)
        person = await there.do(enrol, there.owner, "duty-a", asked["ticket"], there.now)
        assert person.secret == ""
        assert await there.do(person.log_in, there.owner, there.now)


# ------------------------------------------------------------------ logging in


@pytest.mark.fault(119)
async def test_whatever_is_wrong_is_answered_in_the_same_words(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        there.pass_time(timedelta(minutes=2))
        code = first.code(there.now)
        wrong = [
            ("duty-a", "no passphrase at all", code),
            ("duty-a", first.passphrase, "000000" if code != "000000" else "111111"),
            ("nobody", first.passphrase, code),
        ]
        said = [await there.fails(there.owner.login, *each) for each in wrong]
        assert {(type(each), each.code, str(each)) for each in said} == {
            (Unauthenticated, "login_refused", "login_refused()")
        }
        strangers = [there.client(secret) for secret in ("bcs_" + "0" * 64, "bct_" + "0" * 64, "anything", "bcs_")]
        assert {(await there.fails(each.me)).code for each in strangers} == {"session_ended"}


async def test_a_stranger_waits_as_an_officer_does(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        for name in ("duty-a", "nobody"):
            codes = [(await there.fails(there.owner.login, name, "wrong wrong wrong", "1")).code for _ in range(6)]
            assert codes == ["login_refused"] * 5 + ["login_paused"]
        assert (await there.fails(there.owner.login, "duty-a", first.passphrase, "1")).code == "login_paused"
        there.pass_time(login.FIRST_PAUSE)
        assert await there.do(first.log_in, there.owner, there.now)
        again = [(await there.fails(there.owner.login, "duty-a", "wrong wrong wrong", "1")).code for _ in range(5)]
        assert again == ["login_refused"] * 5


async def test_the_owner_of_the_service_ends_a_pause_on_the_machine(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        for _ in range(5):
            await there.fails(there.owner.login, "duty-a", "wrong wrong wrong", "1")
        assert (await there.do(there.owner.officers))["officers"][0]["paused_until"]
        await there.do(there.owner.officer, "duty-a", "unlock")
        assert await there.do(first.log_in, there.owner, there.now, 1)
        assert "officer_unlocked" in await events(there)
        assert (await there.fails(there.owner.officer, "nobody", "unlock")).code == "officer_not_found"


@pytest.mark.fault(101)
async def test_a_recorded_request_said_again_is_of_no_use(tmp_path: Path) -> None:
    """On the socket nobody can listen in; were a request recorded all the same: a code is taken once, a hand-in is the
    same one, an approval finds it closed.
    """
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin", *DUTY)
        second = await there.hire("duty-b", *DUTY, agreed=there.client(first.session))
        code = first.code(there.now)
        assert (await there.fails(there.owner.login, "duty-a", first.passphrase, code)).code == "login_refused"
        there.pass_time(timedelta(seconds=60))
        recorded = ("duty-a", first.passphrase, first.code(there.now))
        await there.do(there.owner.login, *recorded)
        assert (await there.fails(there.owner.login, *recorded)).code == "login_refused"
        draft = dump(await there.here.draft())
        sent = await there.do(there.client(first.session).submit, draft, "once")
        assert (await there.do(there.client(first.session).submit, draft, "once"))["submission"] == sent["submission"]
        await there.do(there.client(second.session).approve, sent["submission"], sent["digest"])
        again = await there.fails(there.client(second.session).approve, sent["submission"], sent["digest"])
        assert (type(again), again.code) == (Conflict, "submission_closed")


async def test_full_width_digits_and_spaces_are_digits(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        there.pass_time(timedelta(seconds=60))
        code = first.code(there.now).translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
        assert await there.do(there.owner.login, "duty-a", first.passphrase, f"{code[:3]} {code[3:]}")


async def test_a_flood_of_logins_waits_for_nobody_and_takes_no_memory(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        tries = [there.fails(there.owner.login, f"nobody-{number}", "wrong wrong wrong", "1") for number in range(30)]
        said = [each.code for each in await asyncio.gather(*tries)]
        assert set(said) == {"login_refused", "login_busy"}
        assert said.count("login_busy") > 0
        assert await there.do(first.log_in, there.owner, there.now, 1)


async def test_one_who_floods_does_not_keep_the_others_out() -> None:
    from argon2.profiles import CHEAPEST

    from broadcaster.officers import Hasher

    hasher = Hasher(CHEAPEST)
    async with hasher.turn(1), asyncio.timeout(5):
        waiting = asyncio.create_task(_turn(hasher, 1))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await _turn(hasher, 1)
        other = asyncio.create_task(_turn(hasher, 2))
        await asyncio.sleep(0)
    await asyncio.gather(waiting, other)
    hasher.close()


async def test_hashing_gives_way_to_deliveries() -> None:
    from broadcaster.officers import Hasher

    hasher = Hasher()
    found = asyncio.get_running_loop().run_in_executor(hasher._thread, _priority)
    assert await found == _priority() + 10
    hasher.close()


def _priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


async def _turn(hasher: Any, uid: int) -> None:
    async with hasher.turn(uid):
        pass


# ------------------------------------------------------------------ sessions


async def test_a_session_ends_by_logout_by_time_and_unused(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        client = there.client(first.session)
        for _ in range(3):
            there.pass_time(timedelta(minutes=50))
            await there.do(client.me)
        there.pass_time(timedelta(minutes=61))
        assert (await there.fails(client.me)).code == "session_ended"
        client = there.client(await there.do(first.log_in, there.owner, there.now))
        for _ in range(13):
            there.pass_time(timedelta(minutes=54))
            await there.do(client.me)
        there.pass_time(timedelta(minutes=54))
        assert (await there.fails(client.me)).code == "session_ended"
        client = there.client(await there.do(first.log_in, there.owner, there.now))
        await there.do(client.logout)
        assert (await there.fails(client.me)).code == "session_ended"
        assert (await events(there))[-1] == "session_ended"


async def test_an_officer_takes_another_passphrase_and_other_logins_end(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        there.pass_time(timedelta(minutes=2))
        other = there.client(first.session)
        client = there.client(await there.do(first.log_in, there.owner, there.now, -1))
        new, code = "another passphrase of words", first.code(there.now)
        assert isinstance(await there.fails(client.change_passphrase, first.passphrase, "short", code), Refused)
        assert (await there.fails(client.change_passphrase, "wrong", new, code)).code == "login_refused"
        await there.do(client.change_passphrase, first.passphrase, new, code)
        assert (await there.fails(client.change_passphrase, new, new + "!", code)).code == "login_refused"
        assert (await there.fails(other.me)).code == "session_ended"
        assert (await there.do(client.me))["name"] == "duty-a"
        there.pass_time(timedelta(minutes=2))
        assert (await there.fails(first.log_in, there.owner, there.now)).code == "login_refused"
        assert await there.do(there.owner.login, "duty-a", new, first.code(there.now))
        assert (await there.fails(there.owner.change_passphrase, "a", new)).code == "session_needed"


@pytest.mark.fault(124)
async def test_disabling_ends_every_session_at_once_the_stream_too(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        thief = await seat(there.here.store, "duty-b", there.now, {Role.COMPOSER})
        boards = there.client(thief).boards()
        await there.do(next, boards)
        await there.do(there.client(first.session).officer, "duty-b", "disable")
        names = await there.do(there.owner.names)
        assert names == {"duty-a": "当直 duty-a", "duty-b": "duty-b"}, "records go on naming who is let in no more"
        assert (await there.fails(there.client(thief).me)).code == "session_ended"
        await there.do(lambda: list(boards))
        assert (await there.fails(there.owner.login, "duty-b", "wrong wrong wrong", "1")).code == "login_refused"


@pytest.mark.fault(124)
async def test_a_stolen_session_of_a_composer_sends_nothing_grave_alone(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        stolen = there.client(await seat(there.here.store, "duty-b", there.now, {Role.COMPOSER}))
        sent = await there.do(stolen.submit, dump(await there.here.draft()), "k")
        assert sent["accepted"] is False
        said = await there.fails(stolen.approve, sent["submission"], sent["digest"])
        assert (type(said), said.code) == (Forbidden, "role_missing")
        there.pass_time(breakglass.WAIT)
        enrolled = await there.here.store.account("duty-b")
        assert enrolled is not None
        assert (await there.fails(stolen.officers)).code == "role_missing"
        assert (await there.fails(stolen.add_officer, "x1", "x", ["approver"])).code == "role_missing"
        assert first.session


async def test_breaking_the_glass_takes_a_fresh_code(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin", *DUTY)
        client = there.client(first.session)
        sent = await there.do(client.submit, dump(await there.here.draft()), "k")
        number, digest = sent["submission"], sent["digest"]
        there.pass_time(breakglass.WAIT)
        assert (await there.fails(client.break_glass, number, digest, "nobody comes", "")).code == "code_refused"
        code = first.code(there.now)
        begun = await there.do(client.break_glass, number, digest, "nobody comes", code)
        assert begun["actor"]["name"] == "duty-a"
        await there.do(client.stop_breaking, number, "no")
        assert (await there.fails(client.break_glass, number, digest, "again", code)).code == "code_refused"


# ------------------------------------------------------------------ approving


@pytest.mark.fault(105)
async def test_one_person_is_one_person_however_often_logged_in(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin", *DUTY)
        one = there.client(first.session)
        there.pass_time(timedelta(seconds=60))
        other = there.client(await there.do(first.log_in, there.owner, there.now))
        token = (await there.do(one.add_token, "sensor", ["read", "draft"], 30))["token"]
        by_token = await there.do(there.client(token).submit, dump(await there.here.draft()), "k1")
        by_hand = await there.do(one.submit, dump(await there.here.draft("landslide-level4")), "k2")
        for sent in (by_token, by_hand):
            for client in (one, other):
                said = await there.fails(client.approve, sent["submission"], sent["digest"])
                assert said.code == "approval_same_person"
        second = await there.hire("duty-b", *DUTY, agreed=other)
        for sent in (by_token, by_hand):
            done = await there.do(there.client(second.session).approve, sent["submission"], sent["digest"])
            assert done["accepted"]


@pytest.mark.fault(104)
async def test_an_approval_is_of_the_texts_that_were_seen(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin", *DUTY)
        second = await there.hire("duty-b", *DUTY, agreed=there.client(first.session))
        draft = await there.here.draft()
        before = await there.do(there.client(first.session).submit, dump(draft), "k1")
        await there.do(there.client(second.session).hand_back, before["submission"], "the other river")
        after = await there.do(there.client(first.session).submit, {**dump(draft), "note": "edited"}, "k2")
        said = await there.fails(there.client(second.session).approve, after["submission"], before["digest"])
        assert (type(said), said.code) == (Conflict, "digest_differs")
        gone = await there.fails(there.client(second.session).approve, before["submission"], before["digest"])
        assert gone.code == "submission_closed"
        both = [there.do(there.client(second.session).approve, after["submission"], after["digest"]) for _ in range(4)]
        done = await asyncio.gather(*both, return_exceptions=True)
        assert any(isinstance(each, dict) for each in done)
        assert len((await there.do(there.owner.board))["rows"]) == 1


@pytest.mark.fault(118)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_no_link_approves(tmp_path: Path, method: str) -> None:
    async with hall(tmp_path) as there:
        sent = await there.do(there.owner.submit, dump(await there.here.draft()), "k")
        number, digest = sent["submission"], sent["digest"]
        for path in (f"/submissions/{number}/approve?digest={digest}", f"/submissions/{number}/break-glass"):
            status, _ = await there.here.raw("GET" if method == "HEAD" else method, path)
            assert status == 405
        assert len((await there.do(there.owner.board))["waiting"]) == 1


# ------------------------------------------------------------------ who makes whom


async def test_nobody_alone_makes_one_who_approves(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin", *DUTY)
        admin = there.client(first.session)
        asked = await there.do(admin.add_officer, "duty-b", "当直B", ["approver", "admin"])
        assert asked["change"] == 1
        assert (await there.fails(there.owner.ticket, "duty-b", asked["ticket"])).code == "ticket_refused"
        assert (await there.fails(admin.close_change, 1, confirmed=True)).code == "change_second_needed"
        waiting = (await there.do(admin.officers))["changes"]
        assert [(each["id"], each["wish"]["ticket"], each["wish"]["seed"]) for each in waiting] == [(1, "", "")]
        await there.do(there.owner.close_change, 1, confirmed=True)
        assert (await there.fails(there.owner.close_change, 1, confirmed=True)).code == "change_not_found"
        second = await there.do(enrol, there.owner, "duty-b", asked["ticket"], there.now)
        await there.do(second.log_in, there.owner, there.now)
        asked = await there.do(there.owner.officer, "duty-a", "reset")
        assert (await there.fails(there.owner.close_change, asked["change"], confirmed=True)).code == (
            "change_second_needed"
        )
        assert (await there.fails(admin.close_change, asked["change"], confirmed=True)).code == "change_second_needed"
        await there.do(there.client(second.session).close_change, asked["change"], confirmed=True)
        assert (await there.fails(admin.me)).code == "session_ended"
        first = await there.do(enrol, there.owner, "duty-a", asked["ticket"], there.now)
        assert await there.do(first.log_in, there.owner, there.now)


async def test_an_admin_who_approves_makes_no_composer_alone(tmp_path: Path) -> None:
    """Or it could hand in under one name and approve under the other."""
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin", "approver")
        admin = there.client(first.session)
        assert (await there.do(admin.add_officer, "ghost", "g", ["composer"]))["change"] is not None
        assert (await there.do(admin.add_officer, "mayor", "市長", ["viewer"]))["change"] is None
        second = await seat(there.here.store, "duty-b", there.now, {Role.ADMIN})
        assert (await there.do(there.client(second).add_officer, "writer", "w", ["composer"]))["change"] is None


async def test_a_lone_admin_is_reset_by_the_owner_of_the_service_on_record(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        asked = await there.do(there.owner.officer, "duty-a", "reset")
        assert asked["change"] is None
        assert (await there.fails(there.client(first.session).me)).code == "session_ended"
        again = await there.do(enrol, there.owner, "duty-a", asked["ticket"], there.now)
        assert again.secret != first.secret
        assert await there.do(again.log_in, there.owner, there.now)
        entries = [entry async for entry in there.here.store.entries() if entry.event == "officer_reset"]
        assert [entry.actor.partition(" ")[2] for entry in entries] == ["(uid 0)"]


async def test_roles_disabling_and_enabling(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        admin = there.client(first.session)
        writer = there.client(await seat(there.here.store, "writer", there.now, {Role.VIEWER}))
        draft = dump(await there.here.draft())
        assert (await there.fails(writer.submit, draft, "k")).code == "role_missing"
        await there.do(admin.officer, "writer", "roles", {"roles": ["composer"]})
        assert (await there.do(writer.submit, draft, "k"))["accepted"] is False
        await there.do(admin.officer, "writer", "disable")
        assert (await there.do(admin.officer, "writer", "enable"))["change"] is None
        assert (await there.fails(writer.me)).code == "session_ended"
        assert (await there.fails(admin.officer, "duty-a", "disable")).code == "officer_last_admin"
        asked = await there.do(admin.officer, "duty-a", "roles", {"roles": ["viewer"]})
        assert (await there.fails(there.owner.close_change, asked["change"], confirmed=True)).code == (
            "officer_last_admin"
        )
        await there.do(admin.close_change, asked["change"], confirmed=False)
        assert (await there.do(admin.officers))["changes"] == []
        assert (await there.fails(admin.officer, "nobody", "reset")).code == "officer_not_found"
        assert (await there.fails(admin.add_officer, "writer", "w", ["viewer"])).code == "officer_exists"


async def test_a_change_that_waited_too_long_is_not_agreed_to(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        asked = await there.do(there.client(first.session).add_officer, "duty-b", "B", ["approver"])
        there.pass_time(login.TICKET_LIFE + timedelta(minutes=1))
        assert (await there.fails(there.owner.close_change, asked["change"], confirmed=True)).code == "change_old"


@pytest.mark.fault(119)
async def test_a_ticket_is_good_once_for_a_while_and_for_its_person(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        asked = await there.do(there.owner.add_officer, "duty-a", "A", ["admin"])
        ticket = asked["ticket"]
        for name, given in (("duty-a", "AAAA-BBBB-CCCC-DDDD"), ("nobody", ticket), ("duty-a", "")):
            assert (await there.fails(there.owner.ticket, name, given)).code == "ticket_refused"
        found = await there.do(there.owner.ticket, "duty-a", ticket.lower().replace("-", " "))
        assert found["address"].startswith("otpauth://totp/Higashiyamato%20City:duty-a?")
        short = await there.fails(there.owner.enrol, "duty-a", ticket, "short", "000000")
        assert isinstance(short, Refused)
        wrong = await there.fails(there.owner.enrol, "duty-a", ticket, "a passphrase of words", "0")
        assert wrong.code == "code_refused"
        person = await there.do(enrol, there.owner, "duty-a", ticket, there.now)
        assert (await there.fails(there.owner.ticket, "duty-a", ticket)).code == "ticket_refused"
        await there.do(person.log_in, there.owner, there.now)
        later = await there.do(there.owner.officer, "duty-a", "reset")
        there.pass_time(login.TICKET_LIFE)
        assert (await there.fails(there.owner.ticket, "duty-a", later["ticket"])).code == "ticket_refused"


# ------------------------------------------------------------------ machines


@pytest.mark.fault(123)
async def test_a_stolen_token_drafts_at_most_and_ends_at_once(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin", *DUTY)
        person = there.client(first.session)
        issued = await there.do(person.add_token, "sensor", ["draft"], 30)
        reader = await there.do(person.add_token, "panel", ["read"], 30)
        thief, panel = there.client(issued["token"]), there.client(reader["token"])
        small = dump(await there.here.draft("water-cut"))
        sent = await there.do(thief.submit, small, "k")
        assert sent["accepted"] is False, "even what needs no second person waits for a person"
        number, digest = sent["submission"], sent["digest"]
        calls: list[tuple[Any, ...]] = [
            (thief.approve, number, digest),
            (thief.break_glass, number, digest, "please"),
            (thief.stop_breaking, number, "please"),
            (thief.follow_up, "1-1", "cancel", "k2"),
            (thief.decide, 1, "resend", "please"),
            (thief.officers,),
            (thief.add_token, "another", ["draft"], 30),
            (thief.put_subscribers, []),
            (panel.submit, small, "k3"),
        ]
        for call in calls:
            assert (await there.fails(*call)).code == "token_scope_missing"
        assert (await there.do(panel.board))["waiting"][0]["acceptance"]["author"]["via"] == "sensor"
        entries = [entry async for entry in there.here.store.entries() if entry.event == "submitted"]
        assert entries[-1].actor == "duty-a (token sensor)"
        await there.do(person.revoke_token, "sensor")
        assert (await there.fails(thief.board)).code == "session_ended"
        there.pass_time(timedelta(days=30))
        assert (await there.fails(panel.board)).code == "session_ended"


@pytest.mark.fault(123)
async def test_a_token_may_be_held_to_one_unix_user(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        person = there.client((await there.hire("duty-a", "admin", *DUTY)).session)
        mine = await there.do(person.add_token, "mine", ["read"], 30, "root")
        other = await there.do(person.add_token, "other", ["read"], 30, "nobody")
        assert (await there.do(there.client(mine["token"]).me))["name"] == "duty-a"
        assert (await there.fails(there.client(other["token"]).me)).code == "session_ended"
        unknown = await there.fails(person.add_token, "third", ["read"], 30, "no-such-user")
        assert isinstance(unknown, Refused)


async def test_tokens_are_made_by_their_person_and_end(tmp_path: Path) -> None:
    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin", *DUTY)
        person = there.client(first.session)
        assert (await there.fails(there.owner.add_token, "t1", ["read"], 30)).code == "session_needed"
        for name, scopes, days, code in (
            ("T", ["read"], 30, "officer_name_wrong"),
            ("t1", [], 30, "token_no_scope"),
            ("t1", ["read"], 0, "token_days_wrong"),
            ("t1", ["read"], 400, "token_days_wrong"),
        ):
            refused = await there.fails(person.add_token, name, scopes, days)
            assert isinstance(refused, Refused)
            assert [each.code for each in refused.problems] == [code]
        await there.do(person.add_token, "t1", ["read"], 30)
        assert (await there.fails(person.add_token, "t1", ["read"], 30)).code == "token_exists"
        other = there.client(await seat(there.here.store, "duty-b", there.now, {Role.COMPOSER}))
        assert await there.do(other.tokens) == []
        assert isinstance(await there.fails(other.revoke_token, "t1"), NotFound)
        assert [each["name"] for each in await there.do(there.owner.tokens)] == ["t1"]
        await there.do(there.owner.revoke_token, "t1")
        assert (await there.do(person.tokens))[0]["revoked"] is True
