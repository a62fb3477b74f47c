"""The boundary of the command line: one sentence or one document, the right exit code, never a traceback."""

import importlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from broadcaster.cli import app, main
from broadcaster.cli.approving import show
from broadcaster.cli.sockets import socket_of
from broadcaster.cli.tables import look_words, tries_and_looks, try_words
from broadcaster.clock import SystemClock
from broadcaster.config import load_config
from broadcaster.errors import BroadcasterError, StoreFull
from broadcaster.forms import Forms
from broadcaster.rendering import Templates, templates_dir
from tests.desk.world import CONFIG


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    path.touch(0o600)
    path.write_text(CONFIG.format(mode="drill"), encoding="utf-8")
    monkeypatch.setenv("BROADCASTER_CONFIG", str(path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    return path


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    """The one document that was printed, and nothing beside it."""
    said = capsys.readouterr()
    assert said.err == ""
    return json.loads(said.out)


@pytest.mark.parametrize("language", ["ja_JP.UTF-8", "en_US.UTF-8"])
def test_every_command_explains_itself_in_the_readers_language(language: str) -> None:
    program = (
        "from broadcaster.cli import app, main\n"
        "for name in app.COMMANDS:\n"
        "    assert main([name, '--help']) == 0\n"
        "for pair in ('subscribers import', 'subscribers export', 'subscribers stats', 'audit verify'):\n"
        "    assert main([*pair.split(), '--help']) == 0\n"
        "assert main(['--help']) == 0\n"
    )
    env = {**os.environ, "LC_ALL": language, "BROADCASTER_CATALOG": "strict"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert ("使い方:" in done.stdout) is language.startswith("ja")
    assert ("Usage:" in done.stdout) is language.startswith("en")


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["status"], 3, "service_unreachable"),
        (["send"], 2, "usage_wrong"),
        (["send", "missing.toml"], 2, "file_unreadable"),
        (["status", "--nonsense"], 2, "usage_no_option"),
        (["approve"], 2, "usage_missing"),
        (["nonsense"], 2, "usage_wrong"),
        (["measure", "loudspeaker", "text"], 2, "channel_not_measured"),
        (["audit", "verify"], 1, "store_missing"),
        (["status", "--watch"], 2, "usage_wrong"),
        (["send", "--template", "flood-level4"], 2, "form_refused"),
        (["send", "--template", "nothing"], 2, "template_not_found"),
        (["status", "--config", "/nowhere/config.toml"], 2, "config_refused"),
    ],
)
def test_each_error_is_one_document_with_its_exit_code(
    config: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, what: str
) -> None:
    assert main([*arguments, "--json"]) == code
    error = document(capsys)["error"]
    assert error["code"] == what
    assert set(error) == {"code", "params", "problems", "message"}


def test_a_person_reads_one_sentence_and_the_problems(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("mode = 'neither'\n")
    assert main(["check"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    first, *problems = said.err.splitlines()
    assert first[0].isupper()
    assert all(line.startswith("  - config.toml") for line in problems)
    assert problems


def test_an_unforeseen_error_is_kept_in_a_log_and_told_in_a_sentence(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(session: object, **_: object) -> None:
        raise ZeroDivisionError(str(session))

    monkeypatch.setattr("broadcaster.cli.session.Session.client", broken)
    assert main(["status"]) == 1
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    [log] = (tmp_path / "state").rglob("*.log")
    assert str(log) in said.err
    assert "ZeroDivisionError" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_errors_carry_their_own_exit_codes(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(session: object, **_: object) -> None:
        raise StoreFull("store_full")

    monkeypatch.setattr("broadcaster.cli.session.Session.client", full)
    assert main(["status", "--json"]) == StoreFull.exit_code == BroadcasterError.exit_code
    assert document(capsys)["error"]["code"] == "store_full"


@pytest.mark.parametrize("language", ["ja_JP.UTF-8", "en_US.UTF-8"])
def test_what_init_makes_passes_its_check_before_it_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.delenv("BROADCASTER_CONFIG", raising=False)
    monkeypatch.delenv("BROADCASTER_SOCKET", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = str(probe.getsockname()[1])
    assert main(["init", str(tmp_path / "city"), "--port", free]) == 0
    assert "broadcaster check && broadcaster run" in capsys.readouterr().out
    config = str(tmp_path / "city" / "config.toml")
    assert main(["check", "--config", config, "--json"]) == 0
    assert [each["code"] for each in document(capsys)["findings"]].count("public_not_started") == 2
    text = Path(config).read_text()
    Path(config).write_text(
        text.replace(f'public_url = "http://127.0.0.1:{free}/"', 'public_url = "http://127.0.0.1:9/"')
    )
    assert main(["check", "--config", config, "--json"]) == 1


def test_preview_and_measure_need_no_service(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "twitter", "あ" * 140, "--json"]) == 0
    assert document(capsys) == {"length": 280, "limit": 280, "fits": True}
    assert main(["measure", "twitter", "あ" * 141, "--json"]) == 2
    assert document(capsys)["fits"] is False
    arguments = [part for name, value in examples(config).items() for part in ("--set", f"{name}={value}")]
    assert main(["preview", "--template", "flood-level4", *arguments, "--channel", "twitter", "--json"]) == 0
    shown = document(capsys)
    assert [each["channel"] for each in shown["channels"]] == ["twitter"]
    assert shown["channels"][0]["texts"][0]["body"].startswith("【訓練】")
    assert main(["preview", "--template", "flood-level4", *arguments]) == 0
    assert "X (Twitter)" in capsys.readouterr().out
    assert not (tmp_path / "data").exists()


def test_a_channel_that_is_not_enabled_yet_shows_what_it_would_say(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, _, _ = config.read_text().partition("[channels.twitter]")
    config.write_text(text + "[channels.page]\n[channels.twitter]\nenabled = false\n")
    flood = [part for name, value in examples(config).items() for part in ("--set", f"{name}={value}")]
    order = ["preview", "--template", "flood-level4", *flood]
    assert main([*order, "--channel", "twitter", "--json"]) == 0
    shown = document(capsys)
    assert shown["channels"][0]["texts"][0]["body"].startswith("【訓練】")
    assert ("channel_idle", False) in [(each["code"], each["blocking"]) for each in shown["problems"]]
    assert main([*order, "--channel", "loudspeaker"]) == 2
    assert "Enabled are: page" in capsys.readouterr().out
    assert main([*order, "--channel", "page"]) == 0
    said = capsys.readouterr().out
    assert "--- index.txt\n" in said
    assert "robots.txt\n" not in said.partition("--- index.txt")[2]


def test_an_officer_needs_no_secret_to_fill_a_template(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = [part for name, value in examples(config).items() for part in ("--set", f"{name}={value}")]
    config.write_text(config.read_text().replace('consumer_key = "a"', 'consumer_key_file = "secrets/not-ours"'))
    assert main(["send", "--template", "flood-level4", *order, "--json"]) == 3
    assert document(capsys)["error"]["code"] == "service_unreachable"
    assert main(["check", "--json"]) == 2


def test_an_export_that_fails_leaves_no_file(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["subscribers", "export", str(tmp_path / "all.csv"), "--json"]) == 3
        assert document(capsys)["error"]["code"] == "service_unreachable"
    assert not (tmp_path / "all.csv").exists()


def test_problems_of_form_and_of_words_are_told_together(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "alert.toml"
    file.write_text(
        'kind = "update"\nincident = 7\nurgency = "Soon"\nexpires = 2020-01-01T00:00:00+09:00\n[[infos]]\n'
        'headline = "○○に避難勧告"\nareas = ["芋窪", 5]\n[[infos]]\nlanguage = "en"\ndescription = "https://evil.example/"\n'
    )
    assert main(["preview", str(file), "--json"]) == 2
    told = [(each["place"], each["code"]) for each in document(capsys)["error"]["problems"]]
    assert len(told) == len(set(told))
    assert {
        ("urgency", "choice_unknown"),
        ("infos[0].areas[1]", "type_wrong"),
        ("infos[0].event", "field_missing"),
        ("infos[0].headline", "placeholder_left"),
        ("infos[0].headline", "word_abolished"),
        ("infos[0].expires", "expiry_past"),
        ("infos[1].description", "link_foreign"),
    } <= set(told)
    assert not any(place.startswith("incident") or code == "text_missing" for place, code in told)


def test_a_form_says_what_each_missing_slot_means(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "--template", "flood-level4", "--set", "colour=red"]) == 2
    said = capsys.readouterr().err
    assert "Name of the river, for example: 空堀川" in said
    assert "danger-level | rising-fast | leak" in said
    assert "its slots: areas, issued, river" in said


def test_nobody_listening_to_an_error_is_no_second_error(config: Path) -> None:
    command = f"{sys.executable} -m broadcaster send --template flood-level4 --json | true"
    done = subprocess.run(
        ["bash", "-c", f"sleep 0; {command}"], capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr


def test_looks_are_told_from_tries(config: Path) -> None:
    def entry(number: int, outcome: str, reason: str = "", ref: str = "") -> dict[str, object]:
        return {"number": number, "outcome": outcome, "reason": reason, "detail": "", "ref": ref}

    went = [
        entry(1, "channel_down", "credentials"),
        entry(1, "in_doubt", "timeout"),
        entry(1, "not_sent"),
        entry(1, "in_doubt", "server_error"),
        entry(2, "accepted", ref="77"),
        entry(2, "accepted", "not_seen", "77"),
        entry(2, "accepted", ref="77"),
    ]
    told = [look_words(one) if looked else try_words(one) for one, looked in tries_and_looks(went)]
    assert [each.partition(":")[0] for each in told] == ["try 1"] * 2 + ["read back"] * 2 + ["try 2"] + [
        "read back"
    ] * 2
    assert [each.strip() for each in told[-2:]] == ["read back: not found", "read back: found 77"]
    assert told[2].strip() == "read back: not found"


def test_an_approver_reads_every_word_also_where_no_message_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    info = {"language": "ja", "headline": "見出し", "description": "状況", "instruction": "行動", "areas": []}
    alert = {"status": "Actual", "incident": 1, "version": 1, "kind": "alert", "infos": [info]}
    feeds: dict[str, Any] = {
        "channel": "feeds",
        "texts": [],
        "length": None,
        "cost": None,
        "reached": None,
        "headers": {},
        "files": {"atom.xml": ""},
        "sizes": {"atom.xml": 9},
        "previous": [],
        "previous_files": {},
    }
    acceptance = {"alert": alert, "author": {"name": "a"}}
    pending = {
        "id": 1,
        "mode": "live",
        "acceptance": acceptance,
        "overtaken": False,
        "previous": None,
        "handed_back": None,
    }
    show({**pending, "channels": [feeds]})
    assert "状況\n行動" in capsys.readouterr().out


def examples(config: Path) -> dict[str, str]:
    city = load_config(config).city
    return Forms(templates_dir(), Templates(city.zone)).examples("flood-level4", city, SystemClock().now())


@pytest.mark.parametrize("line", ['socket = "run/desk.sock"', 'data_dir = "store"', "", 'socket = "/run/desk.sock"'])
def test_the_quick_way_to_the_socket_is_that_of_the_configuration(config: Path, line: str) -> None:
    config.write_text(f"{line}\n{config.read_text()}")
    assert socket_of(config) == load_config(config).socket


@pytest.mark.fault(98)
def test_what_a_terminal_would_obey_is_shown_instead(capsys: pytest.CaptureFixture[str]) -> None:
    importlib.import_module("broadcaster.cli.session").say("a\x1b[2Jb\r")
    assert capsys.readouterr().out == "a\\x1b[2Jb\\x0d\n"


def test_every_listed_command_is_there() -> None:
    context = click.Context(app.broadcaster)
    listed = app.broadcaster.list_commands(context)
    assert set(app.COMMANDS) - set(listed) == set(app.HIDDEN)
    for name in listed:
        assert isinstance(app.broadcaster.get_command(context, name), click.Command)


def test_a_status_costs_little_processor_time(config: Path) -> None:
    command = [sys.executable, "-m", "broadcaster", "status"]
    taken = []
    for _ in range(3):
        before = os.times()
        subprocess.run(command, capture_output=True, check=False, timeout=60)
        after = os.times()
        taken.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(taken) < 0.5


def test_every_file_is_written_for_the_browser_and_none_is_replaced(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flood = ("--set=areas=芋窪", "--set=river=空堀川", "--set=reason=leak", "--set=shelters=第三小学校")
    arguments = ["preview", "--template", "flood-level4", *flood, "--files", str(tmp_path / "look")]
    assert main(arguments) == 0, capsys.readouterr()
    assert str(tmp_path / "look" / "page" / "index.html") in capsys.readouterr().out
    assert "芋窪" in (tmp_path / "look" / "page" / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "look" / "feeds" / "atom.xml").exists()
    assert main(arguments) == 2
