"""Saying a test: an alert of CAP status `Test`, accepted as any other, owed to test endpoints alone."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.canary.room import Room, rehearsal_of
from broadcaster.desk import build_alert, situation
from broadcaster.documents import digest
from broadcaster.failpoints import hit
from broadcaster.model import (
    TESTS,
    Actor,
    Alert,
    Area,
    Category,
    Certainty,
    Draft,
    Grade,
    Info,
    Kind,
    Message,
    ResponseType,
    Severity,
    Sounding,
    Status,
    Urgency,
)
from broadcaster.ports.channel import Channel, Composer
from broadcaster.ports.store import Acceptance, Planned

VALID = timedelta(hours=12)
"""How long a test that could not be said is tried again: a channel that comes back is heard to do so."""
TARGET = "canary"
"""The target of a messenger's test: no channel has one of that name for residents."""
AUTHOR = Actor(name="canary")


@dataclass(frozen=True, slots=True)
class Sounder:
    """Makes test messages and hands them to the store."""

    room: Room

    async def say(self, sounding: Sounding) -> Alert:
        """Accept the test, on every channel that can say one. Raise `Conflict` where it is settled already."""
        hit("k0")
        now, version = self.room.now(), await self.room.store.next_test()
        channels = self.room.tested()
        alert = self._alert(tuple(channels), version, now)
        messages = dict([await self._composed(*each, alert) for each in channels.items()])
        key = f"canary/{sounding.due:%Y%m%dT%H%M%S.%fZ}"
        await self.room.store.accept(
            Acceptance(
                key=key,
                body_digest=digest(key),
                digest=digest({"alert": alert, "messages": list(messages.values())}),
                alert=alert,
                author=Actor(name=sounding.by) if sounding.by else AUTHOR,
                at=now,
                messages=tuple(message for message in messages.values() if message is not None),
                plan=tuple(self._plan(channels, messages, alert)),
                sounding=sounding,
            )
        )
        hit("k2")
        return alert

    async def _composed(self, name: str, channel: Channel, alert: Alert) -> tuple[str, Message | None]:
        """Return what a channel would say; None of a publisher, and where it cannot say it."""
        if not isinstance(channel, Composer):
            return name, None
        return name, channel.compose(alert, await situation(self.room.office, name, channel, alert)).message

    def _plan(
        self, channels: Mapping[str, Channel], messages: Mapping[str, Message | None], alert: Alert
    ) -> Iterator[Planned]:
        """Yield what is owed: of a publisher to every target, since each of them holds the unlisted file."""
        for name, channel in channels.items():
            composes, place = isinstance(channel, Composer), rehearsal_of(channel)
            if composes and messages[name] is None:
                continue  # no delivery: that is found out when the answers are looked for
            for target in (TARGET,) if composes else channel.targets():
                yield Planned(
                    channel=name,
                    target=target,
                    grade=Grade.of(alert.severity, self.room.office.mode),
                    due_at=alert.sent,
                    expires_at=alert.expires,
                    stale_at=alert.expires,
                    recipients=place.recipients if place else (),
                )

    def _alert(self, channels: tuple[str, ...], version: int, now: datetime) -> Alert:
        draft = Draft(kind=Kind.TEST, status=Status.TEST, infos=tuple(self._infos(now)), channels=channels)
        return build_alert(self.room.office, draft, (TESTS, version), ())

    def _infos(self, now: datetime) -> Iterator[Info]:
        context = self.room.office.context
        words = tomllib.loads(context.renderer.render("canary/test.toml", {"at": now}))
        for language, said in words.items():
            area = context.city.name if language == "ja" else context.city.name_en
            yield Info(
                language=language,
                category=(Category.OTHER,),
                urgency=Urgency.UNKNOWN,
                severity=Severity.MINOR,
                certainty=Certainty.OBSERVED,
                response_type=(ResponseType.NONE,),
                effective=now,
                expires=now + VALID,
                contact=context.city.contact,
                areas=(Area(area_desc=area),),
                **said,
            )
