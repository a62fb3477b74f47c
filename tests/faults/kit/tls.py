"""Certificates for servers on loopback: good ones, and every way to be wrong."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


class Authority:
    """A certificate authority whose word counts for whoever is given `file`."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.file))

    def server(self, name: str = "localhost", *, expired: bool = False) -> ssl.SSLContext:
        """Return a server's context with a certificate for this name."""
        ended = datetime.now(UTC) - timedelta(days=1) if expired else None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name, not_after=ended).configure_cert(context)
        return context


def stranger(name: str = "localhost") -> ssl.SSLContext:
    """Return a server's context whose certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(name).configure_cert(context)
    return context
