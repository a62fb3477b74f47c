"""The demonstration, as somebody tries it first."""

import asyncio
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.house import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "broadcaster", "demo", *arguments]
    env = {**os.environ, "LC_ALL": "en_US.UTF-8", "BROADCASTER_CATALOG": "strict"}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=180, check=False)


def test_headless_it_confirms_four_channels_and_says_so_in_one_document() -> None:
    done = demo("--headless", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {"alert", "deliveries", "urls", "canary"}
    assert document["canary"] == {"serial": "0-1", "silent": []}
    assert {each["channel"] for each in document["deliveries"]} == {"twitter", "mail", "page", "feeds"}
    for each in document["deliveries"]:
        assert set(each) == {"channel", "target", "state", "ref", "latency_ms"}
        assert (each["state"], bool(each["ref"]), each["latency_ms"] >= 0) == ("confirmed", True, True)
    assert set(document["urls"]) == {"page", "atom", "rss", "cap"}
    assert document["alert"]["status"] == "Exercise"


def test_with_trouble_it_says_what_was_not_confirmed_and_how_it_went() -> None:
    done = demo("--headless", "--json", "--seconds", "5", "--x=suspended", "--smtp=down")
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    states = {each["channel"]: each["state"] for each in document["deliveries"]}
    assert states["twitter"] == states["mail"] == "retry_wait"
    (incident,) = document["drill"]
    missed = {step["channel"] for step in incident["steps"] if step["step"] == "confirmed" and not step["at"]}
    assert missed >= {"twitter", "mail"}


def test_without_a_terminal_it_prints_board_and_addresses(tmp_path: Path) -> None:
    done = demo("--data-dir", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "A demonstration" in done.stdout
    assert "X (Twitter)" in done.stdout
    assert "http://127.0.0.1:" in done.stdout
    assert all(json.loads(line) for line in (tmp_path / "service.log").read_text().splitlines())


async def test_on_a_terminal_it_opens_the_desk_and_tells_afterwards_how_it_went() -> None:
    ours, theirs = pty.openpty()
    env = {**os.environ, "LC_ALL": "en_US.UTF-8", "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "50"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "broadcaster", "demo"), cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    try:
        shown = await asyncio.to_thread(read_until, ours, "demo-demo-demo", 90)
        assert "duty-a" in shown
        process.send_signal(signal.SIGINT)
        rest = asyncio.create_task(asyncio.to_thread(read_until, ours, "\0never", 30))
        assert await asyncio.wait_for(process.wait(), 40) == 0
        assert "Nothing was sent yet." in await rest
        assert "Traceback" not in rest.result()
    finally:
        if process.returncode is None:
            process.kill()
        os.close(ours)


def read_until(terminal: int, wanted: str, limit_s: float) -> str:
    """Read what a terminal shows until the words come, its other end closes, or time is up."""
    shown, end = b"", time.monotonic() + limit_s
    while wanted.encode() not in shown and time.monotonic() < end:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        shown += part
    return shown.decode("utf-8", "replace")
