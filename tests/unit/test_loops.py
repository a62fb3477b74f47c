"""What the service's processes run on."""

import asyncio
import gc
import sys

import pytest

from broadcaster.loops import loop_factory, spare_what_stays


def test_uvloop_where_it_is_installed() -> None:
    uvloop = pytest.importorskip("uvloop")
    loop = loop_factory()()
    assert isinstance(loop, uvloop.Loop)
    loop.close()


def test_pythons_own_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is asyncio.new_event_loop


def test_what_is_loaded_is_out_of_the_collectors_rounds() -> None:
    before = gc.get_freeze_count()
    try:
        spare_what_stays()
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()
