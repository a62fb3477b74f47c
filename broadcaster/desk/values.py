"""What goes into the desk and what comes out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from broadcaster.model import Actor, Alert, Delivery, Draft, Kind, Mode, Problem
from broadcaster.ports.channel import Channel, Publisher
from broadcaster.ports.store import (
    Approval,
    Archive,
    AuditTrail,
    AutomaticBook,
    CanaryBook,
    Coming,
    Counting,
    Drafts,
    Feeds,
    Glass,
    Intake,
    Outbox,
    Roster,
    RoutineBook,
    Subscribers,
)
from broadcaster.ports.world import Context
from broadcaster.rules.policy import DEFAULT, Policy

FOLLOW_UP_LIFE = timedelta(hours=24)
"""How long a prepared correction, cancel or all-clear is valid from its sending."""


class DeskStore(
    Intake,
    Drafts,
    Outbox,
    Archive,
    Subscribers,
    AuditTrail,
    Counting,
    Feeds,
    AutomaticBook,
    Glass,
    RoutineBook,
    CanaryBook,
    Roster,
    Protocol,
):
    """The parts of the store the desk uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What all desk work needs: the instance's context, its channels by name, and its store."""

    context: Context
    channels: Mapping[str, Channel]
    store: DeskStore
    policy: Policy = DEFAULT
    notice_to: tuple[str, ...] = ()
    """Officers' addresses: who is told by mail of what goes out without a second person."""
    feeds: Mapping[str, timedelta] = field(default_factory=dict[str, timedelta])
    """The watched feeds, and after how long without anything new each counts as silent."""
    automatic: Callable[[], Mapping[str, str]] = dict
    """Gives the rules that may speak by themselves, each with the digest an approval is for."""
    free: Callable[[], int] = lambda: sys.maxsize
    """Gives the bytes that are free where the store lies; by default nobody looks."""

    @property
    def publishers(self) -> frozenset[str]:
        """The names of the channels that show the public state."""
        return frozenset(name for name, channel in self.channels.items() if isinstance(channel, Publisher))

    @property
    def mode(self) -> Mode:
        """The instance's mode."""
        return self.context.mode

    def now(self) -> datetime:
        """The time."""
        return self.context.clock.now()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """How something is handed in: `key` made by the client, `digest` of the preview it saw (empty: it saw none), and
    `source`, a digest of what the draft was made from where the moment goes into it (`expires = "6h"`, a template's
    "now"): under the same key the same source is the same wish, though the draft made a second later is another one.
    Empty: the draft counts.
    `draft_id` is the desk's draft it was made from: that is closed with it, and none of its editors may approve.
    """

    key: str
    digest: str = ""
    source: str = ""
    draft_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One occurrence of a routine plan that is due: under which key, in whose name, and who approved the series."""

    key: str
    author: Actor
    approval: Approval
    occurrence: Coming


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A correction, cancel or all-clear of an alert. Without a draft the one prepared at acceptance is sent.

    `silent` changes pages, feeds and data only; None leaves it to the draft.
    """

    kind: Kind
    draft: Draft | None = None
    silent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """What was read again while the service runs: how many plan files and rules, and what is wrong with any of them."""

    plans: int
    rules: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What became of something handed in: accepted with its deliveries, or waiting as a submission whose texts
    have this `digest`.
    """

    alert: Alert
    mode: Mode
    accepted: bool
    digest: str = ""
    submission: int | None = None
    deliveries: tuple[Delivery, ...] = ()
    warnings: tuple[Problem, ...] = ()
