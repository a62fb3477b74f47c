"""Mail: one alert as one message to each subscriber, through a relay, kept in the recipient ledger.

Docs/delivery.md: one recipient a message, a stable Message-ID, claim before sending, results within 50 ms on disk. A
reply is believed only if it is one; after the final dot anything else is a doubt.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from broadcaster.errors import ConfigError, DeliveryError, Reason
from broadcaster.model import Alert, Cost, Grade, Length, Message, Mode, Problem, Receipt, Recipient, Text
from broadcaster.ports.channel import Composition, Finding, Ledger, Rehearsal, Situation
from broadcaster.ports.world import Context
from channels._mail_job import Job
from channels._mail_letter import (
    Letter,
    Sender,
    UnsafeHeader,
    build_letter,
    check_headers,
    key_part,
    mailbox,
    message_ids,
    shown_headers,
)
from channels._mail_pool import Connections
from channels._mail_words import Words, choose, length
from channels._names import Names
from channels._pop3 import Mailbox
from channels._relay import WISE, lifetime
from channels._smtp import Fate, Route, Session, TlsPolicy, open_session

NAME = "mail"
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:-]+$")]
Port = Annotated[int, Field(ge=1, le=65535)]
MailAddress = Annotated[str, Field(max_length=254, pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$")]
Word = Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9.-]*$")]


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Readback(_Table):
    """`[channels.mail.readback]`: a mailbox of the city at an ordinary provider, itself one of the subscribers."""

    host: Host
    port: Port = 995
    tls: Literal["tls", "none"] = "tls"
    username: Annotated[str, Field(min_length=1, max_length=254)]
    password: SecretStr
    ca_file: Path | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if self.tls == "none" and not _loopback(self.host):
            raise PydanticCustomError("say.mail_tls_needed", "TLS is needed outside loopback")
        return self


class Settings(_Table):
    """`[channels.mail]`. Times in seconds."""

    host: Host
    port: Port = 587
    tls: TlsPolicy = TlsPolicy.STARTTLS
    ca_file: Path | None = None
    """Certificates that vouch for the relay, where the system's own do not."""
    username: Annotated[str, Field(max_length=254)] = ""
    password: SecretStr = SecretStr("")
    from_address: MailAddress
    from_name: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    """Empty: the city's name."""
    reply_to: MailAddress | None = None
    bounce_address: MailAddress | None = None
    """Where refusals after acceptance go (the envelope's sender). Absent: `from_address`."""
    list_id: Word = ""
    """Empty: `alerts.` and the domain of `from_address`."""
    unsubscribe: MailAddress
    """Where an empty mail ends a subscription."""
    helo: Word = ""
    """The name said in EHLO. Empty: the domain of `from_address`."""
    connections: Annotated[int, Field(ge=1, le=100)] = 20
    connect_timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    reply_timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0
    readback: Readback | None = None
    canary: tuple[MailAddress, ...] = ()
    """Mailboxes that test messages go to; with `readback`, the one that is read among them."""

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if self.tls is TlsPolicy.NONE and not _loopback(self.host):
            raise PydanticCustomError("say.mail_tls_needed", "TLS is needed outside loopback")
        if self.username and not self.password.get_secret_value():
            raise PydanticCustomError("say.mail_password_missing", "a login needs a password")
        return self

    @property
    def endpoints(self) -> Mapping[str, tuple[str, int]]:
        """Where the passwords are shown."""
        mailbox = {} if self.readback is None else {"readback.host": (self.readback.host, self.readback.port)}
        return {"host": (self.host, self.port), **mailbox}

    @property
    def domain(self) -> str:
        """The domain of our own address."""
        return self.from_address.rpartition("@")[2]


class Mail:
    """The channel."""

    name = NAME

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._words = Words(context, settings.unsubscribe)
        self._sender = _sender(settings, context.city.name)
        self._route = _route(settings)
        self._names = Names(settings.connect_timeout_s / 2)
        self._pool = Connections(self._open, context.clock, settings.connections)

    def targets(self) -> tuple[str, ...]:
        """All subscribers are one target; who has it is the ledger's business."""
        return ("subscribers",)

    def rehearsal(self) -> Rehearsal | None:
        """Return the test mailboxes."""
        named = self._settings.canary
        return Rehearsal(place=", ".join(named), recipients=named) if named else None

    async def close(self) -> None:
        """Take leave of the relay."""
        await self._pool.close()

    # ------------------------------------------------------------------ words

    def measure(self, text: str) -> Length:
        """Return the length of a subject in half-width columns."""
        return length(text)

    def compose(self, alert: Alert, situation: Situation) -> Composition:  # noqa: ARG002 - mail says the same always
        """Return subject and body for each language of the alert."""
        subjects = [self._words.subject(alert, info) for info in alert.infos]
        lengths = [length(subject) for subject in subjects]
        longest = max(lengths, key=lambda each: each.length)
        problems = tuple(_too_long(place, each) for place, each in enumerate(lengths) if not each.fits)
        if problems:
            return Composition(message=None, length=longest, problems=problems)
        message = Message(
            alert=alert.identifier,
            channel=NAME,
            texts=self._words.texts(alert),
            late_texts=self._words.texts(alert, late=True),
            form="mail",
            reference=f"{alert.serial} {alert.sent.astimezone(self._context.city.zone):%H:%M}",
            cost=Cost(posts=0),
        )
        return Composition(message=message, length=longest)

    def headers(self, text: Text, grade: Grade) -> Mapping[str, str]:
        """Return the headers of the mail as it would go out now; none of a text that may not stand in one, whose
        problem the checks tell with its place.
        """
        try:
            letter = build_letter(text, self._sender, self._now(), precedence=_precedence(grade))
        except UnsafeHeader:
            return {}
        return shown_headers(letter)

    # ------------------------------------------------------------------ sending

    async def deliver_all(self, message: Message, key: str, ledger: Ledger) -> Receipt:
        """Send to everybody the ledger gives. Raise `DeliveryError` where the relay as a whole cannot."""
        letters = self._letters(message, ledger.grade)
        named = message_ids(key, self._sender.domain)

        def write(recipient: Recipient) -> tuple[bytes, bytes] | None:
            address = mailbox(recipient.address)
            if address is None:
                return None
            return address, letters(recipient.language).to(address, named(recipient.token))

        job = Job(write, ledger)
        await job.run(self._pool)
        return Receipt(ref=key_part(key))

    async def notify(self, addresses: Sequence[str], text: Text) -> None:
        """Tell a few people something at once, on a connection of its own. Raise `DeliveryError`, `UnsafeHeader`."""
        letter = build_letter(text, replace(self._sender, list_id="", unsubscribe=""), self._now())
        named = message_ids("notice", self._sender.domain)
        session = await self._open()
        try:
            for address in (found for each in addresses if (found := mailbox(each)) is not None):
                mail = letter.to(address, named(self._context.entropy.token()))
                verdict = await session.send(address, mail, _nothing)
                if verdict.fate is not Fate.ACCEPTED:
                    raise DeliveryError(verdict.reason or Reason.UNKNOWN, maybe_sent=verdict.fate is Fate.DOUBT)
        finally:
            session.leave()

    def _letters(self, message: Message, grade: Grade) -> Callable[[str], Letter]:
        """Return what gives the mail for a reader's language, built when it is first wanted. Checks all headers now."""
        now = self._now()

        @cache
        def built(text: Text) -> Letter:
            return build_letter(text, self._sender, now, precedence=_precedence(grade))

        @cache
        def letter(language: str) -> Letter:
            return built(choose(message.texts, language))

        try:
            for text in message.texts:
                check_headers(text, self._sender)
        except UnsafeHeader as unsafe:
            raise DeliveryError(Reason.REJECTED, maybe_sent=False, detail=unsafe.code) from unsafe
        return letter

    def _now(self) -> datetime:
        return self._context.clock.now().astimezone(self._context.city.zone)

    async def _open(self) -> Session:
        return await open_session(self._route, self._sender.bounces.encode("ascii"), self._context.egress, self._names)

    # ------------------------------------------------------------------ looking

    async def check(self) -> Sequence[Finding]:
        """Go as far as a session goes without a mail."""
        settings = self._settings
        place: dict[str, str | int | float] = {"host": settings.host, "port": settings.port, "tls": settings.tls.value}
        try:
            session = await self._open()
        except DeliveryError as error:
            return (
                Finding(code="mail_unreachable", ok=False, params={**place, "why": error.detail or error.reason.value}),
            )
        alive = await session.noop()
        session.leave()
        ready = Finding(code="mail_ready" if alive else "mail_silent", ok=alive, params=place)
        return (ready, *await self._held())

    async def _held(self) -> Sequence[Finding]:
        """Tell of a relay on this machine that keeps a mail beyond its time. A drill's relay is a stand-in."""
        if self._context.mode is not Mode.LIVE or not _loopback(self._settings.host):
            return ()
        held = await lifetime()
        if held is None or held <= WISE:
            return ()
        params: dict[str, str | int | float] = {"hours": _hours(held), "wise": _hours(WISE)}
        return (Finding(code="mail_relay_holds", ok=False, params=params),)


class MonitoredMail(Mail):
    """Mail with a mailbox in which it is read back."""

    def __init__(self, settings: Settings, context: Context, readback: Readback) -> None:
        super().__init__(settings, context)
        self._mailbox = Mailbox(
            host=readback.host,
            port=readback.port,
            username=readback.username,
            password=readback.password,
            tls=_tls(readback.ca_file) if readback.tls == "tls" else None,
            timeout=readback.timeout_s,
            egress=context.egress,
        )

    async def find(self, message: Message, key: str) -> Receipt | None:  # noqa: ARG002 - the key is in the Message-ID
        """Return the receipt of any mail of this delivery in the monitoring mailbox; None if there is none yet."""
        found = await self._mailbox.find(f"{key_part(key)}.")
        return Receipt(ref=found) if found else None

    async def check(self) -> Sequence[Finding]:
        """Look into the mailbox, too."""
        place: dict[str, str | int | float] = {"host": self._mailbox.host, "port": self._mailbox.port}
        try:
            await self._mailbox.find(" ")
        except DeliveryError as error:
            params = {**place, "why": error.detail or error.reason.value}
            return (*await super().check(), Finding(code="mail_readback_unreachable", ok=False, params=params))
        return (*await super().check(), Finding(code="mail_readback_ready", ok=True, params=place))


def build(settings: Settings, context: Context) -> Mail:
    """Make the channel; with `readback` it can find its mails again."""
    return Mail(settings, context) if settings.readback is None else MonitoredMail(settings, context, settings.readback)


def _nothing() -> None:
    return None


def _hours(time: timedelta) -> int:
    return round(time / timedelta(hours=1))


def _too_long(place: int, subject: Length) -> Problem:
    params = {"length": subject.length, "limit": subject.limit}
    return Problem(code="mail_subject_too_long", place=f"infos[{place}].headline", params=params)


def _precedence(grade: Grade) -> str:
    """Tell absence notices to keep quiet. Grave mail goes without it, since some servers put such mail last."""
    return "list" if grade < Grade.WARNING else ""


def _sender(settings: Settings, city: str) -> Sender:
    return Sender(
        name=settings.from_name or city,
        address=settings.from_address,
        bounces=settings.bounce_address or settings.from_address,
        domain=settings.domain,
        list_id=settings.list_id or f"alerts.{settings.domain}",
        unsubscribe=f"mailto:{settings.unsubscribe}?subject=unsubscribe",
        reply_to=settings.reply_to or "",
    )


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates are always verified. Raise `ConfigError` where the file of authorities cannot be read."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        params = {"path": str(ca_file), "why": type(error).__name__}
        raise ConfigError([Problem(code="mail_ca_unreadable", place="channels.mail.ca_file", params=params)]) from error


def _route(settings: Settings) -> Route:
    return Route(
        host=settings.host,
        port=settings.port,
        tls=settings.tls,
        helo=settings.helo or settings.domain,
        username=settings.username,
        password=settings.password,
        context=_tls(settings.ca_file)
        if settings.tls is not TlsPolicy.NONE
        else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        connect_timeout=settings.connect_timeout_s,
        reply_timeout=settings.reply_timeout_s,
    )
