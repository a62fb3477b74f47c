"""Silence is found out, told by another way than the silent one, told again, and taken back."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from broadcaster import audit
from broadcaster.config import load_config
from broadcaster.demo.smtp import Phase, SmtpProvider, reply
from broadcaster.errors import ConfigError
from broadcaster.model import Mode
from tests.canary.house import CONFIG, DUTY, OFFICER, SECRET, START, Hook, House, Server, house
from tests.routine.house import HandClock

MINUTE = timedelta(minutes=1)
DUE = START + 10 * MINUTE


def mails(here: House) -> list[str]:
    """The mails officers got, oldest first."""
    return [each.decode("utf-8", "replace") for each in here.smtp.mailboxes.get(OFFICER, [])]


@pytest.mark.fault(89)
async def test_a_silent_channel_is_told_by_another_way_again_and_lifted(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(START)) as here:
        await here.until(DUE)
        await here.deliver("mail")
        await here.until(DUE + 14 * MINUTE)
        assert (here.hook.news, (await here.pulses())["mail"].silent) == ([], False)
        await here.until(DUE + 15 * MINUTE)
        (news,) = here.hook.news
        assert (news["event"], news["mode"], [each["name"] for each in news["silent"]]) == (
            "canary_silent",
            "live",
            ["mail"],
        )
        assert "メール" in news["text"]
        assert "test message has not arrived" in news["text"]
        assert mails(here) == []  # the way that is silent is not the way that tells
        board = await here.desk.board()
        assert [each.name for each in board.canary if each.silent] == ["mail"]
        assert here.changes

        here.restarted()  # nothing of it is forgotten
        await here.until(DUE + 44 * MINUTE)
        assert len(here.hook.news) == 1
        await here.until(DUE + 46 * MINUTE)
        assert [len(here.hook.news), here.hook.news[1]["silent"][0]["alarms"]] == [2, 1]

        await here.deliver()  # the relay is back: the test that waited arrives
        await here.until(here.clock.wall + MINUTE)
        assert [each["event"] for each in here.hook.news] == ["canary_silent", "canary_silent", "canary_answers"]
        assert (await here.pulses())["mail"].answered_at is not None
        assert len(mails(here)) == 1  # mail speaks again, and says so too
        events = [each.event async for each in here.store.entries()]
        assert [each for each in events if each.startswith("canary_")] == [
            "canary_silent",
            "canary_told",
            "canary_told",
            "canary_answers",
            "canary_told",
        ]
        assert (await audit.verify_trail(here.store))[1] is None


async def test_what_is_not_mail_is_told_by_mail_and_webhook_in_both_languages(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(START)) as here:
        await here.until(DUE)
        await here.deliver("twitter")
        await here.until(DUE + 15 * MINUTE)
        (mail,) = mails(here)
        assert "Precedence" not in mail
        assert len(here.hook.news) == 1
        headers, body = here.hook.told[0]
        assert (
            headers["Broadcaster-Signature"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        )


async def test_nobody_reachable_is_tried_again_and_red_meanwhile(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(START)) as here:
        here.hook.status = 500
        here.smtp.script(Phase.RCPT, *[reply("550 5.1.1 no")] * 50)
        await here.until(DUE)
        await here.deliver("twitter")
        await here.until(DUE + 20 * MINUTE, pace=60)
        assert (await here.pulses())["twitter"].alarms == 0
        assert 2 <= len(here.hook.told) <= 4
        here.hook.status = 200
        await here.until(DUE + 31 * MINUTE)
        assert (await here.pulses())["twitter"].alarms == 1


def html(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html><title>Sign in</title></html>", content_type="text/html")


def gone(_: web.Request) -> web.StreamResponse:
    return web.Response(status=503)


def huge(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b" " * (3 * 1024 * 1024))


def elsewhere(_: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"})


def altered(request: web.Request) -> web.StreamResponse | None:
    return web.Response(text="避難は不要です") if request.path == "/index.html" else None


SPOILT = {
    "captive portal": (html, "canary_no_edition"),
    "dead origin": (gone, "canary_status"),
    "endless": (huge, "canary_too_large"),
    "redirect": (elsewhere, "canary_status"),
    "altered": (altered, "canary_altered"),
}


@pytest.mark.fault(45)
@pytest.mark.fault(46)
@pytest.mark.fault(47)
@pytest.mark.fault(82)
@pytest.mark.fault(115)
@pytest.mark.fault(126)
async def test_a_public_address_that_is_not_what_was_published_is_silence(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(START)) as here:
        await here.until(START + MINUTE)
        assert here.hook.news == []
        for count, (name, (spoil, code)) in enumerate(SPOILT.items(), start=1):
            here.public.spoil = spoil
            begun = here.clock.wall
            await here.until(begun + 2 * MINUTE, pace=60)
            pulse = (await here.pulses())["@"]
            assert (name, pulse.reason, pulse.silent) == (name, code, False)
            await here.until(begun + 20 * MINUTE)
            assert (await here.pulses())["@"].silent, name
            here.public.spoil = lambda _: None
            await here.until(here.clock.wall + MINUTE)
            assert not (await here.pulses())["@"].silent
            assert [each["event"] for each in here.hook.news].count("canary_answers") == count


async def test_an_old_copy_is_silence_and_what_has_not_changed_is_not_fetched_again(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(START)) as here:
        here.fresh = False
        await here.publish()
        await here.until(START + 9 * MINUTE, pace=180)
        assert here.public.statuses[:4] == [200] * 4
        assert set(here.public.statuses[4:]) == {304}
        await here.until(START + 15 * MINUTE)
        assert (await here.pulses())["@feeds/"].reason == "canary_stale"
        await here.publish()
        await here.until(here.clock.wall + MINUTE)
        assert not any(each.silent for each in (await here.pulses()).values())


async def test_an_outer_watch_is_told_that_all_is_well_until_it_is_not(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(START)) as here:
        beats: list[int] = []

        async def alive() -> None:
            beats.append(1)

        here.voices = type(here.voices)(here.voices.looker, here.voices.herald, alive)
        here.restarted()
        await here.until(START + 3 * MINUTE, pace=60)
        assert len(beats) == 4
        here.public.spoil = gone
        await here.until(START + 8 * MINUTE)
        silent = len(beats)
        await here.until(START + 12 * MINUTE)
        assert len(beats) == silent


async def away(_: web.Request) -> web.StreamResponse:
    return web.Response(status=503)


RELAY = """
[canary.alarm.relay]
host = "127.0.0.1"
port = {port}
tls = "none"
from_address = "kanshi@sample-city.example"
[[canary.readback.mirrors]]
channel = "page"
url = "{mirror}"
"""


async def test_a_relay_of_its_own_tells_of_the_mail_a_mirror_is_looked_at_and_an_outer_watch_knocked_at(
    tmp_path: Path,
) -> None:
    knocks = Hook(status=200)
    async with SmtpProvider() as relay, Server(knocks.answer) as watch, Server(away) as mirror:
        tail, heartbeat = RELAY.format(port=relay.port, mirror=mirror.url), f'heartbeat = "{watch.url}"'
        async with house(tmp_path, HandClock(START), more=heartbeat, tail=tail) as here:
            assert here.room.ways == ("mail", "relay", "webhook")
            await here.until(START)
            assert len(knocks.told) == 1
            await here.until(DUE)
            await here.deliver("mail")
            await here.until(DUE + 20 * MINUTE)
            silent = [each["name"] for news in here.hook.news for each in news["silent"]]
            assert set(silent) == {mirror.url, "mail"}
            letters = b"".join(relay.mailboxes[OFFICER]).decode()
            assert "kanshi@sample-city.example" in letters
            assert len(relay.mailboxes[OFFICER]) == len(here.hook.news)


@pytest.mark.fault(122)
async def test_no_secret_is_told_logged_or_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with house(tmp_path, HandClock(START)) as here:
        here.hook.status = 500
        await here.until(DUE + 30 * MINUTE)
        kept = json.dumps([each.body async for each in here.store.entries()])
        assert here.hook.told
        assert SECRET in here.config.secrets
        for text in (caplog.text, kept, repr(here.voices), repr(here.config), str(here.hook.news)):
            assert SECRET not in text
            assert here.x.test_keys["access_token_secret"] not in text


@pytest.mark.fault(108)
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('heartbeat = "https://watch.example/ping"', "egress_drill"),
        ('heartbeat = "http://watch.example/ping"', "canary_url_wrong"),
        ('channels = ["pager"]', "unknown_channel"),
        ("answer_minutes = 0", "too_small"),
    ],
)
def test_a_drill_is_refused_with_what_leads_out_of_it(tmp_path: Path, line: str, code: str) -> None:
    path = tmp_path / "config.toml"
    path.touch(0o600)
    values = {
        "public": "http://127.0.0.1:9/",
        "hook": "",
        "smtp": 9,
        "pop3": 9,
        "monitor": "m@x.example",
        "at": "10:00",
    }
    keys = "\n".join(
        f'{name} = "k"' for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    )
    tests = 'access_token = "k"\naccess_token_secret = "k"'
    x = keys + '\nbase_url = "http://127.0.0.1:9"'
    text = CONFIG.format(mode="drill", x=x, tests=tests, more=line, tail="", officer=OFFICER, secret=SECRET, **values)
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    assert [each.code for each in refused.value.problems] == [code]


async def test_a_test_by_hand_is_one_too(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(START), mode=Mode.DRILL) as here:
        sounding = await here.runner.test_now(DUTY)
        await here.deliver()
        await here.until(START + MINUTE)
        here.public.spoil = gone
        await here.until(START + 9 * MINUTE, pace=120)
        for text in (here.hook.news[0]["subject"], here.hook.news[0]["text"].strip()):
            assert (text[:4], text[-4:]) == ("【訓練】", "【訓練】")
        (done,) = [each for each in await here.soundings() if each.due == sounding.due]
        assert (done.by, done.state.value) == ("duty-a", "over")
        assert all(each.answered_at for each in (await here.pulses()).values())
