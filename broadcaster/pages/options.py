"""What the page server serves, and its limits. Times are seconds, sizes bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


def words_dir() -> Path:
    """Return the folder of the server's own pages. It looks for itself, since the renderer's locator brings Jinja2."""
    inside = _PACKAGE / "templates"
    return (inside if inside.is_dir() else _PACKAGE.parent / "templates") / "server"


@dataclass(frozen=True, slots=True)
class Root:
    """A published directory, and the path it appears under: `/` or `/feeds/`."""

    prefix: str
    directory: Path

    def __post_init__(self) -> None:
        if not (self.prefix.startswith("/") and self.prefix.endswith("/")):
            raise ValueError(self.prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one client may ask for. Numbers are for a small machine; a city behind a proxy raises `per_address`."""

    connections: int = 10_000
    per_address: int = 200
    unlimited: tuple[str, ...] = LOOPBACK
    """Addresses not counted: a reverse proxy on this machine brings everybody."""
    request_line: int = 2048
    head: int = 8192
    head_s: float = 10.0
    """From the first byte (or from connecting) to the end of a request's head: slow clients are not waited for."""
    idle_s: float = 20.0
    write_s: float = 20.0
    """How long a client may leave a response unread."""
    linger_s: float = 2.0
    """How long a refused client is given to read why."""
    requests: int = 1000
    """Per connection; the last answer says that it closes."""
    pipelined: int = 32
    """Requests in one packet; more of them are a flood, not a browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All the server is told. `port` 0 lets the system choose; `reuse_port` lets several processes share it."""

    roots: tuple[Root, ...]
    host: str = "127.0.0.1"
    port: int = 8080
    reuse_port: bool = False
    poll_s: float = 0.1
    max_age_s: int = 10
    """How long a copy counts as fresh: new orders must be seen soon, yet a thousand reloads need not reach us."""
    stale_s: int = 86_400
    """How long a proxy may go on showing the last copy while we do not answer (RFC 5861, stale-if-error)."""
    retry_s: int = 5
    limits: Limits = field(default_factory=Limits)
    words: Path = field(default_factory=words_dir)
