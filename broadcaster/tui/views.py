"""A preview or a waiting submission as pages of text, one for each channel and a first one with the points to check.

Pure: the desk's answer as JSON goes in (`desk.Preview` and `desk.Pending` have `channels` and `previous` alike), text
comes out. What changed is marked by signs and, beside them, by style.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from textual.content import Content

from broadcaster.papers.marks import signed
from broadcaster.papers.telling import Teller
from broadcaster.rules.differences import Mark, Piece, changed, compare
from broadcaster.tui.drawing import pad
from broadcaster.tui.words import Words, plain, width

MICRO = 1_000_000
NAMES, SHORT = 18, 60
"""Columns of a point's name, and of what stands beside it."""
STYLES = {Mark.SAME: "", Mark.REMOVED: "strike $text-error", Mark.ADDED: "bold underline $text-success"}
PROSE, NOT_PROSE = ".txt", "robots.txt"
READ = ("From", "Subject", "Date")
"""Headers that whoever gets a mail sees; the others come after its text."""


@dataclass(frozen=True, slots=True)
class Page:
    """One channel: its name, a line of figures, and its text."""

    name: str
    facts: str
    text: Content


def pages(shown: Any, words: Words, zone: str, *, differences: bool) -> list[Page]:
    """Return the points to check, then each channel; `differences` marks what changed since the version before. Times
    are those of the zone (an IANA name).
    """
    return [
        _points(shown, words, zone, differences=differences),
        *(_channel(each, words, differences=differences) for each in shown["channels"]),
    ]


def has_previous(shown: Any) -> bool:
    """Return whether there is a version before it to compare with."""
    return bool(shown["previous"])


def _points(shown: Any, words: Words, zone: str, *, differences: bool) -> Page:
    """The points an approver ticks off: level, area, time, action; what changed in them; and every problem."""
    teller = Teller(words, zone)
    before = dict(_facts(shown["previous"], teller)) if differences and shown["previous"] else {}
    lines = [_problem(each, words) for each in shown.get("problems", ())]
    for name, said in _facts(alert_of(shown), teller):
        lines.append(Content.assemble(_named(name, said), beside(before.get(name, said), said)))
    return Page(words("tui_points"), audience(shown, words), Content("\n").join(lines))


def _named(name: str, said: str) -> Content:
    """Return a point's name: beside what is short, over what is long."""
    short = "\n" not in said and width(said) <= SHORT and width(name) < NAMES
    return plain(pad(name, NAMES) if short else f"{name}\n", "bold")


def _problem(each: Any, words: Words) -> Content:
    sign, style = ("!!", "bold $text-error") if each["blocking"] else ("!", "bold $text-warning")
    return plain(f"{sign} {each['place']}: {words.problem(each)}\n", style)


def _facts(alert: Any, teller: Teller) -> Iterator[tuple[str, str]]:
    """Yield each point by its name: in the reader's language, then what the authoritative one says instead."""
    say = teller.say
    own, authoritative = say.info(alert), alert["infos"][0]
    yield say("tui_point_headline"), own["headline"]
    yield say("tui_point_level"), say("tui_level", level=alert["level"]) if alert["level"] else say("tui_no_level")
    yield say("tui_point_areas"), say.areas(alert)
    yield say("tui_point_expires"), teller.clock(own["expires"])
    yield say("tui_point_languages"), say.listed(say.tongue(each["language"]) for each in alert["infos"])
    yield say("tui_point_action"), own["instruction"]
    yield say("tui_point_reason"), own["description"]
    if authoritative is not own:
        tongue = say.tongue(authoritative["language"])
        for point, part in (("headline", "headline"), ("action", "instruction"), ("reason", "description")):
            yield f"{say(f'tui_point_{point}')} [{tongue}]", authoritative[part]


def _channel(each: Any, words: Words, *, differences: bool) -> Page:
    parts = [*_texts(each, words, differences=differences), *_files(each, words, differences=differences)]
    return Page(words.channel(each["channel"]), figures(each, words), Content("\n").join(parts))


def figures(each: Any, words: Words) -> str:
    """Return the channel's count, cost and reach in a line."""
    parts = []
    if each["length"]:
        code = "tui_length_subject" if has_subject(each) else "tui_length"
        parts.append(words(code, length=each["length"]["length"], limit=each["length"]["limit"]))
    if each["cost"] and each["cost"]["microusd"]:
        parts.append(words("tui_cost", cost=f"{each['cost']['microusd'] / MICRO:.3f}"))
    parts.append(words("reached_all") if each["reached"] is None else words("tui_recipients", count=each["reached"]))
    if not each["late_mark_fits"]:
        parts.append(words("tui_late_mark"))
    return "  ".join(parts)


def has_subject(each: Any) -> bool:
    """Return whether what is counted of a channel is its subject, as in a mail."""
    return any(text["subject"] for text in each["texts"])


def audience(shown: Any, words: Words) -> str:
    """Return every channel with whom it reaches, in a line."""
    return words("tui_goes_to", channels=words.listed(_reach(each, words) for each in shown["channels"]))


def _reach(each: Any, words: Words) -> str:
    name = words.channel(each["channel"])
    return name if each["reached"] is None else f"{name} {words('tui_recipients', count=each['reached'])}"


def _texts(each: Any, words: Words, *, differences: bool) -> Iterator[Content]:
    before = {text["language"]: text["body"] for text in each["previous"]} if differences else {}
    for text in each["texts"]:
        yield plain(words("tui_in_language", language=words.tongue(text["language"])), "bold reverse")
        headers = each["headers"].get(text["language"], {})
        yield from (plain(f"{name}: {value}") for name, value in headers.items() if name in READ)
        if headers:
            yield plain(words("tui_to_each"))
            yield plain("")
        yield beside(before.get(text["language"], text["body"]), text["body"])
        yield plain("")
        if headers:
            yield plain(words("tui_further_headers"), "dim")
            yield from (plain(f"{name}: {value}", "dim") for name, value in headers.items() if name not in READ)
            yield plain("")


def _files(each: Any, words: Words, *, differences: bool) -> Iterator[Content]:
    prose = [path for path in each["files"] if path.endswith(PROSE) and path != NOT_PROSE]
    for path in prose:
        before = each["previous_files"].get(path) if differences else None
        text = each["files"][path]
        yield plain(path, "bold reverse")
        yield beside(text if before is None else before, text)
        yield plain("")
    if each["sizes"] and not each["texts"] and not prose:
        yield plain(words("tui_for_programs"))
        yield plain("")
    for path, size in each["sizes"].items():
        yield plain(f"{path} ({words('bytes', count=size)})", "dim")


def beside(old: str, new: str) -> Content:
    """Return both texts as one, what changed between signs and in a style of its own."""
    pieces = compare(old, new)
    if not changed(pieces):
        return plain(new)
    return Content.assemble(*_signed(pieces))


def _signed(pieces: Iterable[Piece]) -> Iterator[Content]:
    for piece in pieces:
        yield plain(signed(piece), STYLES[piece.mark])


def alert_of(shown: Any) -> Any:
    """Return the alert a preview or a submission is about."""
    return shown["alert"] if "alert" in shown else shown["acceptance"]["alert"]
