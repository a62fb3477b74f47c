"""What the request's headers mean and what the response's say: RFC 9110, RFC 9111, RFC 5861."""

from __future__ import annotations

import re
from email.utils import formatdate
from functools import lru_cache

_TYPES = {
    "html": b"text/html; charset=utf-8",
    "txt": b"text/plain; charset=utf-8",
    "css": b"text/css; charset=utf-8",
    "csv": b"text/csv; charset=utf-8",
    "json": b"application/json",
    "geojson": b"application/geo+json",
    "svg": b"image/svg+xml",
    "png": b"image/png",
    "ico": b"image/x-icon",
    "xml": b"application/xml; charset=utf-8",
}
_ROOTS = (
    (b"<rss", b"application/rss+xml; charset=utf-8"),
    (b"<feed", b"application/atom+xml; charset=utf-8"),
    (b"<alert", b"application/cap+xml; charset=utf-8"),
)
"""XML is told apart by its root element: feeds and CAP share a suffix."""
_UNKNOWN = b"application/octet-stream"
_SNIFFED = 1024
_STYLE = re.compile(r"sha(256|384|512)-[A-Za-z0-9+/=]+")
_CODINGS = (b"br", b"gzip", b"identity")
"""Best first: brotli is the smallest."""
_LONGEST_LIST = 1024


def content_type(name: str, data: bytes) -> bytes:
    """Return the media type of a file, with its charset where it is text."""
    suffix = name.rpartition(".")[2].lower()
    if suffix == "xml":
        start = data[:_SNIFFED]
        return next((kind for mark, kind in _ROOTS if mark in start), _TYPES["xml"])
    return _TYPES.get(suffix, _UNKNOWN)


def security(style: str) -> bytes:
    """Return the security headers. No script ever; the one style of our pages by its hash; nothing from outside."""
    allowed = f" style-src '{style}';" if _STYLE.fullmatch(style) else ""
    return (
        f"Content-Security-Policy: default-src 'none';{allowed} base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "X-Frame-Options: DENY\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n"
    ).encode("ascii")


def http_date(seconds: float) -> str:
    """Return an IMF-fixdate of Unix seconds."""
    return formatdate(seconds, usegmt=True)


@lru_cache(maxsize=256)
def codings(header: bytes | None) -> tuple[bytes, ...]:
    """Return the content codings the client takes, the one to use first (RFC 9110, 12.5.3).

    Higher q first, then the smaller coding. `identity` is in it unless refused; empty: nothing we have is acceptable.
    """
    if header is None or len(header) > _LONGEST_LIST:
        return (b"identity",)
    weights = dict(_weight(part) for part in header.lower().split(b","))
    other = weights.get(b"*")
    found = list[tuple[float, int, bytes]]()
    for rank, coding in enumerate(_CODINGS):
        weight = weights.get(coding, other)
        if weight is None:
            weight = 0.001 if coding == b"identity" else 0.0
        if weight > 0:
            found.append((-weight, rank, coding))
    return tuple(coding for _, _, coding in sorted(found))


def _weight(part: bytes) -> tuple[bytes, float]:
    name, _, parameter = part.partition(b";")
    key, _, value = parameter.strip().partition(b"=")
    try:
        weight = float(value) if key.strip() == b"q" else 1.0
    except ValueError:
        weight = 0.0
    name = name.strip()
    return b"gzip" if name == b"x-gzip" else name, weight if 0 <= weight <= 1 else 0.0


def matches(header: bytes, etag: bytes) -> bool:
    """Return whether If-None-Match names this representation (weak comparison, RFC 9110, 13.1.2)."""
    if header.strip() == b"*":
        return True
    return any(tag.strip().removeprefix(b"W/") == etag for tag in header[:_LONGEST_LIST].split(b","))
