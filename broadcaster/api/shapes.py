"""What programs send, and the answers that are not values of the desk. Unknown fields are refused: a misspelt
`silent` must not notify everybody again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from broadcaster.model import Category, Draft, Kind, Mode, Officer, Part, Problem, Role, Scope, Severity, Subscriber
from broadcaster.ports.store import Verb
from broadcaster.routine import RoutineVerb
from broadcaster.rules.policy import Policy


class _Strict:
    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class Look(_Strict):
    """A draft to preview."""

    draft: Draft


@dataclass(frozen=True, kw_only=True)
class HandIn(_Strict):
    """A draft to send. `key` is the client's: the same again gives the same alert. `source`, a digest, stands for the
    draft in that comparison where the moment of making it goes into the draft. `draft_id` is the desk's draft it was
    made from, which is closed with it.
    """

    draft: Draft
    key: str
    digest: str = ""
    source: str = ""
    draft_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Follow(_Strict):
    """A correction, cancel or all-clear; without a draft the one prepared at acceptance."""

    kind: Kind
    key: str
    draft: Draft | None = None
    silent: bool | None = None
    digest: str = ""
    source: str = ""
    draft_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Approve(_Strict):
    """`digest` is that of the submission as it was shown to the approver."""

    digest: str


@dataclass(frozen=True, kw_only=True)
class HandBack(_Strict):
    """Why a submission is not sent."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class BreakGlass(_Strict):
    """Send without a second person: why, of which texts (their digest), and a fresh code of the second factor where
    the account has one.
    """

    digest: str
    reason: str
    code: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Stop(_Strict):
    """Why a countdown is stopped."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Review(_Strict):
    """What an approver found when looking at an alert that went out without one."""

    note: str


@dataclass(frozen=True, kw_only=True)
class Decide(_Strict):
    """An officer's decision on one delivery, and why."""

    verb: Verb
    why: str


@dataclass(frozen=True, kw_only=True)
class NewDraft(_Strict):
    """A sheet to keep. The same `key` gives the same draft, if an answer was lost and it is asked for again."""

    body: dict[str, Any]
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class SaveDraft(_Strict):
    """A sheet that changes the draft's version which was seen."""

    version: int
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reach(_Strict):
    """Whom to count: subscribers for whom any of these areas and categories, at this severity, are meant."""

    areas: tuple[str, ...]
    categories: tuple[Category, ...]
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class Put(_Strict):
    """Subscribers to add or replace, by address."""

    subscribers: tuple[Subscriber, ...]


@dataclass(frozen=True, kw_only=True)
class Remove(_Strict):
    """Addresses to delete."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Login(_Strict):
    """Who wants in. `code` is that of the second factor, empty where the account has none."""

    name: str
    passphrase: str = field(repr=False)
    code: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Passphrase(_Strict):
    """Another passphrase for whoever asks: the present one and a code, and the new one."""

    passphrase: str = field(repr=False)
    new: str = field(repr=False)
    code: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Enter(_Strict):
    """What a new officer brings to be let in for the first time. Without passphrase and code it is only looked at."""

    name: str
    ticket: str = field(repr=False)
    passphrase: str = field(default="", repr=False)
    code: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class NewOfficer(_Strict):
    """A person to be made an officer. `second_factor` may be left out in a drill only."""

    name: str
    display: str
    roles: frozenset[Role]
    second_factor: bool = True


@dataclass(frozen=True, kw_only=True)
class Roles(_Strict):
    """All roles an officer is to have."""

    roles: frozenset[Role]


@dataclass(frozen=True, kw_only=True)
class NewToken(_Strict):
    """A program that may act for whoever asks; `unix_user`, where given, is the only one it works for."""

    name: str
    scopes: frozenset[Scope]
    days: int
    unix_user: str = ""


@dataclass(frozen=True, kw_only=True)
class Me:
    """Who asks. Without accounts a Unix user with all roles, with them nobody until logged in. `owner` may use the
    local way back; `until` is when session or token end.
    """

    officer: Officer | None
    name: str
    roles: tuple[Role, ...]
    accounts: bool
    owner: bool
    mode: Mode
    city: str
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PutPlan(_Strict):
    """A plan to add or replace: the table of a plan file, with its name."""

    id: str
    table: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ApprovePlan(_Strict):
    """`digest` is that of plan and words as they were shown to the approver."""

    digest: str


@dataclass(frozen=True, kw_only=True)
class ApproveRule(_Strict):
    """`digest` is that of rule, guards and template as they were shown to the approver."""

    rule: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class HoldAutomatic(_Strict):
    """Why all automatic sending is stopped; it may be said later."""

    why: str = ""


@dataclass(frozen=True, kw_only=True)
class RetirePlan(_Strict):
    """Why a series is silenced."""

    why: str = ""


@dataclass(frozen=True, kw_only=True)
class DecideOccurrence(_Strict):
    """A decision about one occurrence, and why."""

    due: datetime
    verb: RoutineVerb
    part: Part = Part.ANNOUNCE
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What an import or removal did."""

    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How many subscribers."""

    subscribers: int


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a program needs to fill sheets and check them as the desk does: `city` as `documents.city_of` reads it."""

    mode: Mode
    city: dict[str, Any]
    policy: Policy
    channels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Health:
    """That the core answers, and which it is."""

    mode: Mode
    city: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What went wrong: a code of the catalogue with its parameters, and every problem of an input."""

    code: str
    params: dict[str, str | int | float]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The body of every answer that is not a success."""

    error: Fault
