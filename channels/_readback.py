"""Looking at what residents get, through their own address: small, patient with nobody, and never through a proxy."""

from __future__ import annotations

import socket
import ssl

import aiohttp
from yarl import URL

from broadcaster.errors import DeliveryError, EgressRefused, Reason
from broadcaster.ports.world import Egress
from channels.targets.directory import Manifest

_LARGEST = 256 * 1024
_TIMES = aiohttp.ClientTimeout(total=10, connect=5)
_MISSING = frozenset({404, 410})


class Reader:
    """Fetches published files. Nothing is sent with a GET, so `maybe_sent` is never true."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._session: aiohttp.ClientSession | None = None

    async def manifest(self, url: str) -> Manifest | None:
        """Return the `edition.json` at this address, None if there is none that can be read. Raise `DeliveryError`."""
        data = await self.fetch(url)
        try:
            return Manifest.load(data) if data is not None else None
        except ValueError:
            return None

    async def fetch(self, url: str) -> bytes | None:
        """Return the file's bytes, None if it is not there. Raise `DeliveryError` where that cannot be told."""
        self._allow(URL(url))
        try:
            async with self._open().get(url, allow_redirects=False) as reply:
                return await _body(reply)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise DeliveryError(_reason(error), maybe_sent=False, detail=type(error).__name__) from error

    async def close(self) -> None:
        """Let go of connections."""
        if self._session:
            await self._session.close()

    def _allow(self, url: URL) -> None:
        try:
            self._egress.check(url.host or "", url.port or 0)
        except EgressRefused as error:
            raise DeliveryError(Reason.EGRESS, maybe_sent=False, detail=str(url.origin())) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # Each look makes its own connection: residents do, and a kept one might outlive a change of address.
            connector = aiohttp.TCPConnector(force_close=True)
            self._session = aiohttp.ClientSession(connector=connector, timeout=_TIMES, trust_env=False)
        return self._session


async def _body(reply: aiohttp.ClientResponse) -> bytes | None:
    if reply.status in _MISSING:
        return None
    if reply.status >= 500:  # noqa: PLR2004 - RFC 9110, 15.6
        raise DeliveryError(Reason.SERVER_ERROR, maybe_sent=False, detail=f"HTTP {reply.status}")
    if reply.status != 200:  # noqa: PLR2004 - RFC 9110, 15.3.1
        raise DeliveryError(Reason.UNREADABLE, maybe_sent=False, detail=f"HTTP {reply.status}")
    data = bytearray()
    async for chunk in reply.content.iter_any():
        data += chunk
        if len(data) > _LARGEST:
            raise DeliveryError(Reason.UNREADABLE, maybe_sent=False, detail="longer than 256 KB")
    return bytes(data)


def _reason(error: Exception) -> Reason:
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return Reason.TLS
    if isinstance(error, aiohttp.ClientConnectorError):
        return Reason.RESOLVE if isinstance(error.os_error, socket.gaierror) else Reason.CONNECT
    if isinstance(error, TimeoutError):
        return Reason.TIMEOUT
    return Reason.UNREADABLE if isinstance(error, aiohttp.ClientPayloadError | aiohttp.InvalidURL) else Reason.LOST
