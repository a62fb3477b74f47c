"""A sheet's copy with the desk: kept as it grows, under a version, so that no change of another officer is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from broadcaster.client import Client
from broadcaster.errors import BroadcasterError, Conflict
from broadcaster.sheet import Sheet, to_json

if TYPE_CHECKING:
    from broadcaster.tui.place import AtDesk


class Keeper:
    """Knows the draft's number and version, and whether all is kept. One save at a time: two would make two drafts."""

    def __init__(self, at: AtDesk, row: Any = None) -> None:
        self._at = at
        self._key = ""
        self._one = asyncio.Lock()
        self.row = row
        """The draft as the desk told it last, None before it is kept for the first time."""
        self.theirs: Any = None
        """The draft as another officer has changed it meanwhile, until one has chosen what stays."""
        self.trouble: BroadcasterError | None = None
        """Why the last try failed, None where it did not."""
        self._kept: Any = dict(row["body"]) if row else None

    @property
    def number(self) -> int | None:
        """The draft's number."""
        return int(self.row["id"]) if self.row else None

    def kept(self, sheet: Sheet) -> bool:
        """Whether the desk has exactly this."""
        return bool(self._kept == to_json(sheet)) or (self.row is None and sheet.blank)

    async def keep(self, sheet: Sheet) -> None:
        """Keep it if it has changed, unless another officer's change waits to be looked at. Never raises what the desk
        raises: that is told by `trouble` and `theirs`.
        """
        async with self._one:
            if not self.kept(sheet) and self.theirs is None:
                await self._keep(to_json(sheet))

    async def _keep(self, body: Any) -> None:
        try:
            self.row = await self._at.ask(lambda core: self._save(core, body))
            self._kept, self.trouble = body, None
        except Conflict as conflict:
            await self._met(conflict)
        except BroadcasterError as error:
            self.trouble = error

    def _save(self, core: Client, body: Any) -> Any:
        """An answer may be lost, and what the desk has under our key be older than this."""
        self._key = self._key or self._at.desk.new_key()
        row = self.row or core.open_draft(body, self._key)
        return row if row["body"] == body else core.save_draft(row["id"], row["version"], body)

    async def _met(self, conflict: Conflict) -> None:
        self.trouble = conflict
        if conflict.code == "draft_changed":
            self.theirs = await self._at.ask(lambda core: core.draft(int(conflict.params["number"])))

    def overwrite(self) -> None:
        """Our words stay: the next save is on top of theirs, which one has seen."""
        self.row, self.theirs, self.trouble = self.theirs, None, None

    def take_theirs(self) -> Any:
        """Their words stay; return them."""
        self.row, self.theirs, self.trouble = self.theirs, None, None
        self._kept = dict(self.row["body"])
        return self.row["body"]
