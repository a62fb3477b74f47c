"""A line of the board as text on a terminal of a given width: words first, colour only beside them.

No frames and no marks: terminals disagree about how wide such characters are among Japanese ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from textual.content import Content

from broadcaster.tui.lines import Line, Sort, areas, headline, moment, serial
from broadcaster.tui.words import Words, plain, width

STATES = {
    "confirmed": "bold $text-success",
    "accepted": "$text-success",
    "sending": "bold $text-accent",
    "ready": "$text-accent",
    "retry_wait": "$text-warning",
    "in_doubt": "bold $text-warning",
    "held": "bold $text-warning",
    "needs_human": "bold $text-error",
    "failed": "bold $text-error",
}
"""A colour for each state; the word says the same. Any other state is over, and dim."""


def draw(line: Line, words: Words, now: datetime, columns: int) -> Content:
    """Return the line, cut to so many columns."""
    return _SORTS[line.sort](line, words, now, columns)


def _heading(line: Line, words: Words, now: datetime, columns: int) -> Content:  # noqa: ARG001 (one shape for all)
    return plain(words(line.code, count=line.count), "bold")


def _attention(line: Line, words: Words, now: datetime, columns: int) -> Content:  # noqa: ARG001 (see above)
    each = line.delivery
    what = words(f"tui_advice_{line.code}")
    why = words.reason(each["reason"])
    said = f" ! {serial(line.row['alert'])} {words.channel(each['channel'])}: {what}" + (f" ({why})" if why else "")
    return plain(fit(said, columns), STATES.get(each["state"], "bold $text-warning"))


def _waiting(line: Line, words: Words, now: datetime, columns: int) -> Content:
    acceptance = line.submission["acceptance"]
    age = words("tui_age", age=span(now - moment(acceptance["at"]), words))
    said = f" ? {words('tui_submission', number=line.submission['id'], author=acceptance['author']['name'])} {age}"
    return plain(fit(f"{said} {headline(acceptance['alert'])}", columns), "bold $text-warning")


def _channel(line: Line, words: Words, now: datetime, columns: int) -> Content:  # noqa: ARG001 (see above)
    each = line.channel
    name = pad(f"   {words.channel(each['channel'])}", 17)
    if each["down"]:
        return plain(fit(name + words("tui_down", reason=words.reason(each["down"])), columns), "bold $text-error")
    return plain(fit(name + words("tui_up"), columns))


def _incident(line: Line, words: Words, now: datetime, columns: int) -> Content:
    row, alert = line.row, line.row["alert"]
    level = words("tui_level", level=alert["level"]) if alert["level"] else ""
    age = words("tui_age", age=span(now - moment(row["accepted_at"]), words))
    left = words("tui_left", left=span(moment(alert["infos"][0]["expires"]) - now, words)) if row["in_force"] else ""
    parts = (serial(alert), words(f"kind_{alert['kind']}"), level, headline(alert), areas(alert), age, left)
    return plain(fit(" " + "  ".join(part for part in parts if part), columns), "bold")


def _delivery(line: Line, words: Words, now: datetime, columns: int) -> Content:  # noqa: ARG001 (see above)
    each = line.delivery
    target = "" if each["target"] in ("", each["channel"]) else f" {each['target']}"
    count = f"{each['progress']:,}/{each['total']:,}" if each["total"] else ""
    rest = "  ".join(part for part in (count, each["url"] or each["ref"], words.reason(each["reason"])) if part)
    state = words(f"state_{each['state']}")
    return Content.assemble(
        plain(pad(f"   {words.channel(each['channel'])}{target}", 22)),
        plain(pad(state, 16), STATES.get(each["state"], "dim")),
        plain(pad(words("tui_tries", count=each["attempt"]), 8)),
        plain(fit(rest, max(0, columns - 46))),
    )


_SORTS: Mapping[Sort, Callable[[Line, Words, datetime, int], Content]] = {
    Sort.HEADING: _heading,
    Sort.ATTENTION: _attention,
    Sort.WAITING: _waiting,
    Sort.CHANNEL: _channel,
    Sort.INCIDENT: _incident,
    Sort.DELIVERY: _delivery,
}


def span(length: timedelta, words: Words) -> str:
    """Return a length of time in its two largest units at most: `45 s`, `5 min`, `1 h 20 min`, `3 d 4 h`."""
    seconds = max(0, int(length.total_seconds()))
    units = ((86400, "tui_days"), (3600, "tui_hours"), (60, "tui_minutes"))
    for place, (size, code) in enumerate(units):
        if seconds >= size:
            first = words(code, count=seconds // size)
            smaller = units[place + 1 : place + 2]
            rest = [words(name, count=seconds % size // small) for small, name in smaller if seconds % size >= small]
            return "".join([first, *rest])
    return words("tui_seconds", count=seconds)


def fit(text: str, columns: int) -> str:
    """Return the text, its end left out where it does not fit; a cut one ends in `..`."""
    if width(text) <= columns:
        return text
    kept, room = [], columns - 2
    for each in text:
        room -= width(each)
        if room < 0:
            break
        kept.append(each)
    return "".join(kept) + ".." if columns > 2 else ""  # noqa: PLR2004 (the two dots)


def pad(text: str, columns: int) -> str:
    """Return the text as wide as so many columns, with one blank at its end at least."""
    shown = fit(text, columns - 1)
    return shown + " " * (columns - width(shown))


def joined(parts: Sequence[Any]) -> str:
    """Return what is not empty, with two blanks between."""
    return "  ".join(str(part) for part in parts if part)


def time_of(at: datetime, zone: str) -> str:
    """Return the time of day in the city. `zone` is an IANA name."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M:%S}"
