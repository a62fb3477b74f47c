"""What stands on the board, line by line, as data: pure, so that it is tested without a terminal.

Each line has a key that stays the same from board to board, so that the cursor stays where it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from broadcaster.model import Severity
from broadcaster.rules.pace import still_valid

WANTING = ("failed", "needs_human", "in_doubt", "held")
"""States that a person should look at, most pressing first."""
EXPIRING, UNREVIEWED, UNSERVED, POSSIBLE_DUPLICATE = "expiring", "unreviewed", "unserved", "possible_duplicate"
ADVICES = (*WANTING, EXPIRING, UNREVIEWED, UNSERVED, POSSIBLE_DUPLICATE)
"""What the board asks a person for, most pressing first; the catalogue words it (`tui_wants_*`, `tui_do_*`)."""
DONE = ("accepted", "confirmed")
BY_ITSELF = "automatic_"
"""How the steps begin of what was, or was not, said without a person."""
RECENT = timedelta(hours=24)
"""How long what went wrong with an alert no longer in force stays on top."""


class Sort(StrEnum):
    """What a line is about."""

    HINT = "hint"
    HEADING = "heading"
    ATTENTION = "attention"
    ADVICE = "advice"
    """What to do about the line above."""
    WAITING = "waiting"
    OFFICERS = "officers"
    CHANNEL = "channel"
    INCIDENT = "incident"
    DETAIL = "detail"
    DELIVERY = "delivery"
    PROPOSED = "proposed"
    FEED = "feed"
    HEARD = "heard"
    ROUTINE = "routine"
    PULSE = "pulse"
    WRONG = "wrong"
    """A file that cannot be read; what was in force before stays so."""
    AUTOMATIC = "automatic"
    """Something that was said without a person, or could not be."""
    EMPTY = "empty"


class Line(NamedTuple):
    """One line. `row`, `delivery`, `submission`, `channel`, `feed`, `draft`, `routine`, `pulse` are the board's own
    values or None; `present` are the officers who are there. `code` names the heading's sentence or the advice,
    `number` what is counted there, `text` what is said as it is; `target_s` is how soon a delivery should have arrived.
    A tuple: a board makes a thousand of them at each change.
    """

    key: str
    sort: Sort
    row: Any = None
    delivery: Any = None
    submission: Any = None
    channel: Any = None
    feed: Any = None
    draft: Any = None
    routine: Any = None
    pulse: Any = None
    present: tuple[str, ...] = ()
    code: str = ""
    text: str = ""
    number: int = 0
    target_s: float = 0.0

    @property
    def alert(self) -> str:
        """The identifier of the alert it belongs to, empty where it belongs to none."""
        return str(self.row["alert"]["identifier"]) if self.row else ""

    @property
    def leads_on(self) -> bool:
        """Whether there is more to be seen or done behind it."""
        over = self.delivery is None and self.row is not None and not self.row["in_force"]
        return self.can_be_reached and self.sort is not Sort.CHANNEL and not over

    @property
    def can_be_reached(self) -> bool:
        """Whether the cursor stops here."""
        return self.sort in _REACHED


_REACHED = frozenset(
    {Sort.ATTENTION, Sort.WAITING, Sort.PROPOSED, Sort.ROUTINE, Sort.CHANNEL, Sort.INCIDENT, Sort.DELIVERY}
)


def lines_of(board: Any, now: datetime, hint: str = "") -> list[Line]:
    """Return the whole board: what needs a person, what waits, the incidents with their deliveries, the channels."""
    return [
        *([Line(key="hint", sort=Sort.HINT, text=hint)] if hint else []),
        *_attention(board, now),
        *_silent(board),
        *_wrong(board),
        *_automatic(board),
        *_waiting(board),
        *_proposed(board),
        *_routine(board),
        *_incidents(board, in_force=True),
        *_channels(board),
        *_pulses(board),
        *_feeds(board),
        *_incidents(board, in_force=False),
    ]


def _attention(board: Any, now: datetime) -> Iterator[Line]:
    targets = targets_of(board)
    found = sorted(wanting(board, now), key=lambda line: ADVICES.index(line.code))
    if found:
        yield Line(key="attention", sort=Sort.HEADING, code="tui_attention", number=len(found))
    for line in found:
        each = line._replace(target_s=targets.get(line.delivery["channel"], 0.0)) if line.delivery else line
        yield each
        yield each._replace(key=f"{each.key}>", sort=Sort.ADVICE)


def wanting(board: Any, now: datetime) -> Iterator[Line]:
    """Yield a line for whatever needs a person: of alerts in force, and of the last day; however old, what one person
    sent alone.
    """
    for row in board["rows"]:
        identifier = row["alert"]["identifier"]
        if row["in_force"] and still_valid(moment(row["expires"]), now):
            yield Line(key=f"~{identifier}", sort=Sort.ATTENTION, row=row, code=EXPIRING)
        if row["unreviewed"]:
            yield Line(key=f"={identifier}", sort=Sort.ATTENTION, row=row, code=UNREVIEWED)
        if row["in_force"] or moment(row["accepted_at"]) >= now - RECENT:
            for each in row["deliveries"]:
                if code := advice(each):
                    yield Line(key=f"!{each['id']}", sort=Sort.ATTENTION, row=row, delivery=each, code=code)


def advice(delivery: Any) -> str:
    """Return which advice a delivery needs, empty for none."""
    if delivery["state"] in WANTING:
        return str(delivery["state"])
    if delivery["unserved"] and delivery["state"] in DONE:
        return UNSERVED
    return POSSIBLE_DUPLICATE if delivery["possible_duplicate"] else ""


def _waiting(board: Any) -> Iterator[Line]:
    if board["waiting"]:
        yield Line(key="waiting", sort=Sort.HEADING, code="tui_waiting", number=len(board["waiting"]))
    for each in board["waiting"]:
        yield Line(key=f"?{each['id']}", sort=Sort.WAITING, submission=each)


def _wrong(board: Any) -> Iterator[Line]:
    for number, each in enumerate(board["disk"]):
        yield Line(key=f"disk{number}", sort=Sort.WRONG, feed=each)
    if board["wrong"]:
        yield Line(key="wrong", sort=Sort.HEADING, code="tui_wrong", number=len(board["wrong"]))
    for number, each in enumerate(board["wrong"]):
        yield Line(key=f"^{number}", sort=Sort.WRONG, feed=each)


def _automatic(board: Any) -> Iterator[Line]:
    said = [each for each in board["heard"] if each["step"].startswith(BY_ITSELF)]
    if said:
        yield Line(key="automatic", sort=Sort.HEADING, code="tui_automatic_lately", number=len(said))
    for number, each in enumerate(said):
        yield Line(key=f"={number}", sort=Sort.AUTOMATIC, feed=each)


def _proposed(board: Any) -> Iterator[Line]:
    if board["proposed"]:
        yield Line(key="proposed", sort=Sort.HEADING, code="tui_proposed", number=len(board["proposed"]))
    for each in board["proposed"]:
        yield Line(key=f"%{each['id']}", sort=Sort.PROPOSED, draft=each)


def _routine(board: Any) -> Iterator[Line]:
    if board["routine"]:
        yield Line(key="routine", sort=Sort.HEADING, code="tui_routine_waiting", number=len(board["routine"]))
    for each in board["routine"]:
        yield Line(
            key=f"&{each['plan']}{each['due']}{each['part']}",
            sort=Sort.ROUTINE,
            routine=each,
            text=board["plans"].get(each["plan"], each["plan"]),
        )


def _channels(board: Any) -> Iterator[Line]:
    yield Line(key="channels", sort=Sort.HEADING, code="tui_channels", number=len(board["channels"]))
    for each in board["channels"]:
        yield Line(key=f"#{each['channel']}", sort=Sort.CHANNEL, channel=each)
    present = tuple(str(officer["display"]) for officer in board["officers"])
    yield Line(key="officers", sort=Sort.OFFICERS, present=present)


def _silent(board: Any) -> Iterator[Line]:
    """What is silent stands on top: a message of today might not arrive there."""
    yield from _pulses_of("tui_canary_wants", [each for each in board["canary"] if each["silent_since"]])


def _pulses(board: Any) -> Iterator[Line]:
    yield from _pulses_of("tui_canary", [each for each in board["canary"] if not each["silent_since"]])


def _pulses_of(code: str, pulses: list[Any]) -> Iterator[Line]:
    if pulses:
        yield Line(key=code, sort=Sort.HEADING, code=code, number=len(pulses))
    for each in pulses:
        yield Line(key=f"*{each['organ']}{each['name']}", sort=Sort.PULSE, pulse=each)


def _feeds(board: Any) -> Iterator[Line]:
    if board["feeds"]:
        yield Line(key="feeds", sort=Sort.HEADING, code="tui_feeds", number=len(board["feeds"]))
    for each in board["feeds"]:
        yield Line(key=f"<{each['feed']}", sort=Sort.FEED, feed=each)
    heard = (each for each in board["heard"] if not each["step"].startswith(BY_ITSELF))
    for number, each in enumerate(heard):
        yield Line(key=f"<{number}", sort=Sort.HEARD, feed=each)


def _incidents(board: Any, *, in_force: bool) -> Iterator[Line]:
    code = "tui_in_force" if in_force else "tui_ended"
    targets = targets_of(board)
    rows = [row for row in board["rows"] if row["in_force"] is in_force]
    if in_force:
        rows.sort(key=_gravest_first)
    if rows or in_force:
        yield Line(key=code, sort=Sort.HEADING, code=code, number=len(rows))
    if not rows and in_force:
        yield Line(key="empty", sort=Sort.EMPTY, code="tui_nothing_in_force")
    for row in rows:
        yield from _incident(row, targets)


def _gravest_first(row: Any) -> tuple[int, int]:
    """Order by evacuation level, then severity; what is equal stays newest first."""
    return -(row["level"] or 0), _GRAVITY[row["alert"]["infos"][0]["severity"]]


_GRAVITY = {severity.value: place for place, severity in enumerate(Severity)}


def targets_of(board: Any) -> dict[str, float]:
    """Return within how many seconds a delivery should have arrived, by channel."""
    return {str(each["channel"]): float(each["target_s"]) for each in board["channels"]}


def _incident(row: Any, targets: dict[str, float]) -> Iterator[Line]:
    identifier = row["alert"]["identifier"]
    yield Line(key=f"@{identifier}", sort=Sort.INCIDENT, row=row)
    yield Line(key=f"+{identifier}", sort=Sort.DETAIL, row=row)
    several = Counter(each["channel"] for each in row["deliveries"])
    for each in row["deliveries"]:
        name = str(each["target"]) if several[each["channel"]] > 1 else ""
        within = targets.get(each["channel"], 0.0)
        yield Line(key=str(each["id"]), sort=Sort.DELIVERY, row=row, delivery=each, text=name, target_s=within)


def moment(text: str) -> datetime:
    """Return the time that a board's text says."""
    return datetime.fromisoformat(text)


def serial(alert: Any) -> str:
    """Return `14-2`."""
    return f"{alert['incident']}-{alert['version']}"
