"""What is in force: one version of an incident at most, and everything else ended for a reason."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.model import Alert, Ending, Kind, Severity
from broadcaster.rules.force import partition
from tests.unit.values import NOW, after, alert

LATER = after(3600)


@st.composite
def histories(draw: st.DrawFn) -> list[Alert]:
    said: list[Alert] = []
    for incident in range(1, draw(st.integers(1, 4)) + 1):
        moment = draw(st.integers(-7200, 0))
        for version in range(1, draw(st.integers(1, 4)) + 1):
            kind = Kind.ALERT if version == 1 else draw(st.sampled_from([kind for kind in Kind if kind.refers]))
            said.append(
                alert(
                    incident,
                    version,
                    kind=kind,
                    sent=after(moment),
                    expires=after(moment + draw(st.integers(60, 9000))),
                    severity=draw(st.sampled_from(Severity)),
                    level=draw(st.none() | st.integers(3, 5)),
                )
            )
            moment += draw(st.integers(1, 3000))
    return draw(st.permutations(said))


@given(histories(), st.integers(0, 9000).map(after))
def test_every_alert_is_on_one_side_only(said: list[Alert], now: datetime) -> None:
    in_force, ended = partition(said, now)
    found = [each.identifier for each in in_force] + [each.alert.identifier for each in ended]
    assert sorted(found) == sorted(each.identifier for each in said)


@given(histories(), st.integers(0, 9000).map(after))
def test_in_force_is_the_newest_unexpired_unclosed_of_each_incident(said: list[Alert], now: datetime) -> None:
    in_force, _ = partition(said, now)
    newest = {each.incident: each for each in sorted(said, key=lambda each: each.version)}
    expected = {each.identifier for each in newest.values() if each.expires > now and not each.kind.ends}
    assert {each.identifier for each in in_force} == expected
    assert len({each.incident for each in in_force}) == len(in_force)


@given(histories(), st.integers(0, 9000).map(after))
def test_gravest_come_first_and_latest_ends_first(said: list[Alert], now: datetime) -> None:
    in_force, ended = partition(said, now)
    gravity = [list(Severity).index(each.severity) for each in in_force]
    assert gravity == sorted(gravity)
    ends = [each.at for each in ended]
    assert ends == sorted(ends, reverse=True)


@given(histories(), st.integers(0, 9000).map(after))
def test_the_order_of_the_input_does_not_matter(said: list[Alert], now: datetime) -> None:
    assert partition(said, now) == partition(list(reversed(said)), now)


def endings(*said: Alert) -> dict[int, Ending]:
    return {each.alert.version: each.why for each in partition(said, LATER)[1]}


def test_each_successor_says_why_the_earlier_one_ended() -> None:
    first = alert(version=1)
    assert endings(first, alert(version=2, sent=after(60))) == {1: Ending.SUPERSEDED}
    assert endings(first, alert(version=2, kind=Kind.CORRECTION, sent=after(60))) == {1: Ending.CORRECTED}
    cancelled = endings(first, alert(version=2, kind=Kind.CANCEL, sent=after(60)))
    assert cancelled == {1: Ending.CANCELLED, 2: Ending.CANCELLED}
    cleared = endings(first, alert(version=2, kind=Kind.ALL_CLEAR, sent=after(60)))
    assert cleared == {1: Ending.CLEARED, 2: Ending.CLEARED}


def test_what_had_expired_before_its_successor_expired() -> None:
    first = alert(version=1, expires=after(30))
    assert endings(first, alert(version=2, sent=after(60)))[1] is Ending.EXPIRED


def test_a_higher_level_comes_before_a_newer_one_of_the_same_severity() -> None:
    five = alert(1, level=5, severity=Severity.EXTREME, sent=NOW)
    four = alert(2, level=4, severity=Severity.EXTREME, sent=after(60))
    assert partition([four, five], LATER)[0] == (five, four)


def test_at_its_very_end_it_is_no_longer_in_force() -> None:
    over = alert(expires=LATER)
    assert partition([over], LATER)[0] == ()
    assert partition([over], after(3599))[0] == (over,)


def test_any_level_comes_before_none_then_the_newer_then_the_later_incident() -> None:
    said = [alert(1, level=1), alert(2, sent=after(60)), alert(3), alert(4)]
    assert [each.incident for each in partition(said, after(90))[0]] == [1, 2, 4, 3]


def test_what_ended_at_one_moment_is_told_from_the_latest_incident_and_version_on() -> None:
    said = [alert(number, version, sent=NOW) for number in (1, 2) for version in (1, 2, 3)]
    found = [(each.alert.incident, each.alert.version) for each in partition(said, after(60))[1]]
    assert found == [(2, 2), (2, 1), (1, 2), (1, 1)]
