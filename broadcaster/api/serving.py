"""The socket itself: only its owner may open it, or also its group where the configuration says so."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

SHUTDOWN_S = 2.0
_SHARE, _MOST = 4, 256
"""Of the files this process may have open, the desk takes at most a quarter: deliveries need theirs at any time."""
_AT_ONCE, _WAITING = 4, 128
"""Connections taken in one go, each of which is an open file before it can be turned away; and how many may wait."""


@asynccontextmanager
async def serve(app: web.Application, path: Path, group: str = "") -> AsyncGenerator[None, None]:
    """Answer on the socket while the context is open. `group` may use it besides the owner, else mode 0600.

    A socket left by a dead core is replaced; the store's lock keeps two living ones apart.
    """
    listener = _listen(path, group)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    loop = asyncio.get_running_loop()
    door = await loop.create_unix_server(lambda: _visitor(runner), sock=listener, backlog=_AT_ONCE)
    listener.listen(_WAITING)
    try:
        yield
    finally:
        door.close()
        await runner.cleanup()
        _remove(path)


def _visitor(runner: web.AppRunner) -> asyncio.Protocol:
    """Return who speaks with a new connection: nobody, if the desk already has its share of them."""
    server, allowed = runner.server, resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if server is None or len(server.connections) >= min(_MOST, allowed // _SHARE):
        return _TurnedAway()
    return server()


class _TurnedAway(asyncio.Protocol):
    """Closes the connection at once; the client hears that the service is not reachable, and tries again."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _listen(path: Path, group: str) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    if group:
        shutil.chown(path, group=group)
        path.chmod(0o660)
    return listener


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
