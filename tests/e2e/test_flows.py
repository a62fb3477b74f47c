"""What officers do, through the real command line against the real service."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.e2e.flood import flood
from tests.e2e.house import NOBODY, House, house

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
FOUR = {"twitter", "mail", "page", "feeds"}

AS_NOBODY = """
import os, sys, importlib, encodings.idna
from broadcaster.cli import main
for room in ("board", "sending", "approving", "following", "deciding", "sockets", "tables", "trouble"):
    importlib.import_module(f"broadcaster.cli.{room}")
import broadcaster.client
os.setgroups([]), os.setgid(65534), os.setuid(65534)
sys.exit(main(sys.argv[1:]))
"""
"""Another Unix user: it gives up root once all is imported, since it cannot read root's Python."""


@pytest.fixture
async def home() -> AsyncIterator[House]:
    async with house() as made:
        yield made


async def test_a_drill_from_sending_to_all_clear(home: House) -> None:
    sent = await home.json("send", str(flood(home)), "--key", "first", "--wait")
    assert sent["accepted"] is True
    assert {each["channel"] for each in sent["deliveries"]} == FOUR
    again = await home.json("send", str(flood(home)), "--key", "first", "--wait")
    assert again["alert"]["identifier"] == sent["alert"]["identifier"]
    other = await home.json("send", str(flood(home, "water-cut")), "--key", "first", expect=2)
    assert other["error"]["code"] == "key_reused"
    board = await home.json("status")
    assert len(board["rows"]) == 1
    corrected = await home.json("correct", "1-1", "--wait", "--yes")
    assert corrected["alert"]["kind"] == "correction"
    assert corrected["alert"]["references"][0]["identifier"] == sent["alert"]["identifier"]
    cleared = await home.json("clear", "1-2", "--wait")
    assert (cleared["alert"]["incident"], cleared["alert"]["version"]) == (1, 3)
    posts = [post.text for post in home.stage.x.posts]
    assert len(posts) == 3
    assert all(text.startswith("【訓練】") and text.endswith("【訓練】") for text in posts)


@pytest.mark.fault(100)
async def test_the_same_command_with_the_same_key_is_the_same_alert_whenever_it_is_said(home: House) -> None:
    """A template says "now" and a file may say `6h`: a script that asks again must not be told of another text."""
    template = ("--template", "water-cut", "--set", "areas=芋窪", "--set", "began=05:00", "--set", "reason=pipe")
    first = await home.json("send", *template, "--key", "by template")
    again = await home.json("send", *template, "--key", "by template")
    assert again["alert"]["identifier"] == first["alert"]["identifier"]
    other = await home.json("send", *template, "--channel", "page", "--key", "by template", expect=2)
    assert other["error"]["code"] == "key_reused"


async def test_what_a_person_is_told(home: House) -> None:
    sent = await home.cli("send", str(flood(home)), "--wait", LC_ALL="en_US.UTF-8")
    assert sent.code == 0
    assert "Evacuation Order" in sent.out
    board = await home.cli("status", LC_ALL="en_US.UTF-8")
    assert "X (Twitter)" in board.out
    assert "in force" in board.out
    japanese = await home.cli("status", "1-1", LC_ALL="ja_JP.UTF-8")
    assert "X（Twitter）" in japanese.out
    missing = await home.cli("status", "99-9", LC_ALL="en_US.UTF-8")
    assert missing.code == 2
    assert missing.err.count("\n") == 1
    assert (await home.cli("hold", "1")).code == 2
    assert (await home.cli("no-such-command")).code == 2


async def test_decisions_copies_and_evidence(home: House) -> None:
    sent = await home.json("send", str(flood(home)), "--wait")
    delivery = sent["deliveries"][0]["id"]
    refused = await home.json("resend", str(delivery), expect=2)
    assert refused["error"]["code"]
    copy = home.folder / "copy.db"
    copied = await home.json("backup", str(copy))
    assert copied["bytes"] == copy.stat().st_size
    running = await home.json("restore", str(copy), expect=2)
    assert running["error"]["code"] == "restore_running"
    exported = await home.json("audit", "export")
    assert any(entry["event"] == "accepted" for entry in exported)
    await home.stop()
    away = await home.json("status", expect=3)
    assert away["error"]["code"] == "service_unreachable"
    assert (await home.json("audit", "verify"))["whole"] is True
    restored = await home.json("restore", str(copy))
    assert restored["held"] == 0
    await home.start()
    assert len((await home.json("status"))["rows"]) == 1


async def test_subscribers_in_and_out(home: House) -> None:
    table = home.folder / "in.csv"
    table.write_text("address,language\na@residents.example,ja\nb@residents.example,en\n", encoding="utf-8")
    done = await home.json("subscribers", "import", str(table))
    assert (done["added"], done["changed"]) == (2, 0)
    stats = await home.json("subscribers", "stats")
    assert (stats["total"], stats["by_language"]) == (2, {"ja": 1, "en": 1})
    out = home.folder / "out.csv"
    assert (await home.json("subscribers", "export", str(out)))["count"] == 2
    assert "b@residents.example" in out.read_text(encoding="utf-8-sig")
    table.write_text("address\nnot an address\n", encoding="utf-8")
    refused = await home.json("subscribers", "import", str(table), expect=2)
    assert refused["error"]["problems"]


@pytest.mark.skipif(os.geteuid() != 0, reason="two Unix users need root")
async def test_live_and_grave_needs_a_second_unix_user() -> None:
    async with house("live", group="nogroup") as home:
        sent = await home.json("send", str(flood(home)))
        number = str(sent["submission"])
        assert sent["accepted"] is False
        assert home.stage.x.posts == []
        same = await home.json("approve", number, expect=2)
        assert same["error"]["code"] == "approval_same_person"
        approved = await as_nobody(home, "approve", number, "--wait", "--json")
        assert {each["channel"] for each in approved["deliveries"]} == FOUR
        row = (await home.json("status", "1-1"))["row"]
        assert (row["author"], row["approved_by"]) == ("root", "nobody")
        assert "訓練" not in home.stage.x.posts[0].text
        returned = await home.json("send", str(flood(home, "landslide-level4")))
        await as_nobody(home, "approve", str(returned["submission"]), "--return", "wrong town", "--json")
        closed = await home.json("approve", str(returned["submission"]), expect=2)
        assert closed["error"]["code"] == "submission_closed"
        assert len(home.stage.x.posts) == 1


async def as_nobody(home: House, *arguments: str) -> Any:
    said = await home.cli(*arguments, code=AS_NOBODY, BROADCASTER_SOCKET=str(home.stage.socket))
    assert said.code == 0, said
    assert NOBODY == 65534
    return said.document


@pytest.mark.skipif(os.geteuid() != 0, reason="another Unix user needs root")
async def test_the_socket_is_closed_to_others() -> None:
    async with house() as home:
        said = await home.cli("status", "--json", code=AS_NOBODY, BROADCASTER_SOCKET=str(home.stage.socket))
        assert said.code == 3
        assert said.document["error"]["code"] == "service_forbidden"
