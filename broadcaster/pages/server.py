"""The page server's process: sockets, the current site, the clock, the sweep."""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

from broadcaster.loops import loop_factory
from broadcaster.pages.connection import Connection
from broadcaster.pages.gate import Gate
from broadcaster.pages.headers import http_date
from broadcaster.pages.options import Limits, Options
from broadcaster.pages.site import OK, UNAVAILABLE, Answer, Press, Question, Site, assemble, plain
from broadcaster.pages.watch import Watch

_LOG = logging.getLogger(__name__)
_BACKLOG = 4096
_KEPT_FILES = 32
"""File descriptors the process needs for itself: listening sockets, the loop, files of an edition being read."""
_MEMORY = 256
"""Answers remembered by request head. Each holds a page, so a flood of different heads may not fill the machine."""
_SWEEP_S = 0.5
_DRAIN_S = 5.0


class Server:
    """One listening process. Create it inside a running loop, `start` it, `close` it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.limits: Limits = options.limits
        self.gate = Gate(_seats(options.limits.connections), options.limits.per_address, options.limits.unlimited)
        self.memory = dict[bytes, bytes]()
        self.now = time.monotonic()
        self.date = b""
        self._wall = 0.0
        self._missing = (options.words / "404.html").read_bytes()
        retry = b"Retry-After: %d\r\n" % options.retry_s
        self._waiting = plain(UNAVAILABLE, (options.words / "503.html").read_bytes(), extra=retry)
        press = Press(max_age_s=options.max_age_s, stale_s=options.stale_s)
        self._watches = [Watch(root, press) for root in options.roots]
        self._looking = asyncio.Lock()
        self._numbers = dict[str, int | None]()
        self._site = self._assembled()
        self._listener: asyncio.Server | None = None
        self._tick()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._listener is not None  # noqa: S101 - a property of a started server
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Take what is published already, then listen. Raise `OSError` if the address cannot be had."""
        await self.look()
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: Connection(self),
            self.options.host,
            self.options.port,
            backlog=_BACKLOG,
            reuse_port=self.options.reuse_port or None,
        )
        _LOG.info("listening", extra={"event": "pages_listening", "host": self.options.host, "port": self.port})

    async def run(self) -> None:
        """Keep the site new and the clients within their limits, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(_every(self.options.poll_s, self.look))
            group.create_task(_every(_SWEEP_S, self._sweep))

    async def look(self) -> None:
        """Swap in new editions, if there are any."""
        async with self._looking:
            changed = [await asyncio.to_thread(watch.look) for watch in self._watches]
            if any(changed):
                self._site = self._assembled()
                self.memory.clear()

    def _assembled(self) -> Site:
        self._numbers = {watch.root.prefix: watch.number for watch in self._watches}
        return assemble({watch.root.prefix: watch.part for watch in self._watches}, self._missing, self._waiting)

    async def close(self) -> None:
        """Stop listening, let answers under way be read for a few seconds, and go."""
        if self._listener is not None:
            self._listener.close()
        for guest in self._connections():
            guest.finish()
        for _ in range(int(_DRAIN_S / 0.05)):
            if not len(self.gate):
                return
            await asyncio.sleep(0.05)
        for guest in self._connections():
            guest.drop()

    # ------------------------------------------------------------ for connections

    def answer(self, path: str, question: Question) -> Answer:
        """Return the answer to GET of a path."""
        return self._site.answer(path, question, self._wall)

    def health(self) -> Answer:
        """Return the editions in memory and the connections, as JSON."""
        ready = all(number is not None for number in self._numbers.values())
        body = {"ready": ready, "editions": self._numbers, "connections": len(self.gate), "refused": self.gate.refused}
        status = OK if ready else UNAVAILABLE
        return plain(status, json.dumps(body).encode() + b"\n", b"application/json")

    def remember(self, head: bytes, answer: bytes) -> None:
        """Keep an answer until date or site change."""
        if len(self.memory) < _MEMORY:
            self.memory[head] = answer

    # ------------------------------------------------------------ time

    async def _sweep(self) -> None:
        self._tick()
        for connection in self._connections():
            connection.sweep(self.now)

    def _tick(self) -> None:
        self.now, self._wall = time.monotonic(), time.time()
        date = f"Date: {http_date(self._wall)}\r\n".encode()
        if date != self.date:
            self.date = date
            self.memory.clear()

    def _connections(self) -> tuple[Connection, ...]:
        return tuple(guest for guest in self.gate.guests() if isinstance(guest, Connection))


async def _every(seconds: float, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do something again and again. A fault is written down and does not end it: residents need the page."""
    while True:
        try:
            await act()
        except Exception:  # noqa: BLE001 - see above
            _LOG.exception("a fault in the page server", extra={"event": "pages_fault"})
        await asyncio.sleep(seconds)


def _seats(wanted: int) -> int:
    """Return how many connections fit under the process's limit on open files, which is raised as far as allowed.

    More would make accepting fail (EMFILE), for which there is no good answer; below it the gate makes room.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _KEPT_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - _KEPT_FILES))


def serve(options: Options) -> None:
    """Run the page server until SIGTERM or SIGINT. Raise `OSError` if the address cannot be had."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(options))


async def _serve(options: Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    server = Server(options)
    await server.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(server.run())
        await stop.wait()
        await server.close()
        running.cancel()
