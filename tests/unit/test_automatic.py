"""Whether something may be said without a person: the answer is nearly always no."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.model import Actor, Change, Mode, Notice
from broadcaster.ports.store import Consent, Licence, Limits, Spoken, Standing, Stop
from broadcaster.rules import automatic
from broadcaster.rules.automatic import TYPES, Guards

NOW = datetime(2026, 6, 20, 5, 5, tzinfo=UTC)
A, B, PROGRAM = Actor(name="duty-a"), Actor(name="duty-b"), Actor(name="duty-b", via="token")
GUARDS = Guards(max_age_minutes=10, limits=Limits(per_hour=1, per_day=3))
QUAKE = Notice(
    identifier="x",
    type="VXSE53",
    live=True,
    change=Change.ISSUED,
    sender="気象庁",
    reported_at=NOW,
    event_id="20260620140501",
)
LICENCE = Licence(rule="quake", digest="d", limits=Limits(per_hour=2, per_day=3), total=Limits(per_hour=4, per_day=6))
CONSENT = Consent(rule="quake", digest="d", first=A, first_at=NOW, second=B, second_at=NOW)
SECOND = timedelta(seconds=1)


def test_the_list_of_what_may_ever_be_said_is_closed() -> None:
    assert {"VXSE51", "VXSE53", "VTSE41", "VTSE51"} == TYPES


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_what_is_fit_is_live_of_an_event_and_of_the_list(type_: str) -> None:
    assert not automatic.unfit(replace(QUAKE, type=type_), GUARDS, NOW)


@pytest.mark.parametrize(
    ("notice", "why"),
    [
        (replace(QUAKE, type="VXSE52"), "automatic_never"),
        (replace(QUAKE, type="VPWW55"), "automatic_never"),
        (replace(QUAKE, event_id=""), "automatic_never"),
        (replace(QUAKE, live=False), "automatic_never"),
        (replace(QUAKE, change=Change.CORRECTED), "automatic_corrected"),
        (replace(QUAKE, change=Change.CANCELLED), "automatic_corrected"),
    ],
)
def test_what_is_unfit(notice: Notice, why: str) -> None:
    assert automatic.unfit(notice, GUARDS, NOW) == why


@pytest.mark.parametrize(
    ("age", "fit"),
    [
        (timedelta(minutes=10), True),
        (timedelta(minutes=10) + SECOND, False),
        (timedelta(minutes=-2), True),
        (timedelta(minutes=-2) - SECOND, False),
    ],
)
def test_a_document_is_of_now(age: timedelta, fit: bool) -> None:
    assert automatic.unfit(replace(QUAKE, reported_at=NOW - age), GUARDS, NOW) == ("" if fit else "automatic_stale")


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        (Standing(consent=CONSENT), ""),
        (Standing(consent=CONSENT, stop=Stop(by="duty-a", at=NOW, why="drill")), "automatic_stopped"),
        (Standing(), "automatic_unapproved"),
        (Standing(consent=replace(CONSENT, digest="older")), "automatic_unapproved"),
        (Standing(consent=replace(CONSENT, second=None)), "automatic_unapproved"),
        (Standing(consent=CONSENT, already=True), "automatic_again"),
    ],
)
def test_what_forbids(standing: Standing, why: str) -> None:
    assert automatic.forbidden(LICENCE, standing, NOW) == why


def spoken(*minutes: float, rule: str = "quake") -> tuple[Spoken, ...]:
    return tuple(Spoken(rule=rule, key="k", alert="a", at=NOW - timedelta(minutes=each)) for each in minutes)


@pytest.mark.parametrize(
    ("lately", "full"),
    [
        (spoken(1), False),
        (spoken(1, 59.9), True),  # two in an hour
        (spoken(1, 60), False),
        (spoken(1, 61, 1439.9), True),  # three in a day
        (spoken(1, 61, 1440), False),
        (spoken(1, 61) + spoken(2, rule="sea"), False),  # another rule's are not its own
        (spoken(1) + spoken(2, 3, rule="sea"), False),
        (spoken(1) + spoken(2, 3, 4, rule="sea"), True),  # four in an hour of all rules
        (spoken(1) + spoken(62, 63, 64, 65, rule="sea"), False),
        (spoken(1) + spoken(62, 63, 64, 65, 66, rule="sea"), True),  # six in a day of all rules
    ],
)
def test_it_speaks_seldom(lately: tuple[Spoken, ...], full: bool) -> None:
    found = automatic.forbidden(LICENCE, Standing(consent=CONSENT, lately=lately), NOW)
    assert found == ("automatic_rate" if full else "")


@pytest.mark.parametrize(
    ("digest", "consent", "state"),
    [
        ("d", CONSENT, "approved"),
        ("d", replace(CONSENT, second=None), "proposed"),
        ("e", CONSENT, "changed"),
        ("e", replace(CONSENT, second=None), "changed"),
        ("d", None, "unapproved"),
        ("", None, "broken"),
        ("", replace(CONSENT, digest=""), "broken"),
    ],
)
def test_how_a_rule_stands(digest: str, consent: Consent | None, state: str) -> None:
    assert automatic.state(digest, consent) == state


@pytest.mark.parametrize(
    ("actor", "mode", "may"),
    [
        (B, Mode.LIVE, True),
        (A, Mode.LIVE, False),
        (A, Mode.DRILL, True),
        (PROGRAM, Mode.LIVE, False),
        (PROGRAM, Mode.DRILL, False),
    ],
)
def test_whose_word_may_be_the_second(actor: Actor, mode: Mode, may: bool) -> None:
    assert automatic.may_second(A, actor, mode) is may
