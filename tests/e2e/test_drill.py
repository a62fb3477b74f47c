"""A whole drill where nothing outside can be reached, with every address that any of its processes called."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.house import ROOT
from tests.faults.kit.services import missing_service, needs
from tests.faults.kit.strace import may_trace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
_CALLED = re.compile(
    r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)'
    r'|sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"'
)
_NOWHERE = """
import socket
from tests.e2e.rehearsal import loopback_up
loopback_up()
for family, kind, host in ((2, 1, "192.0.2.1"), (2, 2, "192.0.2.2"), (10, 1, "2001:db8::3")):
    socket.socket(family, kind).connect_ex((host, 53))
socket.socket(2, 2).sendto(b"x", ("127.0.0.1", 9))
"""
"""Calls three addresses that are nobody's (RFC 5737, RFC 3849), and one that is this machine's."""


async def recorded(trace: Path, *program: str) -> tuple[str, set[str]]:
    """Run a Python program without any network but loopback; return what it printed, and every address outside of this
    machine that it or any child of it called, connected or not.
    """
    needs("strace", "unshare")
    if not may_trace():
        missing_service("this machine does not let us trace")
    alone = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--net")
    watched = (
        "strace",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-e",
        "trace=connect,sendto,sendmsg,sendmmsg",
        "-e",
        "signal=none",
    )
    process = await asyncio.create_subprocess_exec(
        *(*watched, "-o", str(trace), *alone, sys.executable, *program),
        cwd=ROOT,
        env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 240)
    if b"unshare" in err and process.returncode:
        missing_service(f"this machine gives us no network namespace: {err.decode()[-200:]}")
    assert process.returncode == 0, err.decode()[-4000:]
    called = set(addresses(trace.read_text(errors="replace")))
    assert called, "nothing was recorded at all"
    return out.decode(), {each for each in called if not ipaddress.ip_address(each.partition(" ")[0]).is_loopback}


def addresses(trace: str) -> Iterator[str]:
    for found in _CALLED.finditer(trace):
        port, host = (found[1], found[2]) if found[1] else (found[3], found[4])
        yield f"{host} {port}"


async def test_the_recorder_sees_who_calls_outside(tmp_path: Path) -> None:
    _, outside = await recorded(tmp_path / "trace", "-c", _NOWHERE)
    assert outside == {"192.0.2.1 53", "192.0.2.2 53", "2001:db8::3 53"}


@pytest.mark.fault(108)
@pytest.mark.fault(127)
@pytest.mark.fault(128)
async def test_a_whole_drill_calls_nobody_outside_and_needs_nobody(tmp_path: Path) -> None:
    """I8. No name service, no clock server, no registry, nobody to ask who an officer is: all it needs is there."""
    said, outside = await recorded(
        tmp_path / "trace", "-m", "tests.e2e.rehearsal", str(tmp_path / "town"), "--no-network"
    )
    assert outside == set()
    went: Any = json.loads(said)
    assert set(went["channels"]) == {"twitter", "mail", "page", "feeds"}
    assert all("訓練" in went["seen"][channel] for channel in ("twitter", "page", "feeds"))
    assert went["audit"]["whole"]
    assert went["exit_code"] == 0
    first, second = went["report"]["incidents"]
    reached = [{step["step"] for step in each["steps"] if step["at"]} for each in (first, second)]
    assert reached[0] >= {"handed_in", "approved", "accepted", "first_byte", "confirmed", "corrected"}
    assert reached[1] >= {"handed_in", "approved", "accepted", "first_byte", "confirmed", "lifted"}
    assert [step for each in (first, second) for step in each["steps"] if step["at"] is None] == []
