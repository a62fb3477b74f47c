"""`init --drill` at the command line, and a mode that was switched under an instance."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster.cli import drilling, main
from broadcaster.desk import Debrief, Mark, Step


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.delenv("BROADCASTER_CONFIG", raising=False)
    monkeypatch.delenv("BROADCASTER_SOCKET", raising=False)


@pytest.fixture
def live(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["init", str(tmp_path / "live"), "--live", "--port", "18080"]) == 0
    capsys.readouterr()
    return tmp_path / "live"


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The codes of the problems a command names as it refuses."""
    assert main([*arguments, "--json"]) == 2
    problems: list[Any] = json.loads(capsys.readouterr().out)["error"]["problems"]
    return [each["code"] for each in problems]


@pytest.mark.parametrize("how", ["configuration", "folder", "here"])
def test_init_drill_makes_one_beside_a_live_one(
    live: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "configuration":
        said = ["--config", str(live / "config.toml")]
    elif how == "folder":
        said = ["--beside", str(live)]
    else:
        monkeypatch.chdir(live)
        said = []
    assert main(["init", "--drill", *said, "--json"]) == 0
    home = live.with_name("live-drill")
    assert Path(json.loads(capsys.readouterr().out)["folder"]).resolve() == home.resolve()
    assert 'mode = "drill"' in (home / "config.toml").read_text()


def test_what_makes_no_sense_is_refused(live: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    beside = ("--beside", str(live))
    assert refused(capsys, "init") == ["init_where"]
    assert refused(capsys, "init", "--live") == ["init_where"]
    assert refused(capsys, "init", str(tmp_path / "a"), "--live", *beside) == ["init_beside_live"]
    assert refused(capsys, "init", "--drill", *beside, "--name", "x") == ["init_beside_named"]
    assert refused(capsys, "init", str(live / "in"), *beside) == ["init_beside_inside"]
    assert refused(capsys, "init", "--drill", *beside, "--port", "18079") == ["init_beside_port"]
    assert refused(capsys, "init", "--drill", "--config", str(tmp_path / "nothing.toml")) == ["config_unreadable"]
    assert list(tmp_path.iterdir()) == [live]


@pytest.mark.fault(112)
@pytest.mark.parametrize(("made", "switched"), [("live", "drill"), ("drill", "live")])
def test_an_instance_whose_mode_was_switched_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], made: str, switched: str
) -> None:
    """There is no reload: a running service keeps what it was started with, and a restart is refused here, before any
    child is started. Taking an instance over to the other mode is making another one.
    """
    assert main(["init", str(tmp_path / "city"), f"--{made}"]) == 0
    config = tmp_path / "city" / "config.toml"
    config.write_text(config.read_text().replace(f'mode = "{made}"', f'mode = "{switched}"'))
    capsys.readouterr()
    assert main(["run", "--config", str(config), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "store_other_mode"
    assert main(["check", "--config", str(config), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "store_other_mode"


def test_trouble_needs_somebody_to_play_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a live instance nor a drill with real test accounts has stand-ins."""
    for mode in ("live", "drill"):
        assert main(["init", str(tmp_path / mode), f"--{mode}"]) == 0
        capsys.readouterr()
        assert main(["run", "--config", str(tmp_path / mode / "config.toml"), "--x=429", "--json"]) == 2
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "trouble_not_here"


def test_a_drill_is_looked_back_on_without_a_service(live: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--drill", "--beside", str(live)]) == 0
    config = str(live.with_name("live-drill") / "config.toml")
    capsys.readouterr()
    assert main(["drill", "report", "--config", config, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"incidents": []}
    assert main(["drill", "report", "--config", config]) == 0
    assert capsys.readouterr().out == "Nothing was sent yet.\n"


@pytest.mark.parametrize("language", ["ja_JP.UTF-8", "en_US.UTF-8"])
def test_each_step_is_worded_and_what_was_not_reached_has_no_time(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    at = datetime(2026, 7, 1, 3, tzinfo=UTC)
    reached = [
        Mark(
            step=step,
            serial="7-1",
            who="duty-a",
            channel="mail",
            at=at,
            after=timedelta(seconds=125.3),
            took=timedelta(0),
        )
        for step in Step
    ]
    missing = Mark(step=Step.CONFIRMED, serial="7-1", channel="twitter", target="x")
    names, said = {"duty-a": "当直A"}, {"ja": "避難", "en": "Leave"}
    found = [Debrief(incident=7, headline="h", marks=(*reached, missing), names=names, said=said)]
    told = list(drilling.lines(found))
    assert len(told) == 3 + len(Step) + 1
    assert told[2].endswith(said[language[:2]])
    assert all("2:05.3" in line and line.endswith("7-1    当直A") for line in told[3:-1])
    assert told[-1].split()[:2] == ["-", "-"]
    (document,) = drilling.documents(found)
    assert document["steps"][0]["after_s"] == 125.3
    assert (document["steps"][-1]["at"], document["steps"][-1]["took_s"]) == (None, None)
