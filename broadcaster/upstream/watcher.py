"""The watcher: each feed in a task of its own, so that one that hangs or lies leaves the others alone.

A document is taken once, with all it means, in one transaction; a restart takes up where that left off. What arises are
drafts, and sentences on the board; the very few things that may be said without a person are accepted with them.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from broadcaster.errors import BroadcasterError, Conflict, FeedUnreadable, NotFound
from broadcaster.failpoints import hit
from broadcaster.model import Change, Kind, Notice
from broadcaster.ports.store import (
    Archive,
    Drafting,
    DraftRow,
    Drafts,
    Feeds,
    FeedState,
    Heard,
    SubjectKnown,
    Taking,
    Told,
)
from broadcaster.ports.world import Clock, Entropy
from broadcaster.rules import feeds as health
from broadcaster.rules import watching
from broadcaster.rules.watching import Act, Finding, Step, Watch
from broadcaster.sheet import Sheet, of_alert, to_json
from broadcaster.upstream import cap, index, jma, plain
from broadcaster.upstream.automatic import Automatic, Offer
from broadcaster.upstream.fetching import Fetcher
from broadcaster.upstream.index import Entry
from broadcaster.upstream.sheets import sheet_of

TRIES = 3
"""How often a document is looked at anew because an officer was faster."""
TITLE = 80
"""Characters by which a draft is known on the board."""
PARSE_S = 5.0
"""How long reading a document may take; it is bounded in bytes, depth and elements before."""
_KEPT = timedelta(days=7)
"""How long a document that a feed no longer lists is remembered."""
log = logging.getLogger("broadcaster.upstream")
T = TypeVar("T")


class Memory(Feeds, Drafts, Archive, Protocol):
    """What the watcher asks of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed to be watched."""

    name: str
    url: str
    kind: str
    every_s: float
    backlog: timedelta
    fingerprint: str = ""
    hosts: frozenset[str] = frozenset()

    def owns(self, url: str) -> bool:
        """Return whether a document's address is on a host that speaks for this feed."""
        host = urlsplit(url).hostname
        return host == urlsplit(self.url).hostname or host in self.hosts


class Watcher:
    """Reads every feed, for as long as `run` runs. `changed` is called when the board has something new."""

    def __init__(
        self,
        feeds: Sequence[Feed],
        watches: Sequence[Watch],
        fetcher: Fetcher,
        memory: Memory,
        *,
        clock: Clock,
        entropy: Entropy,
        zone: ZoneInfo,
        changed: Callable[[], None],
        automatic: Automatic | None = None,
    ) -> None:
        self._feeds = feeds
        self._watches = watches
        self._fetcher = fetcher
        self._memory = memory
        self._clock = clock
        self._entropy = entropy
        self._zone = zone
        self._changed = changed
        self._automatic = automatic

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for feed in self._feeds:
                tasks.create_task(self._follow(feed))

    async def _follow(self, feed: Feed) -> None:
        while True:
            try:
                await self.poll(feed)
            except BroadcasterError as error:
                log.warning(
                    "a feed could not be taken in", extra={"event": "feed_failed", "feed": feed.name, "why": str(error)}
                )
            except Exception:
                log.exception("a feed failed unexpectedly", extra={"event": "feed_broken", "feed": feed.name})
            await self._clock.sleep(feed.every_s * (0.9 + 0.2 * self._entropy.jitter()))

    def watch_by(self, watches: Sequence[Watch]) -> None:
        """Go by these rules from now on; what was read before is not read again."""
        self._watches = watches

    async def poll_all(self) -> None:
        """Read every feed once."""
        for feed in self._feeds:
            await self.poll(feed)

    async def poll(self, feed: Feed) -> None:
        """Read a feed once, and take what is new in it. Its health is written down, whatever it was."""
        before = await self._memory.feed(feed.name)
        try:
            after = await self._read(feed, before)
        except BroadcasterError as error:
            after = health.failed(before, error.code, error.params, self._clock.now())
            log.warning("a feed cannot be read", extra={"event": "feed_trouble", "feed": feed.name, "why": str(error)})
        if not health.as_good_as(before, after):
            await self._memory.save_feed(after)
        if (after.trouble, before.trouble) != ("", ""):
            self._changed()

    async def _read(self, feed: Feed, before: FeedState) -> FeedState:
        reply = await self._fetcher.get(feed.url, before.etag, before.last_modified, feed.fingerprint)
        now = self._clock.now()
        if reply.body is None:
            return health.unchanged(before, now)
        entries = await _aside(index.read, reply.body)
        newest = max((entry.updated_at for entry in entries if entry.updated_at), default=None)
        await self._take_new(feed, entries, first=before.read_at is None)
        after = health.read_well(before, newest, now)
        return _with_validators(after, reply.etag, reply.last_modified)

    async def _take_new(self, feed: Feed, entries: Sequence[Entry], *, first: bool) -> None:
        now = self._clock.now()
        digests = {entry.identifier: _digest(entry) for entry in entries}
        seen = await self._memory.seen_entries(feed.name, list(digests))
        fresh = [entry for entry in entries if seen.get(entry.identifier) != digests[entry.identifier]]
        oldest = now - feed.backlog if first else None
        wanted = [entry for entry in fresh if self._concerns(feed, entry, oldest)]
        unwanted = {entry.identifier: digests[entry.identifier] for entry in fresh if entry not in wanted}
        if unwanted:
            await self._memory.pass_over(feed.name, unwanted, now)
        for entry in wanted:
            await self._take(feed, entry, digests[entry.identifier])
        await self._memory.forget_entries(feed.name, digests, now, now - _KEPT)

    def _concerns(self, feed: Feed, entry: Entry, oldest: datetime | None) -> bool:
        """Return whether a document has to be looked into: not what no rule asks for, nor what is long over."""
        if oldest is not None and entry.updated_at is not None and entry.updated_at < oldest:
            return False
        return feed.kind != "jma" or any(watch.hears(entry.type) for watch in self._of(feed))

    def _of(self, feed: Feed) -> list[Watch]:
        return [watch for watch in self._watches if not watch.feeds or feed.name in watch.feeds]

    async def _take(self, feed: Feed, entry: Entry, digest: str) -> None:
        """Take one document. One that cannot be read is told on the board, and the next is taken all the same."""
        try:
            notice = await self._notice(feed, entry)
        except FeedUnreadable as error:
            if error.code in ("feed_unreachable", "feed_status"):
                raise
            log.warning(
                "a document cannot be read", extra={"event": "feed_document", "feed": feed.name, "why": str(error)}
            )
            told = (self._told(feed, "", error.code, entry.title, entry.link),)
            await self._write(
                Taking(feed=feed.name, identifier=entry.identifier, digest=digest, at=self._clock.now(), told=told)
            )
            return
        await self._heed(feed, entry, digest, notice)

    async def _notice(self, feed: Feed, entry: Entry) -> Notice:
        if feed.kind == "plain":
            words = [code for watch in self._of(feed) for code in watch.codes]
            return plain.notice_of(entry, words, self._clock.now())
        if not feed.owns(entry.link):
            raise FeedUnreadable("feed_foreign", link=entry.link[:200])
        body = (await self._fetcher.get(entry.link, fingerprint=feed.fingerprint)).body or b""
        if feed.kind == "cap":
            return await _aside(cap.read, body)
        return await _aside(lambda data: jma.read(data, entry.type, entry.identifier), body)

    async def _heed(self, feed: Feed, entry: Entry, digest: str, notice: Notice) -> None:
        """Take what a notice means. Where an officer changes a draft in that very moment, look at it anew."""
        for _ in range(TRIES):
            meaning = await self._meaning(feed, entry, notice)
            hit("u1")
            taking = replace(meaning, digest=digest, at=self._clock.now())
            if await self._write(taking):
                return
        raise Conflict("feed_contended", feed=feed.name)

    async def _meaning(self, feed: Feed, entry: Entry, notice: Notice) -> Taking:
        heard, told = list[Heard](), list[Told]()
        for watch in self._of(feed):
            known = await self._memory.subjects(watch.name)
            for found in watching.findings(notice, watch, {key: each.subject for key, each in known.items()}):
                act, one = await self._heard(notice, watch, found, known.get(found.key), entry.link)
                steps = [found.step.value] if act in (Act.TELL, Act.RETRACT) else []
                if one is not None and act is Act.OPEN and watch.automatic is not None:
                    offer = await self._offer(notice, watch, found, heard)
                    one, steps = replace(one, speaking=offer.speaking), [offer.why]
                heard += [one] if one is not None else []
                told += [self._told(feed, watch.name, step, notice.headline, entry.link) for step in steps if step]
        return Taking(
            feed=feed.name,
            identifier=entry.identifier,
            digest="",
            at=self._clock.now(),
            heard=tuple(heard),
            told=tuple(told),
        )

    async def _offer(self, notice: Notice, watch: Watch, found: Finding, heard: Sequence[Heard]) -> Offer:
        """Return what of a finding may be said without a person: only its first word, and one rule's."""
        if self._automatic is None or found.subject is None:
            return Offer()
        if found.step is not Step.DRAFT or any(each.speaking for each in heard):
            return Offer(why="automatic_again")
        sheet = sheet_of(notice, watch, found.subject, self._zone)
        return await self._automatic.offer(notice, watch, found.key, sheet)

    async def _heard(
        self, notice: Notice, watch: Watch, found: Finding, known: SubjectKnown | None, link: str
    ) -> tuple[Act, Heard | None]:
        draft = await self._draft(known)
        act = watching.act(found.step, draft)
        if found.subject is None:
            return act, None
        made = SubjectKnown(subject=found.subject, draft=known.draft if known else None, link=link)
        if act in (Act.TELL, Act.NONE):
            return act, Heard(known=made)
        if act is Act.RETRACT and draft is not None:
            cancel = await self._cancel(draft)
            return (act, _drafted(made, notice, cancel)) if cancel else (Act.TELL, Heard(known=made))
        sheet = sheet_of(notice, watch, found.subject, self._zone)
        if act is Act.DROP:
            return act, Heard(known=made, drafting=Drafting(title=sheet.title, body=None, seen=draft))
        if act is Act.FOLLOW and draft is not None:
            kind = Kind.CORRECTION if notice.change is Change.CORRECTED else Kind.UPDATE
            following = await self._following(sheet, draft, kind)
            return (act, _drafted(made, notice, following)) if following else (Act.TELL, Heard(known=made))
        return act, _drafted(made, notice, sheet, draft if act is Act.REPLACE else None)

    async def _following(self, sheet: Sheet, draft: DraftRow, kind: Kind) -> Sheet | None:
        """Return the sheet as what follows what was sent; None while that still waits for a second person."""
        try:
            row = await self._memory.alert(draft.alert)
        except NotFound:
            return None
        return sheet.following(row.alert, kind)

    async def _cancel(self, draft: DraftRow) -> Sheet | None:
        """Return the cancel that was prepared with what was sent; None where it is not out, or has been ended."""
        try:
            alert = (await self._memory.alert(draft.alert)).alert
        except NotFound:
            return None
        versions = await self._memory.incident(alert.incident)
        ready = [each for each in await self._memory.prepared(alert.identifier) if each.kind is Kind.CANCEL]
        if versions[-1].kind.ends or not ready:
            return None
        return of_alert(replace(alert, infos=ready[0].infos), Kind.CANCEL)

    async def _draft(self, known: SubjectKnown | None) -> DraftRow | None:
        return None if known is None or known.draft is None else await self._memory.draft(known.draft)

    async def _write(self, taking: Taking) -> bool:
        """Write it down; return whether it was."""
        try:
            await self._memory.take(taking)
        except Conflict:
            return False
        hit("u2")
        for heard in taking.heard:
            if heard.speaking is not None and self._automatic is not None:
                self._automatic.announce(heard.speaking)
        if taking.heard or taking.told:
            self._changed()
        return True

    def _told(self, feed: Feed, watch: str, step: str, text: str, link: str) -> Told:
        return Told(at=self._clock.now(), feed=feed.name, watch=watch, step=step, text=text[:500], link=link)


def _drafted(known: SubjectKnown, notice: Notice, sheet: Sheet, seen: DraftRow | None = None) -> Heard:
    title = (notice.headline or notice.title or sheet.title)[:TITLE]
    return Heard(known=known, drafting=Drafting(title=title, body=to_json(sheet), seen=seen))


def _with_validators(state: FeedState, etag: str, last_modified: str) -> FeedState:
    """Ask conditionally the next time, unless the list was not believed."""
    kept = ("", "") if state.trouble else (etag, last_modified)
    return replace(state, etag=kept[0], last_modified=kept[1])


def _digest(entry: Entry) -> str:
    spelled = "\n".join((str(entry.updated_at), entry.title, entry.link, entry.summary))
    return hashlib.sha256(spelled.encode()).hexdigest()[:32]


async def _aside(read: Callable[[bytes], T], data: bytes) -> T:
    """Read a document beside the event loop. Raise `FeedUnreadable` also where it takes too long."""
    try:
        async with asyncio.timeout(PARSE_S):
            return await asyncio.to_thread(read, data)
    except TimeoutError:
        raise FeedUnreadable("feed_slow", seconds=PARSE_S) from None
