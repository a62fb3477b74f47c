"""From a draft to an alert, and from an alert to what each channel will say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.desk.values import Office
from broadcaster.documents import digest
from broadcaster.errors import NotFound, RenderingError
from broadcaster.model import TESTS, Alert, Draft, Edition, Grade, Kind, Message, Mode, Problem, Reference, Status
from broadcaster.ports.channel import Channel, Composer, Composition, Metered, Publisher, Situation
from broadcaster.rules import budget, checks, force, routing, space, timekeeping

DAY = timedelta(hours=24)
ROUTINE_DAY = timedelta(hours=20)
"""What is said every day at the same time was last said some seconds less than 24 hours ago: that is no repetition."""
_BOARD_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """An alert with all that would go out for it, and everything that is wrong with it."""

    alert: Alert
    compositions: dict[str, Composition]
    files: dict[str, dict[str, bytes]]
    problems: tuple[Problem, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages that could be composed."""
        return tuple(made.message for made in self.compositions.values() if made.message is not None)

    @property
    def blocked(self) -> bool:
        """Whether anything forbids sending it."""
        return any(problem.blocking for problem in self.problems)


def build_alert(office: Office, draft: Draft, serial: tuple[int, int], earlier: Sequence[Alert]) -> Alert:
    """Give a draft what the service assigns: identifier, time, serial, references. A drill is always `Exercise`.

    The identifier holds the second of sending besides the serial: after a restore from an older backup serials may
    come again, identifiers may not (CAP 1.2, 3.2.1: unique, without space, comma, `<` and `&`).
    """
    now, city = office.now().replace(microsecond=0), office.context.city
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    return Alert(
        identifier=f"{city.sender}-{stamp}-{serial[0]}-{serial[1]}",
        sender=city.sender,
        sent=now,
        status=_status(office.mode, draft),
        kind=draft.kind,
        incident=serial[0],
        version=serial[1],
        infos=draft.infos,
        references=tuple(Reference(sender=old.sender, identifier=old.identifier, sent=old.sent) for old in earlier),
        level=draft.level,
        channels=draft.channels,
        silent=draft.silent,
        note=draft.note,
    )


def _status(mode: Mode, draft: Draft) -> Status:
    """A test of the channels is one in either mode."""
    return draft.status if mode is Mode.LIVE or draft.kind is Kind.TEST else Status.EXERCISE


def chosen(office: Office, alert: Alert) -> dict[str, Channel]:
    """Return the channels this alert goes to."""
    publishers = office.publishers
    return {
        name: channel
        for name, channel in office.channels.items()
        if routing.goes_to(alert, name, publisher=name in publishers)
    }


async def earlier_versions(office: Office, incident: int | None) -> tuple[Alert, ...]:
    """Return all versions of the incident so far, oldest first. Raise `NotFound`, also for that of test messages, to
    which nobody adds by hand.
    """
    if incident == TESTS:
        raise NotFound("incident_not_found", incident=incident)
    return () if incident is None else await office.store.incident(incident)


async def situation(office: Office, name: str, channel: Channel, alert: Alert) -> Situation:
    """Gather what composing depends on: time, grade, what is left of each budget, what was said in the last day."""
    now, store = office.now(), office.store
    grade = Grade.of(alert.severity, office.mode)
    limits = channel.limits() if isinstance(channel, Metered) else ()
    left = {}
    if limits:
        spent, lane = await store.spent(name, now - budget.window(limits)), await store.lane(name)
        left = dict(budget.left(limits, spent, lane.readings, grade, now))
    recent = await store.recent_bodies(name, now - (ROUTINE_DAY if alert.kind is Kind.ROUTINE else DAY))
    return Situation(now=now, grade=grade, left=left, recent=recent)


async def compose(
    office: Office, draft: Draft, alert: Alert, earlier: Sequence[Alert], edition: Edition | None = None
) -> Composed:
    """Say the alert on each channel, and collect every problem of the draft and of each channel.

    Publishers render `edition`; without one they are left out: they always publish the state of the moment, so nothing
    of them is frozen. Pages are rendered in a thread, since a long history takes a good part of a second.
    """
    problems = list(find_problems(office, draft, earlier))
    compositions: dict[str, Composition] = {}
    rendered: dict[str, dict[str, bytes]] = {}
    for name, channel in chosen(office, alert).items():
        try:
            if isinstance(channel, Composer):
                made = channel.compose(alert, await situation(office, name, channel, alert))
                compositions[name] = made
                problems += [_placed(problem, name) for problem in made.problems]
            elif isinstance(channel, Publisher) and edition is not None:
                rendered[name] = dict(await asyncio.to_thread(channel.render, edition))
        except RenderingError as error:
            problems.append(Problem(code=error.code, place=f"channels.{name}", params=error.params))
    return Composed(alert=alert, compositions=compositions, files=rendered, problems=tuple(problems))


def find_problems(office: Office, draft: Draft, earlier: Sequence[Alert]) -> list[Problem]:
    """Return what is wrong with the draft itself, unknown channels included."""
    known = ", ".join(office.channels)
    unknown = [{"channel": name, "known": known} for name in draft.channels if name not in office.channels]
    lost = office.mode is Mode.LIVE and timekeeping.lost(office.now())
    return [
        *([Problem(code="clock_lost", params={"now": f"{office.now():%Y-%m-%d}"})] if lost else []),
        *space.refused(draft, office.free()),
        *checks.problems(
            draft, now=office.now(), city=office.context.city, live=earlier, mode=office.mode, policy=office.policy
        ),
        *(Problem(code="unknown_channel", place="channels", params=params) for params in unknown),
    ]


async def untold(office: Office, draft: Draft, earlier: Sequence[Alert]) -> tuple[Problem, ...]:
    """Refuse a silent draft for each channel on which what it follows would stay unsaid, to some or to all: nothing
    that was accepted is lost but by somebody who says so.
    """
    if not (draft.silent and earlier):
        return ()
    row = await office.store.alert(earlier[-1].identifier)
    channels = routing.left_untold(row.deliveries, office.publishers)
    return tuple(Problem(code="silent_overtakes", place="silent", params={"channel": name}) for name in channels)


def sayable(draft: Draft) -> bool:
    """Return whether there is anything to say, at times that mean something: else not even a preview can be made."""
    times = [moment for info in draft.infos for moment in (info.expires, info.effective) if moment is not None]
    return bool(draft.infos) and all(moment.utcoffset() is not None for moment in times)


async def edition_with(office: Office, alert: Alert) -> Edition:
    """Return the public state as it would be with this alert added."""
    return _edition(office, [*await _public(office), alert])


async def edition_now(office: Office) -> Edition:
    """Return the public state as it is."""
    return _edition(office, await _public(office))


def edition_of(office: Office, alert: Alert) -> Edition:
    """Return an edition with nothing but this alert."""
    return _edition(office, [alert])


async def _public(office: Office) -> list[Alert]:
    return [row.alert for row in await office.store.board(office.now(), _BOARD_ROWS)]


def _edition(office: Office, alerts: Sequence[Alert]) -> Edition:
    """Make an edition of these alerts. Its number is 0: it is only looked at."""
    now = office.now()
    in_force, ended = force.partition({alert.identifier: alert for alert in alerts}.values(), now)
    return Edition(number=0, issued_at=now, mode=office.mode, in_force=in_force, ended=ended)


async def fingerprint(office: Office, draft: Draft, alert: Alert) -> str:
    """Return the digest of a preview: of the draft and of every channel's words, under a serial and a time that do not
    depend on when it is handed in. A changed word, template, budget rung or channel list changes it.
    """
    still = replace(alert, identifier=alert.sender, incident=0, version=1, sent=_still(alert), references=())
    said: dict[str, object] = {}
    for name, channel in chosen(office, alert).items():
        if isinstance(channel, Composer):
            seen = await situation(office, name, channel, alert)
            said[name] = channel.compose(still, replace(seen, now=still.sent, recent=())).message
    return digest({"draft": draft, "said": said})


def _still(alert: Alert) -> datetime:
    return alert.primary.expires - timedelta(hours=1)


def _placed(problem: Problem, channel: str) -> Problem:
    if problem.place.startswith("channels."):
        return problem
    return replace(problem, place=f"channels.{channel}" + (f".{problem.place}" if problem.place else ""))
