"""Who may send, where it goes, what may be reached, and when it becomes late."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from broadcaster.clock import SystemClock, SystemEntropy
from broadcaster.errors import EgressRefused
from broadcaster.model import Actor, Alert, Grade, Kind, Mode, Severity, State, Urgency
from broadcaster.ports.store import Acceptance
from broadcaster.rules import approval, routing
from broadcaster.rules.egress import Endpoints, is_loopback
from broadcaster.rules.policy import Policy
from tests.unit.drafts import INFO, NOW, alert
from tests.unit.values import delivery

GRAVE = (Severity.EXTREME, Severity.SEVERE)
TARGETS = {"twitter": ("account",), "mail": ("subscribers",), "page": ("directory", "mirror"), "feeds": ("directory",)}
PUBLISHERS = ("page", "feeds")


def graded(severity: Severity, kind: Kind = Kind.ALERT, urgency: Urgency = Urgency.IMMEDIATE) -> Alert:
    return alert(kind, infos=(replace(INFO, severity=severity, urgency=urgency),))


def acceptance(author: Actor, age: timedelta = timedelta(0)) -> Acceptance:
    return Acceptance(
        key="k", body_digest="", digest="", alert=alert(), author=author, at=NOW - age, messages=(), plan=()
    )


# ------------------------------------------------------------------ approval


@pytest.mark.parametrize("severity", list(Severity))
def test_live_and_grave_needs_a_second_person(severity: Severity) -> None:
    assert approval.needed(Mode.LIVE, graded(severity)) is (severity in GRAVE)
    assert approval.needed(Mode.DRILL, graded(severity)) is False


@pytest.mark.parametrize("severity", list(Severity))
def test_a_drill_may_rehearse_approval_as_in_earnest(severity: Severity) -> None:
    rehearsed = Policy(rehearsed=True)
    assert approval.needed(Mode.DRILL, graded(severity), rehearsed) is (severity in GRAVE)
    assert approval.needed(Mode.LIVE, graded(severity), rehearsed) is (severity in GRAVE)


@pytest.mark.parametrize("kind", list(Kind))
def test_only_a_retraction_is_approved_in_advance(kind: Kind) -> None:
    assert approval.in_advance(kind) is (kind in (Kind.CANCEL, Kind.CORRECTION))
    assert approval.needed(Mode.LIVE, graded(Severity.EXTREME, kind)) is True


@pytest.mark.parametrize(("level", "needed"), [(None, False), (2, False), (3, True), (4, True), (5, True)])
def test_an_evacuation_level_is_grave_whatever_the_severity_says(level: int | None, needed: bool) -> None:
    assert approval.needed(Mode.LIVE, alert(level=level, infos=(replace(INFO, severity=Severity.MINOR),))) is needed


def test_the_gravest_language_decides() -> None:
    mixed = alert(infos=(INFO, replace(INFO, language="en", severity=Severity.EXTREME)))
    assert approval.needed(Mode.LIVE, mixed) is True


@pytest.mark.parametrize(
    ("author", "actor", "allowed"),
    [
        (Actor(name="officer", uid=1), Actor(name="chief", uid=2), True),
        (Actor(name="officer", uid=1), Actor(name="officer", uid=1), False),
        (Actor(name="officer", uid=1), Actor(name="chief", uid=1), False),
        (Actor(name="officer", uid=1), Actor(name="officer", uid=2), False),
        (Actor(name="officer", uid=1), Actor(name="OFFICER"), False),
        (Actor(name="officer"), Actor(name="chief"), True),
    ],
)
def test_the_second_person_is_another_one(author: Actor, actor: Actor, allowed: bool) -> None:
    assert approval.allowed(acceptance(author), actor) is allowed


def test_a_submission_grows_old() -> None:
    author = Actor(name="officer")
    assert approval.fresh(acceptance(author, timedelta(minutes=30)), NOW)
    assert not approval.fresh(acceptance(author, timedelta(minutes=30, seconds=1)), NOW)
    assert not approval.fresh(
        acceptance(author, timedelta(minutes=6)), NOW, Policy(approval_within=timedelta(minutes=5))
    )
    patient = Policy(approval_within=timedelta(days=9))
    assert approval.fresh(acceptance(author), INFO.expires - timedelta(seconds=1), patient)
    assert not approval.fresh(acceptance(author), INFO.expires, patient), "what is over at this moment is over"


# ------------------------------------------------------------------ routing


def planned(said: Alert, mode: Mode = Mode.LIVE, policy: Policy | None = None) -> set[tuple[str, str]]:
    plan = routing.plan(said, TARGETS, mode, NOW, publishers=PUBLISHERS, policy=policy or Policy())
    assert len(plan) == len({(each.channel, each.target) for each in plan})
    return {(each.channel, each.target) for each in plan}


def test_each_target_of_each_channel_gets_a_delivery_of_its_own() -> None:
    assert planned(alert()) == {
        ("twitter", "account"),
        ("mail", "subscribers"),
        ("page", "directory"),
        ("page", "mirror"),
        ("feeds", "directory"),
    }


def test_a_choice_of_channels_is_kept_to() -> None:
    assert planned(alert(channels=("mail", "feeds"))) == {("mail", "subscribers"), ("feeds", "directory")}
    assert planned(alert(channels=("telex",))) == set()


def test_a_silent_one_changes_only_what_is_published() -> None:
    published = {("page", "directory"), ("page", "mirror"), ("feeds", "directory")}
    assert planned(alert(silent=True)) == published
    assert planned(alert(silent=True, channels=("mail", "page"))) == {("page", "directory"), ("page", "mirror")}


def test_what_is_not_said_everywhere_yet_stays_so_where_a_silent_one_follows() -> None:
    states = {
        "twitter": State.RETRY_WAIT,
        "mail": State.SENDING,
        "letters": State.CONFIRMED,
        "pager": State.HELD,
        "page": State.READY,
    }
    deliveries = [delivery(channel=name, state=state) for name, state in states.items()]
    assert routing.left_untold(deliveries, PUBLISHERS) == ("twitter", "mail", "pager")


@pytest.mark.parametrize(
    ("severity", "mode", "grade", "late"),
    [
        (Severity.EXTREME, Mode.LIVE, Grade.EMERGENCY, timedelta(minutes=10)),
        (Severity.SEVERE, Mode.LIVE, Grade.WARNING, timedelta(minutes=30)),
        (Severity.MINOR, Mode.LIVE, Grade.INFORMATION, None),
        (Severity.EXTREME, Mode.DRILL, Grade.DRILL, None),
    ],
)
def test_grade_and_times(severity: Severity, mode: Mode, grade: Grade, late: timedelta | None) -> None:
    said = graded(severity)
    for each in routing.plan(said, TARGETS, mode, NOW, publishers=PUBLISHERS):
        assert each.grade is grade
        assert (each.due_at, each.expires_at) == (NOW, said.expires)
        assert each.stale_at == (said.expires if late is None else said.sent + late)


def test_a_city_may_call_it_late_sooner() -> None:
    strict = Policy(stale_emergency=timedelta(minutes=3))
    said = graded(Severity.EXTREME)
    plan = routing.plan(said, TARGETS, Mode.LIVE, NOW, publishers=PUBLISHERS, policy=strict)
    assert {each.stale_at for each in plan} == {said.sent + timedelta(minutes=3)}


# ------------------------------------------------------------------ egress

LOOPBACK = ["127.0.0.1", "127.255.0.1", "localhost", "LOCALHOST", "localhost.", "::1", "[::1]", "::ffff:127.0.0.1"]
ELSEWHERE = [
    "api.x.com",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "0.0.0.0",
    "192.0.2.1",
    "2130706433",
    "127.1",
    "0x7f.0.0.1",
    "",
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_a_drill_reaches_this_machine(host: str) -> None:
    assert is_loopback(host)
    Endpoints(Mode.DRILL).check(host, 443)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_drill_reaches_nothing_else(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(EgressRefused) as caught:
        Endpoints(Mode.DRILL, ["test.example.com"]).check(host, 443)
    assert (caught.value.code, caught.value.params) == ("egress_drill", {"host": host, "port": 443})


def test_a_drill_reaches_test_endpoints_that_are_listed() -> None:
    drill = Endpoints(Mode.DRILL, ["Test.example.com", "mail.example.com:2525", "[2001:db8::1]:25"])
    drill.check("test.example.com", 1)
    drill.check("MAIL.example.com.", 2525)
    drill.check("2001:db8::1", 25)
    for host, port in (("mail.example.com", 25), ("2001:db8::1", 26), ("sub.test.example.com", 1)):
        with pytest.raises(EgressRefused):
            drill.check(host, port)


def test_a_live_instance_never_reaches_a_test_endpoint() -> None:
    live = Endpoints(Mode.LIVE, ["test.example.com"])
    live.check("api.x.com", 443)
    live.check("127.0.0.1", 25)
    with pytest.raises(EgressRefused) as caught:
        live.check("test.example.com", 443)
    assert (caught.value.code, caught.value.params) == ("egress_live", {"host": "test.example.com", "port": 443})


@pytest.mark.parametrize("host", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "::ffff:169.254.169.254"])
def test_a_live_instance_reaches_no_address_that_is_nobody_s(host: str) -> None:
    with pytest.raises(EgressRefused):
        Endpoints(Mode.LIVE).check(host, 80)


# ------------------------------------------------------------------ clock and chance


async def test_the_clock_tells_utc_and_waits() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    begun = clock.monotonic()
    await clock.sleep(-1)
    await clock.sleep(0.01)
    assert clock.monotonic() - begun >= 0.01


def test_chance_is_unguessable_and_in_range() -> None:
    entropy = SystemEntropy()
    tokens = {entropy.token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 32 and int(token, 16) >= 0 for token in tokens)
    assert all(0 <= entropy.jitter() < 1 for _ in range(100))
