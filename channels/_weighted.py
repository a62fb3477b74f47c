"""The weighted length of X (twitter-text configuration v3): 280 in all, so 140 Japanese characters.

After NFC, code points of the first ranges weigh 1 and all others 2; a link weighs 23 whatever its length; an emoji
sequence weighs 2. Linear in the length of the text, hostile ones included.
"""

from __future__ import annotations

import re
import unicodedata

from channels._emoji import EMOJI
from channels._links import links

LIMIT = 280
LINK_WEIGHT = 23
_DEFAULT = 2
_LIGHT = re.compile("[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
_INVALID = re.compile("[\ufffe\ufeff\uffff\ud800-\udfff]")


def weigh(text: str) -> int:
    """Return the weighted length."""
    normal = normalise(text)
    whole = {match.start(): (match.end(), _DEFAULT) for match in EMOJI.finditer(normal)}
    whole |= {link.start: (link.end, LINK_WEIGHT) for link in links(normal)}
    weight = position = 0
    for start, (end, part) in sorted(whole.items()):
        if start >= position:
            weight += _plain(normal[position:start]) + part
            position = end
    return weight + _plain(normal[position:])


def normalise(text: str) -> str:
    """Return the text in NFC with plain line ends, as it is counted and shown."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")


def valid(text: str) -> bool:
    """Return whether X takes these characters at all, and there is something to say."""
    return bool(text.strip()) and not _INVALID.search(text)


def count_links(text: str) -> int:
    """Return how many links X would make of the text."""
    return sum(1 for _ in links(normalise(text)))


def _plain(text: str) -> int:
    """Return the weight of a text without links and emoji."""
    return _DEFAULT * len(text) - len(_LIGHT.findall(text))
