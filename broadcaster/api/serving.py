"""The socket itself: only its owner may open it, or also its group where the configuration says so."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

SHUTDOWN_S = 2.0


@asynccontextmanager
async def serve(app: web.Application, path: Path, group: str = "") -> AsyncGenerator[None, None]:
    """Answer on the socket while the context is open. `group` may use it besides the owner, else mode 0600.

    A socket left by a dead core is replaced; the store's lock keeps two living ones apart.
    """
    listener = _listen(path, group)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield
    finally:
        await runner.cleanup()
        listener.close()
        _remove(path)


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
    listener.listen(128)
    return listener


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
