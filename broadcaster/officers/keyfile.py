"""The instance's key, beside its store: from it the second factors come. Only the service's user may read it."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from broadcaster.errors import ConfigError
from broadcaster.model import Problem
from broadcaster.ports.world import Entropy

NAME = "officers.key"
_LENGTH = 64
"""256 bits in hexadecimal."""
log = logging.getLogger("broadcaster.officers")


def instance_key(data_dir: Path, entropy: Entropy, *, expected: bool = False) -> bytes:
    """Return the key; make it first where there is none. Raise `ConfigError` where it is no key or open to others.

    `expected`: officers have made their second factors from it. Where it is gone all the same the log says so, since
    from now on every code will be wrong.
    """
    path = data_dir / NAME
    if not path.exists():
        if expected:
            log.error("The officers' key is gone: no code is right any more.", extra={"event": "officers_key_new"})
        _make(path, entropy.token() + entropy.token())
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise _refused("officers_key_wrong", path) from None
    if mode & 0o077:
        raise _refused("officers_key_readable", path)
    if len(text) != _LENGTH or not set(text) <= set("0123456789abcdef"):
        raise _refused("officers_key_wrong", path)
    return bytes.fromhex(text)


def _make(path: Path, text: str) -> None:
    """Write it aside and give it its name whole: a kill leaves no half key, and the first of two stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{NAME}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        path.hardlink_to(beside)
    beside.unlink()


def _refused(code: str, path: Path) -> ConfigError:
    return ConfigError([Problem(code=code, params={"path": str(path)})])
