"""A sheet that is done: pressed once, so that what is previewed is the very draft that is handed in."""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster.documents import digest
from broadcaster.model import Draft
from broadcaster.sheet.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What goes from composing to preview and sending. `key` is made once for it, so that it is sent once however
    often it is tried; `draft_id` is the desk's draft that is closed with it, None where none was kept.
    """

    sheet: Sheet
    draft: Draft
    key: str
    draft_id: int | None = None

    @property
    def source(self) -> str:
        """What the draft was made from, as a digest: the time of pressing is not part of the wish."""
        return digest(self.sheet)
