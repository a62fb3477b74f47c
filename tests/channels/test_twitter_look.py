"""Looking, taking back, checking: what X does besides posting."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broadcaster import catalog, registry
from broadcaster.demo.x import DELETE, ME, TIMELINE, XProvider
from broadcaster.demo.x_script import Act, answer, drop, garbage, honest, page, problem, silence
from broadcaster.errors import Reason
from broadcaster.model import Grade, Length, Limit, Message, Receipt
from broadcaster.ports.channel import Checker, Finder, Finding, Measurer, Messenger, Metered, Retractor, Situation
from channels import twitter as module
from channels.twitter import Settings, Twitter, build
from tests.channels.kit import NOW, alert, no_secret, refusal, situation, world


@pytest.fixture
async def x() -> AsyncIterator[XProvider]:
    async with XProvider(now=NOW.timestamp) as provider:
        yield provider


@pytest.fixture
async def twitter(x: XProvider, tmp_path: Path) -> AsyncIterator[Twitter]:
    channel = build(Settings.model_validate({**x.settings(), "timeout_s": 5}), world(tmp_path))
    yield channel
    await channel.close()


def a_message(twitter: Twitter, incident: int = 14, **changes: Any) -> Message:
    order = alert(incident=incident, **changes)
    message = twitter.compose(order, situation(order)).message
    assert message is not None
    return message


def test_it_has_every_power_the_ports_name(tmp_path: Path) -> None:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "x")
    channel = build(Settings.model_validate({**keys, "base_url": "http://localhost:1"}), world(tmp_path))
    for power in (Messenger, Finder, Retractor, Checker, Measurer, Metered):
        assert isinstance(channel, power), power
    assert (channel.name, channel.targets()) == ("twitter", ("x",))


def test_composing_and_measuring_need_no_tweepy() -> None:
    code = "import sys; from channels.twitter import measure; measure('避難'); print('tweepy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


# ---------------------------------------------------------------- find


@pytest.mark.fault(4)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"headline": '<重要> 空堀川 & 奈良橋川 "あふれる" おそれ'},
        {"web": "https://city.example.lg.jp/bousai"},
        {"description": "くわしくは city.example.lg.jp/a と https://city.example.lg.jp/b?c=d&e=f へ"},
        {"headline": "か\u3099けくずれ　注意"},
    ],
)
async def test_a_post_whose_reply_was_lost_is_found(x: XProvider, twitter: Twitter, changes: dict[str, Any]) -> None:
    message = a_message(twitter, **changes)
    x.script(honest(), drop(take=True))
    await twitter.deliver(a_message(twitter, 13), "k")
    assert (await refusal(twitter.deliver(message, "k"))).maybe_sent
    for other in range(20, 27):
        await twitter.deliver(a_message(twitter, other), "k")
    receipt = await twitter.find(message, "k")
    assert receipt is not None
    assert (receipt.ref, receipt.url) == (x.posts[1].id, f"{x.base_url}/status/{x.posts[1].id}")


async def test_a_post_that_never_came_is_surely_absent(x: XProvider, twitter: Twitter) -> None:
    message = a_message(twitter)
    assert await twitter.find(message, "k") is None
    x.script(drop())
    await refusal(twitter.deliver(message, "k"))
    await twitter.deliver(a_message(twitter, 15), "k")
    assert await twitter.find(message, "k") is None


async def test_a_post_under_its_late_mark_is_found(x: XProvider, twitter: Twitter) -> None:
    message = a_message(twitter)
    await twitter.deliver(replace(message, texts=message.late_texts), "k")
    receipt = await twitter.find(message, "k")
    assert receipt is not None
    assert receipt.ref == x.posts[0].id


async def test_the_same_serial_with_other_words_is_not_it(twitter: Twitter) -> None:
    await twitter.deliver(a_message(twitter), "k")
    assert await twitter.find(a_message(twitter, headline="芋窪、蔵敷に避難指示 全員避難！"), "k") is None


async def test_it_looks_through_several_pages_and_no_further(x: XProvider, twitter: Twitter) -> None:
    wanted = a_message(twitter)
    x.account.limit_15min = x.account.limit_24h = 10_000
    await twitter.deliver(wanted, "k")
    for number in range(250):
        x.account.create(f"別の投稿 {number}")
    assert len(x.posts) > 90
    found = await twitter.find(wanted, "k")
    assert found is not None


async def test_beyond_the_last_page_it_cannot_be_told(x: XProvider, twitter: Twitter) -> None:
    further = {"data": [{"id": "1", "text": "別の投稿"}], "meta": {"next_token": "p100"}}
    x.script(*(answer(200, further) for _ in range(3)), on=TIMELINE)
    error = await refusal(twitter.find(a_message(twitter), "k"))
    assert error.reason is Reason.UNREADABLE
    assert [path for _, path in x.requests].count("/2/users/1500000000000000001/tweets") == 3


@pytest.mark.fault(61)
@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (problem("unauthorized"), Reason.CREDENTIALS),
        (problem("client-not-enrolled"), Reason.NOT_ENROLLED),
        (problem("rate-limited"), Reason.RATE_LIMITED),
        (problem("over-capacity"), Reason.SERVER_ERROR),
        (page(200), Reason.UNREADABLE),
        (garbage(), Reason.UNREADABLE),
        (drop(), Reason.LOST),
    ],
)
async def test_a_failed_look_is_not_taken_for_absence(x: XProvider, twitter: Twitter, act: Act, reason: Reason) -> None:
    await twitter.deliver(a_message(twitter, 15), "k")
    await twitter.find(a_message(twitter), "k")
    x.script(act, on=TIMELINE)
    error = await refusal(twitter.find(a_message(twitter), "k"))
    assert error.reason is reason
    assert error.readings == (), "limits of reading are not those of posting"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"data": None, "meta": None},
        {"data": ["text"], "meta": {}},
        {"data": [{"id": 5, "text": "x"}, {"id": "6"}, {"id": "7", "text": "x", "entities": "none"}]},
        {"data": [{"id": "7", "text": "x", "entities": {"urls": [None, {"url": 1}, {"url": ""}]}}]},
    ],
)
async def test_odd_timelines_hold_nothing_of_ours(x: XProvider, twitter: Twitter, document: dict[str, object]) -> None:
    x.script(answer(200, document), on=TIMELINE)
    assert await twitter.find(a_message(twitter), "k") is None


@pytest.mark.fault(61)
async def test_a_timeline_that_lags_shows_it_later(x: XProvider, twitter: Twitter) -> None:
    message = a_message(twitter)
    await twitter.deliver(message, "k")
    x.account.lag = 60
    assert await twitter.find(message, "k") is None
    x.account.lag = 0
    assert await twitter.find(message, "k") is not None


@pytest.mark.fault(56)
async def test_posting_the_same_again_proves_the_first_arrived(x: XProvider, twitter: Twitter) -> None:
    message = a_message(twitter)
    x.script(drop(take=True))
    await refusal(twitter.deliver(message, "k"))
    error = await refusal(twitter.deliver(message, "k"))
    assert (error.reason, error.maybe_sent) == (Reason.DUPLICATE, False)
    assert len(x.posts) == 1


# ---------------------------------------------------------------- retract


async def test_a_post_is_taken_back_and_again_without_harm(x: XProvider, twitter: Twitter) -> None:
    receipt = await twitter.deliver(a_message(twitter), "k")
    await twitter.retract(receipt)
    assert x.posts == []
    await twitter.retract(receipt)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (problem("unauthorized"), Reason.CREDENTIALS),
        (answer(200, {"data": {"deleted": False}}), Reason.UNREADABLE),
        (page(404), Reason.UNREADABLE),
        (page(200), Reason.UNREADABLE),
        (drop(), Reason.LOST),
    ],
)
async def test_what_was_not_surely_deleted_is_an_error(
    x: XProvider, twitter: Twitter, act: Act, reason: Reason
) -> None:
    x.script(act, on=DELETE)
    assert (await refusal(twitter.retract(Receipt(ref="1")))).reason is reason


# ---------------------------------------------------------------- the test account


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (problem("unauthorized"), Reason.CREDENTIALS),
        (problem("over-capacity"), Reason.SERVER_ERROR),
        (silence(), Reason.TIMEOUT),
    ],
)
async def test_a_test_is_said_only_while_the_citys_own_account_is_let_in(
    x: XProvider, tmp_path: Path, act: Act, reason: Reason
) -> None:
    values = {**x.settings(), "timeout_s": 1, "canary": x.test_keys}
    channel = build(Settings.model_validate(values), world(tmp_path))
    rehearsal = channel.rehearsal()
    assert rehearsal is not None
    assert rehearsal.voice is not None
    message = a_message(channel)
    x.script(act, on=ME)
    refused = await refusal(rehearsal.voice.deliver(message, "k"))
    assert (refused.reason, refused.maybe_sent) == (reason, False)
    assert x.posts == x.tester.posts == []
    await rehearsal.voice.deliver(message, "k")
    assert (len(x.posts), len(x.tester.posts)) == (0, 1)
    await channel.close()


# ---------------------------------------------------------------- check


def codes(findings: object) -> list[tuple[str, bool]]:
    assert isinstance(findings, tuple)
    return [(finding.code, finding.ok) for finding in findings if isinstance(finding, Finding)]


async def test_a_good_check_tells_reach_account_and_budget_and_posts_nothing(x: XProvider, twitter: Twitter) -> None:
    findings = await twitter.check()
    assert codes(findings) == [("x_reachable", True), ("x_credentials", True), ("x_budget", True)]
    assert [request for request in x.requests if request[0] != "GET"] == []


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (problem("unauthorized"), ["x_reachable", "x_credentials_refused"]),
        (problem("suspended"), ["x_reachable", "x_suspended"]),
        (problem("client-not-enrolled"), ["x_reachable", "x_not_enrolled"]),
        (problem("credits-depleted"), ["x_reachable", "x_payment"]),
        (problem("rate-limited"), ["x_reachable", "x_refused"]),
        (problem("over-capacity"), ["x_reachable", "x_refused"]),
        (answer(200, {"data": {"id": "me"}}), ["x_unreachable"]),
        (page(200), ["x_unreachable"]),
        (drop(), ["x_unreachable"]),
        (silence(), ["x_unreachable"]),
    ],
)
async def test_a_bad_check_says_what_is_wrong(x: XProvider, tmp_path: Path, act: Act, expected: list[str]) -> None:
    channel = build(Settings.model_validate({**x.settings(), "timeout_s": 1}), world(tmp_path))
    x.script(act, on=ME)
    findings = await channel.check()
    await channel.close()
    assert [finding.code for finding in findings] == [*expected, "x_budget"]
    assert not all(finding.ok for finding in findings)
    no_secret(x.keys.values(), findings)


async def test_every_finding_and_problem_has_a_sentence(x: XProvider, twitter: Twitter, tmp_path: Path) -> None:
    free = build(Settings.model_validate({**x.settings(), "public_utility": True}), world(tmp_path))
    found = [*await twitter.check(), *await free.check()]
    for act in (problem("unauthorized"), problem("suspended"), problem("client-not-enrolled"), page(200)):
        x.script(act, on=ME)
        found += await twitter.check()
    x.script(problem("credits-depleted"), problem("rate-limited"), on=ME)
    found += [*await twitter.check(), *await twitter.check()]
    await free.close()
    order, long = alert(), alert(headline="避" * 200)
    tight = Situation(now=NOW, grade=Grade.EMERGENCY, left={"money": 0}, recent=(a_message(twitter).texts[0].body,))
    problems = [*twitter.compose(order, tight).problems, *twitter.compose(long, tight).problems]
    assert {problem.code for problem in problems} == {"x_budget_used_up", "x_near_duplicate", "x_too_long"}
    said = [(thing.code, thing.params) for thing in found] + [(thing.code, thing.params) for thing in problems]
    for language in ("ja", "en"):
        for code, params in said:
            sentence = catalog.say(code, language, **params)
            assert sentence != code
            assert "{" not in sentence


# ---------------------------------------------------------------- limits, measure


def test_the_limits_are_those_configured(tmp_path: Path) -> None:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "x")
    values = {**keys, "base_url": "http://localhost:1", "posts_per_24_h": 200, "reserve_percent": 25, "money_days": 7}
    limits = build(Settings.model_validate(values), world(tmp_path)).limits()
    assert all(isinstance(limit, Limit) for limit in limits)
    assert [(limit.name, limit.amount, limit.reserve) for limit in limits][1] == ("posts_24h", 200, 50)
    assert limits[2].window.days == 7


def test_measure_is_there_without_a_channel() -> None:
    assert module.measure("避難 https://city.example.lg.jp/") == Length(length=28, limit=280)


def test_the_command_line_can_measure_before_there_are_keys() -> None:
    found = registry.measurer("twitter")
    assert found is not None
    assert found("避難") == module.measure("避難")
    assert registry.measurer("page") is None
    assert registry.measurer("no-such-channel") is None
