"""Who may ask what, and how logins are judged."""

from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.api import ROUTES
from broadcaster.model import Problem, Role, Scope
from broadcaster.rules import login, roles
from broadcaster.rules.login import Lifetimes

NOW = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
STREAMS = {"events", "subscribers", "openapi"}


def test_every_route_says_who_may_ask_it() -> None:
    assert set(roles.ROUTES) == {route.name for route in ROUTES} | STREAMS


def test_what_is_in_no_table_nobody_may_ask() -> None:
    assert not roles.allowed("no_such_route", roles.ANY)
    assert not roles.unnamed("no_such_route", owner=True)


@pytest.mark.parametrize("route", sorted(roles.ROUTES))
@pytest.mark.fault(118)
def test_nothing_that_approves_or_decides_is_a_get(route: str) -> None:
    """A scanner of mails or a preview in a chat follows links: they are GETs, and change nothing."""
    gets = {each.name for each in ROUTES if each.method == "GET"} | STREAMS
    if route in gets:
        assert not roles.ROUTES[route].roles <= roles.DUTY


@pytest.mark.parametrize("scopes", [frozenset({Scope.READ}), frozenset({Scope.DRAFT}), frozenset(Scope)])
@pytest.mark.fault(123)
def test_no_token_approves_decides_or_keeps_officers(scopes: frozenset[Scope]) -> None:
    for route, rule in roles.ROUTES.items():
        if rule.roles <= roles.DUTY - {Role.COMPOSER} or rule.roles == roles.ADMINS or route in ("decide", "follow_up"):
            assert not roles.allowed(route, roles.ANY, scopes)


def test_a_role_is_needed_and_none_includes_another() -> None:
    assert roles.allowed("submit", frozenset({Role.COMPOSER}))
    assert not roles.allowed("submit", frozenset({Role.APPROVER, Role.ADMIN, Role.VIEWER}))
    assert not roles.allowed("approve", frozenset({Role.COMPOSER, Role.ADMIN, Role.VIEWER}))
    assert roles.allowed("board", frozenset({Role.VIEWER}))
    assert not roles.allowed("board", frozenset())


def test_a_pause_grows_and_never_lasts_for_ever() -> None:
    pauses = [login.pause(failures) for failures in range(30)]
    assert not any(pauses[: login.FREE_TRIES])
    assert pauses == sorted(pauses)
    assert pauses[login.FREE_TRIES] == login.FIRST_PAUSE
    assert pauses[-1] == login.LONGEST_PAUSE


def test_nobody_waits_for_a_pause_of_a_clock_that_was_ahead() -> None:
    assert login.paused(None, NOW) == timedelta(0)
    assert login.paused(NOW, NOW) == timedelta(0)
    assert login.paused(NOW + login.LONGEST_PAUSE, NOW) == login.LONGEST_PAUSE
    assert login.paused(NOW + timedelta(hours=1), NOW) == timedelta(0)


def test_a_session_ends_unused_and_at_its_end() -> None:
    lives = Lifetimes(idle=timedelta(hours=1), absolute=timedelta(hours=12))
    until = NOW + timedelta(hours=12)
    assert login.alive(NOW, until, NOW + timedelta(minutes=59), lives)
    assert not login.alive(NOW, until, NOW + timedelta(minutes=60), lives)
    assert not login.alive(until - timedelta(minutes=1), until, until, lives)


def test_codes_are_taken_near_now_and_never_again() -> None:
    present = int(NOW.timestamp()) // login.STEP_S
    assert login.steps(NOW, 0) == (present, present - 1, present + 1)
    assert login.steps(NOW, present) == (present + 1,)
    assert login.steps(NOW, present + 1) == ()


SHORT = Problem(code="passphrase_short", place="passphrase", params={"least": 12})
LONG = Problem(code="passphrase_long", place="passphrase", params={"most": 200})
SIMPLE = Problem(code="passphrase_simple", place="passphrase", params={"least": 5})


@pytest.mark.parametrize(
    ("passphrase", "problems"),
    [
        ("correct horse battery", []),
        ("川の水位を朝に見にいく", [SHORT]),
        ("川の水位を毎朝見に行く当番", []),
        ("short", [SHORT]),
        ("twelve chars", []),
        ("eleven char", [SHORT]),
        ("aaaaaaaaaaaa", [SIMPLE]),
        ("aaaaaaaaaaaaaaaa", [SIMPLE]),
        ("abcdeaaaaaaa", []),
        ("duty-aduty-aduty-a", [SIMPLE]),
        ("x" * 195 + "abcde", []),
        ("x" * 196 + "abcde", [LONG]),
    ],
)
def test_a_passphrase_is_judged_by_its_length(passphrase: str, problems: list[Problem]) -> None:
    assert list(login.passphrase_problems(passphrase, "duty-a")) == problems


@pytest.mark.parametrize(
    ("name", "fine"), [("duty-a", True), ("a", False), ("A", False), ("-a", False), ("当直", False)]
)
def test_a_name_is_plain(name: str, fine: bool) -> None:
    found = list(login.name_problems(name))
    assert found == ([] if fine else [Problem(code="officer_name_wrong", place="name")])


def test_who_gets_in_without_a_name() -> None:
    found = {route: [roles.unnamed(route, owner=owner) for owner in (False, True)] for route in ("health", "board")}
    assert found == {"health": [True, True], "board": [True, True]}
    assert [roles.unnamed("officers", owner=owner) for owner in (False, True)] == [False, True]
    assert [roles.unnamed("submit", owner=owner) for owner in (False, True)] == [False, False]
