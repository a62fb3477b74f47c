"""Looking at a public address as a resident does: what lies there, how old it is, and whether it is whole.

Over `upstream.HttpFetcher`: conditional, bounded in time and size, no redirect followed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from broadcaster.canary.room import Address
from broadcaster.errors import EgressRefused, FeedUnreadable
from broadcaster.model import Mode
from broadcaster.ports.channel import Holding
from broadcaster.rules.canary import Habits, Hush, Shown, seen
from broadcaster.upstream import Fetcher

MANIFEST = "edition.json"
TRIES = 3
"""Two files are asked for one after the other; an edition may be published in between."""
_MAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}")
_CODES = {
    "feed_unreachable": "canary_unreachable",
    "feed_status": "canary_status",
    "feed_too_large": "canary_too_large",
}


@dataclass(frozen=True, slots=True)
class _Copy:
    """A document as it was got last, with its validators."""

    etag: str
    last_modified: str
    body: bytes


class Looker:
    """Looks at addresses. Remembers what it got, so that what has not changed is not fetched again."""

    def __init__(self, fetcher: Fetcher, habits: Habits) -> None:
        self._fetcher = fetcher
        self._habits = habits
        self._copies: dict[str, _Copy] = {}

    async def look(self, address: Address, now: datetime) -> Hush | None:
        """Return what is wrong there, None where the public gets what was published."""
        held = await address.held()
        hush = None
        for _ in range(TRIES):
            hush = await self._look_once(address.url, held, now)
            if hush is None or hush.code not in ("canary_altered", "canary_foreign"):
                break
            held = await address.held()
        return hush

    async def _look_once(self, url: str, held: Holding | None, now: datetime) -> Hush | None:
        try:
            manifest = _manifest(await self._get(url + MANIFEST))
            if manifest is None:
                return Hush(code="canary_no_edition", params={})
            main = await self._get(url + manifest.main)
        except FeedUnreadable as error:
            return Hush(code=_CODES.get(error.code, error.code), params=error.params)
        except EgressRefused as error:
            return Hush(code=error.code, params=error.params)
        intact = hashlib.sha256(main).hexdigest() == manifest.digest
        shown = Shown(
            number=manifest.number,
            issued_at=manifest.issued_at,
            mode=manifest.mode,
            digest=manifest.digest,
            intact=intact,
        )
        return seen(shown, _shown(held), now, self._habits.max_age)

    async def _get(self, url: str) -> bytes:
        """Return the document. Raise `FeedUnreadable`, `EgressRefused`."""
        known = self._copies.get(url, _Copy("", "", b""))
        reply = await self._fetcher.get(url, known.etag, known.last_modified)
        if reply.body is None:
            return known.body
        self._copies[url] = _Copy(reply.etag, reply.last_modified, reply.body)
        return reply.body


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manifest:
    number: int
    issued_at: datetime
    mode: Mode
    main: str
    digest: str


def _manifest(data: bytes) -> _Manifest | None:
    """Read an `edition.json`; None where it is none, such as the page of a captive portal."""
    try:
        table: Any = json.loads(data)
        main, files = table["main"], table["files"]
        made = _Manifest(
            number=int(table["number"]),
            issued_at=datetime.fromisoformat(table["issued_at"]),
            mode=Mode(table["mode"]),
            main=main,
            digest=str(files[main]) if isinstance(files, Mapping) else "",
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return made if _MAIN.fullmatch(main) and made.issued_at.utcoffset() is not None else None


def _shown(held: Holding | None) -> Shown | None:
    if held is None:
        return None
    return Shown(number=held.number, issued_at=held.issued_at, mode=held.mode, digest=held.digest)
