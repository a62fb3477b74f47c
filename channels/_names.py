"""Names to addresses, so that a broken name server stops little and delays nobody else.

The system's lookup blocks a thread, sometimes for half a minute. Here every lookup has a thread of its own: the loop
has only a handful, and pages are published by those. Whoever asks for the same name shares a lookup and waits for it at
most `patience` seconds; an answer that comes later is there for the next who asks. Where a lookup fails, the addresses
stand in that served last; TLS tells whether they are still the right ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a host, as the socket module names it."""

    family: socket.AddressFamily
    host: str
    port: int


_Key = tuple[str, int]
_Found = tuple[Address, ...]


class Names:
    """Looks names up, and remembers where each was last served. One for each channel."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._under_way: dict[_Key, asyncio.Future[_Found]] = {}
        self._late: dict[_Key, _Found] = {}
        self._given: dict[_Key, _Found] = {}
        self._good: dict[_Key, _Found] = {}

    async def addresses(self, host: str, port: int) -> Sequence[Address]:
        """Return the addresses of a host, at least one. Raise `socket.gaierror` if there are none and none ever
        served.
        """
        key = (host, port)
        try:
            late = self._late.pop(key) if key in self._late else None
            self._given[key] = late or await self._asked(key)
        except (OSError, UnicodeError, RuntimeError) as error:  # too slow, refused, no name at all, no thread to be had
            if key not in self._good:
                raise socket.gaierror(socket.EAI_AGAIN, type(error).__name__) from error
            self._given[key] = self._good[key]
        return self._given[key]

    def served(self, host: str, port: int) -> None:
        """Say that somebody trustworthy answered there: from now on these addresses stand in."""
        if (host, port) in self._given:
            self._good[host, port] = self._given[host, port]

    async def _asked(self, key: _Key) -> _Found:
        lookup = self._under_way.get(key) or self._begun(key)
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.shield(lookup)
        except TimeoutError:
            self._under_way.pop(key, None)  # it may hang for long: the next who asks begins another
            raise

    def _begun(self, key: _Key) -> asyncio.Future[_Found]:
        """Begin a lookup. Its thread, should it hang, keeps no process from ending."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Found] = loop.create_future()
        threading.Thread(target=_work, args=(key, loop, future), name="lookup", daemon=True).start()
        self._under_way[key] = future
        future.add_done_callback(lambda done: self._ended(key, done))
        return future

    def _ended(self, key: _Key, done: asyncio.Future[_Found]) -> None:
        awaited = self._under_way.get(key) is done
        if awaited:
            del self._under_way[key]
        if not done.cancelled() and done.exception() is None and not awaited:
            self._late[key] = done.result()


def _work(key: _Key, loop: asyncio.AbstractEventLoop, future: asyncio.Future[_Found]) -> None:
    found: _Found | Exception
    try:
        found = _addresses(key)
    except Exception as error:  # noqa: BLE001 (handed over to whoever waits)
        found = error
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(_hand_over, future, found)


def _addresses(key: _Key) -> _Found:
    rows = socket.getaddrinfo(*key, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    found = tuple(Address(row[0], str(row[4][0]), key[1]) for row in rows)
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    return found


def _hand_over(future: asyncio.Future[_Found], found: _Found | Exception) -> None:
    if future.done():
        return
    if isinstance(found, Exception):
        future.set_exception(found)
    else:
        future.set_result(found)


async def connect(addresses: Sequence[Address], seconds: float) -> socket.socket:
    """Return a socket connected to the first address that answers, each given its share of the time.

    Raise the `OSError` of the last one if none does.
    """
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return await _connected(address, seconds / len(addresses))
    return await _connected(addresses[-1], seconds / len(addresses))


async def _connected(address: Address, seconds: float) -> socket.socket:
    raw = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        raw.setblocking(False)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(raw, (address.host, address.port))
    except BaseException:
        raw.close()
        raise
    return raw
