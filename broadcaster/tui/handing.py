"""A draft on its way to the core: what is handed in, and by which of its doors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from broadcaster.client import Client

FOLLOWING = ("correction", "cancel", "all-clear")


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
        """Hand it in as it was previewed. Raise what `Client.submit` raises."""
        if not self.of:
            return core.submit(self.draft, self.key, digest, draft_id=self.draft_id)
        kind = self.draft["kind"]
        if kind in FOLLOWING:
            more = {"draft": self.draft, "silent": self.draft["silent"], "draft_id": self.draft_id}
            return core.follow_up(self.of, kind, self.key, digest=digest, **more)
        return core.update(self.of, self.draft, self.key, digest, draft_id=self.draft_id)
