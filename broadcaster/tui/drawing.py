"""A line of the board as text on a terminal of a given width: words first, colour only beside them.

No frames and no marks: terminals disagree about how wide such characters are among Japanese ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from textual.content import Content

from broadcaster.papers import silence
from broadcaster.tui.lines import WANTING, Line, Sort, moment, serial
from broadcaster.tui.words import Words, plain, width

GOOD, MOVING, WARNING, BAD = "#7fd18c", "#74c7ec", "#f5d067", "#ff9a8f"
"""On the desk's dark ground each has a contrast of more than 7 to 1 (WCAG 1.4.6)."""
STATES = {
    "confirmed": f"bold {GOOD}",
    "accepted": GOOD,
    "sending": f"bold {MOVING}",
    "ready": MOVING,
    "retry_wait": WARNING,
    "in_doubt": f"bold {WARNING}",
    "held": f"bold {WARNING}",
    "needs_human": f"bold {BAD}",
    "failed": f"bold {BAD}",
}
"""A colour for each state; the word says the same. Any other state is over, and dim."""
MICRO = 1_000_000
_NAME = 17
"""Columns of a channel's name on a narrow terminal."""
WIDE = 110
"""From so many columns on, a line has room for its longer form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What a line is drawn on: the language, the time, the city's zone, the width."""

    words: Words
    now: datetime
    zone: str
    columns: int

    @property
    def wide(self) -> bool:
        """Whether there is room for the longer form."""
        return self.columns >= WIDE


def draw(line: Line, paper: Paper) -> Content:
    """Return the line, cut to the paper's width."""
    return _SORTS[line.sort](line, paper)


def _said(line: Line, paper: Paper) -> Content:
    return plain(fit(f" {line.text}", paper.columns), WARNING)


def _heading(line: Line, paper: Paper) -> Content:
    return plain(pad(paper.words(line.code, count=line.number), paper.columns), "bold underline")


def _empty(line: Line, paper: Paper) -> Content:
    return plain(f"  {paper.words(line.code)}", "dim")


def _attention(line: Line, paper: Paper) -> Content:
    words, each, alert = paper.words, line.delivery, line.row["alert"]
    if each is None:
        left = span(moment(line.row["expires"]) - paper.now, words)
        wants = words(f"tui_wants_{line.code}", left=left, by=words.who(line.row["approved_by"]))
        said = joined(f" ! {serial(alert)} {wants}", words.headline(alert))
        return plain(fit(said, paper.columns), f"bold {WARNING}")
    wants = words(f"tui_wants_{line.code}", count=each["unserved"])
    why = joined(*(part for part in (words.reason(each["reason"]), each["detail"]) if part != wants))
    said = f" ! {serial(alert)} {words.channel(each['channel'])}: {wants}" + (f" ({why})" if why else "")
    return plain(fit(said, paper.columns), STATES[each["state"]] if line.code in WANTING else f"bold {WARNING}")


def _advice(line: Line, paper: Paper) -> Content:
    return plain(fit(f"     {paper.words(f'tui_do_{line.code}')}", paper.columns))


def _waiting(line: Line, paper: Paper) -> Content:
    words, acceptance = paper.words, line.submission["acceptance"]
    age = words("tui_age", age=span(paper.now - moment(acceptance["at"]), words))
    who = words("tui_submission", number=line.submission["id"], author=words.who(acceptance["author"]["name"]))
    said = f" ? {joined(who, age, words.headline(acceptance['alert']))}"
    both = joined(said, words.beside(acceptance["alert"]))
    return plain(both if width(both) <= paper.columns else fit(said, paper.columns), f"bold {WARNING}")


def _proposed(line: Line, paper: Paper) -> Content:
    words, draft = paper.words, line.draft
    age = words("tui_age", age=span(paper.now - moment(draft["updated_at"]), words))
    said = joined(
        words("tui_proposal", number=draft["id"]), age, words.draft(draft), str(draft["body"].get("note", ""))
    )
    return plain(fit(f" < {said}", paper.columns), f"bold {WARNING}")


def _officers(line: Line, paper: Paper) -> Content:
    return plain(fit(f"  {paper.words('tui_officers', names=paper.words.listed(line.present) or '-')}", paper.columns))


def _channel(line: Line, paper: Paper) -> Content:
    words, each = paper.words, line.channel
    name = pad(f"  {words.channel(each['channel'])}", _NAME)
    if each["down"]:
        until = clock_of(each["until"], paper.zone) if each["until"] else ""
        state, style = words("tui_down", reason=words.reason(each["down"])), f"bold {BAD}"
        budgets = words("tui_probed", time=until) if until else words("tui_not_probed")
    else:
        tried = words("tui_failing", count=each["failures"]) if each["failures"] else words("tui_up")
        state, style = tried, WARNING if each["failures"] else GOOD
        budgets = joined(*(budget(left, paper) for left in each["budgets"]))
    said = pad(state, max(15, width(state) + 2))
    room = max(0, paper.columns - _NAME - width(said))
    return Content.assemble(plain(name), plain(said, style), plain(fit(budgets, room)))


def budget(each: Any, paper: Paper) -> str:
    """Return what is left of one limit, and until when where nothing is."""
    words, money = paper.words, each["unit"] == "microusd"
    left, amount = (f"${value / MICRO:,.2f}" if money else f"{value:,}" for value in (each["left"], each["amount"]))
    said = words(f"tui_budget_{each['name']}", left=left, amount=amount)
    if each["left"] or not each["resets_at"]:
        return said
    return joined(said, words("tui_budget_resets", time=clock_of(each["resets_at"], paper.zone)))


def _incident(line: Line, paper: Paper) -> Content:
    words, row, alert = paper.words, line.row, line.row["alert"]
    said = words.headline(alert)
    age = words("tui_age", age=span(paper.now - moment(row["accepted_at"]), words))
    left = words("tui_left", left=span(moment(row["expires"]) - paper.now, words)) if row["in_force"] else ""
    level = words("tui_level", level=row["level"]) if row["level"] else words(f"kind_{alert['kind']}")
    known = row["level"] and says_level(said, row["level"])
    front, right = f" {serial(alert)}  {'' if known else level + '  '}", joined(age, left)
    room = paper.columns - width(front) - width(right) - 2
    return plain(fit(f"{front}{pad(said, max(room, 1))} {right} ", paper.columns), "bold")


def says_level(text: str, level: int) -> bool:
    """Return whether a text names its evacuation level itself: 警戒レベル４, Level 4."""
    folded = "".join(normalize("NFKC", text).casefold().split())
    return f"レベル{level}" in folded or f"level{level}" in folded


def _detail(line: Line, paper: Paper) -> Content:
    words, row = paper.words, line.row
    by = hands(row, words)
    kind = words(f"kind_{row['alert']['kind']}") if row["level"] else ""
    front = " " * (3 + width(serial(row["alert"])))
    said = joined(kind, words.areas(row["alert"]), by, words.beside(row["alert"]))
    return plain(fit(f"{front}{said}", paper.columns), "dim")


def hands(row: Any, words: Words) -> str:
    """Return who wrote an alert, and who let it go out where somebody had to."""
    author = words.who(row["author"])
    if not row["approved_by"]:
        return words("tui_by_author", author=author)
    approver = words.who(row["approved_by"])
    if row["approved_how"] in ("break_glass", "prepared", "rule"):
        approver = words(f"approved_{row['approved_how']}", approver=approver)
    return words("tui_by", author=author, approver=approver)


def _delivery(line: Line, paper: Paper) -> Content:
    words, each = paper.words, line.delivery
    first, second, third, fourth = (24, 22, 8, 26) if paper.wide else (_NAME, 17, 6, 20)
    late = _late(each, line.target_s, paper.now)
    return Content.assemble(
        plain(pad(f"  {joined(words.channel(each['channel']), line.text)}", first)),
        plain(pad(words(f"state_{each['state']}"), second), STATES.get(each["state"], "dim")),
        plain(pad(words("tui_tries", count=each["attempt"]) if each["attempt"] else "", third)),
        plain(pad(arrival(each, line.target_s, paper), fourth), WARNING if late else ""),
        plain(fit(proof(each, paper), max(0, paper.columns - first - second - third - fourth))),
    )


def _late(each: Any, target_s: float, now: datetime) -> bool:
    end = moment(each["reached_at"]) if each["reached_at"] else now
    open_ = each["reached_at"] or each["state"] in _UNDER_WAY
    return bool(open_) and (end - moment(each["accepted_at"])).total_seconds() > target_s


_UNDER_WAY = ("ready", "sending", "retry_wait", "in_doubt", "needs_human", "held")


def arrival(each: Any, target_s: float, paper: Paper) -> str:
    """Return how long it took, or has been taking, against its target; empty where it will not arrive."""
    words, since = paper.words, moment(each["accepted_at"])
    target = span(timedelta(seconds=target_s), words)
    if each["reached_at"]:
        took = span(moment(each["reached_at"]) - since, words)
        code = "tui_reached_half" if each["total"] else "tui_reached"
    elif each["state"] in _UNDER_WAY:
        took, code = span(paper.now - since, words), "tui_not_reached"
    else:
        return ""
    late = _late(each, target_s, paper.now)
    return words(code, took=took) + (words("tui_late") if late else words("tui_target", target=target))


def proof(each: Any, paper: Paper) -> str:
    """Return what else is known: how many have it, when it is tried next, why it failed, and where it can be seen."""
    words = paper.words
    count = f"{each['progress']:,}/{each['total']:,}" if each["total"] else ""
    waits = each["state"] in ("retry_wait", "in_doubt")
    next_try = words("tui_next", time=clock_of(each["due_at"], paper.zone)) if waits else ""
    flag = words("flag_possible_duplicate") if each["possible_duplicate"] else ""
    detail = each["detail"] if paper.wide or not each["reason"] else ""
    url = each["url"] if paper.wide else each["url"].removeprefix("https://").removeprefix("http://")
    return joined(count, next_try, flag, words.reason(each["reason"]), url, detail)


def _feed(line: Line, paper: Paper) -> Content:
    words, each = paper.words, line.feed
    if each["trouble"]:
        since = time_of(moment(each["since"]), paper.zone)
        what = words("tui_feed_trouble", since=since, why=words(each["trouble"], **each["params"]))
        return plain(fit(f" ! {each['feed']}  {what}", paper.columns), f"bold {BAD}")
    read = time_of(moment(each["read_at"]), paper.zone) if each["read_at"] else "-"
    return plain(fit(f"   {each['feed']}  {words('tui_feed_fine', time=read)}", paper.columns), GOOD)


def _pulse(line: Line, paper: Paper) -> Content:
    words, each = paper.words, line.pulse
    what = silence.subject(each, words)
    if each["silent_since"]:
        since = time_of(moment(each["silent_since"]), paper.zone)
        said = words("tui_canary_silent", since=since, why=silence.why(each, words))
        return plain(fit(f" ! {what}  {said}", paper.columns), f"bold {BAD}")
    at = each["answered_at"]
    said = words("tui_canary_fine", time=time_of(moment(at), paper.zone)) if at else words("tui_canary_waiting")
    return plain(fit(f"   {what}  {said}", paper.columns), GOOD if at else "")


def _heard(line: Line, paper: Paper) -> Content:
    each, at = line.feed, time_of(moment(line.feed["at"]), paper.zone)
    said = heard_words(each, paper.words)
    return plain(fit(f"   {at} {each['feed']}: {said}  {each['text']}", paper.columns), WARNING)


def _wrong(line: Line, paper: Paper) -> Content:
    each = line.feed
    place = f"{each['place']}: " if each["place"] else ""
    return plain(fit(f" ! {place}{paper.words.problem(each)}", paper.columns), f"bold {BAD}")


def _automatic(line: Line, paper: Paper) -> Content:
    each, at = line.feed, time_of(moment(line.feed["at"]), paper.zone)
    said = f" ! {at} {each['watch']}: {heard_words(each, paper.words)}  {each['text']}"
    return plain(fit(said, paper.columns), f"bold {WARNING if each['step'] == 'automatic_sent' else BAD}")


def _routine(line: Line, paper: Paper) -> Content:
    each = line.routine
    at = day_of(moment(each["due"]), paper.zone, paper.words)
    what = paper.words(f"routine_part_{each['part']}", plan=line.text, time=at)
    return plain(fit(f" ? {what}: {left_out(each, paper.words)}", paper.columns), f"bold {WARNING}")


def day_of(at: datetime, zone: str, words: Words) -> str:
    """Return day, weekday and time in the city: `11-26 木 16:30`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%m-%d} {words('weekdays').split()[local.weekday()]} {local:%H:%M}"


def left_out(each: Any, words: Words) -> str:
    """Return why an announcement by the calendar is not said; empty where it is."""
    if each["state"] == "failed":
        return words("routine_unsayable")
    detail = each["detail"][:10] if each["reason"] == "reserve" else each["detail"]
    said = words(f"routine_reason_{each['reason']}") if each["reason"] else ""
    return f"{said} ({detail})" if detail else said


def heard_words(told: Any, words: Callable[[str], str]) -> str:
    """Return why something that a feed said is shown."""
    step = str(told["step"])
    return words("heard_unreadable" if step.startswith("feed_") else f"heard_{step}")


_SORTS: Mapping[Sort, Callable[[Line, Paper], Content]] = {
    Sort.HINT: _said,
    Sort.HEADING: _heading,
    Sort.ATTENTION: _attention,
    Sort.ADVICE: _advice,
    Sort.WAITING: _waiting,
    Sort.OFFICERS: _officers,
    Sort.CHANNEL: _channel,
    Sort.INCIDENT: _incident,
    Sort.DETAIL: _detail,
    Sort.DELIVERY: _delivery,
    Sort.PROPOSED: _proposed,
    Sort.FEED: _feed,
    Sort.HEARD: _heard,
    Sort.ROUTINE: _routine,
    Sort.PULSE: _pulse,
    Sort.WRONG: _wrong,
    Sort.AUTOMATIC: _automatic,
    Sort.EMPTY: _empty,
}


def span(length: timedelta, words: Words) -> str:
    """Return a length of time in its two largest units at most: `45 s`, `1 min 20 s`, `5 min`, `1 h 20 min`."""
    seconds = max(0, int(length.total_seconds()))
    place = next((place for place, (size, _) in enumerate(_UNITS) if seconds >= size), len(_UNITS) - 1)
    said = list[str]()
    several = seconds >= _IN_MINUTES_S and _UNITS[place][1] == "tui_minutes"
    for size, code in _UNITS[place : place + (1 if several else 2)]:
        count, seconds = divmod(seconds, size)
        if count or not said:
            said.append(words(code, count=count))
    return said[0] if len(said) == 1 else words("tui_span", first=said[0], second=said[1])


_IN_MINUTES_S = 180
"""From three minutes on nobody counts seconds any more."""
_UNITS = ((86400, "tui_days"), (3600, "tui_hours"), (60, "tui_minutes"), (1, "tui_seconds"))


def fit(text: str, columns: int) -> str:
    """Return the text, its end left out where it does not fit; a cut one ends in `..`."""
    if width(text) <= columns:
        return text
    kept, room = list[str](), columns - 2
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


def joined(*parts: str) -> str:
    """Return what is not empty, with two blanks between."""
    return "  ".join(part for part in parts if part)


def time_of(at: datetime, zone: str) -> str:
    """Return the time of day in the city. `zone` is an IANA name."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M:%S}"


def clock_of(text: str, zone: str) -> str:
    """Return the time of day that a board's text says."""
    return time_of(moment(text), zone)
