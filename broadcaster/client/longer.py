"""The same words with a later end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

_KEPT = ("status", "level", "incident", "channels", "note")


def longer(alert: Any, expires: datetime, *, silent: bool = False) -> Any:
    """Return the draft of an update that says what the alert says (both as JSON), until then. Silent changes pages and
    feeds only.
    """
    infos = [{**info, "expires": expires.isoformat()} for info in alert["infos"]]
    return {**{name: alert[name] for name in _KEPT}, "kind": "update", "infos": infos, "silent": silent}
