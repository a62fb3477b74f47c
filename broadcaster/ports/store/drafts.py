"""Sheets that officers are still filling: kept by the service, so that no terminal that dies takes one along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from broadcaster.model import Actor


class DraftState(StrEnum):
    """Where a draft stands."""

    OPEN = "open"
    USED = "used"
    """Handed in. It is open again if the submission is handed back."""
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """A draft as the store has it now. `version` rises with every change; `editors` are all who changed it, its author
    first; `body` is a sheet as JSON.
    """

    id: int
    version: int
    state: DraftState
    title: str
    author: Actor
    editors: tuple[Actor, ...]
    updated_at: datetime
    updated_by: Actor
    body: Mapping[str, Any]
    alert: str = ""
    """The identifier it was handed in under; empty while it never was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDraft:
    """What is to be kept. Under the same `key`, made by the client, it is the same draft however often it is asked for,
    since an answer may be lost; an empty one is nobody's.
    """

    title: str
    body: Mapping[str, Any]
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftChange:
    """What becomes of a draft of which `version` was seen."""

    version: int
    title: str
    body: Mapping[str, Any]


class Drafts(Protocol):
    """Drafts, one writer at a time: who saves says which version they changed."""

    async def drafts(self) -> tuple[DraftRow, ...]:
        """Return the open ones, the last changed first."""
        ...

    async def draft(self, number: int) -> DraftRow:
        """Raise `NotFound`."""
        ...

    async def open_draft(self, draft: NewDraft, actor: Actor, at: datetime) -> DraftRow:
        """Keep a new one; return what is kept under its key already, as it is now."""
        ...

    async def save_draft(self, number: int, change: DraftChange, actor: Actor, at: datetime) -> DraftRow:
        """Change it. Raise `Conflict` where it is of another version by now or no longer open, `NotFound`."""
        ...

    async def drop_draft(self, number: int, actor: Actor, at: datetime) -> DraftRow:
        """Give it up; the row stays. Raise `Conflict` where it is not open, `NotFound`."""
        ...

    async def draft_of(self, alert: str) -> DraftRow | None:
        """Return what an accepted alert was made from, None where it was not made from a draft."""
        ...
