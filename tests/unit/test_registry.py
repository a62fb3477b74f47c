"""Channels are found by entry point, loaded when asked for, and built with a folder of their own."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from broadcaster import registry
from broadcaster.clock import SystemClock, SystemEntropy
from broadcaster.errors import ConfigError
from broadcaster.model import Mode
from broadcaster.ports.world import Context
from broadcaster.rendering import Templates
from broadcaster.rules.egress import Endpoints
from tests.unit.drafts import CITY


class Settings(BaseModel):
    """A stranger's settings."""

    word: str = "x"


def build(settings: Settings, context: Context) -> Any:
    return SimpleNamespace(name="stranger", settings=settings, folder=context.state_dir)


def build_without_annotation(settings, context):  # type: ignore[no-untyped-def]
    return None


def build_of_no_model(settings: int, context: Context) -> Any:
    return None


def build_of_nothing() -> Any:
    return None


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    names = ("build", "build_without_annotation", "build_of_no_model", "build_of_nothing", "missing")
    points = {name: EntryPoint(name, f"{__name__}:{name}", registry.GROUP) for name in names}
    points["absent"] = EntryPoint("absent", "no.such.module:build", registry.GROUP)
    monkeypatch.setattr(registry, "_points", lambda: points)
    registry._builder.cache_clear()
    yield
    registry._builder.cache_clear()


def context(folder: Path) -> Context:
    return Context(
        mode=Mode.DRILL,
        city=CITY,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        egress=Endpoints(Mode.DRILL),
        renderer=Templates(CITY.zone),
        state_dir=folder,
    )


def test_our_channels_are_there() -> None:
    assert registry.names() == ("feeds", "mail", "page", "twitter")


def test_every_channel_of_ours_has_settings_that_refuse_what_they_do_not_know() -> None:
    for name in registry.names():
        model = registry.settings_model(name)
        assert model.model_config.get("extra") == "forbid"
        assert model.model_config.get("frozen") is True


def test_a_stranger_s_channel_is_built_like_ours(strangers: None, tmp_path: Path) -> None:
    assert registry.settings_model("build") is Settings
    channel: Any = registry.build("build", Settings(), context(tmp_path))
    assert channel.folder == tmp_path / "build"
    built = registry.build_all([SimpleNamespace(name="build", settings=Settings(word="y"))], context(tmp_path))
    made: Any = built["build"]
    assert made.settings.word == "y"


@pytest.mark.parametrize(
    "name", ["build_without_annotation", "build_of_no_model", "build_of_nothing", "missing", "absent"]
)
def test_a_channel_that_cannot_be_used_is_told_by_name(strangers: None, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        registry.settings_model(name)
    assert [problem.code for problem in caught.value.problems] == ["channel_broken"]
    assert caught.value.problems[0].params["channel"] == name


def test_a_channel_that_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        registry.build("telex", Settings(), replace(context(tmp_path)))
    assert [problem.code for problem in caught.value.problems] == ["channel_unknown"]


def test_a_channel_s_own_count_needs_no_configuration() -> None:
    measure = registry.measurer("twitter")
    assert measure is not None
    assert measure("避難").length == 4
    assert registry.measurer("page") is None
    assert registry.measurer("telex") is None


def test_no_channel_is_imported_before_it_is_asked_for() -> None:
    code = "import sys; from broadcaster import registry; registry.names(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert [name for name in done.stdout.split() if name.startswith("channels.")] == []
