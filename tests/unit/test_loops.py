"""Which event loop the service's processes run on."""

import asyncio
import sys

import pytest

from broadcaster.loops import loop_factory


def test_uvloop_where_it_is_installed() -> None:
    uvloop = pytest.importorskip("uvloop")
    loop = loop_factory()()
    assert isinstance(loop, uvloop.Loop)
    loop.close()


def test_pythons_own_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is asyncio.new_event_loop
