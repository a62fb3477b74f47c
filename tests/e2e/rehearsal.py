"""A whole drill by the command line alone, for a place where nothing outside can be reached.

`python -m tests.e2e.rehearsal DIR` makes a live instance and the drill beside it, runs the drill, and takes one
incident through its life (order, retraction), then another one that is lifted. It prints one JSON document. With
`--no-network` it first takes its loopback up, which a fresh network namespace leaves down.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from broadcaster.demo.stage import free_port

FLOOD = ("areas=芋窪", "river=空堀川", "reason=danger-level", "shelters=第三小学校")
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
FIRST, SECOND, PASSPHRASE = "duty-a", "duty-b", "kunren-kunren"
LIMIT_S = 60.0


def loopback_up() -> None:
    """Set IFF_UP on `lo` (netdevice(7)); needs no `ip` on the machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        asked = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(probe, _SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


class Rehearsal:
    """One drill in its folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.live, self.home = folder / "live", folder / "live-drill"
        self.log = folder / "service.log"

    def cli(self, *arguments: str, config: bool = True, who: str = "", typed: str = "") -> Any:
        """Run a command and return its document; `who` keeps a login of their own, `typed` is what they are asked."""
        own = ("--config", str(self.home / "config.toml")) if config else ()
        command = (sys.executable, "-m", "broadcaster", *arguments, "--json", *own)
        env = {**os.environ, "XDG_STATE_HOME": str(self.log.with_name(f"state-{who}"))}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, input=typed, env=env)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr, self.said())
        return json.loads(done.stdout)

    def said(self) -> str:
        return self.log.read_text()[-4000:] if self.log.exists() else ""

    def make(self) -> None:
        """Make both instances."""
        self.cli("init", str(self.live), "--live", "--name", "見本市", config=False)
        self.cli("init", "--drill", "--beside", str(self.live), "--port", str(free_ports()), config=False)

    def seat(self) -> None:
        """Make two officers and let both log in, with nothing but this machine to say who they are."""
        roles = [part for role in ("composer", "approver", "admin") for part in ("--role", role)]
        tickets = {
            name: self.cli("officers", "add", name, *roles, "--no-second-factor")["ticket"] for name in (FIRST, SECOND)
        }
        for name, ticket in tickets.items():
            self.cli("officers", "enrol", name, typed=f"{ticket}\n{PASSPHRASE}\n")
            self.cli("login", name, "--no-code", who=name, typed=f"{PASSPHRASE}\n")

    def run(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                (sys.executable, "-m", "broadcaster", "run", "--config", str(self.home / "config.toml")),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def confirmed(self, alert: str) -> list[str]:
        """Wait until every delivery of an alert is confirmed; return their channels."""
        end = time.monotonic() + LIMIT_S
        while True:
            row = self.cli("status", alert)["row"]
            if all(each["state"] == "confirmed" for each in row["deliveries"]):
                return [each["channel"] for each in row["deliveries"]]
            assert time.monotonic() < end, (row, self.said())
            time.sleep(0.3)

    def play(self) -> dict[str, Any]:
        """Take two incidents through their lives."""
        self.answering()
        self.cli("check")
        self.seat()
        filled = [part for value in FLOOD for part in ("--set", value)]
        order = self.approved("send", "--template", "flood-level4", *filled)
        channels = self.confirmed(order)
        seen = fetched(self.cli("status", order)["row"]["deliveries"])
        self.confirmed(self.cli("correct", order, who=FIRST)["alert"]["identifier"])
        second = self.approved("send", "--template", "flood-level4", *filled)
        self.confirmed(second)
        self.confirmed(self.approved("clear", second))
        report, audit = self.cli("drill", "report"), self.cli("audit", "verify")
        return {"channels": channels, "seen": seen, "report": report, "audit": audit, "order": order}

    def approved(self, *arguments: str) -> str:
        """Hand in as the first officer, approve as the second; return the alert."""
        number = self.cli(*arguments, who=FIRST)["submission"]
        return str(self.cli("approve", str(number), who=SECOND)["alert"]["identifier"])

    def answering(self) -> None:
        end = time.monotonic() + LIMIT_S
        sockets = (self.home / "data" / "desk.sock",)
        while not all(path.exists() for path in sockets):
            assert time.monotonic() < end, self.said()
            time.sleep(0.1)


def free_ports() -> int:
    """Return a port that is free at this moment, with four more behind it that nobody is likely to have."""
    return free_port() - 5


def fetched(deliveries: list[Any]) -> dict[str, str]:
    """Return what a resident sees at each address that is proof."""
    found = {}
    for each in deliveries:
        if each["url"]:
            main = "atom.xml" if each["channel"] == "feeds" else ""
            with urllib.request.urlopen(each["url"] + main, timeout=10) as reply:
                found[each["channel"]] = reply.read().decode()
    return found


def main(arguments: list[str]) -> None:
    if "--no-network" in arguments:
        loopback_up()
    drill = Rehearsal(Path(arguments[0]))
    drill.make()
    service = drill.run()
    try:
        document = drill.play()
    finally:
        service.send_signal(signal.SIGTERM)
        code = service.wait(30)
    sys.stdout.write(json.dumps({**document, "exit_code": code}, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
