"""What is silent, in words: of a channel's or an address's pulse as JSON, in the reader's language."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from broadcaster.catalog import sentences
from broadcaster.papers.reading import Say

_NAMED = ("twitter", "mail", "page", "feeds")
_WORDED = {"state": "state_", "reason": "reason_"}
"""Parameters that are codes, and how the codes of their words begin."""


def subject(pulse: Any, words: Say) -> str:
    """Return what is watched, as a person would name it."""
    known = pulse["organ"] == "channel" and pulse["name"] in _NAMED
    name = words(f"channel_{pulse['name']}") if known else pulse["name"]
    return words(f"canary_{pulse['organ']}", name=name)


def why(pulse: Any, words: Say) -> str:
    """Return why it did not answer."""
    params = {name: _worded(name, value, words) for name, value in pulse["params"].items()}
    return words(pulse["reason"], **params)


def age(pulse: Any, now: datetime) -> timedelta | None:
    """Return how long ago it last answered; None where it never has."""
    at = pulse["answered_at"]
    return None if at is None else now - datetime.fromisoformat(at)


def _worded(name: str, value: Any, words: Say) -> Any:
    code = _WORDED.get(name, "") + str(value)
    return words(code) if name in _WORDED and code in sentences("en") else value
