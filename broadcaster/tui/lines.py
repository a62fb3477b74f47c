"""What stands on the board, line by line, as data: pure, so that it is tested without a terminal.

Each line has a key that stays the same from board to board, so that the cursor stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

WANTING = ("failed", "needs_human", "in_doubt", "held")
"""States that a person should look at, most pressing first."""
POSSIBLE_DUPLICATE = "possible_duplicate"
ADVICES = (*WANTING, POSSIBLE_DUPLICATE)
RECENT = timedelta(hours=24)
"""How long what went wrong with an alert no longer in force stays on top."""


class Sort(StrEnum):
    """What a line is about."""

    HEADING = "heading"
    ATTENTION = "attention"
    WAITING = "waiting"
    CHANNEL = "channel"
    INCIDENT = "incident"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `row`, `delivery`, `submission`, `channel` are the board's own values, None where it has none;
    `code` names the heading's sentence or the advice, and `count` what is counted there.
    """

    key: str
    sort: Sort
    row: Any = None
    delivery: Any = None
    submission: Any = None
    channel: Any = None
    code: str = ""
    count: int = 0

    @property
    def alert(self) -> str:
        """The identifier of the alert it belongs to, empty where it belongs to none."""
        return str(self.row["alert"]["identifier"]) if self.row else ""

    @property
    def can_be_reached(self) -> bool:
        """Whether the cursor stops here."""
        return self.sort is not Sort.HEADING


def lines_of(board: Any) -> list[Line]:
    """Return the whole board: what needs a person, what waits, the channels, the incidents with their deliveries."""
    return [*_attention(board), *_waiting(board), *_channels(board), *_incidents(board)]


def _attention(board: Any) -> Iterator[Line]:
    found = sorted(wanting(board), key=lambda line: ADVICES.index(line.code))
    if found:
        yield Line(key="attention", sort=Sort.HEADING, code="tui_attention", count=len(found))
    yield from found


def wanting(board: Any) -> Iterator[Line]:
    """Yield a line for each delivery that needs a person: of alerts in force, and of the last day."""
    since = moment(board["now"]) - RECENT
    for row in board["rows"]:
        if row["in_force"] or moment(row["accepted_at"]) >= since:
            for each in row["deliveries"]:
                if code := advice(each):
                    yield Line(key=f"!{each['id']}", sort=Sort.ATTENTION, row=row, delivery=each, code=code)


def advice(delivery: Any) -> str:
    """Return which advice a delivery needs, empty for none."""
    if delivery["state"] in WANTING:
        return str(delivery["state"])
    return POSSIBLE_DUPLICATE if delivery["possible_duplicate"] else ""


def _waiting(board: Any) -> Iterator[Line]:
    if board["waiting"]:
        yield Line(key="waiting", sort=Sort.HEADING, code="tui_waiting", count=len(board["waiting"]))
    for each in board["waiting"]:
        yield Line(key=f"?{each['id']}", sort=Sort.WAITING, submission=each)


def _channels(board: Any) -> Iterator[Line]:
    yield Line(key="channels", sort=Sort.HEADING, code="tui_channels", count=len(board["channels"]))
    for each in board["channels"]:
        yield Line(key=f"#{each['channel']}", sort=Sort.CHANNEL, channel=each)


def _incidents(board: Any) -> Iterator[Line]:
    for in_force, code in ((True, "tui_in_force"), (False, "tui_ended")):
        rows = [row for row in board["rows"] if row["in_force"] is in_force]
        if rows or in_force:
            yield Line(key=code, sort=Sort.HEADING, code=code, count=len(rows))
        for row in rows:
            yield from _incident(row)


def _incident(row: Any) -> Iterator[Line]:
    yield Line(key=f"@{row['alert']['identifier']}", sort=Sort.INCIDENT, row=row)
    for each in row["deliveries"]:
        yield Line(key=str(each["id"]), sort=Sort.DELIVERY, row=row, delivery=each)


def moment(text: str) -> datetime:
    """Return the time that a board's text says."""
    return datetime.fromisoformat(text)


def serial(alert: Any) -> str:
    """Return `14-2`."""
    return f"{alert['incident']}-{alert['version']}"


def headline(alert: Any) -> str:
    """Return the headline in the authoritative language."""
    return str(alert["infos"][0]["headline"])


def areas(alert: Any) -> str:
    """Return where it is for."""
    return "、".join(str(area["area_desc"]) for area in alert["infos"][0]["areas"])
