"""The hand-over sheet: what the next shift must know, most pressing first, on a page or two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from broadcaster.papers import silence
from broadcaster.papers.attention import attention
from broadcaster.papers.cells import markdown, visible
from broadcaster.papers.reading import Reader
from broadcaster.papers.telling import Teller

_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines; without lines there is nothing to say, which is said too."""

    title: str
    lines: tuple[str, ...]


def sections(handover: Any, say: Reader) -> list[Section]:
    """Return the sheet (`desk.Handover` as JSON) in words."""
    board = handover["board"]
    teller = Teller(say, board["zone"], [row["alert"] for row in board["rows"]])
    made = [Section(say(code), tuple(lines(handover, teller))) for code, lines in _SECTIONS]
    return [each if each.lines else Section(each.title, (say("hand_none"),)) for each in made]


def sheet_lines(handover: Any, say: Reader) -> Iterator[str]:
    """Yield the sheet as plain lines."""
    yield title(handover, say)
    for each in sections(handover, say):
        yield ""
        yield f"== {each.title}"
        yield from (f"  {visible(line)}" for line in each.lines)


def sheet_markdown(handover: Any, say: Reader) -> str:
    """Return the sheet as Markdown."""
    lines = [f"# {markdown(title(handover, say))}"]
    for each in sections(handover, say):
        lines += ["", f"## {markdown(each.title)}", "", *(f"- {markdown(line)}" for line in each.lines)]
    return "\n".join(lines) + "\n"


def title(handover: Any, say: Reader) -> str:
    """Return whose sheet it is, and of when."""
    board = handover["board"]
    now = Teller(say, board["zone"]).local(board["now"])
    return say("hand_title", mode=say(f"mode_{board['mode']}"), city=say.city(board), at=f"{now:%Y-%m-%d %H:%M}")


def _in_force(handover: Any, teller: Teller) -> Iterator[str]:
    for row in handover["board"]["rows"]:
        if row["in_force"]:
            info = row["alert"]["infos"][0]
            yield teller.say(
                "hand_in_force",
                serial=_serial(row["alert"]),
                headline=teller.say.headline(row["alert"]),
                areas=teller.say.areas(row["alert"]),
                expires=teller.clock(info["expires"]),
            )


def _waiting(handover: Any, teller: Teller) -> Iterator[str]:
    for each in handover["board"]["waiting"]:
        acceptance = each["acceptance"]
        yield teller.say(
            "hand_waiting",
            number=each["id"],
            headline=teller.say.headline(acceptance["alert"]),
            author=teller.say.who(acceptance["author"]["name"]),
            at=teller.clock(acceptance["at"]),
        )


def _wanting(handover: Any, teller: Teller) -> Iterator[str]:
    for entry in attention(handover["board"]):
        each = entry["delivery"]
        advice = teller.say(f"advice_{entry['advice']}", delivery=each["id"])
        reason = teller.reason(each["reason"])
        where = teller.place(each["channel"], each["target"])
        why = f" ({reason})" if reason and reason.casefold() not in advice.casefold() else ""
        yield f"[{each['id']}] {entry['serial']} {where}: {advice}{why}"


def _alone(handover: Any, teller: Teller) -> Iterator[str]:
    """What goes out or went out without a second person, until an approver has looked at it."""
    board = handover["board"]
    for each in board["breaking"]:
        due = teller.clock(each["due_at"])
        by = teller.say.who(each["by"])
        yield teller.say("hand_breaking", number=each["submission"], by=by, reason=each["reason"], due=due)
    for row in board["rows"]:
        if row["unreviewed"]:
            yield teller.say("hand_unreviewed", serial=_serial(row["alert"]), by=teller.say.who(row["approved_by"]))


def _drafts(handover: Any, teller: Teller) -> Iterator[str]:
    for each in handover["drafts"]:
        by, at = teller.say.who(each["updated_by"]["name"]), teller.clock(each["updated_at"])
        yield teller.say("hand_draft", number=each["id"], title=teller.say.draft(each), by=by, at=at)


def _officers(handover: Any, teller: Teller) -> Iterator[str]:
    for each in handover["board"]["officers"]:
        yield teller.say("hand_officer", name=each["display"], since=teller.clock(each["since"]))


def _channels(handover: Any, teller: Teller) -> Iterator[str]:
    for each in handover["board"]["channels"]:
        name = teller.channel(each["channel"])
        if each["down"]:
            yield teller.say("hand_down", channel=name, reason=teller.reason(each["down"]))
        else:
            yield "  ".join([teller.say("hand_up", channel=name), *(_budget(left, teller) for left in each["budgets"])])
    for each in handover["board"]["canary"]:
        if each["silent_since"]:
            about, since = silence.subject(each, teller.say), teller.clock(each["silent_since"])
            yield teller.say("canary_line", subject=about, since=since, why=silence.why(each, teller.say))


def _budget(left: Any, teller: Teller) -> str:
    money = left["unit"] == "microusd"
    rest, amount = (f"${value / _MICRO:,.2f}" if money else f"{value:,}" for value in (left["left"], left["amount"]))
    code = f"tui_budget_{left['name']}"
    return teller.say(code if teller.knows(code) else "hand_budget", name=left["name"], left=rest, amount=amount)


def _lately(handover: Any, teller: Teller) -> Iterator[str]:
    if handover["cut"]:
        yield teller.say("hand_cut", since=teller.clock(handover["happenings"][0]["at"]))
    for happening in handover["happenings"]:
        told = teller.tell(happening)
        parts = (f"{told.at:%m/%d %H:%M}", told.serial, told.where, told.what, f"({told.who})")
        yield "  ".join(part for part in parts if part)


def _serial(alert: Any) -> str:
    return f"{alert['incident']}-{alert['version']}"


_SECTIONS: tuple[tuple[str, Callable[[Any, Teller], Iterator[str]]], ...] = (
    ("hand_head_in_force", _in_force),
    ("hand_head_waiting", _waiting),
    ("hand_head_wanting", _wanting),
    ("hand_head_alone", _alone),
    ("hand_head_channels", _channels),
    ("hand_head_drafts", _drafts),
    ("hand_head_officers", _officers),
    ("hand_head_lately", _lately),
)
