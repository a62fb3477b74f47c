"""One connection to the mail server on loopback: lines in, replies out, and the script's faults between them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import re
import ssl
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from broadcaster.demo.smtp_script import Phase, Step

MAX_LINE = 2048
MAX_MAIL = 10_000_000
_ADDRESS = re.compile(rb"(?:FROM|TO):\s*<([^>]*)>", re.IGNORECASE)


class House(Protocol):
    """What a connection needs of its server."""

    users: dict[str, str]
    tls: ssl.SSLContext | None
    implicit_tls: bool
    pipelining: bool
    seen: set[str]

    def step(self, phase: Phase, recipient: str) -> Step | None:
        """Return what the script wants at this phase."""
        ...

    def take(self, recipient: str, content: bytes) -> None:
        """Receive one mail."""
        ...

    def enter(self, peer: Peer) -> None:
        """Count a connection in."""
        ...

    def leave(self, peer: Peer) -> None:
        """Count it out."""
        ...


class Peer(asyncio.Protocol):
    """One connection. Commands that came together are answered in one write (RFC 2920)."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._stopped = False
        self._in_body = False
        self._body_step: Step | None = None
        self._tls = house.implicit_tls
        self._user = ""
        self._login: Callable[[bytes], None] | None = None
        self._sender = False
        self._recipients: list[str] = []
        self._upgrade: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------ the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self._house.enter(self)
        self._answer(Phase.CONNECT, b"220 localhost ESMTP Broadcaster demonstration")
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """Forget it."""
        self._stopped = True
        self._house.leave(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._upgrade is not None:
            self._upgrade.cancel()

    def data_received(self, data: bytes) -> None:
        """Go as far as the octets allow."""
        self._buffer += data
        self._advance()

    def cut(self) -> None:
        """End it without a word."""
        self._stopped = True
        if self._transport is not None:
            self._transport.abort()

    def _advance(self) -> None:
        while not self._stopped and (self._take_body() if self._in_body else self._take_line()):
            pass
        self._flush()

    def _flush(self) -> None:
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
            self._out.clear()

    def _say(self, line: bytes) -> None:
        self._out.append(line + b"\r\n")

    # ------------------------------------------------------------------ answers, honest or scripted

    def _answer(self, phase: Phase, honest: bytes, then: Callable[[], None] | None = None, to: str = "") -> None:
        """Say the honest answer and do `then`, unless the script has a step for this phase."""
        step = self._house.step(phase, to)
        if step is None:
            self._honest(honest, then)
        elif step.delay:
            self._flush()
            self._stopped = True
            self._timer = asyncio.get_running_loop().call_later(step.delay, self._resume, step, honest, then)
        else:
            self._perform(step, honest, then)

    def _honest(self, honest: bytes, then: Callable[[], None] | None) -> None:
        if honest:
            self._say(honest)
        if then is not None:
            then()

    def _resume(self, step: Step, honest: bytes, then: Callable[[], None] | None) -> None:
        self._stopped = False
        self._perform(step, honest, then)
        self._advance()

    def _perform(self, step: Step, honest: bytes, then: Callable[[], None] | None) -> None:
        if step.raw:
            self._out.append(step.raw)
        elif not (step.close or step.hang):
            self._honest(honest, then)
            return
        if step.stored and then is not None:
            then()
        if step.close or step.hang:
            self._stopped = True
            self._flush()
        if step.close and self._transport is not None:
            self._transport.close()

    # ------------------------------------------------------------------ commands

    def _take_line(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > MAX_LINE:
                self._buffer.clear()
                self._say(b"500 5.5.2 Line too long")
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        if self._login is not None:
            self._login(line)
        else:
            self._command(line)
        return True

    def _command(self, line: bytes) -> None:
        verb, _, rest = line.partition(b" ")
        handler = _COMMANDS.get(verb.upper())
        if handler is None:
            self._say(b"500 5.5.1 Command unknown")
        else:
            handler(self, rest.strip())

    def ehlo(self, _rest: bytes) -> None:
        """EHLO: name the extensions. AUTH is offered only where the line is as safe as it gets here."""
        self._reset()
        words = [b"localhost", b"8BITMIME", b"ENHANCEDSTATUSCODES", b"SIZE %d" % MAX_MAIL]
        if self._house.pipelining:
            words.append(b"PIPELINING")
        if self._house.tls is not None and not self._tls:
            words.append(b"STARTTLS")
        elif self._house.users:
            words.append(b"AUTH PLAIN LOGIN")
        self._answer(Phase.EHLO, b"".join(b"250-" + word + b"\r\n" for word in words[:-1]) + b"250 " + words[-1])

    def helo(self, _rest: bytes) -> None:
        """HELO, for old clients."""
        self._reset()
        self._answer(Phase.EHLO, b"250 localhost")

    def starttls(self, _rest: bytes) -> None:
        """STARTTLS (RFC 3207)."""
        if self._house.tls is None or self._tls:
            self._say(b"502 5.5.1 Not offered")
        else:
            self._answer(Phase.STARTTLS, b"220 2.0.0 Go ahead", self._begin_tls)

    def _begin_tls(self) -> None:
        # What was sent in clear after STARTTLS is forgotten (RFC 3207, 4.2), and nothing is read before the handshake.
        self._stopped = True
        self._buffer.clear()
        self._flush()
        if self._transport is not None and self._house.tls is not None:
            self._transport.pause_reading()
            shaking = self._shake_hands(self._transport, self._house.tls)
            self._upgrade = asyncio.get_running_loop().create_task(shaking)

    async def _shake_hands(self, plain: asyncio.Transport, context: ssl.SSLContext) -> None:
        try:
            self._transport = await asyncio.get_running_loop().start_tls(plain, self, context, server_side=True)
        except OSError:  # the client did not like our certificate; that is its right
            plain.abort()
            return
        self._house.seen.add("STARTTLS")
        self._tls, self._stopped, self._user = True, False, ""
        self._advance()

    # ------------------------------------------------------------------ login (RFC 4954)

    def auth(self, rest: bytes) -> None:
        """AUTH PLAIN and LOGIN, each with or without an initial response."""
        mechanism, _, first = rest.partition(b" ")
        then, prompt = {b"PLAIN": (self._plain, b""), b"LOGIN": (self._login_name, b"Username:")}.get(
            mechanism.upper(), (None, b"")
        )
        if not self._house.users or (self._house.tls is not None and not self._tls):
            self._say(b"503 5.5.1 Not now")
        elif then is None:
            self._say(b"504 5.5.4 Mechanism unknown")
        elif first:
            then(first)
        else:
            self._ask(prompt, then)

    def _ask(self, prompt: bytes, then: Callable[[bytes], None]) -> None:
        self._login = then
        self._say(b"334 " + base64.b64encode(prompt))

    def _plain(self, line: bytes) -> None:
        _, _, pair = _decoded(line).partition(b"\0")
        name, _, password = pair.partition(b"\0")
        self._verify(name, password)

    def _login_name(self, line: bytes) -> None:
        name = _decoded(line)
        self._ask(b"Password:", lambda answer: self._verify(name, _decoded(answer)))

    def _verify(self, name: bytes, password: bytes) -> None:
        self._login = None
        login = name.decode("utf-8", "replace")
        known = self._house.users.get(login, "").encode()
        if known and hmac.compare_digest(known, password):
            self._answer(Phase.AUTH, b"235 2.7.0 Welcome", lambda: self._enter(login))
        else:
            self._say(b"535 5.7.8 Login refused")

    def _enter(self, login: str) -> None:
        self._user = login
        self._house.seen.add("AUTH")

    # ------------------------------------------------------------------ the envelope and the text

    def mail(self, rest: bytes) -> None:
        """MAIL FROM."""
        if self._house.users and not self._user:
            self._say(b"530 5.7.0 Login first")
        elif _ADDRESS.match(rest) is None:
            self._say(b"501 5.1.7 Bad sender")
        else:
            self._reset()
            self._answer(Phase.MAIL, b"250 2.1.0 Ok", self._open_envelope)

    def _open_envelope(self) -> None:
        self._sender = True

    def rcpt(self, rest: bytes) -> None:
        """RCPT TO. The quotes of an unusual local part are not part of the name."""
        found = _ADDRESS.match(rest)
        if not self._sender:
            self._say(b"503 5.5.1 MAIL first")
        elif found is None or b"@" not in found.group(1):
            self._say(b"501 5.1.3 Bad recipient")
        else:
            name = found.group(1).decode("ascii", "replace").replace('"', "").lower()
            self._answer(Phase.RCPT, b"250 2.1.5 Ok", lambda: self._recipients.append(name), name)

    def data(self, _rest: bytes) -> None:
        """DATA."""
        if not self._recipients:
            self._say(b"554 5.5.1 No valid recipients")
        else:
            self._answer(Phase.DATA, b"354 Go ahead", self._begin_body, self._recipients[-1])

    def _begin_body(self) -> None:
        self._in_body = True
        self._body_step = self._house.step(Phase.BODY, self._recipients[-1])

    def _take_body(self) -> bool:
        if self._buffer and self._body_step is not None:
            self._perform(self._body_step, b"", None)
            return False
        # The dot may be the very first line; else it stands after a CRLF.
        empty = self._buffer.startswith(b".\r\n")
        end = -2 if empty else self._buffer.find(b"\r\n.\r\n")
        if end == -1:
            if len(self._buffer) > MAX_MAIL:
                self.cut()
            return False
        self._finish(bytes(self._buffer[: end + 2]), end + 5)
        return True

    def _finish(self, content: bytes, used: int) -> None:
        del self._buffer[:used]
        self._in_body = False
        recipients = tuple(self._recipients)
        self._reset()
        self._answer(Phase.DOT, b"250 2.0.0 Taken", lambda: self._take(recipients, content), recipients[-1])

    def _take(self, recipients: tuple[str, ...], content: bytes) -> None:
        for recipient in recipients:
            self._house.take(recipient, content)
        if (step := self._house.step(Phase.AFTER, recipients[-1])) is not None:
            self._perform(step, b"", None)

    def _reset(self) -> None:
        self._sender = False
        self._recipients.clear()

    def rset(self, _rest: bytes) -> None:
        """RSET."""
        self._reset()
        self._say(b"250 2.0.0 Ok")

    def noop(self, _rest: bytes) -> None:
        """NOOP."""
        self._say(b"250 2.0.0 Ok")

    def quit(self, _rest: bytes) -> None:
        """QUIT."""
        self._say(b"221 2.0.0 Bye")
        self._perform(Step(close=True), b"", None)


def _decoded(line: bytes) -> bytes:
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        return b""


_COMMANDS: Mapping[bytes, Callable[[Peer, bytes], None]] = {
    b"EHLO": Peer.ehlo,
    b"HELO": Peer.helo,
    b"STARTTLS": Peer.starttls,
    b"AUTH": Peer.auth,
    b"MAIL": Peer.mail,
    b"RCPT": Peer.rcpt,
    b"DATA": Peer.data,
    b"RSET": Peer.rset,
    b"NOOP": Peer.noop,
    b"QUIT": Peer.quit,
}
