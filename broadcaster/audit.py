"""The audit chain: every entry carries the hash of the one before it, so that nothing can be changed, taken out or
put in without breaking all that follows. A tail cut off is seen against the recorded head; a head kept elsewhere (the
page, a printout) shows also a chain that was written anew as a whole.

`link` is called inside the transaction that does what the entry records (docs/delivery.md, states).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from broadcaster.ports.store import Entry, Head

START = Head(seq=0, hash="")
"""Before the first entry."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN = json.JSONEncoder(separators=(",", ":")).encode
_SORTED = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


class Damage(StrEnum):
    """What is wrong with an entry."""

    CHANGED = "changed"
    """Its hash is not that of its fields."""
    UNLINKED = "unlinked"
    """It does not follow the entry before it: something was changed, taken out or put in."""
    MISSING = "missing"
    """It should be there and is not: the recorded head lies behind the last entry."""
    DIFFERS = "differs"
    """It is not the entry whose hash was kept elsewhere: the chain was written anew, or another put in its place."""
    BEYOND_HEAD = "beyond_head"
    """It is there, and the recorded head does not know it or ends in another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first broken entry, by number."""

    seq: int
    damage: Damage


def link(previous: Head, *, at: datetime, actor: str, event: str, subject: str, body: Mapping[str, object]) -> Entry:
    """Return the entry that follows `previous`. `at` is kept to the millisecond. Nothing secret may be in `body`."""
    seq, moment, spelled = previous.seq + 1, _ms(at), _SORTED(body)
    return Entry(
        seq=seq,
        at=_EPOCH + timedelta(milliseconds=moment),
        actor=actor,
        event=event,
        subject=subject,
        body=spelled,
        previous=previous.hash,
        hash=_hash(seq, moment, actor, event, subject, spelled, previous.hash),
    )


def inspect(previous: Head, entry: Entry) -> Broken | None:
    """Return what is wrong with one entry, given where the chain stood before it."""
    if entry.seq != previous.seq + 1:
        return Broken(seq=previous.seq + 1, damage=Damage.MISSING if entry.seq > previous.seq else Damage.UNLINKED)
    if _digest(entry) != entry.hash:
        return Broken(seq=entry.seq, damage=Damage.CHANGED)
    if entry.previous != previous.hash:
        return Broken(seq=entry.seq, damage=Damage.UNLINKED)
    return None


def close(last: Head, recorded: Head) -> Broken | None:
    """Return what is wrong with the end of the chain, given the recorded head."""
    if last.seq < recorded.seq:
        return Broken(seq=last.seq + 1, damage=Damage.MISSING)
    if last != recorded:
        return Broken(seq=min(last.seq, recorded.seq + 1), damage=Damage.BEYOND_HEAD)
    return None


def verify(entries: Iterable[Entry], recorded: Head) -> Broken | None:
    """Return the first broken entry, or None if the chain holds from its beginning to the recorded head."""
    last = START
    for entry in entries:
        if broken := inspect(last, entry):
            return broken
        last = Head(seq=entry.seq, hash=entry.hash)
    return close(last, recorded)


def head_of(text: str) -> Head:
    """Return what `number:hash` says, as an edition publishes it. Raise `ValueError`."""
    number, _, hashed = text.strip().partition(":")
    return Head(seq=int(number), hash=hashed)


async def verify_stream(entries: AsyncIterable[Entry], recorded: Head, kept: Head = START) -> Broken | None:
    """Do as `verify`, entry by entry as they are read. Take the head before the entries: a chain that grows
    meanwhile is not broken, so entries behind the recorded head are checked for their links only. `kept` is a head
    that was kept elsewhere: the chain must go through it.
    """
    last, at_head = START, recorded == START
    async for entry in entries:
        if broken := inspect(last, entry):
            return broken
        last = Head(seq=entry.seq, hash=entry.hash)
        at_head = at_head or last == recorded
        if entry.seq == kept.seq and last != kept:
            return Broken(seq=entry.seq, damage=Damage.DIFFERS)
    if last.seq < kept.seq:
        return Broken(seq=last.seq + 1, damage=Damage.MISSING)
    return None if at_head else close(last, recorded)


def _digest(entry: Entry) -> str:
    at = _ms(entry.at)
    return _hash(entry.seq, at, entry.actor, entry.event, entry.subject, entry.body, entry.previous)


def _hash(*fields: int | str) -> str:
    """Over every field but the hash itself, as one JSON array without spaces."""
    return hashlib.sha256(_PLAIN(fields).encode("ascii")).hexdigest()


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)
