"""Text made fit for HTML and XML: without what neither may carry, in lines, and with what is to be clickable.

Control characters, lone surrogates and noncharacters are refused at the desk already; here they are taken out once
more, since one of them makes a whole feed unreadable (XML 1.0, section 2.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

DRILL_MARK = "【訓練】"

_BREAKS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
    + "]"
)
_SPECIAL = re.compile(
    r"(?P<base>[おご]?[\u3400-\u9fff々〆ヶ][\u3400-\u9fff々〆ヶぁ-んー]{0,30})"
    r"（(?P<reading>[ぁ-んー][ぁ-んー ]{0,60})）"
    r"|(?P<url>https?://[!#-;=?-Z_a-z~]+)"
    r"|(?P<phone>(?<![\d-])0\d{1,4}-\d{1,4}-\d{3,4}(?![\d-]))"
)
_PART = re.compile(r"([^ぁ-んー]+)([ぁ-んー]*)")
_UNSAFE = re.compile(r"[^A-Za-z0-9._@-]+")
_LONGEST_NAME = 120
_WIDE_SPACE = "\u3000"
"""No more printable to Python than a control character, and in many a Japanese text."""


class Piece(NamedTuple):
    """A run of text: with a `reading` it is ruby, with an `href` a link, else plain."""

    text: str
    reading: str = ""
    href: str = ""


def clean(text: str) -> str:
    """Return the text with one kind of line break and without what HTML and XML may not carry."""
    if text.replace("\n", "").replace(_WIDE_SPACE, "").isprintable():
        return text  # as nearly always: no control, surrogate, noncharacter or other break is printable
    return _FORBIDDEN.sub("", _BREAKS.sub("\n", text))


def lines(text: str) -> tuple[str, ...]:
    """Return the lines that say something, without white space at their ends."""
    return tuple(line.strip() for line in clean(text).split("\n") if line.strip())


@lru_cache(maxsize=8192)
def pieces(line: str) -> tuple[Piece, ...]:
    """Cut a line where something is a link, a telephone number, or kanji followed by its reading in （）."""
    return tuple(_cut(line))


def _cut(line: str) -> Iterator[Piece]:
    done = 0
    for found in _SPECIAL.finditer(line):
        start, piece = _special(found)
        if start > done:
            yield Piece(line[done:start])
        yield piece
        done = found.end()
    if done < len(line):
        yield Piece(line[done:])


def _special(found: re.Match[str]) -> tuple[int, Piece]:
    """Return where the piece begins, and the piece."""
    if base := found["base"]:
        skipped = _before_base(base, found["reading"])
        return found.start() + skipped, Piece(base[skipped:], reading=found["reading"])
    return found.start(), Piece(found[0], href=found["url"] or "tel:" + found["phone"].replace("-", ""))


def _before_base(run: str, reading: str) -> int:
    """Return how many characters of `run` are not what `reading` reads: its kana must stand in the reading.

    In 高くなった水（みず） only 水 is read; in 逃げて（にげて） the whole.
    """
    starts = [found.start() for found in re.finditer(r"^[おご]|[^ぁ-んー]", run)]
    return next((start for start in starts if _reads(run[start:], reading)), starts[-1])


def _reads(base: str, reading: str) -> bool:
    if base[0] in "おご":
        return reading.startswith(base[0]) and _reads(base[1:], reading[1:])
    place = 0
    for _, kana in (parts := _PART.findall(base))[:-1]:
        place = reading.find(kana, place + 1) + len(kana)
        if place < len(kana):
            return False
    last: str = parts[-1][1]
    return reading.endswith(last) and place < len(reading) - len(last)


def link(url: str) -> str:
    """Return the address if it is one that a page may link to (http or https), else nothing."""
    url = clean(url).strip()
    return url if re.fullmatch(r"https?://\S+", url) else ""


def file_name(identifier: str) -> str:
    """Return a name for a file and an address made from an identifier; different ones stay different."""
    safe = _UNSAFE.sub("_", identifier).lstrip(".")
    if safe == identifier and 0 < len(safe) <= _LONGEST_NAME:
        return safe
    return f"{safe[:80]}-{sha256(identifier.encode('utf-8', 'replace')).hexdigest()[:12]}"


def marked(text: str, *, drill: bool) -> str:
    """Return the text between drill marks in a drill; nothing stays nothing, and marks are not doubled."""
    if not drill or not text:
        return text
    text = text if text.startswith(DRILL_MARK) else DRILL_MARK + text
    return text if text.endswith(DRILL_MARK) and text != DRILL_MARK else text + DRILL_MARK
