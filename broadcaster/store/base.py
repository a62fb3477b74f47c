"""What every part of the store has: the writer and the readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from broadcaster.errors import StoreError
from broadcaster.ports.store import Standby
from broadcaster.rules.districts import Districts
from broadcaster.store.begun import Begun
from broadcaster.store.engine import Following, Readers, Together, Writer
from broadcaster.store.head import Remembered
from broadcaster.store.transaction import Tx

T = TypeVar("T")
A = TypeVar("A")
R = TypeVar("R")


class Part:
    """One room of the store. `Store` is all of them over one writer and one set of readers."""

    def __init__(
        self, writer: Writer | None, readers: Readers, remembered: Remembered, begun: Begun, districts: Districts
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._remembered = remembered
        self._begun = begun
        self._districts = districts
        self._lanes: dict[str, Standby] = {}

    async def _write(self, work: Callable[[Tx], T], *following: Following) -> T:
        if self._writer is None:
            raise StoreError("store_read_only")
        return await self._writer.do(work, *following)

    async def _write_together(self, work: Together[A, R], item: A) -> R:
        if self._writer is None:
            raise StoreError("store_read_only")
        return await self._writer.do_together(work, item)

    async def _read(self, work: Callable[[Tx], T]) -> T:
        return await self._readers.do(work)
