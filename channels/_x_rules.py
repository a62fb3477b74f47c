"""What X says differently, as data: its error bodies and the headers that count posts.

As of August 2026. The `type` of a problem document begins with https://api.twitter.com or https://api.x.com, and the
same thing comes as a problem document or as `errors[].code`; so the words count, not the address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from broadcaster.errors import Reason
from broadcaster.model import Reading
from channels._http import Exceptional

EXCEPTIONAL = (
    Exceptional(403, Reason.DUPLICATE, ("duplicate content", "status is a duplicate", '"code": 187')),
    Exceptional(403, Reason.SUSPENDED, ("suspended", '"code": 64,', '"code": 64}', "account is temporarily locked")),
    Exceptional(403, Reason.NOT_ENROLLED, ("client-not-enrolled", "client-forbidden", "official-client-forbidden")),
    Exceptional(403, Reason.CREDENTIALS, ("oauth1-permissions",)),
    Exceptional(403, Reason.QUOTA, ("usage-capped",)),
    Exceptional(429, Reason.QUOTA, ("usage-capped",)),
    Exceptional(402, Reason.PAYMENT),
)
"""Rows are tried in this order. 403 for a reply that is not allowed has no row: like any other 403 it is rejected."""

POSTS_15_MIN, POSTS_24_H, MONEY = "posts_15min", "posts_24h", "money"
_FAMILIES = (
    ("x-rate-limit", POSTS_15_MIN),
    ("x-user-limit-24hour", POSTS_24_H),
    ("x-app-limit-24hour", POSTS_24_H),
)
_NUMBER = re.compile(r"[0-9]{1,11}")


def readings(headers: Mapping[str, str]) -> tuple[Reading, ...]:
    """Return what the reply to a post says about the limits. Of two for one limit, the smaller remainder counts."""
    found: dict[str, Reading] = {}
    for prefix, name in _FAMILIES:
        remaining, reset = headers.get(f"{prefix}-remaining", ""), headers.get(f"{prefix}-reset", "")
        if not (_NUMBER.fullmatch(remaining) and _NUMBER.fullmatch(reset)):
            continue
        fresh = Reading(name=name, remaining=int(remaining), resets_at=datetime.fromtimestamp(int(reset), UTC))
        if name not in found or fresh.remaining < found[name].remaining:
            found[name] = fresh
    return tuple(found.values())
