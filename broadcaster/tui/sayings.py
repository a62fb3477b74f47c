"""What can be said about an alert without writing anything: retract, cancel, lift, extend."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from broadcaster.client import Client, longer
from broadcaster.errors import Conflict
from broadcaster.tui.lines import serial
from broadcaster.tui.screens.say import Saying

AT_ONCE = ("correction", "cancel")
"""Kinds whose prepared words were approved together with the alert (`rules.approval.in_advance`)."""
HOURS = (1, 3, 6, 12, 24)
"""By how much an alert may be extended with one key."""


def prepared(row: Any, kind: str) -> Saying:
    """Return what was prepared with the alert: its correction (誤報), its cancel or its all-clear."""
    identifier = str(row["alert"]["identifier"])

    def find(core: Client) -> Any:
        for draft in core.prepared(identifier):
            if draft["kind"] == kind:
                return draft
        raise Conflict("nothing_prepared", alert=serial(row["alert"]), kind=kind)

    def send(core: Client, key: str, silent: bool, digest: str) -> Any:  # noqa: ARG001 (its moment is that of sending)
        return core.follow_up(identifier, kind, key, silent=silent)

    return Saying(
        name=f"tui_say_{kind}", find=find, send=send, at_once=kind in AT_ONCE, may_be_silent=kind == "correction"
    )


def extended(row: Any, now: datetime, hours: int) -> Saying:
    """Return the same alert as an update that ends so many hours from now."""
    identifier, draft = str(row["alert"]["identifier"]), longer(row["alert"], now + timedelta(hours=hours))

    def send(core: Client, key: str, silent: bool, digest: str) -> Any:
        return core.update(identifier, {**draft, "silent": silent}, key, digest)

    return Saying(name="tui_say_extension", find=lambda _: draft, send=send, may_be_silent=True)
