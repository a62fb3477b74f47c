"""What became of a hand-in, and waiting for it: the end of every command that sends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from broadcaster.cli.board import verdict
from broadcaster.cli.session import Session
from broadcaster.cli.tables import mode, row_lines, serial
from broadcaster.cli.words import words
from broadcaster.client import Client
from broadcaster.errors import ServiceUnreachable

WAIT_PACE_S = 0.2
PATIENCE = 75
"""Questions without an answer, one each 0.2 s, before waiting is given up."""
OPEN = ("ready", "sending", "retry_wait", "in_doubt")


def conclude(session: Session, client: Client, done: Any, *, wait: bool) -> None:
    """Say what became of a hand-in; with `wait`, once every delivery of what was accepted is settled."""
    alert = done["alert"]
    if not done["accepted"]:
        said = words("submitted", mode=mode(done["mode"]), serial=serial(alert), number=done["submission"])
        session.show(done, said)
    elif wait:
        report = wait_until(session, client, alert["identifier"], settled)
        deliveries = report["row"]["deliveries"]
        session.exit_code = verdict(deliveries)
        session.show({**done, "deliveries": deliveries}, *row_lines(report["row"], report["zone"]))
    else:
        named = {"serial": serial(alert), "count": len(done["deliveries"]), "id": alert["identifier"]}
        session.show(done, words("accepted", mode=mode(done["mode"]), **named))


def settled(delivery: Any) -> bool:
    """Whether nothing more happens to it by itself, read-back left out."""
    return delivery["state"] not in OPEN


def wait_until(session: Session, client: Client, alert: str, enough: Callable[[Any], bool], limit_s: float = 0) -> Any:
    """Ask again until `enough` of every delivery, with a bar for each on a terminal; return its report.

    `limit_s` 0 is without limit: deliveries end by themselves at the alert's expiry.
    """
    end = time.monotonic() + limit_s if limit_s else None
    if session.json or not sys.stdout.isatty():
        return _poll(client, alert, enough, end, lambda _: None)
    from broadcaster.cli.live import bars  # noqa: PLC0415 - rich is for terminals only

    with bars() as drawn:
        return _poll(client, alert, enough, end, drawn.update)


def _poll(
    client: Client, alert: str, enough: Callable[[Any], bool], end: float | None, draw: Callable[[Any], None]
) -> Any:
    missed = 0
    while True:
        try:
            report = client.report(alert)
            missed = 0
        except ServiceUnreachable:  # a killed core is back within 2 s
            if (missed := missed + 1) > PATIENCE:
                raise
        else:
            deliveries = report["row"]["deliveries"]
            draw(deliveries)
            if all(enough(each) for each in deliveries) or (end is not None and time.monotonic() > end):
                return report
        time.sleep(WAIT_PACE_S)
