"""クロノロジー: the life of an incident as lines, as CSV for a spreadsheet, and as Markdown for a report."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from broadcaster.papers.cells import markdown, neutral, visible
from broadcaster.papers.reading import Reader
from broadcaster.papers.telling import Teller, Told

BOM = "\ufeff"
"""By it Excel knows UTF-8."""
COLUMNS = ("paper_time", "paper_serial", "paper_where", "paper_what", "paper_who", "paper_entry")


def told(chronology: Any, say: Reader) -> list[Told]:
    """Return every line in words."""
    teller = Teller(say, chronology["zone"], [row["alert"] for row in chronology["rows"]])
    return [teller.tell(each) for each in chronology["happenings"]]


def title(chronology: Any, say: Reader) -> str:
    """Return which incident it is, by number and newest headline."""
    rows = chronology["rows"]
    headline = say.headline(rows[-1]["alert"]) if rows else ""
    return say("paper_chronology", incident=chronology["incident"], headline=headline).strip()


def as_lines(chronology: Any, say: Reader) -> Iterator[str]:
    """Yield the head, then one line each."""
    yield visible(f"{say('mode_' + chronology['mode'])} {say.city(chronology)} {title(chronology, say)}")
    for each in told(chronology, say):
        who = f"({each.who})"
        parts = (f"{each.at:%m/%d %H:%M:%S}", each.serial, each.where, each.what, who)
        yield "  ".join(visible(part) for part in parts if part)


def as_csv(chronology: Any, say: Reader) -> str:
    """Return it as CSV (RFC 4180) with a BOM, neutral to spreadsheets (fault 98). Times are the city's."""
    out = io.StringIO()
    writer = csv.writer(out)
    names = [say(code) for code in COLUMNS]
    writer.writerow([f"{names[0]} ({chronology['zone']})", *names[1:]])
    for each in told(chronology, say):
        writer.writerow([neutral(visible(cell)) for cell in _cells(each)])
    return BOM + out.getvalue()


def as_markdown(chronology: Any, say: Reader) -> str:
    """Return it as a Markdown table under a heading."""
    teller = Teller(say, chronology["zone"])
    lines = [
        f"# {markdown(title(chronology, say))}",
        "",
        markdown(say("paper_made", city=say.city(chronology), mode=say(f"mode_{chronology['mode']}"),
                     at=f"{teller.local(chronology['now']):%Y-%m-%d %H:%M}", zone=chronology["zone"])),
        "",
        _row([say(code) for code in COLUMNS]),
        "|" + " --- |" * len(COLUMNS),
    ]  # fmt: skip
    lines += [_row(_cells(each)) for each in told(chronology, say)]
    return "\n".join(lines) + "\n"


def _cells(each: Told) -> list[str]:
    return [f"{each.at:%Y-%m-%d %H:%M:%S}", each.serial, each.where, each.what, each.who, str(each.seq or "")]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(markdown(cell) for cell in cells) + " |"
