"""Drafts: sheets being filled, changed only by those who have seen the last change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from broadcaster.errors import Conflict, NotFound
from broadcaster.model import Actor
from broadcaster.ports.store import Acceptance, DraftChange, DraftRow, DraftState, NewDraft
from broadcaster.store import rows, trail
from broadcaster.store.base import Part
from broadcaster.store.rows import ms, time_of
from broadcaster.store.transaction import Row, Tx

_LISTED = 200


class Sheets(Part):
    """Serves `ports.store.Drafts`."""

    async def drafts(self) -> tuple[DraftRow, ...]:
        """Return the open ones, the last changed first."""
        found = await self._read(lambda tx: tx.all("drafts.open", limit=_LISTED))
        return tuple(_row(row) for row in found)

    async def draft(self, number: int) -> DraftRow:
        """Return one, whatever its state. Raise `NotFound`."""
        return await self._read(lambda tx: _fetch(tx, number))

    async def open_draft(self, draft: NewDraft, actor: Actor, at: datetime) -> DraftRow:
        """Keep a new one; return what is kept under its key already, as it is now."""
        return await self._write(lambda tx: open_one(tx, draft, actor, at))

    async def save_draft(self, number: int, change: DraftChange, actor: Actor, at: datetime) -> DraftRow:
        """Change the version that was seen; what is there already is no change. Raise `Conflict`, `NotFound`."""
        return await self._write(lambda tx: save_one(tx, number, change, actor, at))

    async def drop_draft(self, number: int, actor: Actor, at: datetime) -> DraftRow:
        """Give it up; the row stays. Raise `Conflict`, `NotFound`."""
        return await self._write(lambda tx: drop_one(tx, number, actor, at))

    async def draft_of(self, alert: str) -> DraftRow | None:
        """Return what an accepted alert was made from."""
        row = await self._read(lambda tx: tx.one("drafts.of_alert", alert=alert))
        return None if row is None else _row(row)


def open_one(tx: Tx, draft: NewDraft, actor: Actor, at: datetime) -> DraftRow:
    """Keep a new draft, within the caller's transaction; return what is kept under its key already."""
    known = tx.one("drafts.by_key", key=draft.key)
    if known is not None:
        return _row(known)
    tx.run(
        "drafts.insert",
        title=draft.title,
        by=rows.spelled(actor),
        editors=rows.spelled((actor,)),
        at=ms(at),
        body=rows.spelled(draft.body),
        key=draft.key,
    )
    number = tx.number("drafts.newest")
    _note(tx, "draft_opened", number, actor, at)
    return _fetch(tx, number)


def save_one(tx: Tx, number: int, change: DraftChange, actor: Actor, at: datetime) -> DraftRow:
    """Change the version that was seen, within the caller's transaction. Raise `Conflict`, `NotFound`."""
    before = _fetch(tx, number)
    if before.body == change.body and before.state is DraftState.OPEN:
        return before
    _check(before, change.version)
    editors = _joined(before.editors, actor)
    tx.run(
        "drafts.save",
        number=number,
        version=change.version,
        title=change.title,
        editors=rows.spelled(editors),
        at=ms(at),
        by=rows.spelled(actor),
        body=rows.spelled(change.body),
    )
    if editors != before.editors:
        _note(tx, "draft_joined", number, actor, at)
    return _fetch(tx, number)


def drop_one(tx: Tx, number: int, actor: Actor, at: datetime) -> DraftRow:
    """Give a draft up, within the caller's transaction. Raise `Conflict`, `NotFound`."""
    _check(_fetch(tx, number))
    tx.run("drafts.drop", number=number, at=ms(at), by=rows.spelled(actor))
    _note(tx, "draft_dropped", number, actor, at)
    return _fetch(tx, number)


def take(tx: Tx, acceptance: Acceptance) -> Acceptance:
    """Close the draft an acceptance was made from, and write down who edited it. Raise `Conflict` where it is used or
    dropped by now: two people who hand in the same draft make one alert.
    """
    if acceptance.draft is None:
        return acceptance
    row = _fetch(tx, acceptance.draft)
    _check(row)
    tx.run("drafts.take", number=row.id, alert=acceptance.alert.identifier)
    others = (each for each in row.editors if each != acceptance.author)
    return replace(acceptance, editors=tuple(dict.fromkeys((*acceptance.editors, *others))))


def give_back(tx: Tx, acceptance: Acceptance) -> None:
    """Open the draft again of a submission that was handed back, to be mended."""
    if acceptance.draft is not None:
        tx.run("drafts.give_back", number=acceptance.draft)


def _fetch(tx: Tx, number: int) -> DraftRow:
    row = tx.one("drafts.draft", number=number)
    if row is None:
        raise NotFound("draft_not_found", number=number)
    return _row(row)


def _check(row: DraftRow, version: int | None = None) -> None:
    """Raise `Conflict` unless it is open, and of this version if one is named."""
    if row.state is not DraftState.OPEN:
        raise Conflict("draft_closed", number=row.id, state=row.state.value)
    if version not in (None, row.version):
        raise Conflict("draft_changed", number=row.id, version=row.version, by=row.updated_by.name)


def _joined(editors: tuple[Actor, ...], actor: Actor) -> tuple[Actor, ...]:
    return editors if actor in editors else (*editors, actor)


def _note(tx: Tx, event: str, number: int, actor: Actor, at: datetime) -> None:
    trail.append(tx, at=at, event=event, subject=f"draft {number}", actor=trail.who(actor))


def _row(row: Row) -> DraftRow:
    return DraftRow(
        id=row["id"],
        version=row["version"],
        state=DraftState(row["state"]),
        title=row["title"],
        author=rows.read(Actor, row["author"]),
        editors=rows.read(tuple[Actor, ...], row["editors"]),
        updated_at=time_of(row["updated_at"]),
        updated_by=rows.read(Actor, row["updated_by"]),
        body=json.loads(row["body"]),
        alert=row["alert"],
    )
