"""The audit chain: every entry carries the hash of the one before it, so that nothing can be changed, taken out or
put in without breaking all that follows. A tail cut off is seen against the recorded head; a head kept elsewhere (the
page, a printout) shows also a chain that was written anew as a whole.

`link` is called inside the transaction that does what the entry records (docs/delivery.md, states).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from json.encoder import encode_basestring_ascii

from broadcaster.ports.store import AuditTrail, Entry, Head

START = Head(seq=0, hash="")
"""Before the first entry."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


class Walk:
    """A chain verified slice by slice, from its beginning.

    Take the `recorded` head before the first entry: a chain that grows meanwhile is not broken, so entries behind that
    head are checked for their links only. `kept` is a head that was kept elsewhere: the chain must go through it.
    """

    def __init__(self, recorded: Head, kept: Head = START) -> None:
        self._recorded, self._kept = recorded, kept
        self._last, self._at_head = START, recorded == START
        self._broken: Broken | None = None

    def take(self, entries: Iterable[Entry]) -> bool:
        """Look at what follows; return whether it holds so far."""
        for entry in entries:
            self._broken = inspect(self._last, entry)
            if self._broken:
                break
            self._last = Head(seq=entry.seq, hash=entry.hash)
            self._at_head = self._at_head or self._last == self._recorded
            if entry.seq == self._kept.seq and self._last != self._kept:
                self._broken = Broken(seq=entry.seq, damage=Damage.DIFFERS)
                break
        return self._broken is None

    def end(self) -> Broken | None:
        """Return the first broken entry, once all were taken or one did not hold."""
        if self._broken:
            return self._broken
        if self._last.seq < self._kept.seq:
            return Broken(seq=self._last.seq + 1, damage=Damage.MISSING)
        return None if self._at_head else close(self._last, self._recorded)


async def verify_trail(trail: AuditTrail, kept: Head = START) -> tuple[Head, Broken | None]:
    """Verify a whole trail beside the event loop, from its first entry to its recorded head; return that head and the
    first broken entry. `kept` as for `Walk`.
    """
    recorded = await trail.head()
    walk = Walk(recorded, kept)
    await trail.walk(walk.take)
    return recorded, walk.end()


def _digest(entry: Entry) -> str:
    at = _ms(entry.at)
    return _hash(entry.seq, at, entry.actor, entry.event, entry.subject, entry.body, entry.previous)


def _hash(seq: int, at: int, actor: str, event: str, subject: str, body: str, previous: str) -> str:  # noqa: PLR0917
    """Over every field but the hash itself, as one JSON array without spaces. Spelled here by its parts, since each
    delivery waits for it: an encoder made for a list takes three times as long.
    """
    words = ",".join(map(encode_basestring_ascii, (actor, event, subject, body, previous)))
    return hashlib.sha256(f"[{seq},{at},{words}]".encode("ascii")).hexdigest()


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)
