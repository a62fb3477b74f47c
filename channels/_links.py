"""Where X sees links in a text: the rules of twitter-text v3, in linear time.

A link is a domain with or without `https://`, with port, path and query. Letters of any script may stand in a domain,
so Japanese prose joins the name it touches; without a protocol only its ASCII part becomes the link. The reference
is one nested regular expression, which needs minutes for a hostile string. Here every run of domain characters is cut
into labels once, and for each label the farthest top-level domain is known from the right; nothing is tried twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from channels._tlds import TLDS

_ACCENTS = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0100-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268"
    "\u026f\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_SPACES = "\t-\r \u0085\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVALID = "\ufffe\ufeff\uffff"
_PUNCTUATION = r"!'#%&()*+,\\/:;<=>?@\[\]^{|}~$"

_RUN = re.compile(f"[^{_PUNCTUATION}{_SPACES}{_INVALID}{_DIRECTIONS}]+")
"""Characters of domains, with the dot, hyphen and underscore between them."""
_ASCII_RUN = re.compile(f"[-.a-z0-9{_ACCENTS}]+", re.IGNORECASE)
_NOT_BEFORE = frozenset("@\uff20$#\uff03" + _INVALID + "0123456789")
_PROTOCOL = re.compile(r"https?://\Z", re.IGNORECASE)
_TLD_HEAD = re.compile(r"[-0-9a-z]*", re.IGNORECASE)
_PORT = re.compile(r":[0-9]+")
_PATH_CHARS = rf"[a-z\u0400-\u04ff0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{_ACCENTS}]"
_PATH_PIECE = re.compile(
    rf"{_PATH_CHARS}++|\((?:{_PATH_CHARS}++(?:\({_PATH_CHARS}++\){_PATH_CHARS}*+)?|"
    rf"\({_PATH_CHARS}++\){_PATH_CHARS}*+)\)",
    re.IGNORECASE,
)
_PATH_END = re.compile(rf"[+\-a-z\u0400-\u04ff0-9=_#/{_ACCENTS}]", re.IGNORECASE)
_QUERY = re.compile(r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*+", re.IGNORECASE)
_QUERY_END = re.compile(r"[a-z0-9\-_&=#/]", re.IGNORECASE)
_SHORTENED = re.compile(r"https?://t\.co/([a-z0-9]+)", re.IGNORECASE)
_IDNA_DOTS = re.compile("[.\u3002\uff0e\uff61]")

_LONGEST_URL, _LONGEST_LABEL, _LONGEST_SLUG = 4096, 63, 40
_FOREIGN = sorted((tld for tld in TLDS if not tld.isascii()), key=len, reverse=True)
_BY_INITIAL: dict[str, list[str]] = {}
for _tld in _FOREIGN:
    _BY_INITIAL.setdefault(_tld[0], []).append(_tld)


@dataclass(frozen=True, slots=True)
class Link:
    """A link at `text[start:end]`."""

    start: int
    end: int


def links(text: str) -> Iterator[Link]:
    """Yield the links of an NFC text, from left to right."""
    if "." not in text:
        return
    done = 0
    for found in _RUN.finditer(text):
        if "." not in found.group():
            continue
        chain = _Chain(text, found.start(), found.end(), limit=found.end(), strict=True)
        while (match := _next_match(chain, done)) is not None:
            yield from match.links
            done = match.end


@dataclass(frozen=True, slots=True)
class _Match:
    """What the reference's expression would have consumed, and the links it makes of it."""

    end: int
    links: tuple[Link, ...]


class _Chain:
    """One run of domain characters, cut at its dots, with the farthest domain end reachable from each label."""

    def __init__(self, text: str, start: int, end: int, *, limit: int, strict: bool) -> None:
        """`limit`: how far the last top-level domain may go. `strict`: labels begin and end with a letter or digit, as
        in a domain, and the last before the top-level domain has no underscore; else any non-empty label will do.
        """
        self.text, self.start, self._strict = text, start, strict
        self.labels = list(_labels(text, start, end))
        self.index = 0
        """The first label in which the next link may begin: it only ever rises."""
        count = len(self.labels)
        self.tld = [-1] * (count + 1)
        """`tld[i]`: where a top-level domain at the beginning of label i ends."""
        self.reach = [-1] * (count + 1)
        """`reach[i]`: the farthest end of a domain that begins with the whole label i."""
        for index in range(count - 1, -1, -1):
            self.reach[index] = self.from_within(index, self.labels[index][0])
            self.tld[index] = _tld_end(text, self.labels[index][0], limit)

    def from_within(self, index: int, start: int) -> int:
        """Return the farthest end of a domain whose first label is label `index` from `start` on, or -1."""
        end = self.labels[index][1]
        if start >= end or (self._strict and (self.text[start] in "-_" or self.text[end - 1] in "-_")):
            return -1
        if self.reach[index + 1] >= 0:
            return self.reach[index + 1]
        if self._strict and "_" in self.text[start:end]:
            return -1
        return self.tld[index + 1]

    def hopeful(self) -> bool:
        """Return whether a domain may begin in the label at `index`."""
        return self.reach[self.index + 1] >= 0 or self.tld[self.index + 1] >= 0


def _labels(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while (dot := text.find(".", start, end)) >= 0:
        yield start, dot
        start = dot + 1
    yield start, end


def _tld_end(text: str, start: int, end: int) -> int:
    """Return where the top-level domain that begins here ends, or -1. No letter or digit of ASCII may follow it."""
    head = _TLD_HEAD.match(text, start, end)
    word = head.group().lower() if head else ""
    if (word in TLDS and not _joins(text, start + len(word))) or (word.startswith("xn--") and len(word) > len("xn--")):
        return start + len(word)
    for tld in _BY_INITIAL.get(text[start : start + 1].lower(), ()):
        stop = start + len(tld)
        if stop <= end and text[start:stop].lower() == tld and not _joins(text, stop):
            return stop
    return -1


def _joins(text: str, position: int) -> bool:
    char = text[position : position + 1]
    return char.isascii() and (char.isalnum() or char in ("@", "+", "-"))


def _next_match(chain: _Chain, done: int) -> _Match | None:
    """Return the next match in this run that begins after `done`, the end of the last one."""
    protocol = _protocol_start(chain.text, chain.start, done)
    if protocol is not None and (end := chain.from_within(0, chain.start)) >= 0:
        return _with_protocol(chain.text, protocol, chain.start, end)
    while chain.index < len(chain.labels):
        first, last = chain.labels[chain.index]
        for position in _positions(chain.text, first, last, done) if chain.hopeful() else ():
            if (end := chain.from_within(chain.index, position)) >= 0:
                return _without_protocol(chain.text, position, end)
        chain.index += 1
    return None


def _protocol_start(text: str, start: int, done: int) -> int | None:
    found = _PROTOCOL.search(text, max(done, start - len("https://")), start)
    if found is None:
        return None
    before = found.start()
    return before if (before == 0 or (before - 1 >= done and _may_precede(text[before - 1]))) else None


def _positions(text: str, first: int, last: int, done: int) -> Iterator[int]:
    """Yield where a link without protocol may begin: after one free character, or at the very beginning."""
    if first == 0 and done == 0:
        if _may_precede(text[0]) and last > 1:
            yield 1
        yield 0
    for position in range(max(first, done + 1), last):
        if _may_precede(text[position - 1]):
            yield position


def _may_precede(char: str) -> bool:
    return not ("a" <= char <= "z" or "A" <= char <= "Z" or char in _NOT_BEFORE)


def _with_protocol(text: str, start: int, domain: int, domain_end: int) -> _Match:
    end, _ = _tail(text, domain_end)
    if not _valid(text[domain:domain_end], url=end - start, protocol=domain - start):
        return _Match(end, ())
    short = _SHORTENED.match(text, start, end)
    if short is None:
        return _Match(end, (Link(start, end),))
    if len(short.group(1)) > _LONGEST_SLUG:
        return _Match(end, ())
    query_end = _query_end(text, short.end(), end)
    return _Match(end, (Link(start, query_end),))


def _without_protocol(text: str, start: int, domain_end: int) -> _Match:
    end, has_path = _tail(text, domain_end)
    behind_mark = start > 0 and text[start - 1] in "-_./"
    if behind_mark or not _valid(text[start:domain_end], url=end - start, protocol=len("https://")):
        return _Match(end, ())
    found = list(_ascii_domains(text, start, domain_end))
    if found and has_path:
        found[-1] = Link(found[-1].start, found[-1].end + end - domain_end)  # the reference skips just as far
    return _Match(end, tuple(found))


def _ascii_domains(text: str, start: int, end: int) -> Iterator[Link]:
    done = start
    for run in _ASCII_RUN.finditer(text, start, end):
        chain = _Chain(text, run.start(), run.end(), limit=end, strict=False)
        for index, (first, last) in enumerate(chain.labels):
            position = max(first, done)
            if position < last and (stop := chain.from_within(index, position)) >= 0:
                yield Link(position, stop)
                done = stop


def _tail(text: str, position: int) -> tuple[int, bool]:
    """Return where port, path and query end, and whether there is a path."""
    port = _PORT.match(text, position)
    position = port.end() if port else position
    path_end = _path_end(text, position) if text.startswith("/", position) else position
    return _query_end(text, path_end, len(text)), path_end > position


def _path_end(text: str, slash: int) -> int:
    """A path ends with one of the ending characters, or with a closed pair of parentheses; all after it is prose."""
    position = end = slash + 1
    while piece := _PATH_PIECE.match(text, position):
        position = piece.end()
        last = position if piece.group().startswith("(") else _last(_PATH_END, text, piece.start(), position)
        end = max(end, last)
    return end


def _query_end(text: str, position: int, limit: int) -> int:
    query = _QUERY.match(text, position, limit)
    return max(position, _last(_QUERY_END, text, query.start() + 1, query.end())) if query else position


def _last(ending: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Return the end of the last character between start and end that `ending` takes, or -1."""
    while end > start:
        if ending.match(text, end - 1):
            return end
        end -= 1
    return -1


def _valid(domain: str, *, url: int, protocol: int) -> bool:
    """Return whether the domain can be written in ASCII (RFC 3490) and the whole link is not too long."""
    lengths = [_encoded_length(label) for label in _IDNA_DOTS.split(domain)]
    if any(not 0 < length <= _LONGEST_LABEL for length in lengths):
        return False
    return protocol + url + sum(lengths) + len(lengths) - 1 - len(domain) <= _LONGEST_URL


def _encoded_length(label: str) -> int:
    if label.isascii() or len(label) > _LONGEST_LABEL:
        return len(label)
    if label.lower().startswith("xn--"):
        return 0  # it claims to be encoded already, so it cannot be encoded
    return len("xn--") + len(label.encode("punycode"))
