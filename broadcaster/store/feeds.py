"""Watched feeds in the store: one document and all it means in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from broadcaster.model import UPSTREAM, Subject
from broadcaster.ports.store import DraftChange, Drafting, FeedState, Heard, NewDraft, SubjectKnown, Taking, Told
from broadcaster.store import automatic, drafts, trail
from broadcaster.store.base import Part
from broadcaster.store.rows import maybe_ms, maybe_time, ms, time_of
from broadcaster.store.transaction import Row, Tx, Value


class Watched(Part):
    """Serves `ports.store.Feeds`."""

    async def feed(self, name: str) -> FeedState:
        """Return a feed as it was left; a new one where it never was read."""
        row = await self._read(lambda tx: tx.one("feeds.feed", feed=name))
        return FeedState(name=name) if row is None else _state(row)

    async def feeds(self) -> tuple[FeedState, ...]:
        """Return all that were ever read, by name."""
        return tuple(_state(row) for row in await self._read(lambda tx: tx.all("feeds.all")))

    async def save_feed(self, state: FeedState) -> None:
        """Write down how it stands."""

        def work(tx: Tx) -> None:
            tx.run(
                "feeds.save",
                feed=state.name,
                etag=state.etag,
                last_modified=state.last_modified,
                read_at=maybe_ms(state.read_at),
                newest_at=maybe_ms(state.newest_at),
                trouble=state.trouble,
                params=json.dumps(dict(state.params), ensure_ascii=False),
                since=maybe_ms(state.since),
            )

        await self._write(work)

    async def seen_entries(self, feed: str, identifiers: Sequence[str]) -> Mapping[str, str]:
        """Return those of these documents that were taken already, with their digests."""
        asked = json.dumps(list(identifiers))
        rows = await self._read(lambda tx: tx.all("feeds.seen", feed=feed, identifiers=asked))
        return {row["identifier"]: row["digest"] for row in rows}

    async def pass_over(self, feed: str, digests: Mapping[str, str], at: datetime) -> None:
        """Take documents that mean nothing here."""
        marks: list[dict[str, Value]] = [
            {"feed": feed, "identifier": each, "digest": digest, "at": ms(at)} for each, digest in digests.items()
        ]
        await self._write(lambda tx: tx.many("feeds.mark", marks))

    async def forget_entries(self, feed: str, listed: Iterable[str], at: datetime, before: datetime) -> None:
        """Forget documents that the feed has not listed since `before`; `listed` are those it lists now."""

        def work(tx: Tx) -> None:
            tx.run("feeds.touch", feed=feed, identifiers=json.dumps(list(listed)), at=ms(at))
            tx.run("feeds.forget", feed=feed, before=ms(before))

        await self._write(work)

    async def subjects(self, watch: str) -> Mapping[str, SubjectKnown]:
        """Return what a rule knows, by key."""
        rows = await self._read(lambda tx: tx.all("feeds.subjects", watch=watch))
        return {row["key"]: _known(row) for row in rows}

    async def take(self, taking: Taking) -> None:
        """Write down one document and all it means. Raise `Conflict` where a person has changed the draft meanwhile,
        or what was to be said by itself may not be any more.
        """
        await self._write(partial(_take, taking=taking))

    async def told(self, since: datetime, limit: int = 50) -> tuple[Told, ...]:
        """Return what is shown on the board, newest first."""
        rows = await self._read(lambda tx: tx.all("feeds.notes", since=ms(since), limit=limit))
        return tuple(_told(row) for row in rows)


def _take(tx: Tx, *, taking: Taking) -> None:
    tx.run("feeds.mark", feed=taking.feed, identifier=taking.identifier, digest=taking.digest, at=ms(taking.at))
    for heard in taking.heard:
        _hear(tx, heard, taking.at)
    for told in taking.told:
        tx.run(
            "feeds.note",
            at=ms(told.at),
            feed=told.feed,
            watch=told.watch,
            step=told.step,
            text=told.text,
            link=told.link,
        )
    if taking.heard or taking.told:
        trail.append(
            tx,
            at=taking.at,
            event="feed_heard",
            subject=f"feed {taking.feed}",
            actor=UPSTREAM.name,
            document=taking.identifier,
            watches=sorted({each.known.subject.watch for each in taking.heard} | {each.watch for each in taking.told}),
        )


def _hear(tx: Tx, heard: Heard, at: datetime) -> None:
    subject = heard.known.subject
    draft = heard.known.draft if heard.drafting is None else _draft(tx, heard.drafting, at)
    if heard.speaking is not None and draft is not None:
        automatic.speak(tx, heard.speaking, draft)
    tx.run(
        "feeds.keep",
        watch=subject.watch,
        key=subject.key,
        serial=subject.serial,
        reported_at=ms(subject.reported_at),
        said=json.dumps(dict(subject.said), sort_keys=True),
        draft=draft,
        link=heard.known.link,
    )


def _draft(tx: Tx, wish: Drafting, at: datetime) -> int | None:
    """Open, change or drop a draft; return its number, None once it is dropped."""
    if wish.seen is None:
        return drafts.open_one(tx, NewDraft(title=wish.title, body=wish.body or {}), UPSTREAM, at).id
    if wish.body is None:
        drafts.drop_one(tx, wish.seen.id, UPSTREAM, at)
        return None
    change = DraftChange(version=wish.seen.version, title=wish.title, body=wish.body)
    return drafts.save_one(tx, wish.seen.id, change, UPSTREAM, at).id


def _state(row: Row) -> FeedState:
    return FeedState(
        name=row["name"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        read_at=maybe_time(row["read_at"]),
        newest_at=maybe_time(row["newest_at"]),
        trouble=row["trouble"],
        params=json.loads(row["params"]),
        since=maybe_time(row["since"]),
    )


def _known(row: Row) -> SubjectKnown:
    subject = Subject(
        watch=row["watch"],
        key=row["key"],
        serial=row["serial"],
        reported_at=time_of(row["reported_at"]),
        said=json.loads(row["said"]),
    )
    return SubjectKnown(subject=subject, draft=row["draft"], link=row["link"])


def _told(row: Row) -> Told:
    return Told(
        at=time_of(row["at"]),
        feed=row["feed"],
        watch=row["watch"],
        step=row["step"],
        text=row["text"],
        link=row["link"],
    )
