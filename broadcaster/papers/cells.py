"""Cells that do no harm where they are opened: a spreadsheet runs nothing, Markdown shows what was written."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
"""What a spreadsheet would run, and what is already escaped: one more apostrophe is put before either."""
_MARKUP = re.compile(r"([\\`*_\[\]<>|~&]|^[#+=-])")
"""What means something within a line (CommonMark 0.31 and tables), or at its beginning."""


def neutral(cell: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula (fault 98)."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """Undo `neutral`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def visible(text: str) -> str:
    """Return the text on one line, what a terminal would obey instead of show spelled out."""
    flat = " ".join(text.split("\n"))
    return "".join(each if each.isprintable() or each == "　" else f"\\x{ord(each):02x}" for each in flat)


def markdown(text: str) -> str:
    """Return the text so that Markdown and the HTML in it show it as it is, in one line (CommonMark 0.31, 2.4)."""
    return _MARKUP.sub(r"\\\1", visible(text))
