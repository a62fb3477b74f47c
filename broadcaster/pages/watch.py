"""Noticing new editions: each root is looked at, read, verified and prepared in a thread, for the server to swap in."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from broadcaster.pages.edition import BrokenEdition, Edition, File, Stamp, read, stamp
from broadcaster.pages.options import Root
from broadcaster.pages.site import Press, Resource

_LOG = logging.getLogger(__name__)


class Watch:
    """One root. `look` touches the disk and is called from one thread at a time, never from the event loop."""

    def __init__(self, root: Root, press: Press) -> None:
        self.root = root
        self._press = press
        self._seen: Stamp | None = None
        self._broken: Stamp | None = None
        self.number: int | None = None
        """The edition in memory, None before the first."""
        self.part: Mapping[str, Resource] = {}
        self._files: Mapping[str, File] = {}

    def look(self) -> bool:
        """Return whether a new edition was taken into `part`. Whatever is wrong with one, the last good one stays."""
        now = stamp(self.root.directory)
        if now is None or now == self._seen:
            return False
        try:
            edition = read(self.root.directory, self._files)
        except BrokenEdition as broken:
            self._refuse(now, broken)
            return False
        if stamp(self.root.directory) != now:
            return False  # switched while we read: the next look takes the newer one
        self._take(now, edition)
        return True

    def _take(self, now: Stamp, edition: Edition) -> None:
        self.part = self._press.part(self.root.prefix, edition, self.part)
        self.number, self._files, self._seen, self._broken = edition.number, edition.files, now, None
        _LOG.info(
            "edition taken",
            extra={
                "event": "edition_taken",
                "root": self.root.prefix,
                "number": edition.number,
                "files": len(self.part),
            },
        )

    def _refuse(self, now: Stamp, broken: BrokenEdition) -> None:
        """Say it once per edition, but go on looking: a file may have been slow to arrive on a network disk."""
        if now == self._broken:
            return
        self._broken = now
        _LOG.error(
            "edition not taken, the last good one stays",
            extra={"event": "edition_broken", "root": self.root.prefix, "why": broken.why, "file": broken.file},
        )
