"""A mail server on loopback: RFC 5321 with STARTTLS, AUTH and PIPELINING, honest until a script says otherwise.

For the demonstration and for tests. It keeps what it receives in mailboxes that `demo.pop3` can hand out, and relays
nothing. One asyncio protocol object per connection; replies to pipelined commands leave in one write.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Collection, Mapping
from typing import Self

from broadcaster.demo.smtp_peer import Peer
from broadcaster.demo.smtp_script import Collector, Phase, Script, Step, drop, hang, late, noise, reply

__all__ = ["Collector", "Phase", "SmtpProvider", "Step", "drop", "hang", "late", "noise", "reply"]

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class SmtpProvider:
    """The server. `async with SmtpProvider() as smtp:` listens on a free port of 127.0.0.1.

    `users` maps login to password; given, nothing is taken without login. `tls` offers STARTTLS, or TLS from the
    first byte with `implicit_tls`. `keep` names the mailboxes whose contents are kept; None keeps all, empty none.
    """

    def __init__(
        self,
        *,
        users: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        pipelining: bool = True,
        keep: Collection[str] | None = None,
        port: int = 0,
    ) -> None:
        self.users = dict(users or {})
        self.tls = tls
        self.implicit_tls = implicit_tls
        self.pipelining = pipelining
        self.port = port
        self.received = Collector()
        self.mailboxes: dict[str, list[bytes]] = {}
        self.connections = 0
        self.most_connections = 0
        self.seen: set[str] = set()
        """Extensions and commands that clients really used, e.g. `STARTTLS`, `AUTH`."""
        self._keep = keep
        self._script = Script()
        self._peers: set[Peer] = set()
        self._arrival = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        tls = self.tls if self.implicit_tls else None
        self._server = await loop.create_server(lambda: Peer(self), "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for peer in tuple(self._peers):
            peer.cut()
        if self._server is not None:
            await self._server.wait_closed()

    def script(self, phase: Phase, *steps: Step, to: str = "", always: bool = False) -> None:
        """Do these instead of the honest answer at this phase: once each, or the last one `always`."""
        self._script.add(phase, *steps, to=to.lower(), always=always)

    def greylist(self, step: Step) -> None:
        """Put every recipient off with this, the first time each is named (RFC 6647)."""
        self._script.first(Phase.RCPT, step)

    def honest(self) -> None:
        """Forget what was scripted and not yet done."""
        self._script = Script()

    def step(self, phase: Phase, recipient: str = "") -> Step | None:
        """Return what the script wants now."""
        return None if self._script.empty else self._script.take(phase, recipient)

    def take(self, recipient: str, content: bytes) -> None:
        """Receive one mail: count it, keep it if wanted, wake who waits for it."""
        found = _MESSAGE_ID.search(content)
        self.received.count(recipient, found.group(1).decode("ascii", "replace") if found else "")
        if self._keep is None or recipient in self._keep:
            self.mailboxes.setdefault(recipient, []).append(content.replace(b"\r\n..", b"\r\n."))
        self._arrival.set()

    async def wait(self, done: Callable[[Collector], bool], timeout: float = 30.0) -> None:  # noqa: ASYNC109 - for tests
        """Return when the collector fulfils a wish. Raise `TimeoutError`."""
        async with asyncio.timeout(timeout):
            while not done(self.received):
                self._arrival.clear()
                await self._arrival.wait()

    @property
    def open_connections(self) -> int:
        """How many connections stand now."""
        return len(self._peers)

    def cut_all(self) -> None:
        """Cut every connection at once."""
        for peer in tuple(self._peers):
            peer.cut()

    def enter(self, peer: Peer) -> None:
        """Count a connection in."""
        self._peers.add(peer)
        self.connections += 1
        self.most_connections = max(self.most_connections, len(self._peers))

    def leave(self, peer: Peer) -> None:
        """Count it out."""
        self._peers.discard(peer)
