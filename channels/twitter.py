"""X (Twitter): one alert as one self-standing post.

The promise (docs/delivery.md): at least once, flagged. Every post carries its serial and time, so no two texts are
equal and a 403 "duplicate content" proves that an earlier attempt arrived; `find` looks in the account's own timeline.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from broadcaster.errors import DeliveryError, Reason
from broadcaster.model import Alert, Length, Limit, Message, Receipt
from broadcaster.ports.channel import Composition, Finding, Rehearsal, Situation
from broadcaster.ports.world import Context
from channels._http import Reply, Wire, failure
from channels._weighted import LIMIT, weigh
from channels._x_posts import Composer, Prices
from channels._x_rules import EXCEPTIONAL, MONEY, POSTS_15_MIN, POSTS_24_H, readings
from channels._x_timeline import is_it, posts

if TYPE_CHECKING:
    from channels._x_client import XClient

_PAGE, _PAGES = 100, 3
"""How much of the timeline `find` reads: posts a page, and pages."""
_GONE = 404
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class TestAccount(BaseModel):
    """`[channels.twitter.canary]`: a protected account without followers, for the same app. Test posts go there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    access_token: SecretStr
    access_token_secret: SecretStr


class Settings(BaseModel):
    """`[channels.twitter]`. The four keys are those of an app with read and write access, for the city's account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    consumer_key: SecretStr
    consumer_secret: SecretStr
    access_token: SecretStr
    access_token_secret: SecretStr
    base_url: str = "https://api.x.com"
    post_url: str = "https://x.com/i/web/status/{id}"
    """Where a person sees a post; `{id}` is replaced."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's, e.g. of an inspecting proxy. Verification itself stays on."""
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    timeout_s: float = Field(default=15.0, gt=0, le=120)
    public_utility: bool = False
    """The app is registered as a public utility app: its posts are free."""
    posts_per_15_min: int = Field(default=100, ge=1)
    posts_per_24_h: int = Field(default=2400, ge=1)
    money_microusd: int = Field(default=50_000_000, ge=0)
    """What may be spent within `money_days`, in millionths of a US dollar."""
    money_days: int = Field(default=30, ge=1, le=366)
    price_post_microusd: int = Field(default=15_000, ge=0)
    price_link_post_microusd: int = Field(default=200_000, ge=0)
    reserve_percent: int = Field(default=30, ge=0, le=90)
    """The part of each budget that only posts of severity Severe and above may use."""
    canary: TestAccount | None = None

    @field_validator("base_url")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
            return value.rstrip("/")
        message = "must begin with https:// (http:// only on this machine)"
        raise ValueError(message)

    @field_validator("post_url")
    @classmethod
    def _has_place(cls, value: str) -> str:
        if "{id}" not in value:
            message = "must contain {id}"
            raise ValueError(message)
        return value

    @property
    def endpoints(self) -> Mapping[str, tuple[str, int]]:
        """Where the keys are shown."""
        parts = urlsplit(self.base_url)
        return {"base_url": (parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443))}

    @property
    def prices(self) -> Prices:
        """What posts cost this app."""
        if self.public_utility:
            return Prices(post=0, post_with_link=0)
        return Prices(post=self.price_post_microusd, post_with_link=self.price_link_post_microusd)


def measure(text: str) -> Length:
    """Return the weighted length of a text, as X counts it. Needs no configuration."""
    return Length(length=weigh(text), limit=LIMIT)


def build(settings: Settings, context: Context) -> Twitter:
    """Return the channel. Raise `EgressRefused` if this instance must not reach the configured address."""
    for host, port in settings.endpoints.values():
        context.egress.check(host, port)
    return Twitter(settings, context)


def sample(context: Context) -> Twitter:
    """Return the channel without keys: what X would say, before the city has an account. It can deliver nothing."""
    none = SecretStr("")
    keys = Settings(consumer_key=none, consumer_secret=none, access_token=none, access_token_secret=none)
    return Twitter(keys, context)


class Twitter:
    """Messenger, finder, retractor, checker, measurer, metered, rehearsing."""

    name = "twitter"

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings, self._context = settings, context
        self._composer = Composer(context.city, context.mode, context.renderer, settings.prices)
        self._wire = Wire(
            context.egress,
            connect_s=settings.connect_timeout_s,
            total_s=settings.timeout_s,
            ca_file=settings.ca_file,
        )
        self._client: XClient | None = None
        self._account = self._username = ""
        self._tester = None if settings.canary is None else _Tester(self, _as_test(settings, settings.canary), context)

    def rehearsal(self) -> Rehearsal | None:
        """Return the test account; its posts are paid from the same budgets."""
        return None if self._tester is None else Rehearsal(place="X", voice=self._tester)

    def targets(self) -> tuple[str, ...]:
        """One account, one delivery."""
        return ("x",)

    async def close(self) -> None:
        """Let go of connections."""
        await self._wire.close()
        if self._tester is not None:
            await self._tester.close()

    # ------------------------------------------------------------ without network

    def compose(self, alert: Alert, situation: Situation) -> Composition:
        """Return the post, in the highest form that fits; or why there is none."""
        return self._composer.compose(alert, situation)

    def measure(self, text: str) -> Length:
        """Return the weighted length of a text."""
        return measure(text)

    def limits(self) -> tuple[Limit, ...]:
        """Return posts per 15 minutes and per day, and money unless posts are free."""
        settings = self._settings
        kept = settings.reserve_percent
        limits = [
            _limit(POSTS_15_MIN, "posts", timedelta(minutes=15), settings.posts_per_15_min, kept),
            _limit(POSTS_24_H, "posts", timedelta(hours=24), settings.posts_per_24_h, kept),
        ]
        if not settings.public_utility:
            window = timedelta(days=settings.money_days)
            limits.append(_limit(MONEY, "microusd", window, settings.money_microusd, kept))
        return tuple(limits)

    # ------------------------------------------------------------ with network

    async def deliver(self, message: Message, key: str) -> Receipt:  # noqa: ARG002 (X takes no idempotency key)
        """Post it once. Raise `DeliveryError`."""
        client = await self._open()
        reply = await client.post(message.texts[0].body)
        if not reply.ok:
            raise self._failure(reply, message, counts=True)
        number = _identifier(reply)
        if not number:
            reason = Reason.UNREADABLE if reply.document() is None else Reason.NO_ID
            raise self._failure(reply, message, counts=True, reason=reason)
        return self._receipt(number, reply)

    async def find(self, message: Message, key: str) -> Receipt | None:  # noqa: ARG002
        """Look for it in the account's own timeline, newest first. Raise `DeliveryError` if that cannot be told."""
        client = await self._open()
        account = self._account or await self._whoami(client)
        token: str | None = None
        for _ in range(_PAGES):
            page = self._checked(await client.timeline(account, _PAGE, token))
            found = next((post for post in posts(page) if is_it(post, message)), None)
            if found is not None:
                return self._receipt(str(found["id"]))
            token = _next(page)
            if token is None:
                return None
        raise DeliveryError(Reason.UNREADABLE, maybe_sent=True, detail=f"not among the newest {_PAGE * _PAGES} posts")

    async def retract(self, receipt: Receipt) -> None:
        """Delete the post; done also when it is gone already. Raise `DeliveryError`."""
        client = await self._open()
        reply = await client.remove(receipt.ref)
        if reply.status == _GONE and not reply.page:
            return
        data = _data(self._checked(reply))
        if data.get("deleted") is not True:
            raise self._failure(reply, reason=Reason.UNREADABLE)

    async def check(self) -> Sequence[Finding]:
        """Ask who we are: that tells reach and credentials, and posts nothing."""
        where = {"address": self._settings.base_url}
        try:
            await self._whoami(await self._open())
        except DeliveryError as error:
            return (*_trouble(error, where), self._budget())
        return (
            Finding(code="x_reachable", ok=True, params=where),
            Finding(code="x_credentials", ok=True, params={"account": self._username}),
            self._budget(),
        )

    async def prove(self) -> None:
        """Ask who we are, and post nothing. Raise `DeliveryError` where that is refused or cannot be told."""
        try:
            await self._whoami(await self._open())
        except DeliveryError as error:
            raise DeliveryError(error.reason, maybe_sent=False, detail=error.detail) from None

    # ------------------------------------------------------------ inside

    async def _open(self) -> XClient:
        """Return the client; the first call loads tweepy, in a thread since that takes a third of a second."""
        if self._client is None:
            module = await asyncio.to_thread(importlib.import_module, "channels._x_client")
            keys = module.Keys(*(secret.get_secret_value() for secret in self._secrets()))
            context = self._context
            client = module.XClient(self._settings.base_url, keys, self._wire, context.clock, context.entropy)
            self._client = cast("XClient", client)
        return self._client

    def _secrets(self) -> tuple[SecretStr, ...]:
        settings = self._settings
        return (
            settings.consumer_key,
            settings.consumer_secret,
            settings.access_token,
            settings.access_token_secret,
        )

    async def _whoami(self, client: XClient) -> str:
        reply = await client.me()
        data = _data(self._checked(reply))
        self._account, self._username = str(data.get("id", "")), str(data.get("username", ""))
        if not self._account.isdecimal():
            raise self._failure(reply, reason=Reason.UNREADABLE)
        return self._account

    def _checked(self, reply: Reply) -> Mapping[str, Any]:
        """Return the document of a success, else raise `DeliveryError`."""
        document = reply.document()
        if not reply.ok or document is None:
            raise self._failure(reply, reason=Reason.UNREADABLE if reply.ok else None)
        return document

    def _failure(
        self, reply: Reply, message: Message | None = None, *, counts: bool = False, reason: Reason | None = None
    ) -> DeliveryError:
        """`counts`: the limits in this reply are those of posting, not of another endpoint."""
        texts = () if message is None else (*message.texts, *message.late_texts)
        return failure(
            reply,
            EXCEPTIONAL,
            now=self._context.clock.now(),
            hidden=[*(secret.get_secret_value() for secret in self._secrets()), *(text.body for text in texts)],
            readings=readings(reply.headers) if counts else (),
            reason=reason,
        )

    def _receipt(self, number: str, reply: Reply | None = None) -> Receipt:
        url = self._settings.post_url.replace("{id}", number)
        return Receipt(ref=number, url=url, readings=() if reply is None else readings(reply.headers))

    def _budget(self) -> Finding:
        settings = self._settings
        params = {
            "posts_15min": settings.posts_per_15_min,
            "posts_24h": settings.posts_per_24_h,
            "dollars": 0.0 if settings.public_utility else settings.money_microusd / 1_000_000,
            "days": settings.money_days,
            "reserve": settings.reserve_percent,
        }
        return Finding(code="x_budget_free" if settings.public_utility else "x_budget", ok=True, params=params)


_CREDENTIALS = {
    Reason.CREDENTIALS: "x_credentials_refused",
    Reason.SUSPENDED: "x_suspended",
    Reason.NOT_ENROLLED: "x_not_enrolled",
    Reason.PAYMENT: "x_payment",
}
_ANSWERS = frozenset({*_CREDENTIALS, Reason.REJECTED, Reason.RATE_LIMITED, Reason.QUOTA, Reason.SERVER_ERROR})
"""Reasons that only a reply of X itself gives."""


def _trouble(error: DeliveryError, where: Mapping[str, str]) -> tuple[Finding, ...]:
    params = {**where, "reason": error.reason.value, "detail": error.detail}
    if error.reason not in _ANSWERS:
        return (Finding(code="x_unreachable", ok=False, params=params),)
    return (
        Finding(code="x_reachable", ok=True, params=where),
        Finding(code=_CREDENTIALS.get(error.reason, "x_refused"), ok=False, params=params),
    )


def _as_test(settings: Settings, account: TestAccount) -> Settings:
    """Return the settings of the same app, for the test account."""
    keys = {"access_token": account.access_token, "access_token_secret": account.access_token_secret}
    return settings.model_copy(update={**keys, "canary": None})


class _Tester(Twitter):
    """The test account. Its posts are said only while the city's own account is let in: a token that was revoked would
    otherwise show at the next emergency.
    """

    def __init__(self, city: Twitter, settings: Settings, context: Context) -> None:
        super().__init__(settings, context)
        self._city = city

    async def deliver(self, message: Message, key: str) -> Receipt:
        """Prove the city's account, then post it once. Raise `DeliveryError`."""
        await self._city.prove()
        return await super().deliver(message, key)


def _limit(name: str, unit: str, window: timedelta, amount: int, reserve_percent: int) -> Limit:
    return Limit(name=name, unit=unit, window=window, amount=amount, reserve=amount * reserve_percent // 100)


def _data(document: Mapping[str, Any]) -> Mapping[str, Any]:
    data = document.get("data")
    return cast("Mapping[str, Any]", data) if isinstance(data, dict) else {}


def _identifier(reply: Reply) -> str:
    """Return the identifier of a new post: digits, as a string; empty if the reply has none."""
    number = _data(reply.document() or {}).get("id")
    return number if isinstance(number, str) and number.isascii() and number.isdecimal() else ""


def _next(page: Mapping[str, Any]) -> str | None:
    meta = page.get("meta")
    token = cast("Mapping[str, Any]", meta).get("next_token") if isinstance(meta, dict) else None
    return token if isinstance(token, str) and token else None
