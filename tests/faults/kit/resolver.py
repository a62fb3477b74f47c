"""What this machine's name lookup says, for as long as a test likes. Names not spoken of are looked up as always.

`with Resolver() as dns:` then `dns.says("localhost", "127.0.0.2", "127.0.0.1")`, `dns.fails(...)`, `dns.hangs(...)`.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from typing import Any, Self
from unittest.mock import patch

UNKNOWN, TROUBLED = socket.EAI_NONAME, socket.EAI_AGAIN
"""NXDOMAIN, and SERVFAIL or a name server that does not answer."""


class Resolver:
    """Stands in for `socket.getaddrinfo`. `asked` holds every name that was looked up, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._answers: dict[str, Sequence[str] | int | threading.Event] = {}
        self._held: dict[str, threading.Event] = {}
        self._over: list[threading.Event] = []
        self._real = socket.getaddrinfo
        self._patch = patch.object(socket, "getaddrinfo", self._look_up)

    def __enter__(self) -> Self:
        self._patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.stop()
        for each in self._over:
            each.set()

    def says(self, name: str, *addresses: str) -> None:
        """Answer with these addresses, in this order."""
        self._answers[name] = addresses

    def fails(self, name: str, code: int = UNKNOWN) -> None:
        """Answer that there is no such name, or (`TROUBLED`) that nobody can tell."""
        self._answers[name] = code

    def hangs(self, name: str) -> None:
        """Do not answer before all is over."""
        self._answers[name] = self._event()

    def holds(self, name: str) -> threading.Event:
        """Keep back the answer until the event is set."""
        self._held[name] = self._event()
        return self._held[name]

    def _event(self) -> threading.Event:
        self._over.append(threading.Event())
        return self._over[-1]

    def _look_up(self, host: Any, port: Any, *_: Any, **__: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        self.asked.append(name)
        answer = self._answers.get(name)
        if held := self._held.get(name):
            held.wait()
        if isinstance(answer, threading.Event):
            answer.wait()
            answer = TROUBLED
        if isinstance(answer, int):
            raise socket.gaierror(answer, "scripted")
        if answer is None:
            return self._real(host, port, *_, **__)
        return [_row(each, int(port or 0)) for each in answer]


def _row(address: str, port: int) -> tuple[int, int, int, str, tuple[Any, ...]]:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)
