"""The real store without its threads, for whoever opens thousands of them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar, cast

from broadcaster.store import Store
from broadcaster.store.begun import Begun
from broadcaster.store.engine import Following, Together
from broadcaster.store.head import Remembered
from broadcaster.store.opening import connect
from broadcaster.store.store import NOWHERE
from broadcaster.store.transaction import Tx

T = TypeVar("T")
A = TypeVar("A")
R = TypeVar("R")


class Direct(Store):
    """Every statement and transaction of the store, without its threads: they would take ten times as long as the work,
    and are tested elsewhere. Nothing in it ever waits.
    """

    def __init__(self, path: Path) -> None:
        self._database = connect(path, write=True)
        self._remembered = Remembered(path)
        self._begun = Begun(path)
        self._districts = NOWHERE
        self._lanes = {}

    async def _write(self, work: Callable[[Tx], T], *_: Following) -> T:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            result = work(Tx(self._database))
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        return result

    async def _write_together(self, work: Together[A, R], item: A) -> R:
        return await self._write(lambda tx: work(tx, (item,))[0])

    async def _read(self, work: Callable[[Tx], T]) -> T:
        return work(Tx(self._database))

    async def close(self) -> None:
        self._begun.leave()
        self._database.close()


def done(call: Coroutine[Any, Any, T]) -> T:
    """Return what a call comes to that never waits."""
    try:
        call.send(None)
    except StopIteration as ended:
        return cast("T", ended.value)
    raise AssertionError("it waited for something")
