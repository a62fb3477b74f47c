"""What watched feeds have said: each document once, each thing they speak of with the draft it became."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from broadcaster.model import Subject
from broadcaster.ports.store.automatic import Speaking
from broadcaster.ports.store.drafts import DraftRow


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """One feed as it was left. `trouble` is a code of the catalogue since `since`, empty while it reads well."""

    name: str
    etag: str = ""
    last_modified: str = ""
    read_at: datetime | None = None
    newest_at: datetime | None = None
    trouble: str = ""
    params: Mapping[str, str | float] = field(default_factory=dict[str, str | float])
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKnown:
    """A subject with the draft it became, None where it became none, and the document that spoke of it last."""

    subject: Subject
    draft: int | None = None
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something that is shown on the board and done nothing about. `step` says why it is shown."""

    at: datetime
    feed: str
    watch: str
    step: str
    text: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """What becomes of a draft: `seen` None opens a new one; `body` None drops the one that was seen."""

    title: str
    body: Mapping[str, Any] | None
    seen: DraftRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one document means for one subject. `drafting` None leaves the draft as it is; `speaking` is what the new
    draft says at once, without a person.
    """

    known: SubjectKnown
    drafting: Drafting | None = None
    speaking: Speaking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """One document, and all it means: written down in one transaction, so that nothing is drafted twice."""

    feed: str
    identifier: str
    digest: str
    at: datetime
    heard: tuple[Heard, ...] = ()
    told: tuple[Told, ...] = ()


class Feeds(Protocol):
    """What the watcher remembers."""

    async def feed(self, name: str) -> FeedState:
        """Return a feed as it was left; a new one where it never was read."""
        ...

    async def feeds(self) -> tuple[FeedState, ...]:
        """Return all that were ever read, by name."""
        ...

    async def save_feed(self, state: FeedState) -> None:
        """Write down how it stands."""
        ...

    async def seen_entries(self, feed: str, identifiers: Sequence[str]) -> Mapping[str, str]:
        """Return those of these documents that were taken already, with their digests."""
        ...

    async def pass_over(self, feed: str, digests: Mapping[str, str], at: datetime) -> None:
        """Take documents that mean nothing here."""
        ...

    async def forget_entries(self, feed: str, listed: Iterable[str], at: datetime, before: datetime) -> None:
        """Forget documents that the feed has not listed since `before`; `listed` are those it lists now."""
        ...

    async def subjects(self, watch: str) -> Mapping[str, SubjectKnown]:
        """Return what a rule knows, by key."""
        ...

    async def take(self, taking: Taking) -> None:
        """Write down one document and all it means. Raise `Conflict` where a person has changed the draft meanwhile, or
        what was to be said by itself may not be any more.
        """
        ...

    async def told(self, since: datetime, limit: int = 50) -> tuple[Told, ...]:
        """Return what is shown on the board, newest first."""
        ...
