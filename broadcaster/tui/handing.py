"""A draft on its way to the core: what is handed in, and what it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from broadcaster.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """`draft` is a `model.Draft` as JSON. `key` belongs to the form it was written in: however often the form is sent,
    it is one alert (fault 100). `of` is the identifier of the alert it follows, empty for a new one; `draft_id` the
    desk's own copy of the form, which closes with it.
    """

    draft: Any
    key: str
    of: str = ""
    draft_id: int | None = None

    def send(self, core: Client, digest: str) -> Any:
        """Hand it in as it was previewed. Raise what `Client.hand_in` raises."""
        return core.hand_in(self.draft, self.key, of=self.of, digest=digest, draft_id=self.draft_id)
