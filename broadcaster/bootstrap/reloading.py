"""Taking over plan files and the rules over watched feeds while the service runs: by command, plan files also by
themselves. What cannot be read changes nothing: what was in force stays so, and every desk says which file and why.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster.config import Config, load_core
from broadcaster.desk import Desk, Reloaded
from broadcaster.errors import BroadcasterError, Refused
from broadcaster.model import Problem
from broadcaster.ports.world import Clock

if TYPE_CHECKING:
    from broadcaster.routine import Planning
    from broadcaster.upstream import Rulebook, Watcher

LOOK_S = 5.0
"""Seconds between two looks whether a plan file has changed."""
log = logging.getLogger("broadcaster.service")
_Stamp = tuple[tuple[str, int, int], ...]


@dataclass(kw_only=True)
class Reloader:
    """Reads again what may change without a restart, for one service."""

    config: Config
    planning: Planning
    book: Rulebook
    desk: Desk
    clock: Clock
    watcher: Watcher | None = None
    """Who is told of new rules."""
    _seen: _Stamp = ()
    _plans: tuple[Problem, ...] = ()
    _rules: tuple[Problem, ...] = ()
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def reload(self) -> Reloaded:
        """Take over plan files and rules; return what is wrong with any. What cannot be read changes nothing."""
        async with self._one:
            await self._reload_rules()
            await self.read_plans()
        return Reloaded(plans=len(self._seen), rules=len(self.book.watches), problems=self.desk.wrong)

    async def begin(self) -> None:
        """Take over plan files, and the rules of the last reload: a process that is started in place of one that died
        has the text with which the service began (ADR 0032).
        """
        if await asyncio.to_thread(self._had_these_rules):
            await self._reload_rules()
        await self.read_plans()

    def _had_these_rules(self) -> bool:
        try:
            known = self._mark.read_text(encoding="ascii")
            return known == hashlib.sha256(self.config.path.read_bytes()).hexdigest()
        except (OSError, UnicodeDecodeError):
            return False

    @property
    def _mark(self) -> Path:
        """Where it is kept which text of the configuration the rules were last taken over from."""
        return self.config.data_dir / "reloaded"

    async def run(self) -> None:
        """Take over plan files whenever one has changed, until cancelled."""
        while True:
            try:
                if self._stamp() != self._seen:
                    async with self._one:
                        await self.read_plans()
            except BroadcasterError as error:
                log.warning("Plan files could not be taken over.", extra={"event": "reload_failed", "why": str(error)})
            await self.clock.sleep(LOOK_S)

    async def read_plans(self) -> None:
        """Take over what the plan files say now."""
        from broadcaster.routine import read_folder  # noqa: PLC0415 - for the service only

        stamp = self._stamp()
        folder = await asyncio.to_thread(read_folder, self.config.routine.folder)
        await self.planning.refresh(folder)
        self._seen, self._plans = stamp, folder.problems
        self._tell()
        log.info("Plan files were taken over.", extra={"event": "plans_reloaded", "count": len(folder.plans)})

    async def _reload_rules(self) -> None:
        try:
            text = await asyncio.to_thread(self.config.path.read_bytes)
            core = await asyncio.to_thread(load_core, self.config.path, text)
            self._mark.write_text(hashlib.sha256(text).hexdigest(), encoding="ascii")
        except Refused as refused:
            self._rules = tuple(refused.problems)
            return
        except OSError as error:
            params = {"path": str(self.config.path), "why": error.strerror or type(error).__name__}
            self._rules = (Problem(code="config_unreadable", place=self.config.path.name, params=params),)
            return
        self._rules = ()
        self.book.watches = tuple(rule.watch() for rule in core.upstream.rules)
        self.book.total = core.upstream.total
        if self.watcher is not None:
            self.watcher.watch_by(self.book.watches)
        log.info("Rules were taken over.", extra={"event": "rules_reloaded", "count": len(self.book.watches)})

    def _tell(self) -> None:
        self.desk.tell_wrong((*self._rules, *self._plans))

    def _stamp(self) -> _Stamp:
        return tuple(_stamped(self.config.routine.folder))


def _stamped(folder: Path) -> list[tuple[str, int, int]]:
    """Return name, time and size of each plan file; what is gone in between is not there."""
    found = list[tuple[str, int, int]]()
    for path in sorted(folder.glob("*.toml")):
        try:
            state = path.stat()
        except OSError:
            continue
        found.append((path.name, state.st_mtime_ns, state.st_size))
    return found


@asynccontextmanager
async def reloading(reloader: Reloader) -> AsyncGenerator[None, None]:
    """Look after plan files meanwhile."""
    running = asyncio.create_task(reloader.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
