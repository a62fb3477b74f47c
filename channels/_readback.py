"""Looking at what residents get, through their own address."""

from __future__ import annotations

from broadcaster.errors import DeliveryError
from broadcaster.ports.world import Egress
from channels._http import Reply, Wire, reason_of
from channels.targets.directory import Manifest

_CONNECT_S, _TOTAL_S = 5.0, 10.0
LARGEST_PAGE = 8 * 1024 * 1024
"""Bytes of one published file that are read. It is the city's own address, and a feed, which tells every alert in force
whole, is with 2,000 of them larger than any reply of a provider may be.
"""
_OK = 200
_MISSING = frozenset({404, 410})


class Reader:
    """Fetches published files, uncompressed. A look sends nothing, so `maybe_sent` is never true."""

    def __init__(self, egress: Egress) -> None:
        self._wire = Wire(egress, connect_s=_CONNECT_S, total_s=_TOTAL_S, largest=LARGEST_PAGE)

    async def manifest(self, url: str) -> Manifest | None:
        """Return the `edition.json` at this address, None if there is none that can be read. Raise `DeliveryError`."""
        data = await self.fetch(url)
        try:
            return Manifest.load(data) if data is not None else None
        except ValueError:
            return None

    async def fetch(self, url: str) -> bytes | None:
        """Return the file's bytes, None if it is not there. Raise `DeliveryError` where that cannot be told."""
        reply = await self._get(url)
        if reply.status == _OK:
            return reply.body
        if reply.status in _MISSING:
            return None
        raise DeliveryError(reason_of(reply), maybe_sent=False, detail=f"HTTP {reply.status}")

    async def close(self) -> None:
        """Let go of connections."""
        await self._wire.close()

    async def _get(self, url: str) -> Reply:
        try:
            return await self._wire.send("GET", url, {})
        except DeliveryError as error:
            raise DeliveryError(error.reason, maybe_sent=False, detail=error.detail) from None
