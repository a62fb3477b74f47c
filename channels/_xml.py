"""XML by lxml, with what our documents have in common. Texts are cleaned here once more, whoever calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import cast
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from lxml import etree

from channels._text import clean

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
Element = etree._Element  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the type has no public name


def document(name: str, namespace: str) -> Element:
    """Return a root element, its namespace being the one without a prefix."""
    prefixes = cast("dict[str, str]", {None: namespace})  # the stubs do not know that lxml takes None here
    return etree.Element(f"{{{namespace}}}{name}", nsmap=prefixes)


def child(parent: Element, tag: str, text: str = "", attributes: Mapping[str, str] | None = None) -> Element:
    """Append an element, and return it."""
    made = etree.SubElement(parent, tag, {name: clean(value) for name, value in (attributes or {}).items()})
    if text:
        made.text = clean(text)
    return made


def optional(parent: Element, tag: str, text: str) -> None:
    """Append an element unless its text would be empty: an empty one says something else than none."""
    if clean(text).strip():
        child(parent, tag, text)


def dump(root: Element, tag: str = "", parts: Iterable[bytes] = ()) -> bytes:
    """Return the document in UTF-8, with its declaration, one element a line. `parts`, made by `inside`, are put at the
    end of the element that is written as `tag`.
    """
    etree.indent(root)
    text = etree.tostring(root, xml_declaration=True, encoding="utf-8") + b"\n"
    if not tag:
        return text
    before, end, after = text.rpartition(b"</%s>" % tag.encode())
    head, line, indent = before.rpartition(b"\n")
    return b"".join((head, *parts, line, indent, end, after))


def inside(root: Element, tag: str) -> bytes:
    """Return what stands in the element that is written as `tag`, as a part for `dump`: in any other document with the
    same structure and the same prefixes it means the same.
    """
    etree.indent(root)
    text = etree.tostring(root, encoding="utf-8")
    start = text.index(b">", text.index(b"<%s" % tag.encode())) + 1
    return text[start : text.rindex(b"</%s>" % tag.encode())].rstrip()


def stamp(moment: datetime, zone: ZoneInfo) -> str:
    """Return `2026-11-23T14:05:00+09:00`: valid in Atom (RFC 3339) and in CAP, which forbids `Z` (CAP 1.2, 3.3.2)."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


@lru_cache(maxsize=4096)
def urn(*seed: str) -> str:
    """Return an identifier that is the same whenever it is made from the same words (RFC 9562, version 5)."""
    return uuid5(NAMESPACE_URL, "|".join(seed)).urn
