"""What officers do with sheets before they are sent: keep, share, drop, pre-fill, and count whom they would reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from broadcaster.desk.values import Office
from broadcaster.model import Actor, Category, Kind, Severity
from broadcaster.ports.store import DraftChange, DraftRow, NewDraft
from broadcaster.sheet import Sheet, from_json, of_alert, to_json


class Drafting:
    """The part of the desk that knows sheets."""

    _office: Office
    _changed: Callable[[], None]

    async def drafts(self) -> tuple[DraftRow, ...]:
        """Return the open drafts, the last changed first."""
        return await self._office.store.drafts()

    async def draft(self, number: int) -> DraftRow:
        """Return one, whatever its state. Raise `NotFound`."""
        return await self._office.store.draft(number)

    async def open_draft(self, body: Mapping[str, Any], actor: Actor, key: str = "") -> DraftRow:
        """Keep a new sheet; return what is kept under this key already. Raise `Refused` where it is none."""
        sheet = from_json(body)
        draft = NewDraft(title=sheet.title, body=to_json(sheet), key=key)
        return await self._office.store.open_draft(draft, actor, self._office.now())

    async def save_draft(self, number: int, version: int, body: Mapping[str, Any], actor: Actor) -> DraftRow:
        """Change a draft of which this version was seen. Raise `Refused`, `NotFound`, and `Conflict` where somebody
        else has changed or closed it.
        """
        sheet = from_json(body)
        change = DraftChange(version=version, title=sheet.title, body=to_json(sheet))
        return await self._office.store.save_draft(number, change, actor, self._office.now())

    async def drop_draft(self, number: int, actor: Actor) -> DraftRow:
        """Give a draft up. Raise `NotFound`, `Conflict`."""
        return await self._office.store.drop_draft(number, actor, self._office.now())

    async def sheet(self, identifier: str, kind: Kind) -> Sheet:
        """Return a sheet for a follow-up of an alert, filled with what was typed for that, or else with its texts.
        Raise `NotFound`.
        """
        row = await self._office.store.alert(identifier)
        made_from = await self._office.store.draft_of(row.alert.identifier)
        if made_from is None:
            return of_alert(row.alert, kind)
        return from_json(made_from.body).following(row.alert, kind)

    async def reach(self, areas: Sequence[str], categories: Sequence[Category], severity: Severity) -> int:
        """Count the subscribers a new alert for these areas would be mailed to."""
        return await self._office.store.wanting(areas, categories, severity, self._office.now())
