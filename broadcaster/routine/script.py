"""From a plan to the words of one occurrence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from broadcaster.documents import digest, draft_from
from broadcaster.errors import Refused
from broadcaster.forms import Forms
from broadcaster.model import Draft, Kind, Part, Plan
from broadcaster.ports.world import City
from broadcaster.rules import routine

_STILL = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
"""A moment like any other: at it the words are made that a digest compares."""
SOME_INCIDENT = 1
"""Stands for the incident a lift will belong to, where its words are only looked at."""


@dataclass(frozen=True, slots=True)
class Script:
    """Makes drafts of plans, for one city."""

    forms: Forms
    city: City

    def announcement(self, plan: Plan, due: datetime, now: datetime) -> Draft:
        """Return what the plan says now. It holds until `plan.valid` after it was due.

        Raise `Refused` with every problem (a value missing or wrong, words too grave for routine), `NotFound` where the
        template is gone, `RenderingError`.
        """
        made = self._said(plan, now)
        infos = tuple(replace(info, effective=now, expires=due + plan.valid) for info in made.infos)
        draft = replace(made, kind=Kind.ROUTINE, infos=infos, incident=None, channels=plan.channels)
        if grave := routine.too_grave(draft):
            raise Refused([grave])
        return draft

    def lifting(self, plan: Plan, incident: int, until: datetime, now: datetime) -> Draft | None:
        """Return what ends an announcement of the plan, None where it has no twin. Raise as `announcement`."""
        if plan.lift is None:
            return None
        made = self.forms.draft(
            plan.lift.template, plan.lift.values, city=self.city, now=now, incident=incident, expires=until
        )
        draft = replace(made, kind=Kind.ALL_CLEAR, channels=plan.channels)
        if grave := routine.too_grave(draft):
            raise Refused([grave])
        return draft

    def digest(self, plan: Plan) -> str:
        """Return what an approval is given for: the digest of the plan and of its words. Raise as `announcement`."""
        said = {
            Part.ANNOUNCE.value: self.announcement(plan, _STILL, _STILL),
            Part.LIFT.value: self.lifting(plan, SOME_INCIDENT, _STILL + plan.valid, _STILL),
        }
        return digest({"plan": plan, "said": said})

    def _said(self, plan: Plan, now: datetime) -> Draft:
        if plan.template:
            return self.forms.draft(plan.template, plan.values, city=self.city, now=now)
        return draft_from({"expires": "1h", **plan.draft}, now=now)
