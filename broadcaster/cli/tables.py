"""The board and its parts as lines of text. Every sentence comes from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

from broadcaster.cli.people import headline, reader, who
from broadcaster.cli.words import language, problem, words
from broadcaster.papers import silence
from broadcaster.papers.attention import advice, attention
from broadcaster.papers.automatic import standing
from broadcaster.papers.reading import Reader

ALONE = ("break_glass", "prepared", "rule")
"""Approvals without a second person at that moment."""
ONLY = ("x", "subscribers", "local")
"""Targets of channels that have one alone: they need no second name."""
MAY_BE_THERE = ("accepted", "in_doubt", "duplicate")
"""Outcomes of a try after which there is something to look for."""


def board_lines(board: Any) -> Iterator[str]:
    """Yield the whole board: mode, what needs a person, what waits, then each alert."""
    yield words(
        "board_head",
        mode=mode(board["mode"]),
        city=Reader(language()).city(board),
        time=clock(board["now"], board["zone"]),
    )
    yield from needs_lines(board)
    if not board["rows"]:
        yield words("board_empty")
    for row in board["rows"]:
        yield ""
        yield from row_lines(row, board["zone"])


def needs_lines(board: Any) -> Iterator[str]:
    """Yield what needs a person: failures and doubts, submissions that wait, channels and feeds that are down."""
    yield from _glass_lines(board)
    yield from automatic_lines(board)
    yield from (f"  ! {problem(each)}" for each in board["disk"])
    yield from wrong_lines(board["wrong"])
    yield from _attention_lines(board)
    yield from silent_lines(board["canary"], board["zone"])
    yield from _waiting_lines(board)
    yield from routine_lines(board["routine"], board["plans"], board["zone"])
    yield from _down_lines(board)
    yield from _feed_lines(board)
    yield from proposed_lines(board)


def _glass_lines(board: Any) -> Iterator[str]:
    """Yield countdowns that run, and what went out without a second person and was not looked at since."""
    for each in board["breaking"]:
        at = clock(each["due_at"], board["zone"])
        by, reason = who(each["by"]), each["reason"]
        yield f"  ! {words('board_breaking', number=each['submission'], by=by, reason=reason, at=at)}"
    for row in board["rows"]:
        if row["unreviewed"]:
            yield f"  ! {words('board_unreviewed', serial=serial(row['alert']), by=who(row['approved_by']))}"


def wrong_lines(problems: Any) -> Iterator[str]:
    """Yield files that cannot be read while the service runs; what was in force before stays so."""
    if problems:
        yield words("board_wrong", count=len(problems))
    yield from (f"  ! {problem(each)}" for each in problems)


def automatic_lines(board: Any) -> Iterator[str]:
    """Yield whether anything may be said without a person."""
    if said := standing(board, reader(), lambda at: clock(at, board["zone"])):
        yield f"  ! {said}"


def _attention_lines(board: Any) -> Iterator[str]:
    wanting = attention(board)
    if wanting:
        yield words("board_attention", count=len(wanting))
    for entry in wanting:
        each = entry["delivery"]
        what = words(f"advice_{entry['advice']}", delivery=each["id"])
        reason = why(each)
        yield f"  ! [{each['id']}] {entry['serial']} {channel(each['channel'])}: {what}" + (
            f" ({reason})" if reason and reason.casefold() not in what.casefold() else ""
        )


def silent_lines(pulses: Iterable[Any], zone: str) -> Iterator[str]:
    """Yield the channels and public addresses that are silent."""
    for each in pulses:
        if each["silent_since"]:
            since, about = clock(each["silent_since"], zone), silence.subject(each, words)
            what = words("canary_line", subject=about, since=since, why=silence.why(each, words))
            told = words("canary_alarmed", count=each["alarms"]) if each["alarms"] else words("canary_untold")
            yield f"  ! {what}{told}"


def _waiting_lines(board: Any) -> Iterator[str]:
    if board["waiting"]:
        yield words("board_waiting", count=len(board["waiting"]))
    for each in board["waiting"]:
        alert = each["acceptance"]["alert"]
        author = who(each["acceptance"]["author"]["name"])
        yield f"  ? {words('board_submission', number=each['id'], headline=headline(alert), author=author)}"


def routine_lines(waiting: Any, titles: Mapping[str, str], zone: str) -> Iterator[str]:
    """Yield the announcements by the calendar that wait for a person, by title and by the name one types."""
    if waiting:
        yield words("routine_waiting", count=len(waiting))
    for each in waiting:
        reason = words("routine_unsayable") if each["state"] == "failed" else words(f"routine_reason_{each['reason']}")
        plan = f"{titles[each['plan']]} ({each['plan']})" if each["plan"] in titles else each["plan"]
        what = words(f"routine_part_{each['part']}", plan=plan, time=clock(each["due"], zone))
        yield f"  ? {what}: {reason} {each['detail']}".rstrip()


def _down_lines(board: Any) -> Iterator[str]:
    for each in board["channels"]:
        if each["down"]:
            yield f"  ! {words('board_down', channel=channel(each['channel']), reason=reason_of(each['down']))}"


def _feed_lines(board: Any) -> Iterator[str]:
    for each in board["feeds"]:
        if each["trouble"]:
            since, why_ = clock(each["since"], board["zone"]), words(each["trouble"], **each["params"])
            yield f"  ! {words('board_feed', feed=each['feed'], since=since, why=why_)}"
    yield from heard_lines(board)


def proposed_lines(board: Any) -> Iterator[str]:
    """Yield the drafts that watched feeds have brought."""
    for each in board["proposed"]:
        yield f"  < {words('board_proposed', number=each['id'], title=reader().draft(each))}"


def heard_lines(board: Any) -> Iterator[str]:
    """Yield what watched feeds have said that nothing is done about by itself."""
    for each in board["heard"]:
        step = "unreadable" if each["step"].startswith("feed_") else each["step"]
        time = clock(each["at"], board["zone"])
        yield f"  < {time} {each['feed']}: {words(f'heard_{step}')} {each['text']}".rstrip()


def row_lines(row: Any, zone: str) -> Iterator[str]:
    """Yield one alert with its deliveries."""
    force = words("in_force" if row["in_force"] else "not_in_force")
    yield title(row)
    yield f"  {force} / {accepted_by(row, zone)}"
    cells = [delivery_cells(each) for each in row["deliveries"]]
    yield from (f"  {line}" for line in columns(cells))


def title(row: Any) -> str:
    """Return serial, kind and headline."""
    alert = row["alert"]
    return f"{serial(alert)} {words('kind_' + alert['kind'])}: {headline(alert)}"


def accepted_by(row: Any, zone: str) -> str:
    """Return when it was accepted, and by whom."""
    time, author = clock(row["accepted_at"], zone), who(row["author"])
    if not row["approved_by"]:
        return words("board_by_author", time=time, author=author)
    approver = who(row["approved_by"])
    if row["approved_how"] in ALONE:
        approver = words(f"approved_{row['approved_how']}", approver=approver)
    return words("board_by", time=time, author=author, approver=approver)


def delivery_cells(each: Any) -> tuple[str, ...]:
    """Return one delivery as cells: number, channel, state, progress, proof."""
    count = f"{each['progress']}/{each['total']}" if each["total"] else ""
    flag = words("flag_possible_duplicate") if each["possible_duplicate"] else ""
    proof = " ".join(part for part in (each["url"] or each["ref"], why(each), flag) if part)
    target = "" if each["target"] in ("", each["channel"], *ONLY) else f" ({each['target']})"
    return (f"[{each['id']}]", channel(each["channel"]) + target, words(f"state_{each['state']}"), count, proof)


def report_lines(report: Any) -> Iterator[str]:
    """Yield one alert with every attempt of its deliveries."""
    yield words(
        "board_head",
        mode=mode(report["mode"]),
        city=Reader(language()).city(report),
        time=clock(report["now"], report["zone"]),
    )
    yield from row_lines(report["row"], report["zone"])
    for each in report["row"]["deliveries"]:
        for one, looked in tries_and_looks(report["attempts"].get(str(each["id"]), [])):
            what = look_words(one) if looked else try_words(one)
            yield f"    [{each['id']}] {clock(one['ended_at'], report['zone'])} {what}".rstrip()
        if (needed := advice(each)) and each["state"] != "confirmed":
            yield f"    -> {words(f'advice_{needed}', delivery=each['id'])}"


def tries_and_looks(attempts: Iterable[Any]) -> Iterator[tuple[Any, bool]]:
    """Yield each entry, and whether it is a look from outside: after a try that the other end has or may have, the
    entries of the same number only looked; a further try has a number of its own.
    """
    sent: set[int] = set()
    for one in attempts:
        yield one, one["number"] in sent
        if one["outcome"] in MAY_BE_THERE:
            sent.add(one["number"])


def try_words(one: Any) -> str:
    """Return what came of a try."""
    parts = (reason_of(one["reason"]), one["detail"], one["ref"])
    said = " ".join(part for part in parts if part)
    return f"{words('attempt', number=one['number'])}: {words('outcome_' + one['outcome'])} {said}"


def look_words(one: Any) -> str:
    """Return what a look found."""
    if one["outcome"] == "in_doubt":
        found, said = "look_unclear", f"{reason_of(one['reason'])} {one['detail']}"
    elif one["outcome"] == "accepted" and one["reason"] != "not_seen":
        found, said = "look_found", one["ref"]
    else:
        found, said = "look_absent", ""
    return f"{words('look')}: {words(found)} {said}"


def why(delivery: Any) -> str:
    """Return a delivery's reason and detail in words."""
    parts = (reason_of(delivery["reason"]), delivery["detail"])
    return " ".join(part for part in parts if part)


def reason_of(code: str) -> str:
    """Return the words for a reason code."""
    return words(f"reason_{code}") if code else ""


def channel(name: str) -> str:
    """Return the channel's name as people read it."""
    known = ("twitter", "mail", "page", "feeds")
    return words(f"channel_{name}") if name in known else name


def mode(value: str) -> str:
    """Return the mode's mark."""
    return words(f"mode_{value}")


def serial(alert: Any) -> str:
    """Return `14-2`."""
    return f"{alert['incident']}-{alert['version']}"


def moment(text: str) -> datetime:
    """Return the time that a document's text says."""
    return datetime.fromisoformat(text)


def clock(text: str, zone: str) -> str:
    """Return the time of day in the city, with the date where it is not today's. `zone` is an IANA name."""
    local = moment(text).astimezone(ZoneInfo(zone))
    today = datetime.now(local.tzinfo).date() == local.date()
    return f"{local:%H:%M:%S}" if today else f"{local:%Y-%m-%d %H:%M:%S}"


def columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows with their cells under each other, wide letters counted as two."""
    cells = list(rows)
    if not cells:
        return
    widths = [max(width(row[place]) for row in cells) for place in range(len(cells[0]))]
    for row in cells:
        yield "  ".join(text + " " * (most - width(text)) for text, most in zip(row, widths, strict=True)).rstrip()


def width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)
