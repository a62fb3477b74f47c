"""The supervisor with real processes: what it logs is what the tests wait for."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import json, logging, sys
from broadcaster.supervisor import Child, Pace, run

class Lines(logging.Formatter):
    def format(self, record):
        names = ("event", "child", "pid", "exit_code", "in_s", "reason")
        return json.dumps({name: getattr(record, name) for name in names if hasattr(record, name)})

handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(Lines())
logging.basicConfig(level=logging.INFO, handlers=[handler])
pace = Pace(delays_s=(0.05, 0.2, 0.4), healthy_s=5, grace_s=float(sys.argv[1]))
sys.exit(run([Child(name, tuple(argv)) for name, argv in json.loads(sys.argv[2])], pace))
"""
CALM = [sys.executable, "-c", "import signal; signal.pause()"]
"""Ends at SIGTERM, as Python does by default."""
WAIT = "os.write(1, b'ready\\n')\nwhile True: signal.pause()"
"""One write for the whole line: two children share the pipe, and `print` writes the line's end apart if unbuffered."""
FINISH = "import os, signal, sys\nsignal.signal(15, lambda *_: (os.write(1, b'finished\\n'), sys.exit(0)))\n"
FINISHES = [sys.executable, "-c", FINISH + WAIT]
DEAF = [sys.executable, "-c", "import os, signal\nsignal.signal(15, signal.SIG_IGN)\n" + WAIT]
DIES = [sys.executable, "-c", "import sys; sys.exit(7)"]


class Service:
    """A running supervisor and the lines it has said."""

    def __init__(self, grace: float, children: dict[str, list[str]]) -> None:
        argv = [sys.executable, "-u", "-c", SCRIPT, str(grace), json.dumps(list(children.items()))]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], bufsize=0)
        self.pids = dict[str, int]()
        self._readies = 0
        self._rest = b""

    def line(self, seconds: float = 60) -> str:
        assert self.process.stdout is not None
        end = time.monotonic() + seconds
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            assert ready, "nothing more was said"
            found = os.read(self.process.stdout.fileno(), 4096)
            assert found, "it ended"
            self._rest += found
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def event(self, name: str, child: str = "") -> dict[str, Any]:
        """Read on until this event (of this child) is said."""
        while True:
            line = self.line()
            self._readies += line == "ready"
            if not line.startswith("{"):
                continue
            said: dict[str, Any] = json.loads(line)
            if said.get("event") == "child_started":
                self.pids[said["child"]] = said["pid"]
            if said.get("event") == name and child in ("", said.get("child")):
                return said

    def ready(self) -> None:
        """Read on until one more child has said that its handlers stand, maybe before what was awaited last."""
        while not self._readies:
            self._readies += self.line() == "ready"
        self._readies -= 1

    def end(self) -> int:
        return self.process.wait(15)


@pytest.fixture
def service() -> Iterator[Any]:
    made = list[Service]()

    def start(grace: float = 10, **children: list[str]) -> Service:
        made.append(Service(grace, children))
        for _ in children:
            made[-1].event("child_started")
        return made[-1]

    yield start
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(15)
        assert one.process.stdout is not None
        one.process.stdout.close()


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie whose reaper is busy counts)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def await_gone(pid: int, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not gone(pid):
        assert time.monotonic() < end, f"{pid} lives on"
        time.sleep(0.01)


@pytest.mark.fault(7)
@pytest.mark.parametrize(("victim", "other"), [("core", "pages"), ("pages", "core")])
def test_a_killed_child_is_started_again_within_two_seconds_and_the_other_does_not_notice(
    service: Any, victim: str, other: str
) -> None:
    one = service(core=CALM, pages=CALM)
    before = dict(one.pids)
    began = time.monotonic()
    os.kill(before[victim], signal.SIGKILL)
    assert one.event("child_ended", victim)["exit_code"] == -signal.SIGKILL
    one.event("child_started", victim)
    assert time.monotonic() - began < 2
    assert one.pids[victim] != before[victim]
    assert one.pids[other] == before[other]
    assert not gone(before[other])


@pytest.mark.fault(13)
def test_a_crash_loop_waits_longer_each_time_and_does_not_hurt_the_other(service: Any) -> None:
    one = service(core=DIES, pages=CALM)
    waits = [one.event("child_restarting", "core")["in_s"] for _ in range(4)]
    assert waits == [0.05, 0.2, 0.4, 0.4]
    assert not gone(one.pids["pages"])


@pytest.mark.fault(9)
def test_sigterm_lets_every_child_finish(service: Any) -> None:
    one = service(core=FINISHES)
    one.ready()
    one.process.send_signal(signal.SIGTERM)
    while one.line() != "finished":
        pass
    assert one.event("child_ended", "core")["exit_code"] == 0
    assert one.end() == 0


def test_a_deaf_child_is_killed_after_the_time_of_grace(service: Any) -> None:
    one = service(grace=0.3, core=DEAF)
    one.ready()
    one.process.send_signal(signal.SIGTERM)
    one.event("child_killed", "core")
    assert one.end() == 1
    await_gone(one.pids["core"])


@pytest.mark.fault(10)
def test_a_second_signal_ends_at_once(service: Any) -> None:
    one = service(grace=60, core=DEAF)
    one.ready()
    one.process.send_signal(signal.SIGTERM)
    one.event("supervisor_stopping")
    began = time.monotonic()
    one.process.send_signal(signal.SIGINT)
    assert one.end() == 1
    assert time.monotonic() - began < 5
    await_gone(one.pids["core"])


@pytest.mark.fault(14)
def test_a_hang_up_changes_nothing(service: Any) -> None:
    one = service(core=CALM)
    one.process.send_signal(signal.SIGHUP)
    one.event("hang_up_ignored")
    assert not gone(one.pids["core"])


def test_children_die_with_a_killed_supervisor(service: Any) -> None:
    one = service(core=DEAF, pages=DEAF)
    one.ready()
    one.ready()
    one.process.kill()
    one.process.wait(15)
    for pid in one.pids.values():
        await_gone(pid)


def test_what_a_terminal_sends_does_not_reach_the_children(service: Any) -> None:
    one = service(core=CALM)
    assert os.getpgid(one.pids["core"]) != os.getpgid(one.process.pid)


def test_a_program_that_is_not_there_counts_as_a_death(service: Any) -> None:
    one = service(core=["/nonexistent/program"])
    assert one.event("child_ended", "core")["exit_code"] != 0
    one.event("child_restarting", "core")
