"""Where the command line keeps who is logged in: one file for each instance, that only its user may read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from broadcaster.errors import Forbidden

_LONGEST = 1_000


def bearer(socket: Path) -> str:
    """Return the secret a request brings: BROADCASTER_TOKEN, or what stands in BROADCASTER_TOKEN_FILE, or the session.

    Raise `Forbidden` for a file others may read.
    """
    if token := os.environ.get("BROADCASTER_TOKEN"):
        return token.strip()
    named = os.environ.get("BROADCASTER_TOKEN_FILE")
    return _read(Path(named)) if named else _read(_file(socket))


def keep(socket: Path, secret: str) -> None:
    """Remember a session; nobody else may read it at any moment."""
    path = _file(socket)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret)
    beside.replace(path)


def forget(socket: Path) -> None:
    """Remember it no longer."""
    _file(socket).unlink(missing_ok=True)


def state_folder() -> Path:
    """Return the user's folder for what programs remember (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "broadcaster"


def _file(socket: Path) -> Path:
    return state_folder() / f"session-{hashlib.sha256(bytes(socket.absolute())).hexdigest()[:12]}"


def _read(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise Forbidden("session_file_open", path=str(path))
        return path.read_text(encoding="ascii")[:_LONGEST].strip()
    except (OSError, UnicodeDecodeError):
        return ""
