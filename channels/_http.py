"""One HTTP exchange and what came of it, for every channel that speaks HTTP.

`Wire.send` does one request once: it asks the egress list, never follows a redirect, reads at most 256 KB (8 MB of a
published file), ends at a deadline and knows whether the request had begun to leave when it failed. `failure` makes a
`DeliveryError` of a reply by the table of docs/delivery.md; what a provider does differently is handed in as
`Exceptional` rows, so that a new channel adds data and no code. Nothing is logged here, and no error carries headers,
the body or a secret.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from broadcaster.errors import DeliveryError, EgressRefused, Reason
from broadcaster.model import Reading
from broadcaster.ports.world import Egress
from channels._names import Names

LARGEST_REPLY = 256 * 1024
_LONGEST_DETAIL = 160
_UNPRINTABLE = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete reply: header names in lower case, of the body no more than the wire reads."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004

    def document(self) -> Mapping[str, Any] | None:
        """Return the body as a JSON object, or None if it is anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return cast("Mapping[str, Any]", value) if isinstance(value, dict) else None

    @property
    def page(self) -> bool:
        """Whether it is a web page, so not from the provider's API: a portal, a proxy or a guard before it."""
        return "html" in self.headers.get("content-type", "").lower() or self.body.lstrip()[:1] == b"<"


@dataclass(frozen=True, slots=True)
class Exceptional:
    """Where a provider departs from the table: a reply of this status that says one of these words (in lower case)
    anywhere in its problem document. Without words, every reply of this status.
    """

    status: int
    reason: Reason
    says: tuple[str, ...] = ()

    def applies(self, status: int, words: str) -> bool:
        """Return whether this row is about that reply."""
        return status == self.status and (not self.says or any(word in words for word in self.says))


_TABLE: Mapping[int, Reason] = {
    401: Reason.CREDENTIALS,
    402: Reason.PAYMENT,
    408: Reason.SERVER_ERROR,
    425: Reason.RATE_LIMITED,
    429: Reason.RATE_LIMITED,
    500: Reason.SERVER_ERROR,
    502: Reason.SERVER_ERROR,
    503: Reason.SERVER_ERROR,
    504: Reason.SERVER_ERROR,
}
_DOUBTFUL = frozenset({Reason.SERVER_ERROR, Reason.UNREADABLE, Reason.NO_ID, Reason.UNKNOWN})
"""Reasons after which the provider may have it although it answered."""


def reason_of(reply: Reply, exceptional: Sequence[Exceptional] = ()) -> Reason:
    """Return why this reply is not the success that was asked for (docs/delivery.md, "Outcome classes")."""
    document = reply.document()
    words = json.dumps(document, ensure_ascii=False).lower() if document else ""
    special = next((row.reason for row in exceptional if row.applies(reply.status, words)), None)
    if special is not None and not (reply.page and document is None):
        return special
    if reply.status in _TABLE:
        return _TABLE[reply.status]
    if reply.status >= 500:  # noqa: PLR2004
        return Reason.SERVER_ERROR
    return Reason.UNREADABLE if reply.status < 400 or reply.page else Reason.REJECTED  # noqa: PLR2004


def failure(
    reply: Reply,
    exceptional: Sequence[Exceptional] = (),
    *,
    now: datetime,
    hidden: Iterable[str] = (),
    readings: tuple[Reading, ...] = (),
    reason: Reason | None = None,
) -> DeliveryError:
    """Return the error for a reply that is no success. `hidden` are strings that must not appear in its detail;
    `reason` is given where a success is none, e.g. because it lacks an identifier.
    """
    why = reason or reason_of(reply, exceptional)
    return DeliveryError(
        why,
        maybe_sent=why in _DOUBTFUL,
        detail=_detail(reply, hidden),
        retry_after=retry_after(reply.headers, now),
        readings=readings,
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds the provider wishes (RFC 9110, 10.2.3; else `x-rate-limit-reset`), unclamped, or None."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"-?[0-9]{1,12}", value):
        return float(value)
    if value:
        return _until_date(value, now)
    reset = headers.get("x-rate-limit-reset", "").strip()
    return float(reset) - now.timestamp() if re.fullmatch(r"[0-9]{1,12}", reset) else None


def _until_date(value: str, now: datetime) -> float | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return date.timestamp() - now.timestamp() if date.tzinfo else None


def _detail(reply: Reply, hidden: Iterable[str]) -> str:
    """One line for the officer: status, and the provider's own words if they give nothing away."""
    document = reply.document() or {}
    words = " ".join(str(document[name]) for name in ("title", "detail", "type") if document.get(name))
    said = _UNPRINTABLE.sub(" ", words)
    if any(secret and secret in said for secret in hidden):
        said = ""
    return f"HTTP {reply.status} {said}"[:_LONGEST_DETAIL].rstrip()


# ---------------------------------------------------------------- the wire


@dataclass(slots=True)
class _Phase:
    """How far one request has come. `begun`: the provider may act on it, since its body (or, without one, its head)
    was handed to the connection.
    """

    has_body: bool
    begun: bool = False


async def _head_sent(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
    phase: _Phase = context.trace_request_ctx
    phase.begun = phase.begun or not phase.has_body


async def _body_sent(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
    phase: _Phase = context.trace_request_ctx
    phase.begun = True


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep the library from repeating a GET or DELETE by itself: a signature is good for one request only."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(type(error).__name__) from error


class _Resolver(AbstractResolver):
    """The house's name lookup, as the library asks for it."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 (the library then picks what it may use)
    ) -> list[ResolveResult]:
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=each.host, port=port, family=each.family, proto=0, flags=numeric)
            for each in await self._names.addresses(host, port)
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Wire:
    """Sends single requests. The only place where an HTTP channel leaves this machine.

    `connect_s` counts for each address of a host, TLS included, and half of it for looking the name up; `total_s` for
    everything together. A body of more than `largest` bytes is not read on.
    """

    def __init__(
        self,
        egress: Egress,
        *,
        connect_s: float,
        total_s: float,
        ca_file: Path | None = None,
        largest: int = LARGEST_REPLY,
    ) -> None:
        self._egress = egress
        self._connect_s, self._total_s, self._ca_file, self._largest = connect_s, total_s, ca_file, largest
        self._names = Names(connect_s / 2)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], document: Mapping[str, object] | None = None
    ) -> Reply:
        """Send once and return the reply, whatever its status. Raise `DeliveryError` if there is none to trust."""
        phase = _Phase(has_body=document is not None)
        body = None if document is None else json.dumps(document, ensure_ascii=False).encode()
        try:
            async with asyncio.timeout(self._total_s):
                return await self._exchange(method, URL(url, encoded=True), headers, body, phase)
        except (EgressRefused, aiohttp.ClientError, OSError, ValueError) as error:
            broken = _broken(error, begun=phase.begun)
        # Raised outside of the handler: the library's error holds the request's headers and must not come along.
        raise broken

    async def _exchange(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None, phase: _Phase
    ) -> Reply:
        """The single egress function: the list is asked right before the connection is made."""
        self._egress.check(url.host or "", url.port or 0)
        async with self._open().request(
            method, url, headers=headers, data=body, allow_redirects=False, trace_request_ctx=phase
        ) as response:
            self._names.served(url.raw_host or "", url.port or 0)
            names = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, names, await _read(response, self._largest))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_head_sent)
            trace.on_request_chunk_sent.append(_body_sent)
            self._session = aiohttp.ClientSession(
                # A kept connection may be dead already, and then nobody knows whether a post got through.
                connector=aiohttp.TCPConnector(
                    force_close=True, ssl=_tls(self._ca_file), resolver=_Resolver(self._names), use_dns_cache=False
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_s),
                headers={"Accept-Encoding": "identity"},
                auto_decompress=False,
                trust_env=False,
                trace_configs=[trace],
                middlewares=(_once,),
            )
        return self._session


@cache
def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """Made once for all channels: reading the system's certificates takes a fiftieth of a second."""
    context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _read(response: aiohttp.ClientResponse, largest: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > largest:
            response.close()
            raise DeliveryError(Reason.UNREADABLE, maybe_sent=True, detail=f"HTTP {response.status} too large")
    return bytes(body)


_BROKEN: tuple[tuple[tuple[type[Exception], ...], Reason], ...] = (
    ((EgressRefused,), Reason.EGRESS),
    ((aiohttp.ClientConnectorDNSError,), Reason.RESOLVE),
    ((aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError), Reason.TLS),
    ((aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError), Reason.CONNECT),
    ((TimeoutError,), Reason.TIMEOUT),
    ((aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, OSError), Reason.LOST),
    ((aiohttp.ClientResponseError,), Reason.UNREADABLE),
)
"""What the library raises -> why. Names of types only: their texts may hold addresses and headers."""


def _broken(error: Exception, *, begun: bool) -> DeliveryError:
    reason = next((reason for types, reason in _BROKEN if isinstance(error, types)), Reason.UNKNOWN)
    return DeliveryError(reason, maybe_sent=begun, detail=type(error).__name__)
