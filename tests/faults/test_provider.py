"""What a provider may mean, and what it may lie about. E 52-64.

The real X channel, dispatcher and store before a provider that follows a script; `town.once` asserts at each end that
the post is up exactly once and that a copy, where there could be one, is called so.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from broadcaster.demo.x import ME, POST
from broadcaster.model import Grade, Mode, Outcome, State
from broadcaster.ports.store import Verb
from tests.faults.kit import XProvider, http
from tests.faults.kit.wired import wired
from tests.unit.values import after

BUSY = http.problem("over-capacity")
"""503, and nothing was taken."""


# ---------------------------------------------------------------- 52, 53: told to wait


@pytest.mark.fault(52)
@pytest.mark.parametrize(
    ("wish", "waited"),
    [
        ("30", 30.0),
        (format_datetime(after(240), usegmt=True), 240.0),
        (format_datetime(after(-3600), usegmt=True), 1.0),
        ("1000000000", 900.0),
        ("-5", 1.0),
        ("0", 1.0),
        ("soon", 1.5),
        ("1" * 5000, 1.5),
        ("Mon, 99 Nov 2026 99:99:99 GMT", 1.5),
    ],
)
async def test_the_wish_to_wait_is_honoured_within_reason(tmp_path: Path, wish: str, waited: float) -> None:
    async with wired(tmp_path) as town:
        town.x.script(http.problem("rate-limited", headers={"Retry-After": wish}))
        owed = await town.post(Grade.WARNING)
        await town.once(owed)
        assert town.moments(owed)[1] == pytest.approx(waited, abs=1.1)
        assert await town.outcomes(owed) == [
            (Outcome.NOT_ACCEPTED, "rate_limited"),
            (Outcome.ACCEPTED, ""),
            (Outcome.ACCEPTED, ""),
        ]


@pytest.mark.fault(52)
async def test_a_wish_beyond_the_expiry_ends_at_the_expiry(tmp_path: Path) -> None:
    async with wired(tmp_path) as town:
        town.x.script(http.problem("rate-limited", headers={"Retry-After": "1000000000"}))
        owed = await town.post(lasting=300)
        await town.until_state(owed, State.EXPIRED)
        assert 300 <= town.clock.monotonic() <= 310
        await town.past(400)
        assert len(town.calls) == 1
        assert town.x.posts == []


@pytest.mark.fault(53)
async def test_without_a_wish_the_pauses_grow(tmp_path: Path) -> None:
    async with wired(tmp_path) as town:
        town.x.script(*[http.problem("rate-limited")] * 5)
        owed = await town.post(Grade.WARNING)
        await town.once(owed)
        pauses = [later - earlier for earlier, later in zip(town.moments(owed), town.moments(owed)[1:], strict=False)]
        assert pauses == pytest.approx([1.5, 3.0, 6.0, 12.0, 24.0], abs=1.1)


@pytest.mark.fault(53)
async def test_the_reset_of_a_window_is_waited_for(tmp_path: Path) -> None:
    reset = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(after(420).timestamp()))}
    async with wired(tmp_path) as town:
        town.x.script(http.problem("rate-limited", headers=reset))
        owed, other = await town.post(Grade.WARNING), await town.post(Grade.WARNING)
        await town.once(owed)
        await town.once(other)
        assert len(town.calls) <= 4, "nobody knocks while the window is shut"
        assert min(at for at, _ in town.calls[2:]) >= 419


# ---------------------------------------------------------------- 54, 55: a server's error may be a success


@pytest.mark.fault(54)
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@pytest.mark.parametrize("grade", [Grade.EMERGENCY, Grade.INFORMATION])
async def test_taken_and_then_an_error_is_found_and_not_repeated(tmp_path: Path, status: int, grade: Grade) -> None:
    async with wired(tmp_path) as town:
        town.x.script(http.answer(status, {"title": "Timed out"}, take=True))
        owed = await town.post(grade)
        assert (await town.once(owed)).attempt == 1
        assert (await town.outcomes(owed))[0] == (Outcome.IN_DOUBT, "server_error")


@pytest.mark.fault(55)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_not_taken_and_an_error_is_sent_again_once(tmp_path: Path, status: int) -> None:
    async with wired(tmp_path) as town:
        town.x.script(http.answer(status, {"title": "Internal error"}))
        owed = await town.post()
        got = await town.once(owed, flagged=True)
        assert got.attempt == 2
        assert town.moments(owed)[1] <= 30
        await town.past(600)
        assert len(town.calls) == 2


# ---------------------------------------------------------------- 56, 57: 403 has many meanings


@pytest.mark.fault(56)
@pytest.mark.parametrize("host", ["https://api.x.com", "https://api.twitter.com"])
async def test_a_duplicate_refused_after_our_crash_means_it_was_there(tmp_path: Path, host: str) -> None:
    """Killed before the reply, and the timeline cannot be read: the same text again, and X itself settles it."""
    async with wired(tmp_path) as town:
        town.x.script(http.drop(take=True))
        owed = await town.post()
        await town.until_state(owed, State.IN_DOUBT)
        await town.kill()
        town.x.script(*[http.answer(500)] * 2, on=ME)
        town.x.script(http.problem("duplicate", host=host), on=POST)
        town.start()
        got = await town.once(owed)
        assert got.attempt == 2
        assert (Outcome.DUPLICATE, "duplicate") in await town.outcomes(owed)


@pytest.mark.fault(57)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("suspended", "suspended"),
        ("suspended-64", "suspended"),
        ("oauth1-permissions", "credentials"),
        ("client-not-enrolled", "not_enrolled"),
        ("credits-depleted", "payment"),
    ],
)
async def test_an_account_shut_out_raises_the_alarm_and_loses_nothing(tmp_path: Path, name: str, reason: str) -> None:
    async with wired(tmp_path) as town:
        town.x.script(*[http.problem(name)] * 3)
        owed, other = await town.post(Grade.WARNING), await town.post(Grade.WARNING)
        waiting = await town.until_state(owed, State.RETRY_WAIT)
        assert (waiting.reason, waiting.attempt) == (reason, 0)
        assert town.told.lanes == [("twitter", "open", reason)]
        for each in (owed, other):
            assert (await town.once(each)).attempt == 1
        assert town.told.lanes[-1][:2] == ("twitter", "closed")


@pytest.mark.fault(57)
async def test_a_duplicate_of_somebody_elses_words_is_no_success(tmp_path: Path) -> None:
    """Without a doubt of our own it cannot be ours: the officer must see it."""
    async with wired(tmp_path) as town:
        town.x.script(http.problem("duplicate"))
        owed = await town.post()
        got = await town.until_state(owed, State.FAILED)
        assert (got.reason, got.ref) == ("duplicate", "")
        await town.decide(owed, Verb.RESEND)
        await town.once(owed)


# ---------------------------------------------------------------- 58, 59: keys


@pytest.mark.fault(58)
async def test_a_token_revoked_in_the_midst_stops_one_channel_and_new_keys_resume_it(tmp_path: Path) -> None:
    async with wired(tmp_path) as town:
        first = (await town.accept(grade=Grade.EMERGENCY, only=["twitter"]))[0]
        await town.once(first)
        before = dict(town.x.keys)
        town.x.renew(access_token="1500000000000000001-new", access_token_secret="new-secret")
        update = {each.channel: each for each in await town.accept(grade=Grade.EMERGENCY, incident=first.incident)}
        other = await town.post(Grade.WARNING)
        await town.until_state(update["line"], State.CONFIRMED)
        await town.past(town.clock.monotonic() + 120)
        waiting = [await town.store.delivery(each.id) for each in (update["twitter"], other)]
        assert all(each.state in {State.READY, State.RETRY_WAIT} and each.attempt == 0 for each in waiting)
        assert ("twitter", "open", "credentials") in town.told.lanes
        refused = [method for method, _ in town.x.requests].count("POST") - 1
        assert refused <= 5, "a refused key is not tried over and over"
        await town.stop()
        assert town.x.keys != before
        await town.connect()
        town.start()
        for each in (update["twitter"], other):
            assert (await town.once(each)).attempt == 1


@pytest.mark.fault(59)
async def test_there_is_no_token_that_a_crash_could_lose(tmp_path: Path) -> None:
    """OAuth 1.0a (RFC 5849): four keys from the configuration sign each request afresh. Nothing is refreshed, nothing
    rotates and nothing is written down, neither after a refusal nor over a crash; so there is nothing to lose.
    """
    async with wired(tmp_path) as town:
        town.x.script(http.problem("unauthorized"), http.drop(take=True))
        owed = await town.post()
        await town.until_state(owed, State.IN_DOUBT)
        await town.kill()
        town.start()
        await town.once(owed)
        paths = {path.rsplit("/", 1)[-1] for _, path in town.x.requests}
        assert paths == {"tweets", "me"}, "no request but to post and to look"
        written = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert all(name.startswith("broadcaster.db") for name in written), written
        stored = b"".join(path.read_bytes() for path in tmp_path.rglob("broadcaster.db*"))
        assert [key for key in town.x.keys.values() if key.encode() in stored] == []


# ---------------------------------------------------------------- 60, 61: successes and looks that lie


@pytest.mark.fault(60)
@pytest.mark.parametrize("said", [{"data": {}}, {"data": {"id": ""}}, {"data": {"id": None}}, {"data": {"id": 7}}])
async def test_a_success_without_an_id_is_read_back(tmp_path: Path, said: dict[str, Any]) -> None:
    async with wired(tmp_path) as town:
        town.x.script(http.answer(201, said, take=True))
        owed = await town.post()
        assert (await town.once(owed)).attempt == 1
        assert (await town.outcomes(owed))[0] == (Outcome.IN_DOUBT, "no_id")


@pytest.mark.fault(60)
async def test_a_success_with_anothers_id_is_put_right_by_the_read_back(tmp_path: Path) -> None:
    async with wired(tmp_path) as town:
        town.x.script(http.answer(201, {"data": {"id": "999", "text": "x"}}, take=True))
        owed = await town.post()
        assert (await town.until_state(owed, State.ACCEPTED)).ref == "999"
        assert (await town.once(owed)).url.endswith(town.x.posts[0].id)


@pytest.mark.fault(60)
async def test_a_success_that_is_none_is_never_confirmed(tmp_path: Path) -> None:
    async with wired(tmp_path) as town:
        town.x.script(http.answer(201, {"data": {"id": "999", "text": "x"}}))
        owed = await town.post()
        await town.until_state(owed, State.ACCEPTED)
        await town.past(700)
        assert (await town.store.delivery(owed.id)).state is State.ACCEPTED, "the board shows it as not seen"


def lagging(now: Callable[[], float]) -> XProvider:
    """A provider whose timeline shows a post after a minute."""
    provider = XProvider(now=now)
    provider.account.lag = 60.0
    return provider


def forgetful(now: Callable[[], float]) -> XProvider:
    """And which takes the same text twice."""
    provider = lagging(now)
    provider.account.forgetful = True
    return provider


@pytest.mark.fault(61)
async def test_a_timeline_that_lags_makes_no_copy_where_duplicates_are_refused(tmp_path: Path) -> None:
    async with wired(tmp_path, provider=lagging) as town:
        town.x.script(http.drop(take=True))
        owed = await town.post()
        assert (await town.once(owed)).attempt == 2
        assert town.moments(owed)[1] == pytest.approx(15, abs=1)


@pytest.mark.fault(61)
@pytest.mark.parametrize(
    ("grade", "mode", "copied_after"),
    [
        (Grade.EMERGENCY, Mode.LIVE, 15),
        (Grade.WARNING, Mode.LIVE, 55),
        (Grade.INFORMATION, Mode.LIVE, None),
        (Grade.DRILL, Mode.DRILL, None),
    ],
)
async def test_a_timeline_that_lags_is_settled_by_grade(
    tmp_path: Path, grade: Grade, mode: Mode, copied_after: int | None
) -> None:
    """An account that takes the same text twice: an emergency and a warning fail open, and call their copy one; the
    others look for longer than the lag, and find it.
    """
    async with wired(tmp_path, provider=forgetful, mode=mode) as town:
        town.x.script(http.drop(take=True))
        owed = await town.post(grade)
        got = await town.until_state(owed, State.CONFIRMED)
        again = [] if copied_after is None else [pytest.approx(copied_after, abs=1)]
        assert town.moments(owed)[1:] == again
        assert len(town.ours(owed)) == 1 + len(again)
        assert got.possible_duplicate is bool(again)


@pytest.mark.fault(61)
@pytest.mark.parametrize(
    ("grade", "mode", "ends", "again"),
    [
        (Grade.EMERGENCY, Mode.LIVE, State.CONFIRMED, 15),
        (Grade.WARNING, Mode.LIVE, State.CONFIRMED, 115),
        (Grade.INFORMATION, Mode.LIVE, State.NEEDS_HUMAN, None),
        (Grade.DRILL, Mode.DRILL, State.NEEDS_HUMAN, None),
    ],
)
async def test_looks_that_fail_leave_the_policy_of_the_grade(
    tmp_path: Path, grade: Grade, mode: Mode, ends: State, again: int | None
) -> None:
    async with wired(tmp_path, mode=mode) as town:
        town.x.script(http.drop())
        town.x.script(*[http.answer(500)] * 4, on=ME)
        owed = await town.post(grade)
        got = await town.until_state(owed, ends)
        moments = town.moments(owed)
        assert moments[1:] == ([] if again is None else [pytest.approx(again, abs=1)])
        assert len(town.ours(owed)) == (0 if again is None else 1)
        assert got.possible_duplicate is (again is not None)


# ---------------------------------------------------------------- 62: on and off


@pytest.mark.fault(62)
async def test_a_provider_that_comes_and_goes_is_probed_by_one_at_a_time(tmp_path: Path) -> None:
    async with wired(tmp_path, lane={"breaker_failures": 3, "concurrency": 4}) as town:
        town.x.script(*[http.problem("unauthorized")] * 8)
        owed = [await town.post(Grade.WARNING) for _ in range(20)]
        await town.until_state(owed[0], State.RETRY_WAIT)
        await town.past(29)
        storm = len(town.calls)
        assert storm <= 5, "those under way when it opened, and no more"
        probes: list[int] = []
        while town.x.posts == []:
            before = len(town.calls)
            await town.past(town.clock.monotonic() + 30)
            probes.append(len(town.calls) - before)
        assert max(probes[:-1], default=0) <= 1, "one probe in each half-open window"
        for each in owed:
            assert (await town.once(each)).attempt == 1


@pytest.mark.fault(62)
async def test_doubts_while_it_flaps_end_each_exactly_once(tmp_path: Path) -> None:
    async with wired(tmp_path, lane={"breaker_failures": 2, "concurrency": 2}) as town:
        flapping = [http.answer(503, take=True), http.honest(), BUSY, http.drop(take=True), http.honest(), BUSY]
        town.x.script(*flapping * 2)
        owed = [await town.post() for _ in range(12)]
        for each in owed:
            await town.until_state(each, State.CONFIRMED)
            assert len(town.ours(each)) == 1
        states = [state for _, state, _ in town.told.lanes]
        assert states == ["open", "closed"] * (len(states) // 2), "told in turn, and at last that it is back"


# ---------------------------------------------------------------- 63, 64: poison, and an empty purse


@pytest.mark.fault(63)
async def test_a_message_that_is_always_refused_fails_once_and_delays_nobody(tmp_path: Path) -> None:
    async with wired(tmp_path, lane={"concurrency": 1}) as town:
        town.x.script(http.honest(), http.problem("invalid-request"))
        owed = [await town.post(Grade.WARNING) for _ in range(6)]
        poisoned = await town.until_state(owed[1], State.FAILED)
        assert (poisoned.reason, poisoned.attempt) == ("rejected", 1)
        for each in owed[:1] + owed[2:]:
            assert (await town.once(each)).attempt == 1
        await town.past(600)
        assert len(town.calls) == 6
        assert town.told.lanes == []


def ten_a_day(now: Callable[[], float]) -> XProvider:
    return XProvider(now=now, limit_24h=10)


@pytest.mark.fault(64)
async def test_the_days_posts_keep_a_reserve_for_emergencies(tmp_path: Path) -> None:
    """Ten a day of which three are kept: the provider itself counts, as do we."""
    async with wired(tmp_path, provider=ten_a_day, posts_per_24_h=10, reserve_percent=30) as town:
        routine = [await town.post(Grade.INFORMATION, lasting=200_000) for _ in range(9)]
        await town.past(60)
        assert len(town.x.posts) == 7
        states = [await town.store.delivery(each.id) for each in routine]
        waiting = [each for each in states if each.state is State.RETRY_WAIT]
        assert [(each.reason, each.attempt) for each in waiting] == [("quota", 0)] * 2
        for number in range(3):
            urgent = await town.post([Grade.EMERGENCY, Grade.WARNING][number % 2])
            at = town.clock.monotonic()
            await town.once(urgent)
            assert town.clock.monotonic() - at < 5
        assert len(town.x.posts) == 10
        assert [method for method, _ in town.x.requests].count("POST") == 10, "X never had to refuse"
        town.clock.skip(86_400 - 900)
        await town.past(town.clock.monotonic() + 60)
        assert len(town.x.posts) == 10
        town.clock.skip(900)
        for each in waiting:
            await town.once(each)


@pytest.mark.fault(64)
async def test_a_cap_that_the_provider_knows_better_is_believed(tmp_path: Path) -> None:
    """Another program posts to the same account: our own count is too low, X's answer is not."""
    async with wired(tmp_path, posts_per_24_h=1000) as town:
        town.x.script(http.problem("usage-capped", headers={"Retry-After": "600"}))
        owed = await town.post(Grade.WARNING)
        waiting = await town.until_state(owed, State.RETRY_WAIT)
        assert (waiting.reason, waiting.attempt) == ("quota", 0)
        await town.once(owed)
        assert town.told.lanes == [], "used up is not broken"
