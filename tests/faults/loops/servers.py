"""Peers that are programs of their own: Alertmanager, and a Postfix instance that relays. Debian has both as packages
(`prometheus-alertmanager`, `postfix`); neither needs to run on the machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import signal
import smtplib
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from broadcaster.demo.smtp import SmtpProvider
from broadcaster.demo.stage import free_port
from tests.faults.kit.waiting import until
from tests.faults.loops.peer import Hook, Peer, post

_MASTERS = tuple(Path(place) / "master" for place in ("/usr/lib/postfix/sbin", "/usr/libexec/postfix"))
_QUEUES = ("active", "bounce", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "pid", "trace")
_SOCKETS = ("private", "public")
_SETTINGS: Mapping[str, object] = {
    "compatibility_level": "3.6",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "mydestination": "",
    "myhostname": "relay.example",
    "local_recipient_maps": "",
    "alias_maps": "",
    "smtp_dns_support_level": "disabled",
    "smtpd_peername_lookup": "no",
    "queue_run_delay": "1s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "2s",
    "service_throttle_time": "1s",
}
_SERVICES = """\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
"""
"""What Postfix needs to take a message and to pass it on; it looks through its queue every second."""


class Alertmanager(Peer):
    name = "Alertmanager"
    program = ("alertmanager", "prometheus-alertmanager")

    @classmethod
    def missing(cls) -> str:
        return "" if any(map(shutil.which, cls.program)) else "Alertmanager"

    async def start(self) -> None:
        config = self.folder / "alertmanager.yml"
        self._port = getattr(self, "_port", 0) or free_port()
        route = {"receiver": "hook", "group_by": ["number"], "group_wait": "50ms", "group_interval": "1s"}
        hook = {"name": "hook", "webhook_configs": [{"url": f"http://127.0.0.1:{self.hook.port}/"}]}
        config.write_text(json.dumps({"route": route, "receivers": [hook]}), encoding="ascii")
        self._process = await asyncio.create_subprocess_exec(
            next(filter(None, map(shutil.which, self.program))),
            f"--config.file={config}",
            f"--storage.path={self.folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--cluster.listen-address=",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await until(lambda: asyncio.to_thread(self._ready), 20)

    def _ready(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=2):
            return True
        return False

    async def hand_over(self, number: int) -> None:
        await asyncio.to_thread(self._post, number)

    def _post(self, number: int) -> None:
        body = json.dumps([{"labels": {"alertname": "flood", "number": str(number)}}]).encode()
        url = f"http://127.0.0.1:{self._port}/api/v2/alerts"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=5).close()

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()


class Postfix(Peer):
    """An instance of its own in the folder, on loopback alone, that relays to the collector. Root must start it."""

    name = "Postfix"

    def __init__(self, folder: Path, smtp: SmtpProvider, hook: Hook) -> None:
        super().__init__(folder, smtp, hook)
        self._process: Any = None
        self._port = free_port()

    @classmethod
    def missing(cls) -> str:
        if not any(path.exists() for path in _MASTERS):
            return "Postfix"
        return "" if os.geteuid() == 0 else "Postfix (which only root can start)"

    async def start(self) -> None:
        master = next(path for path in _MASTERS if path.exists())
        if self._process is None:
            self._lay_out(master.parent)
        self._process = await asyncio.create_subprocess_exec(
            master,
            *("-c", self.folder / "etc", "-d"),
            start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await until(lambda: asyncio.to_thread(self._greets), 60)

    def _lay_out(self, programs: Path) -> None:
        """What the package's installation does for the instance of the machine."""
        self.folder.chmod(0o755)
        owner = pwd.getpwnam("postfix").pw_uid
        for name in ("etc", "spool", "data", *(f"spool/{each}" for each in (*_QUEUES, *_SOCKETS))):
            (self.folder / name).mkdir(mode=0o755)
            if name not in ("etc", "spool", "spool/pid"):
                os.chown(self.folder / name, owner, -1)
        settings = {
            **_SETTINGS,
            "queue_directory": self.folder / "spool",
            "data_directory": self.folder / "data",
            "daemon_directory": programs,
            "relayhost": f"[127.0.0.1]:{self.smtp.port}",
        }
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self.folder / "etc" / "main.cf").write_text(lines, encoding="ascii")
        services = f"127.0.0.1:{self._port} inet n - n - - smtpd\n{_SERVICES}"
        (self.folder / "etc" / "master.cf").write_text(services, encoding="ascii")

    def _greets(self) -> bool:
        with suppress(OSError, smtplib.SMTPException), smtplib.SMTP("127.0.0.1", self._port, timeout=5):
            return True
        return False

    async def hand_over(self, number: int) -> None:
        await asyncio.to_thread(post, self._port, number)

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
