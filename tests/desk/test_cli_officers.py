"""Officers on the command line, in both languages; and that nothing secret is left anywhere."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import shutil
import socket
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from broadcaster import logs
from broadcaster.api import shapes
from broadcaster.audit import Damage, verify_trail
from broadcaster.cli import app, keeping, main
from broadcaster.client import Client
from broadcaster.documents import dump
from broadcaster.errors import Forbidden
from broadcaster.model import Mode
from broadcaster.officers import Credentials, Newcomer
from broadcaster.ports.channel import Publisher
from broadcaster.rules import breakglass
from broadcaster.store import open_store
from broadcaster.store.head import beside as head_file
from tests.desk.persons import DUTY, Person, seat
from tests.desk.test_api import Served, served
from tests.desk.test_persons import hall

WORDS = {"ja_JP.UTF-8": ("としてログインしました", "登録券"), "en_US.UTF-8": ("Logged in as", "Ticket for")}


class Shell:
    """The command line of one Unix user, before a service in this process."""

    def __init__(self, here: Served, patch: pytest.MonkeyPatch, heard: pytest.CaptureFixture[str]) -> None:
        self.here, self._patch, self._heard = here, patch, heard
        patch.setenv("BROADCASTER_SOCKET", str(here.socket))
        patch.setenv("BROADCASTER_CONFIG", str(here.config.path))
        patch.setenv("XDG_STATE_HOME", str(here.config.data_dir.parent / "state"))
        patch.delenv("BROADCASTER_TOKEN", raising=False)

    async def run(self, *arguments: str, say: str = "", code: int = 0) -> tuple[str, str]:
        """Run a command with these lines on standard input; return what it said on output and on error."""
        self._patch.setattr(sys, "stdin", io.StringIO(say))
        self._heard.readouterr()
        ended = await asyncio.to_thread(main, arguments)
        said = self._heard.readouterr()
        assert ended == code, said
        assert "Traceback" not in said.err
        return said.out, said.err

    async def json(self, *arguments: str, say: str = "", code: int = 0) -> Any:
        out, _ = await self.run(*arguments, "--json", say=say, code=code)
        return json.loads(out)

    async def hire(self, name: str, *roles: str) -> Person:
        """Make an officer, enrol and log in, all by commands."""
        asked = await self.json("officers", "add", name, *(f"--role={role}" for role in roles))
        if asked["change"] is not None:
            await self.json("officers", "confirm", str(asked["change"]))
        client, now = Client(self.here.socket, 10), self.here.clock.now()
        person = Person(name, (await asyncio.to_thread(client.ticket, name, asked["ticket"]))["secret"])
        await self.json(
            "officers", "enrol", name, say=f"{asked['ticket']}\n{person.passphrase}\n{person.code(now, -1)}\n"
        )
        await self.log_in(person)
        return person

    async def log_in(self, person: Person) -> None:
        await self.json("login", person.name, say=f"{person.passphrase}\n{person.code(self.here.clock.now())}\n")
        person.session = keeping.bearer(self.here.socket)


@asynccontextmanager
async def shell(
    folder: Path, patch: pytest.MonkeyPatch, heard: pytest.CaptureFixture[str], mode: Mode = Mode.LIVE
) -> AsyncIterator[Shell]:
    async with served(folder, mode) as here:
        yield Shell(here, patch, heard)


@pytest.mark.parametrize("language", sorted(WORDS))
async def test_a_city_sets_up_its_officers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    logged_in, ticket = WORDS[language]
    async with shell(tmp_path, monkeypatch, capsys) as sh:
        assert (await sh.run("officers", "list"))[0].strip()
        out, _ = await sh.run("officers", "add", "duty-a", "--role=admin", "--display=当直A")
        assert ticket in out
        said = next(word for word in out.split() if word.count("-") == 3)
        client, now = Client(sh.here.socket, 10), sh.here.clock.now()
        found = await asyncio.to_thread(client.ticket, "duty-a", said)
        first = Person("duty-a", found["secret"])
        _, shown = await sh.run(
            "officers", "enrol", "duty-a", say=f"{said}\n{first.passphrase}\n{first.code(now, -1)}\n"
        )
        assert found["secret"] in shown
        out, _ = await sh.run("login", "duty-a", say=f"{first.passphrase}\n{first.code(now)}\n")
        assert logged_in in out
        assert "当直A" in out
        sh.here.clock.ahead += timedelta(minutes=1)
        code = first.code(sh.here.clock.now())
        await sh.run("officers", "passphrase", say=f"{first.passphrase}\nmy own words of tonight\n{code}\n")
        out, _ = await sh.run("officers", "add", "duty-b", "--role=approver")
        assert "officers confirm 1" in out
        out, _ = await sh.run("officers", "list")
        assert "当直A" in next(line for line in out.splitlines() if "duty-b" in line), "by whom it was asked"
        await sh.run("officers", "confirm", "1", code=2)
        await sh.run("logout")
        await sh.run("officers", "confirm", "1")
        await sh.run("officers", "unlock", "duty-b")
        await sh.run("officers", "disable", "duty-b")
        out, _ = await sh.run("officers", "list")
        assert out.count("\n") == 2
        _, err = await sh.run("approve", "1", code=2)
        assert err.count("\n") == 1


async def test_who_has_no_second_factor_is_not_told_of_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    async with shell(tmp_path, monkeypatch, capsys, Mode.DRILL) as sh:
        asked = await sh.json("officers", "add", "duty-a", "--role=admin", "--no-second-factor")
        words = "sakura kawa ame kaze"
        out, _ = await sh.run("officers", "enrol", "duty-a", say=f"{asked['ticket']}\n{words}\n")
        assert "パスフレーズだけで" in out
        out, _ = await sh.run("login", "duty-a", say=f"{words}\n\n")
        assert "duty-a" in out


async def test_a_login_is_kept_for_the_commands_that_follow_and_for_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shell(tmp_path, monkeypatch, capsys, Mode.DRILL) as sh:
        await sh.hire("duty-a", "admin", *DUTY)
        [kept] = (tmp_path / "state" / "broadcaster").iterdir()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        sent = await sh.json("send", "--template", "water-cut", *_SET)
        assert (await sh.json("status", sent["alert"]["identifier"]))["row"]["author"] == "duty-a"
        kept.chmod(0o644)
        refused = await sh.json("tokens", "list", code=2)
        assert refused["error"]["code"] == "session_file_open"
        kept.chmod(0o600)
        sh.here.clock.ahead += timedelta(hours=13)
        ended = await sh.json("tokens", "list", code=2)
        assert ended["error"]["code"] == "session_ended"
        assert (await sh.json("status"))["rows"]
        await sh.json("logout")
        assert not kept.exists()
        needed = await sh.json("send", "--template", "water-cut", *_SET, code=2)
        assert needed["error"]["code"] == "session_needed"
        await sh.json("logout", code=0)
        assert (await sh.json("login", "duty-a", say="", code=2))["error"]["problems"][0]["code"] == "input_missing"


_SET = ("--set", "areas=芋窪", "--set", "began=05:00", "--set", "reason=pipe")


async def test_a_program_acts_with_a_token_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shell(tmp_path, monkeypatch, capsys) as sh:
        await sh.hire("duty-a", "admin", *DUTY)
        issued = await sh.json("tokens", "add", "sensor", "--scope=draft", "--days=30")
        assert "sensor" in (await sh.run("tokens", "list"))[0]
        file = tmp_path / "token"
        file.touch(0o600)
        file.write_text(issued["token"] + "\n")
        monkeypatch.setenv("BROADCASTER_TOKEN_FILE", str(file))
        sent = await sh.json("send", "--template", "water-cut", *_SET)
        assert (sent["accepted"], sent["submission"]) == (False, 1)
        assert (await sh.json("approve", "1", code=2))["error"]["code"] == "token_scope_missing"
        alone = ("send", "--template", "water-cut", *_SET, "--break-glass=nobody comes", "--wait")
        assert (await sh.json(*alone, code=2))["error"]["code"] == "break_glass_person"
        assert len(await sh.here.store.submissions()) == 1, "nothing was handed in to wait for three minutes"
        monkeypatch.delenv("BROADCASTER_TOKEN_FILE")
        await sh.json("tokens", "revoke", "sensor")
        monkeypatch.setenv("BROADCASTER_TOKEN", issued["token"])
        assert (await sh.json("send", "--template", "water-cut", *_SET, code=2))["error"]["code"] == "session_ended"


async def test_breaking_the_glass_by_command_counts_down_and_asks_for_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shell(tmp_path, monkeypatch, capsys) as sh:
        first = await sh.hire("duty-a", "admin", *DUTY)
        draft = tmp_path / "alert.json"
        draft.write_text(json.dumps(dump(await sh.here.draft())))
        sent = await sh.json("send", str(draft), "--break-glass", "the bridge is going", "--key", "k")
        assert sent["accepted"] is False
        assert sent["break_glass_from"]
        assert (
            "broadcaster approve 1 --break-glass" in (await sh.run("send", str(draft), "--break-glass=x", "--key=k"))[0]
        )
        sh.here.clock.ahead += breakglass.WAIT
        code = first.code(sh.here.clock.now())
        begun = await sh.json("approve", "1", "--break-glass", "the bridge is going", say=f"{code}\n")
        assert begun["breaking"]["reason"] == "the bridge is going"
        assert "broadcaster stop 1" in (await sh.run("status"))[0]
        await sh.run("stop", "1", "--reason", "wrong")
        code = first.code(sh.here.clock.now(), 1)
        waiting = asyncio.create_task(sh.run("approve", "1", "--break-glass=again", "--wait", say=f"{code}\n"))
        while not (await sh.here.desk.board()).breaking:
            await asyncio.sleep(0.01)
        sh.here.clock.ahead += breakglass.COUNTDOWN
        await sh.here.desk.glass.settle()
        for delivery in (await sh.here.desk.board()).rows[0].deliveries:
            await sh.here.store.decide(delivery.id, _hold(sh.here))
        await waiting
        assert "broadcaster review 1-1" in (await sh.run("status"))[0]
        assert (await sh.json("review", "1-1", "looked", code=2))["error"]["code"] == "review_own"
        second = await seat(sh.here.store, "duty-b", sh.here.clock.now())
        monkeypatch.setenv("BROADCASTER_TOKEN", second)
        await sh.json("review", "1-1", "looked")


def _hold(here: Served) -> Any:
    from broadcaster.ports.store import Decision, Verb
    from tests.desk.world import SECOND

    return Decision(verb=Verb.DROP, actor=SECOND, at=here.clock.now(), why="test")


async def test_a_countdown_that_is_stopped_is_told_to_who_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shell(tmp_path, monkeypatch, capsys) as sh:
        draft = tmp_path / "alert.json"
        draft.write_text(json.dumps(dump(await sh.here.draft())))
        waiting = asyncio.create_task(sh.json("send", str(draft), "--break-glass=alone", "--wait", code=2))
        while not (await sh.here.desk.board()).waiting:
            await asyncio.sleep(0.01)
        sh.here.clock.ahead += breakglass.WAIT
        while not (await sh.here.desk.board()).breaking:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(Client(sh.here.socket, 10).stop_breaking, 1, "no")
        assert (await waiting)["error"]["code"] == "break_glass_was_stopped"


# ------------------------------------------------------------------ secrets


@pytest.mark.fault(122)
def test_no_command_takes_a_secret_as_an_argument() -> None:
    """Every user of the machine can read arguments and, for a moment, whoever looks over the shoulder."""
    told = {name for command in _commands() for parameter in command.params if (name := parameter.name)}
    assert "name" in told
    assert told & {"passphrase", "password", "code", "ticket", "secret", "token", "session"} == set()


def _commands() -> Iterator[click.Command]:
    context = click.Context(app.broadcaster)
    for name in app.COMMANDS:
        command = app.broadcaster.get_command(context, name)
        assert command is not None
        yield command
        if isinstance(command, app.Group):
            yield from (each for sub in command.list_commands(context) if (each := command.get_command(context, sub)))


@pytest.mark.fault(122)
async def test_no_secret_is_in_log_audit_store_or_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with shell(tmp_path, monkeypatch, capsys) as sh:
        first = await sh.hire("duty-a", "admin", *DUTY)
        issued = await sh.json("tokens", "add", "sensor", "--scope=draft", "--days=30")
        ticket = (await sh.json("officers", "add", "viewer", "--role=viewer"))["ticket"]
        said = [
            await sh.run("login", first.passphrase, say=f"{first.passphrase}\n{first.passphrase}\n", code=2),
            await sh.run("login", "duty-a", say=f"wrong {first.passphrase}\n000000\n", code=2),
            await sh.run("officers", "enrol", "duty-a", say=f"{ticket}\n", code=2),
            await sh.run("officers", "enrol", "viewer", say=f"{ticket}\nshort\n1\n", code=2),
        ]

        async def broken(given: Credentials, _: Any) -> None:
            raise ZeroDivisionError(given)

        monkeypatch.setattr(sh.here.officers, "begin", broken)
        said.append(await sh.run("login", "duty-a", say=f"{first.passphrase}\n000000\n", code=1))
        entries = [json.dumps(dump(entry)) async for entry in sh.here.store.entries()]
        canaries = [first.passphrase, first.secret, first.session, issued["token"], ticket, ticket.replace("-", "")]
        lines = "\n".join(map(logs.JsonLines().format, caplog.records))
        assert "ZeroDivisionError" in lines
        kept = b"".join(path.read_bytes() for path in sh.here.config.data_dir.glob("broadcaster.db*"))
        for canary in canaries:
            assert len(canary) >= 16
            for place in (lines, caplog.text, str(said), *entries):
                assert canary not in place
            assert canary.encode() not in kept
        assert sh.here.config.data_dir.joinpath("officers.key").stat().st_mode & 0o077 == 0


@pytest.mark.fault(122)
def test_no_value_shows_a_secret_when_it_is_printed() -> None:
    given: list[object] = [
        Credentials(name="duty-a", passphrase="canary", code="canary"),
        Newcomer(name="duty-a", ticket="canary", passphrase="canary", code="canary"),
        shapes.Login(name="duty-a", passphrase="canary", code="canary"),
        shapes.Enter(name="duty-a", ticket="canary", passphrase="canary", code="canary"),
        shapes.BreakGlass(digest="d", reason="r", code="canary"),
    ]
    assert all("canary" not in repr(each) for each in given)


def test_a_secret_is_read_from_no_file_that_others_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    keeping.keep(tmp_path / "desk.sock", "bcs_1")
    assert keeping.bearer(tmp_path / "desk.sock") == "bcs_1"
    assert keeping.bearer(tmp_path / "other.sock") == ""
    token = tmp_path / "token"
    token.write_text("bct_1")
    token.chmod(0o640)
    monkeypatch.setenv("BROADCASTER_TOKEN_FILE", str(token))
    with pytest.raises(Forbidden, match="session_file_open"):
        keeping.bearer(tmp_path / "desk.sock")
    keeping.forget(tmp_path / "desk.sock")
    keeping.forget(tmp_path / "desk.sock")


@pytest.mark.fault(125)
async def test_a_published_edition_holds_the_chain_to_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shell(tmp_path, monkeypatch, capsys, Mode.DRILL) as sh:
        await seat(sh.here.store, "duty-a", sh.here.clock.now())
        page = sh.here.channels["page"]
        assert isinstance(page, Publisher)
        await page.publish(await sh.here.store.new_edition(sh.here.clock.now(), Mode.DRILL), "local", "k")
        head = json.loads((sh.here.config.data_dir / "page" / "public" / "edition.json").read_text())["audit"]
        assert head.startswith("3:")
        await seat(sh.here.store, "duty-b", sh.here.clock.now())
        assert (await sh.json("audit", "verify", "--head", head))["whole"] is True
        other = head[:-1] + ("0" if head[-1] != "0" else "1")
        broken = await sh.json("audit", "verify", "--head", other, code=1)
        assert broken["broken"] == {"seq": 3, "damage": "differs"}
        assert (await sh.json("audit", "verify", "--head", "x", code=2))["error"]["problems"][0]["code"] == "head_wrong"


@pytest.mark.fault(26, 27)
async def test_verifying_tells_an_older_store_before_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shell(tmp_path, monkeypatch, capsys, Mode.DRILL) as sh:
        await seat(sh.here.store, "duty-a", sh.here.clock.now())
        await sh.here.store.back_up(tmp_path / "copy.db")
        await seat(sh.here.store, "duty-b", sh.here.clock.now())
        assert (await sh.json("audit", "verify"))["whole"] is True
        shutil.copy(head_file(sh.here.config.data_dir / "broadcaster.db"), tmp_path / "older.db-head")
        shutil.copy(tmp_path / "copy.db", tmp_path / "older.db")
        async with open_store(tmp_path / "older.db", Mode.DRILL, read_only=True) as older:
            _, broken = await verify_trail(older, older.remembered())
    assert broken is not None
    assert broken.damage is Damage.MISSING


# ------------------------------------------------------------------ standing alone


class Recorder:
    """Whatever this process asks of the network, while it listens. An audit hook cannot be taken out again."""

    def __init__(self) -> None:
        self.listening = False
        self.asked: list[tuple[str, Any]] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.listening:
            return
        asks = event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
        opens = event == "socket.__new__" and arguments[1] != socket.AF_UNIX
        joins = event in ("socket.connect", "socket.bind") and arguments[0].family != socket.AF_UNIX
        if asks or opens or joins:
            self.asked.append((event, arguments[1:]))

    @contextmanager
    def listen(self) -> Iterator[None]:
        self.listening = True
        try:
            yield
        finally:
            self.listening = False


@pytest.mark.fault(128)
async def test_logging_in_and_approving_asks_nobody_outside(tmp_path: Path) -> None:
    recorder = Recorder()
    async with hall(tmp_path) as there:
        with recorder.listen():
            first = await there.hire("duty-a", "admin", *DUTY)
            second = await there.hire("duty-b", *DUTY, agreed=there.client(first.session))
            there.pass_time(timedelta(seconds=60))
            session = await there.do(first.log_in, there.owner, there.now)
            sent = await there.do(there.client(session).submit, dump(await there.here.draft()), "k")
            done = await there.do(there.client(second.session).approve, sent["submission"], sent["digest"])
            assert done["accepted"]
        assert recorder.asked == []
        with recorder.listen(), socket.socket(socket.AF_INET):
            pass
        assert [event for event, _ in recorder.asked] == ["socket.__new__"]


async def test_a_lost_key_is_made_anew_and_every_code_is_wrong_until_reset(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from broadcaster.clock import SystemEntropy
    from broadcaster.errors import ConfigError
    from broadcaster.officers import Officers, instance_key
    from tests.desk.world import bureau_of

    async with hall(tmp_path) as there:
        first = await there.hire("duty-a", "admin")
        key = there.here.config.data_dir / "officers.key"
        for text, mode, code in (("x", 0o600, "officers_key_wrong"), ("0" * 64, 0o640, "officers_key_readable")):
            key.write_text(text)
            key.chmod(mode)
            with pytest.raises(ConfigError, match=code):
                instance_key(key.parent, SystemEntropy())
        key.unlink()
        instance_key(key.parent, SystemEntropy(), expected=True)
        assert caplog.records[-1].__dict__["event"] == "officers_key_new"
        key.unlink()
        other = Officers(bureau_of(there.here.config, there.here.store, there.here.clock))
        there.pass_time(timedelta(seconds=60))
        given = Credentials(name="duty-a", passphrase=first.passphrase, code=first.code(there.now))
        from broadcaster.errors import Unauthenticated
        from broadcaster.model import Actor

        with pytest.raises(Unauthenticated, match="login_refused"):
            await other.begin(given, Actor(name="root", uid=os.getuid()))
        other.close()
