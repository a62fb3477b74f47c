"""Fetching from others: conditional GET, bounded, to the named host alone; every failure is one of our own errors.

No redirect is followed and no proxy of the environment is used: whoever could send us elsewhere could speak as the
agency. TLS is checked against the system's authorities, and against one certificate where a fingerprint is configured.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol, Self
from urllib.parse import urlsplit

import aiohttp

from broadcaster.errors import FeedUnreadable
from broadcaster.ports.world import Egress
from broadcaster.upstream.xml import MOST_BYTES

DEADLINE_S = 20.0
_CONNECT_S = 5.0
_OK, _NOT_MODIFIED = 200, 304
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came. `body` None: nothing has changed since the validators that were sent (RFC 9110, 13.1)."""

    body: bytes | None
    etag: str = ""
    last_modified: str = ""


class Fetcher(Protocol):
    """Gets documents."""

    async def get(self, url: str, etag: str = "", last_modified: str = "", fingerprint: str = "") -> Reply:
        """Return the document, or that it is unchanged. Raise `FeedUnreadable`, `EgressRefused`."""
        ...


class HttpFetcher:
    """Gets them over HTTP. Use it with `async with`."""

    def __init__(self, egress: Egress, agent: str) -> None:
        self._egress = egress
        self._agent = agent
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=DEADLINE_S, sock_connect=_CONNECT_S)
        self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, url: str, etag: str = "", last_modified: str = "", fingerprint: str = "") -> Reply:
        """Return the document, or that it is unchanged. Raise `FeedUnreadable`, `EgressRefused`."""
        parts = urlsplit(url)
        self._egress.check(parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
        headers = {"User-Agent": self._agent, "Accept-Encoding": "gzip, deflate"}
        headers |= {"If-None-Match": etag} if etag else {}
        headers |= {"If-Modified-Since": last_modified} if last_modified else {}
        try:
            return await self._exchange(url, headers, fingerprint)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            why = str(error)[:200] or type(error).__name__
            raise FeedUnreadable("feed_unreachable", why=why) from None

    async def _exchange(self, url: str, headers: dict[str, str], fingerprint: str) -> Reply:
        if self._session is None:
            raise FeedUnreadable("feed_unreachable", why="closed")
        pin = aiohttp.Fingerprint(bytes.fromhex(fingerprint)) if fingerprint else True
        async with self._session.get(url, headers=headers, allow_redirects=False, ssl=pin) as response:
            if response.status == _NOT_MODIFIED:
                return Reply(body=None)
            if response.status != _OK:
                raise FeedUnreadable("feed_status", status=response.status)
            body = await _bounded(response)
            return Reply(
                body=body,
                etag=response.headers.get("ETag", ""),
                last_modified=response.headers.get("Last-Modified", ""),
            )


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """Read no more than a document may have, also of one that swells when unpacked."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > MOST_BYTES:
            raise FeedUnreadable("feed_too_large", limit=MOST_BYTES)
        await asyncio.sleep(0)
    return bytes(body)
