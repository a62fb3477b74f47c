"""XML from outside: bounded in bytes, depth and number of elements, without document types, in UTF-8 only.

Whatever needs a DTD (entities that swell, files drawn in: faults 77 and 78) is refused before anything is made of it.
Parsing is one call over the whole: fed in pieces, an attribute of 8 MB costs some parsers seconds (fault 79).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from lxml import etree

from broadcaster.errors import FeedUnreadable

MOST_BYTES = 2 * 1024 * 1024
MOST_DEPTH = 64
MOST_ELEMENTS = 200_000
Element = etree._Element  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the type has no public name
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_UTF8 = (b"utf-8", b"utf8", b"us-ascii")
_BOM = b"\xef\xbb\xbf"


def parse(data: bytes) -> Element:
    """Return the root element. Raise `FeedUnreadable` with what is wrong; never anything else."""
    _check_bytes(data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FeedUnreadable("feed_not_xml", why=str(error)[:200]) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise FeedUnreadable("feed_doctype")
    _check_size(root)
    return root


def _check_bytes(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise FeedUnreadable("feed_too_large", limit=MOST_BYTES)
    if not data.strip():
        raise FeedUnreadable("feed_empty")
    declared = _DECLARED.match(data.removeprefix(_BOM))
    if declared and declared[1].lower() not in _UTF8:
        raise FeedUnreadable("feed_encoding", encoding=declared[1].decode("ascii"))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise FeedUnreadable("feed_encoding", encoding="?") from None


def _check_size(root: Element) -> None:
    depth = 0
    for count, (event, _) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        depth += 1 if event == "start" else -1
        if depth > MOST_DEPTH or count > 2 * MOST_ELEMENTS:
            raise FeedUnreadable("feed_too_deep", depth=MOST_DEPTH, elements=MOST_ELEMENTS)


def name(element: Element) -> str:
    """Return the element's name without its namespace."""
    return etree.QName(element).localname


def children(parent: Element, wanted: str) -> Iterator[Element]:
    """Yield the direct children of this name, whatever their namespace."""
    return (each for each in parent if name(each) == wanted)


def find(parent: Element, *path: str) -> Element | None:
    """Return the first element down this path of names."""
    found: Element | None = parent
    for step in path:
        found = None if found is None else next(children(found, step), None)
    return found


def text(parent: Element, *path: str) -> str:
    """Return the text of the first element down this path, stripped; empty where there is none."""
    found = find(parent, *path)
    return (found.text or "").strip() if found is not None else ""


def moment(written: str, place: str) -> datetime:
    """Return an aware time. Raise `FeedUnreadable` where it is none, or names no zone (fault 37).

    A leap second (23:59:60, fault 36) is the second after it, as RFC 3339 5.7 lets clocks without leap seconds have it.
    """
    leap = written[17:19] == "60"
    try:
        found = datetime.fromisoformat(f"{written[:17]}59{written[19:]}" if leap else written)
    except ValueError:
        raise FeedUnreadable("feed_time", place=place, text=written[:40]) from None
    if found.tzinfo is None:
        raise FeedUnreadable("feed_time_naive", place=place, text=written[:40])
    return found
