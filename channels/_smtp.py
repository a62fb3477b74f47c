"""One SMTP session: opened by aiosmtplib, used mail by mail with the phase known.

aiosmtplib connects, says EHLO, starts TLS and logs in, each as a call of its own. From there on our own `Wire` speaks,
because two things are wanted that the library does not give: to know for certain whether the final dot was out when
something broke (docs/delivery.md), and to send MAIL, RCPT and DATA in one write where PIPELINING is offered (RFC 2920).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import aiosmtplib
from pydantic import SecretStr

from broadcaster.errors import DeliveryError, EgressRefused, Reason
from broadcaster.ports.world import Egress
from channels._names import Names, connect
from channels._smtp_wire import Lost, Reply, Silent, Unreadable, Wire

SERVICE_CLOSING = 421
_AUTH_TEMPORARY = 454
AUTH_REFUSED = frozenset({530, 534, 535, 538})
_GO_AHEAD = 354
_WANTED = ((250,), (250, 251), (_GO_AHEAD,))
"""The replies that let MAIL, RCPT and DATA go on: RFC 5321, 4.3.2."""
_BARE_DOT = b".\r\n"


class TlsPolicy(StrEnum):
    """How the connection is protected. There is no "if possible": a stripped STARTTLS is refused."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where mail is handed in, and how. Timeouts in seconds; `reply_timeout` counts for each reply."""

    host: str
    port: int
    tls: TlsPolicy
    helo: str
    username: str = ""
    password: SecretStr
    context: ssl.SSLContext
    connect_timeout: float = 10.0
    reply_timeout: float = 60.0


class Fate(StrEnum):
    """What an attempt for one recipient came to."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """A real reply about this recipient or text, 4xx or 5xx."""
    UNSENT = "unsent"
    """The session failed before the final dot: somebody else may try this recipient at once."""
    DOUBT = "doubt"
    """The final dot was out, and no trustworthy answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Fate, and why. `sender` says that the reply was to MAIL FROM, so it concerns every recipient alike."""

    fate: Fate
    reason: Reason | None = None
    reply: Reply | None = None
    sender: bool = False

    @property
    def closing(self) -> bool:
        """Whether the server asked to be left alone (421)."""
        return self.reply is not None and self.reply.code == SERVICE_CLOSING


def _nobody() -> None:
    return None


class Session:
    """An open, logged-in connection."""

    def __init__(self, wire: Wire, sender: bytes, timeout: float, *, pipelining: bool) -> None:
        self._wire = wire
        self._mail = b"MAIL FROM:<%s>\r\n" % sender
        self._timeout = timeout
        self.pipelining = pipelining
        self.sealed = False
        """Whether the final dot of the present mail may be out."""
        self._asked = False
        """Whether the next mail's envelope has gone out with the text before it."""
        self._spoilt = False

    @property
    def fresh(self) -> bool:
        """Whether a mail may be begun: the connection stands and nothing unasked has come."""
        return self._wire.alive and not self._spoilt and (self._asked or self._wire.waiting() is None)

    @property
    def called(self) -> bool:
        """Whether the server has asked for the text of the envelope that was sent ahead, in replies not yet read."""
        return self._asked and self._wire.latest == _GO_AHEAD

    async def send(
        self,
        recipient: bytes,
        content: bytes,
        sealing: Callable[[], None],
        following: Callable[[], bytes | None] = _nobody,
    ) -> Verdict:
        """Hand in one mail for one recipient. `content` is dot-stuffed and ends with the final dot; `sealing` is called
        right before it leaves. Raise what that raises.

        `following` may then name the recipient of the next `send`: its envelope travels with this text (RFC 2920, 3.1,
        allows that), which saves a round trip and, on the way, half of all packets. Its own text does not leave before
        the server has asked for it.
        """
        self.sealed = False
        try:
            refusal = await self._envelope(recipient)
            if refusal is not None:
                return refusal
            sealing()
            self.sealed = True
            self._wire.write(content + self._ahead(following()))
            reply = await self._wire.reply(self._timeout)
        except (Lost, Unreadable, Silent) as error:
            self._wire.abort()
            return self._broken(error)
        return self._answered(reply)

    def _ahead(self, recipient: bytes | None) -> bytes:
        self._asked = recipient is not None
        return b"".join(self._commands(recipient)) if recipient is not None else b""

    def withdraw(self) -> None:
        """Nobody will come for the envelope that was sent ahead: the server would wait for its text for ever, so this
        session ends with the present mail.
        """
        self._spoilt = True

    def _broken(self, error: Exception) -> Verdict:
        reasons: dict[type[Exception], Reason] = {Lost: Reason.LOST, Unreadable: Reason.UNREADABLE}
        reason = reasons.get(type(error), Reason.TIMEOUT)
        return Verdict(fate=Fate.DOUBT if self.sealed else Fate.UNSENT, reason=reason)

    def _answered(self, reply: Reply) -> Verdict:
        if reply.code < 300:  # noqa: PLR2004 - RFC 5321, 4.2.1: 2yz is positive completion
            return Verdict(fate=Fate.ACCEPTED, reply=reply)
        if reply.code < 400:  # noqa: PLR2004 - 3yz is no answer to a finished mail
            self._wire.abort()
            return Verdict(fate=Fate.DOUBT, reason=Reason.UNREADABLE, reply=reply)
        return self._refused(reply)

    def _refused(self, reply: Reply, *, sender: bool = False) -> Verdict:
        if reply.code == SERVICE_CLOSING:
            self._wire.close()
            return Verdict(fate=Fate.UNSENT, reason=Reason.BUSY, reply=reply, sender=sender)
        reason = Reason.BUSY if reply.code < 500 else Reason.REJECTED  # noqa: PLR2004 - 4yz transient, 5yz permanent
        return Verdict(fate=Fate.REFUSED, reason=reason, reply=reply, sender=sender)

    def _commands(self, recipient: bytes) -> tuple[bytes, bytes, bytes]:
        return self._mail, b"RCPT TO:<%s>\r\n" % recipient, b"DATA\r\n"

    async def _envelope(self, recipient: bytes) -> Verdict | None:
        """MAIL, RCPT, DATA. None when the server waits for the text."""
        asked, self._asked = self._asked, False
        if asked:
            return await self._together()
        if not self.pipelining:
            return await self._one_by_one(self._commands(recipient))
        self._wire.write(b"".join(self._commands(recipient)))
        return await self._together()

    async def _one_by_one(self, commands: tuple[bytes, ...]) -> Verdict | None:
        for place, command in enumerate(commands):
            self._wire.write(command)
            reply = await self._wire.reply(self._timeout)
            if reply.code not in _WANTED[place]:
                return await self._turned_down(reply, place)
        return None

    async def _together(self) -> Verdict | None:
        """Read the replies to an envelope that went out in one piece."""
        replies: list[Reply] = []
        bad: int | None = None
        for place, wanted in enumerate(_WANTED):
            reply = self._wire.waiting() or await self._wire.reply(self._timeout)
            replies.append(reply)
            if reply.code not in wanted:
                bad = place if bad is None else bad
                if reply.code == SERVICE_CLOSING:
                    break
        if bad is None:
            return None
        # A server that takes DATA although nobody is addressed must be given an empty text (RFC 2920, 3.1).
        return await self._turned_down(replies[bad], bad, bare_dot=replies[-1].code == _GO_AHEAD)

    async def _turned_down(self, reply: Reply, place: int, *, bare_dot: bool = False) -> Verdict:
        """Return what a refused envelope means, the session made good for the next recipient if it can be."""
        if reply.code < 400:  # noqa: PLR2004 - a positive code, but not one that answers this command
            raise Unreadable(str(reply.code))
        verdict = self._refused(reply, sender=place == 0)
        if verdict.fate is Fate.REFUSED:
            if bare_dot:
                await self._ask(_BARE_DOT)
            await self._ask(b"RSET\r\n")
        return verdict

    def abort(self) -> None:
        """Drop the connection; whoever waits for a reply hears that it is lost."""
        self._wire.abort()

    async def noop(self) -> bool:
        """Ask for a sign of life."""
        return (await self._ask(b"NOOP\r\n")) is not None

    def leave(self) -> None:
        """Say QUIT and go; its answer would tell nothing."""
        with contextlib.suppress(Lost, Unreadable):
            self._wire.write(b"QUIT\r\n")
        self._wire.close()

    async def _ask(self, command: bytes) -> Reply | None:
        try:
            self._wire.write(command)
            return await self._wire.reply(min(self._timeout, 5.0))
        except (Lost, Unreadable, Silent):
            self._wire.abort()
            return None


async def open_session(route: Route, sender: bytes, egress: Egress, names: Names) -> Session:
    """Connect, greet, protect and log in. Raise `DeliveryError`; nothing was sent then."""
    try:
        egress.check(route.host, route.port)
    except EgressRefused as refused:
        raise DeliveryError(Reason.EGRESS, maybe_sent=False, detail=f"{route.host}:{route.port}") from refused
    try:
        raw = await connect(await names.addresses(route.host, route.port), route.connect_timeout)
    except OSError as error:
        reason = Reason.RESOLVE if isinstance(error, socket.gaierror) else Reason.CONNECT
        detail = f"{route.host}:{route.port}: {type(error).__name__}"
        raise DeliveryError(reason, maybe_sent=False, detail=detail) from error
    session = await _greeted(route, sender, raw)
    names.served(route.host, route.port)
    return session


async def _greeted(route: Route, sender: bytes, raw: socket.socket) -> Session:
    client = aiosmtplib.SMTP(
        hostname=route.host,
        local_hostname=route.helo,
        timeout=route.connect_timeout,
        use_tls=route.tls is TlsPolicy.TLS,
        start_tls=False,
        tls_context=route.context,
        sock=raw,
    )
    try:
        return await _prepare(client, route, sender)
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        raise _unreachable(error, f"{route.host}:{route.port}") from error
    except BaseException:
        client.close()
        raise


async def _prepare(client: aiosmtplib.SMTP, route: Route, sender: bytes) -> Session:
    await client.connect()
    await client.ehlo()
    if route.tls is TlsPolicy.STARTTLS:
        if not client.supports_extension("starttls"):
            raise DeliveryError(Reason.TLS, maybe_sent=False, detail="the server does not offer STARTTLS")
        await client.starttls()
        await client.ehlo()
    if route.username:
        await _login(client, route)
    wire = Wire()
    if client.transport is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    pipelining = client.supports_extension("pipelining")
    wire.take_over(client.transport)
    return Session(wire, sender, route.reply_timeout, pipelining=pipelining)


async def _login(client: aiosmtplib.SMTP, route: Route) -> None:
    if not client.supported_auth_methods:
        raise DeliveryError(Reason.CREDENTIALS, maybe_sent=False, detail="the server offers no login we know")
    await client.login(route.username, route.password.get_secret_value())


def _unreachable(error: Exception, place: str) -> DeliveryError:
    """Name what prevented a session. The server's own words stay out: they may name accounts."""
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(error, aiosmtplib.SMTPResponseException):
        reply = Reply(error.code, error.message.partition("\n")[0])
        return DeliveryError(_reason_of(error), maybe_sent=False, detail=f"{place}: {reply.short}")
    table: tuple[tuple[type[BaseException], Reason], ...] = (
        (ssl.SSLError, Reason.TLS),
        (aiosmtplib.SMTPConnectError, Reason.CONNECT),
        (TimeoutError, Reason.TIMEOUT),
        (ConnectionError, Reason.LOST),
    )
    reason = next((reason for kind, reason in table if isinstance(cause, kind) or isinstance(error, kind)), None)
    return DeliveryError(reason or Reason.CONNECT, maybe_sent=False, detail=f"{place}: {type(cause).__name__}")


def _reason_of(error: aiosmtplib.SMTPResponseException) -> Reason:
    if error.code in AUTH_REFUSED:
        return Reason.CREDENTIALS
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Reason.BUSY if error.code == _AUTH_TEMPORARY else Reason.CREDENTIALS
    if 400 <= error.code < 500:  # noqa: PLR2004 - 4yz
        return Reason.BUSY
    return Reason.UNREADABLE if error.code < 0 else Reason.REJECTED
