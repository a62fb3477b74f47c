"""Pace and breaker of a lane."""

import dataclasses
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.errors import Reason
from broadcaster.model import Grade, Kind, Reading
from broadcaster.ports.store import Breaker, Lane
from broadcaster.rules import lane as rules
from broadcaster.rules.lane import LaneSettings
from tests.unit.values import NOW, after, errors, failure

SETTINGS = LaneSettings(rate_per_s=2.0, burst=20, breaker_failures=3, breaker_open_s=30.0)
DOWN = failure(Reason.CONNECT)

settings = st.builds(
    LaneSettings,
    rate_per_s=st.floats(0.01, 100),
    burst=st.integers(1, 100),
    breaker_failures=st.integers(1, 9),
    breaker_open_s=st.floats(1, 600),
)


def drained(lane: Lane, kind: LaneSettings, now: datetime) -> Lane:
    count = rules.available(lane, kind, now, reserved=False)
    return rules.take(lane, kind, now, count)


@pytest.mark.parametrize("kind", Kind)
def test_who_may_use_the_reserve(kind: Kind) -> None:
    assert rules.reserved(kind, Grade.EMERGENCY)
    assert rules.reserved(kind, Grade.INFORMATION) == (kind in (Kind.CORRECTION, Kind.CANCEL, Kind.ALL_CLEAR))


@given(settings)
def test_a_new_lane_gives_its_burst_and_keeps_a_tenth_of_it(kind: LaneSettings) -> None:
    assert rules.available(Lane(), kind, NOW, reserved=False) == kind.burst
    empty = drained(Lane(), kind, NOW)
    assert rules.available(empty, kind, NOW, reserved=False) == 0
    assert rules.available(empty, kind, NOW, reserved=True) >= max(1, kind.burst // 10)


@given(settings, st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=30))
def test_no_more_is_given_than_burst_reserve_and_rate(kind: LaneSettings, wishes: list[tuple[float, bool]]) -> None:
    lane, now, taken = Lane(), NOW, 0
    for pause, reserved in wishes:
        now += timedelta(seconds=pause)
        if rules.available(lane, kind, now, reserved=reserved):
            lane, taken = rules.take(lane, kind, now), taken + 1
    earned = (now - NOW).total_seconds() * kind.rate_per_s
    assert taken <= kind.burst + rules.reserve(kind) + earned + 1e-6


@given(settings, st.booleans())
def test_the_next_token_comes_when_it_is_said(kind: LaneSettings, reserved: bool) -> None:
    lane = Lane(tokens=0.0, tokens_at=NOW)
    due = rules.next_token(lane, kind, NOW, reserved=reserved)
    assert rules.available(lane, kind, due + timedelta(milliseconds=1), reserved=reserved) >= 1
    assert rules.available(lane, kind, NOW, reserved=reserved) == 0


@pytest.mark.fault(33)
@pytest.mark.fault(34)
@given(st.integers(-(10**7), 10**7))
def test_a_clock_that_jumps_neither_starves_nor_overfills(jump: int) -> None:
    lane = Lane(tokens=5.0, tokens_at=NOW)
    now = after(jump)
    filled = rules.refill(lane, SETTINGS, now)
    assert filled.tokens <= SETTINGS.burst + rules.reserve(SETTINGS)
    assert filled.tokens_at is not None
    assert abs((filled.tokens_at - now).total_seconds()) <= 900


def test_tokens_not_needed_come_back() -> None:
    lane = rules.take(Lane(), SETTINGS, NOW, 3)
    assert rules.refund(lane, SETTINGS, 3).tokens == rules.refill(Lane(), SETTINGS, NOW).tokens
    assert rules.refund(rules.refill(Lane(), SETTINGS, NOW), SETTINGS, 5).tokens == 22.0


# ---------------------------------------------------------------- the breaker, and pauses


def failing(times: int, lane: Lane | None = None) -> Lane:
    lane = lane or Lane()
    for _ in range(times):
        lane = rules.after_failure(lane, DOWN, SETTINGS, NOW)
    return lane


def test_it_opens_at_the_limit_and_half_opens_in_time() -> None:
    assert rules.closed(failing(2).breaker)
    breaker = failing(3).breaker
    assert breaker.reason == "connect"
    assert rules.blocked(breaker, after(29.9))
    assert not rules.blocked(breaker, after(30))


@pytest.mark.fault(62)
def test_a_failed_probe_opens_it_for_longer_up_to_a_limit() -> None:
    periods = []
    lane = failing(3)
    for _ in range(6):
        assert lane.breaker.open_until is not None
        periods.append((lane.breaker.open_until - NOW).total_seconds())
        lane = failing(1, lane)
    assert periods == [30, 60, 120, 240, 240, 240]


@pytest.mark.fault(62)
def test_while_the_probe_is_out_nothing_else_goes() -> None:
    lane = rules.probing(failing(3), SETTINGS, after(30))
    assert rules.blocked(lane.breaker, after(31))
    assert not rules.blocked(rules.unprobed(lane, after(31)).breaker, after(31))


def test_success_closes_it_and_forgets_the_failures() -> None:
    assert rules.after_success(failing(5), (), NOW).breaker == Breaker()


@pytest.mark.fault(58)
@pytest.mark.parametrize("reason", [Reason.CREDENTIALS, Reason.PAYMENT, Reason.SUSPENDED, Reason.NOT_ENROLLED])
def test_a_refused_account_opens_it_at_once(reason: Reason) -> None:
    assert rules.blocked(rules.after_failure(Lane(), failure(reason), SETTINGS, NOW).breaker, NOW)


@pytest.mark.fault(63)
@pytest.mark.parametrize("reason", [Reason.REJECTED, Reason.DUPLICATE, Reason.RATE_LIMITED, Reason.BUSY])
def test_a_real_reply_closes_it(reason: Reason) -> None:
    assert rules.closed(rules.after_failure(failing(3), failure(reason), SETTINGS, NOW).breaker)


@pytest.mark.parametrize("reason", [Reason.CANCELLED, Reason.QUOTA, Reason.EGRESS, Reason.STALE_UNMARKED])
def test_our_own_refusals_say_nothing_about_the_channel(reason: Reason) -> None:
    lane = failing(2)
    assert rules.after_failure(lane, failure(reason, maybe_sent=True), SETTINGS, NOW) == lane


def test_a_429_pauses_the_whole_bucket() -> None:
    lane = rules.after_failure(Lane(), failure(Reason.RATE_LIMITED, retry_after=60.0), SETTINGS, NOW)
    assert rules.available(lane, SETTINGS, after(59), reserved=True) == 0
    assert rules.available(lane, SETTINGS, after(60.5), reserved=True) >= 1
    assert rules.next_token(lane, SETTINGS, NOW, reserved=False) == after(60)


@given(errors, st.integers(0, 10))
def test_whatever_happens_the_lane_opens_again_within_minutes(error: BaseException, before: int) -> None:
    lane = rules.after_failure(failing(before), error, SETTINGS, NOW)
    assert not rules.blocked(lane.breaker, after(8 * SETTINGS.breaker_open_s))
    assert rules.next_token(lane, SETTINGS, NOW, reserved=True) <= after(902)


def test_settings_are_the_configurations_words() -> None:
    assert [field.name for field in dataclasses.fields(LaneSettings)] == [
        "concurrency",
        "timeout_s",
        "rate_per_s",
        "burst",
        "breaker_failures",
        "breaker_open_s",
        "refresh_s",
    ]


# ---------------------------------------------------------------- to the token, and to the second


def test_the_reserve_is_a_tenth_and_at_least_one() -> None:
    assert [rules.reserve(LaneSettings(burst=burst)) for burst in (1, 10, 30)] == [1.0, 1.0, 3.0]


def test_one_token_is_taken_and_the_next_is_told_exactly() -> None:
    assert rules.take(Lane(), SETTINGS, NOW).tokens == SETTINGS.burst + 1
    empty = Lane(tokens=0.0, tokens_at=NOW)
    assert rules.next_token(empty, SETTINGS, NOW, reserved=True) == after(0.5)
    assert rules.next_token(empty, SETTINGS, NOW, reserved=False) == after(1.5)


def test_a_bucket_made_smaller_overflows_at_once() -> None:
    assert rules.refill(Lane(tokens=99.0, tokens_at=NOW), SETTINGS, NOW).tokens == SETTINGS.burst + 2


def test_a_pause_of_a_quarter_of_an_hour_is_kept_and_a_longer_one_is_a_clocks_mistake() -> None:
    paused = Lane(tokens=0.0, tokens_at=after(900))
    assert rules.refill(paused, SETTINGS, NOW) is paused
    assert rules.refill(dataclasses.replace(paused, tokens_at=after(901)), SETTINGS, NOW).tokens_at == NOW


@pytest.mark.parametrize("wish", [0.5, 60.0])
def test_a_pause_lasts_as_long_as_it_was_asked_for(wish: float) -> None:
    used = Lane(tokens=5.0, tokens_at=after(-1))
    lane = rules.after_failure(used, failure(Reason.RATE_LIMITED, retry_after=wish), SETTINGS, NOW)
    assert (lane.tokens, lane.tokens_at) == (7.0, after(wish))
    assert rules.after_failure(used, failure(Reason.BUSY, retry_after=wish), SETTINGS, NOW) == used


def test_what_the_provider_says_is_left_is_remembered_whatever_came_of_it() -> None:
    told, old = Reading(name="day", remaining=7, resets_at=after(60)), Reading(name="x", remaining=1, resets_at=NOW)
    lane = Lane(readings=(old,))
    assert rules.after_success(lane, (told,), NOW).readings == (told,)
    for reason in (Reason.SUSPENDED, Reason.REJECTED, Reason.CANCELLED):
        assert rules.after_failure(lane, failure(reason, readings=(told,)), SETTINGS, NOW).readings == (told,)


def test_a_probe_shuts_it_for_as_long_as_it_may_take() -> None:
    lane = rules.probing(failing(3), SETTINGS, after(30))
    assert lane.breaker.open_until == after(30 + SETTINGS.timeout_s + SETTINGS.breaker_open_s)


def test_a_breaker_is_shut_only_between_its_two_moments() -> None:
    assert not rules.blocked(Breaker(open_until=after(60)), NOW)
    assert rules.blocked(Breaker(opened_at=NOW), after(9999))
    ahead = Breaker(opened_at=after(5), open_until=after(60))
    assert rules.blocked(ahead, NOW), "a clock put right by five seconds"
    assert not rules.blocked(ahead, after(-1))


def test_it_says_what_shut_it() -> None:
    assert rules.after_failure(Lane(), failure(Reason.SUSPENDED), SETTINGS, NOW).breaker.reason == "suspended"
