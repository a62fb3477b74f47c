"""The error bodies of X as of August 2026, by a short name each, for the loopback provider and the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOSTS = ("https://api.twitter.com", "https://api.x.com")
"""Problem types are named under the old host and under the new one."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A status and its JSON body."""

    status: int
    body: Mapping[str, Any]


def trouble(name: str, host: str = HOSTS[1]) -> Trouble:
    """Return the reply of this name, its `type` under `host`. Raise `KeyError` for an unknown name."""
    status, title, kind, detail, more = _PROBLEMS[name]
    if not kind:
        return Trouble(status, more)
    address = kind if kind == "about:blank" else f"{host}/2/problems/{kind}"
    return Trouble(status, {"title": title, "type": address, "status": status, "detail": detail, **more})


_Row = tuple[int, str, str, str, Mapping[str, Any]]
_PROBLEMS: Mapping[str, _Row] = {
    "duplicate": (
        403,
        "Forbidden",
        "about:blank",
        "You are not allowed to create a Tweet with duplicate content.",
        {},
    ),
    "duplicate-187": (403, "", "", "", {"errors": [{"code": 187, "message": "Status is a duplicate."}]}),
    "suspended": (403, "Forbidden", "user-suspended", "The account of this token is suspended.", {}),
    "suspended-64": (403, "", "", "", {"errors": [{"code": 64, "message": "Your account is suspended"}]}),
    "reply-not-allowed": (
        403,
        "Forbidden",
        "about:blank",
        "Reply to this conversation is not allowed because you have not been mentioned by the author.",
        {},
    ),
    "client-not-enrolled": (
        403,
        "Client Forbidden",
        "client-forbidden",
        "This client has no access to this endpoint.",
        {"reason": "client-not-enrolled", "registration_url": "https://developer.x.com/"},
    ),
    "oauth1-permissions": (
        403,
        "Forbidden",
        "oauth1-permissions",
        "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
        {},
    ),
    "too-long": (403, "Forbidden", "about:blank", "Your post text is too long.", {}),
    "unauthorized": (401, "Unauthorized", "about:blank", "Unauthorized", {}),
    "credits-depleted": (
        402,
        "CreditsDepleted",
        "credits",
        "Your enrolled account does not have any credits to fulfill this request.",
        {},
    ),
    "rate-limited": (429, "Too Many Requests", "about:blank", "Too Many Requests", {}),
    "rate-limited-88": (429, "", "", "", {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}),
    "usage-capped": (
        429,
        "UsageCapExceeded",
        "usage-capped",
        "Usage cap exceeded: Monthly product cap",
        {"period": "Monthly", "scope": "Product"},
    ),
    "invalid-request": (
        400,
        "Invalid Request",
        "invalid-request",
        "One or more parameters to your request was invalid.",
        {"errors": [{"message": "text must not be empty", "parameters": {}}]},
    ),
    "not-found": (
        404,
        "Not Found Error",
        "resource-not-found",
        "Could not find what was asked for.",
        {"resource_type": "tweet", "parameter": "id"},
    ),
    "over-capacity": (503, "Service Unavailable", "about:blank", "Service Unavailable", {}),
}
NAMES = tuple(_PROBLEMS)
