"""What is said: the alert, its words per language, and what a city adds to CAP.

Names are those of CAP 1.2 in snake_case; incident, version, evacuation level, kind and easy Japanese are added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from broadcaster.model.cap import Category, Certainty, MsgType, ResponseType, Severity, Status, Urgency


class Kind(StrEnum):
    """What a message is in the life of its incident."""

    ALERT = "alert"
    UPDATE = "update"
    CORRECTION = "correction"
    CANCEL = "cancel"
    ALL_CLEAR = "all-clear"
    ROUTINE = "routine"
    TEST = "test"
    """Said to test endpoints only, to see whether a channel works; made by the canary, never by a person."""

    @property
    def msg_type(self) -> MsgType:
        """The CAP `msgType` this kind is published under."""
        return _MSG_TYPES[self]

    @property
    def ends(self) -> bool:
        """Whether nothing of the incident is in force afterwards."""
        return self in (Kind.CANCEL, Kind.ALL_CLEAR)

    @property
    def refers(self) -> bool:
        """Whether it makes sense only after an earlier live alert of the same incident."""
        return self in (Kind.UPDATE, Kind.CORRECTION, Kind.CANCEL, Kind.ALL_CLEAR)

    @property
    def reserved(self) -> bool:
        """Whether it may use the reserved lane and reserved tokens (delivery.md, order 4)."""
        return self in (Kind.CORRECTION, Kind.CANCEL, Kind.ALL_CLEAR)


_MSG_TYPES = {
    Kind.ALERT: MsgType.ALERT,
    Kind.ROUTINE: MsgType.ALERT,
    Kind.TEST: MsgType.ALERT,
    Kind.UPDATE: MsgType.UPDATE,
    Kind.CORRECTION: MsgType.UPDATE,
    Kind.CANCEL: MsgType.CANCEL,
    Kind.ALL_CLEAR: MsgType.UPDATE,
}


class Mode(StrEnum):
    """What an instance is for. A property of the whole instance, never of one message."""

    LIVE = "live"
    DRILL = "drill"


class Grade(IntEnum):
    """How hard a delivery is pressed: the rows of delivery.md's table of doubts. Higher goes first."""

    DRILL = 0
    INFORMATION = 1
    WARNING = 2
    EMERGENCY = 3

    @classmethod
    def of(cls, severity: Severity, mode: Mode) -> Grade:
        """Extreme is an emergency, Severe a warning, all else information; in a drill everything is drill."""
        if mode is Mode.DRILL:
            return cls.DRILL
        return {Severity.EXTREME: cls.EMERGENCY, Severity.SEVERE: cls.WARNING}.get(severity, cls.INFORMATION)


JAPANESE = "ja"
EASY_JAPANESE = "ja-x-easy"
"""やさしい日本語: a private-use subtag of BCP 47, since none is registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geocode:
    """CAP `geocode`: a code within a named code system, e.g. ("JMA", "1322000")."""

    value_name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """CAP `area`: a place residents recognise, and its codes."""

    area_desc: str
    geocodes: tuple[Geocode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """CAP `info`: the alert in one language. `language` is a BCP 47 tag."""

    language: str
    category: tuple[Category, ...]
    event: str
    headline: str
    description: str
    instruction: str
    expires: datetime
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    response_type: tuple[ResponseType, ...] = ()
    effective: datetime | None = None
    web: str = ""
    contact: str = ""
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """CAP `references`: an earlier message, by its three identifying fields."""

    sender: str
    identifier: str
    sent: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person hands in: an alert without what the service assigns (identifier, sent, version).

    `incident` is the number of a running incident, needed for every kind that refers to one, None for a new one.
    `channels` empty means every configured channel. `silent` says that only pages, feeds and data are
    changed and nobody is notified again.
    """

    kind: Kind
    infos: tuple[Info, ...]
    status: Status = Status.ACTUAL
    level: int | None = None
    incident: int | None = None
    channels: tuple[str, ...] = ()
    silent: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One version of what is said about one incident. Never changed after acceptance."""

    identifier: str
    sender: str
    sent: datetime
    status: Status
    kind: Kind
    incident: int
    version: int
    infos: tuple[Info, ...]
    references: tuple[Reference, ...] = ()
    level: int | None = None
    channels: tuple[str, ...] = ()
    silent: bool = False
    note: str = ""

    def __hash__(self) -> int:
        """Of what tells alerts apart: hashing all texts takes longer than whatever is looked up."""
        return hash((self.identifier, self.incident, self.version))

    @property
    def msg_type(self) -> MsgType:
        """CAP `msgType`."""
        return self.kind.msg_type

    @property
    def primary(self) -> Info:
        """The authoritative language: the first, Japanese in Japan."""
        return self.infos[0]

    @property
    def severity(self) -> Severity:
        """The gravest severity over all languages."""
        order = list(Severity)
        return min((info.severity for info in self.infos), key=order.index)

    @property
    def expires(self) -> datetime:
        """When the earliest of its languages ends; nothing is sent after it."""
        return min(info.expires for info in self.infos)

    @property
    def serial(self) -> str:
        """The short visible reference of this version, e.g. `14-2`."""
        return f"{self.incident}-{self.version}"

    def info(self, language: str) -> Info | None:
        """The info in exactly this language, or None."""
        return next((info for info in self.infos if info.language == language), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with an input, for a person: `code` names a sentence of the catalogue, `place` the field.

    Places read like `infos[0].headline` or `channels.twitter.url`. A problem that is not `blocking` is a warning.
    """

    code: str
    place: str = ""
    params: Mapping[str, str | int | float] = field(default_factory=dict[str, str | int | float])
    blocking: bool = True
