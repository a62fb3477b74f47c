"""Whatever was written comes out as it was, in everything residents and machines read (fault 97), by five parsers that
are none of ours: html5lib (page), feedparser and expat (RSS), feedparser and lxml (Atom), expat (CAP), json (desk).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from broadcaster.documents import dump
from broadcaster.model import Alert
from broadcaster.rendering import Templates
from channels._text import clean
from channels.feeds import Feeds
from channels.feeds import Settings as FeedSettings
from channels.page import Page
from channels.page import Settings as PageSettings
from tests.channels.editions import CITY, alert, edition, info
from tests.channels.kit import TOKYO

TEMPLATES = Templates(TOKYO)
PAGES = Page(PageSettings(), CITY, TEMPLATES)
FEEDS = Feeds(FeedSettings(), CITY, TEMPLATES)
ATOM = "{http://www.w3.org/2005/Atom}"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
XHTML = "{http://www.w3.org/1999/xhtml}"
SCRIPTS = (
    "<script>alert(1)</script>",
    "]]>",
    "</script>",
    "javascript:alert(1)",
    '"><img src=x onerror=alert(1)>',
    "&lt;&amp;",
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50) | st.sampled_from(SCRIPTS)
EVERYTHING = pytest.mark.fault(97)


def saying(text: str) -> Alert:
    """An alert that says this in each of its fields."""
    return alert(infos=(replace(info("ja"), headline=f"A{text}Z", description=f"B{text}Y", instruction=f"C{text}X"),))


def squeezed(text: str) -> str:
    """Without white space, which HTML does not keep."""
    return "".join(clean(text).split())


def hostile(check: Any) -> Any:
    """Try a check with the usual suspects and whatever Hypothesis finds."""
    for text in SCRIPTS:
        check = example(text)(check)
    return EVERYTHING(settings(max_examples=30, deadline=None)(given(TEXTS)(check)))


def tree_of(html: str) -> Any:
    return html5lib.HTMLParser(strict=True, tree=html5lib.getTreeBuilder("etree")).parse(html)


def read(node: Any) -> Iterator[str]:
    """What a person reads in a page: no readings above the characters, no styles."""
    if node.tag in (f"{XHTML}rt", f"{XHTML}rp", f"{XHTML}style", f"{XHTML}head"):
        yield node.tail or ""
        return
    yield node.text or ""
    for child in node:
        yield from read(child)
    yield node.tail or ""


@hostile
def test_the_page_says_it_and_does_nothing_else(text: str) -> None:
    said = saying(text)
    for name, content in PAGES.render(edition(said)).items():
        if not name.endswith(".html"):
            continue
        tree = tree_of(content.decode())
        tags = {node.tag for node in tree.iter()}
        assert not tags & {f"{XHTML}script", f"{XHTML}img", f"{XHTML}iframe", f"{XHTML}object", f"{XHTML}form"}
        assert not [key for node in tree.iter() for key in node.attrib if key.startswith("on")]
        links = [node.get("href", "") for node in tree.iter(f"{XHTML}a")]
        assert not [link for link in links if link.lower().startswith(("javascript:", "data:"))]
        if name == f"alerts/{said.serial}.html":
            shown = squeezed("".join(read(tree)))
            for wanted in (said.primary.headline, said.primary.description, said.primary.instruction):
                assert without_readings(wanted) in shown


def without_readings(text: str) -> str:
    """A reading in brackets stands above its characters, where there is room for it."""
    return squeezed(re.sub(r"（[ぁ-んー][ぁ-んー ]{0,60}）", "", text)) if "（" in text else squeezed(text)


@hostile
def test_rss_gives_it_back_to_a_reader_and_to_a_strict_parser(text: str) -> None:
    said, content = saying(text), FEEDS.render(edition(saying(text)))["rss.xml"]
    found = feedparser.parse(content)
    assert not found.bozo
    title = ET.fromstring(content).findtext("channel/item/title")
    assert squeezed(str(title)) == squeezed(said.primary.headline)
    assert squeezed(found.entries[0].title) in guesses(said.primary.headline)
    assert squeezed(said.primary.description) in html_text(found.entries[0])


@hostile
def test_atom_gives_it_back_to_a_reader_and_to_a_strict_parser(text: str) -> None:
    said, content = saying(text), FEEDS.render(edition(saying(text)))["atom.xml"]
    found = feedparser.parse(content)
    assert not found.bozo
    title = etree.fromstring(content).findtext(f"{ATOM}entry/{ATOM}title")
    assert squeezed(str(title)) == squeezed(said.primary.headline)
    assert squeezed(found.entries[0].title) in guesses(said.primary.headline)
    assert squeezed(said.primary.description) in html_text(found.entries[0])


def guesses(text: str) -> set[str]:
    """Return what feedparser may make of a title: it takes what could be UTF-8 read as Latin-1 for just that."""
    found = {squeezed(text)}
    with suppress(UnicodeError):
        found.add(squeezed(" ".join(clean(text).split()).encode("iso-8859-1").decode()))
    return found


def html_text(entry: Any) -> str:
    """What a reader shows of an entry's HTML; feedparser has cleaned it of whatever acts."""
    html = entry.content[0].value if "content" in entry else entry.summary
    tree = html5lib.parseFragment(html, treebuilder="etree")
    return squeezed("".join(each for child in [tree] for each in child.itertext()))


@hostile
def test_cap_gives_it_back_exactly(text: str) -> None:
    said = saying(text)
    files = FEEDS.render(edition(said))
    (content,) = [
        data
        for name, data in files.items()
        if name.startswith("cap/") and name.count("/") == 1 and said.identifier in name
    ]
    found = ET.fromstring(content).find(f"{CAP}info")
    assert found is not None
    for field in ("headline", "description", "instruction"):
        assert found.findtext(f"{CAP}{field}") == clean(getattr(said.primary, field))


@hostile
def test_the_desk_gives_it_back_exactly(text: str) -> None:
    said = saying(text)
    back = json.loads(json.dumps(dump(said)))["infos"][0]
    for field in ("headline", "description", "instruction"):
        assert back[field] == getattr(said.primary, field)
