"""Checks an OAuth 1.0a signature as a provider does (RFC 5849): written from the RFC, not with the client's library,
so that a mistake on one side shows on the other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

MAX_AGE_S = 300.0


@dataclass(slots=True)
class Verifier:
    """Knows one app and one account, and every nonce it has seen."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    access_token: str
    access_token_secret: str = field(repr=False)
    _seen: set[str] = field(default_factory=set[str], init=False)

    def accepts(self, header: str, method: str, url: str, query: Sequence[tuple[str, str]], now: float) -> bool:
        """Return whether this `Authorization` header is genuine, fresh and used for the first time."""
        given = parameters(header)
        known = given.get("oauth_consumer_key") == self.consumer_key and given.get("oauth_token") == self.access_token
        if not known or given.get("oauth_signature_method") != "HMAC-SHA1" or not self._fresh(given, now):
            return False
        signature = given.pop("oauth_signature", "")
        base = base_string(method, url, [*query, *given.items()])
        key = f"{_escape(self.consumer_secret)}&{_escape(self.access_token_secret)}"
        right = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
        if not hmac.compare_digest(right, signature):
            return False
        self._seen.add(given["oauth_nonce"])
        return True

    def _fresh(self, given: Mapping[str, str], now: float) -> bool:
        stamp, nonce = given.get("oauth_timestamp", ""), given.get("oauth_nonce", "")
        return stamp.isdecimal() and abs(int(stamp) - now) <= MAX_AGE_S and bool(nonce) and nonce not in self._seen


def parameters(header: str) -> dict[str, str]:
    """Return the parameters of an `Authorization: OAuth` header (RFC 5849, 3.5.1), without the realm."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        return {}
    pairs = (part.strip().partition("=") for part in rest.split(","))
    return {unquote(name): unquote(value.strip('"')) for name, _, value in pairs if name != "realm"}


def base_string(method: str, url: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return what is signed (RFC 5849, 3.4.1). `url` has neither query nor fragment nor default port."""
    escaped = sorted((_escape(name), _escape(value)) for name, value in pairs)
    joined = "&".join(f"{name}={value}" for name, value in escaped)
    return f"{method.upper()}&{_escape(url)}&{_escape(joined)}"


def _escape(text: str) -> str:
    return quote(text, safe="-._~")
