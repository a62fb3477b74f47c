"""Where a text may lead: the city's own domains and nowhere else, however the address is disguised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from broadcaster.model import Problem
from broadcaster.ports.world import City
from broadcaster.rules.checks.domains import COUNTRY, CYRILLIC_OR_GREEK, GENERIC, SHORTENERS
from broadcaster.rules.checks.lookalikes import SEEN_AS
from broadcaster.rules.checks.texts import Field

_PATH = "(?:[/?][a-z0-9/?#%&=+,;:.~_!$*@-]*)?"
"""RFC 3986, 3.3 to 3.5, without brackets and quotation marks: with these, readers of addresses stop."""
_ADDRESS = re.compile(rf"([a-z][a-z0-9+.-]{{0,20}}):[/\\]+([^\s<>\"'/\\?#]*){_PATH}")
_ACTIVE = re.compile(r"\b(javascript|data|vbscript|file|intent|blob):\S", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\w-])[\w-]+(?:\.[\w-]+)+(?=(?P<path>{_PATH}))")
_MAILBOX = re.compile(r"(?<![\w.+-])[a-z0-9_.+-]+(?<!\.)@(?=[\w-]+\.\w)")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_PORT = re.compile(r":[0-9]*$")
_FULL_STOP = re.compile(r"(?<=[a-z0-9-])。(?=[a-z0-9])", re.IGNORECASE)
_WORDS = r"[^\x00-\u052f]"
"""What no address is written with: beyond Latin, Greek and Cyrillic."""
_GOES_ON = re.compile(rf"(?<=[!-~])(?<!://)(?={_WORDS})")
"""Where an address is over and its sentence goes on without a space."""
_GREEK_OR_CYRILLIC = re.compile(r"[\u0370-\u052f]")
"""The scripts that pass for Latin."""
_BEHIND = re.compile(r"[^a-z0-9-].*")
_ENDING = ".,;:!([{)]}*"
_SHOWN = 100
_CODES = frozenset({"language", "geocode", "channel"})


def problems(texts: Iterable[Field], city: City) -> Iterator[Problem]:
    """Yield each host, once a field, that is not the city's."""
    allowed = frozenset(filter(None, (*city.domains, urlsplit(city.public_url).hostname)))
    for field in texts:
        if field.name in _CODES:
            continue
        text = _plain(field.text)  # some readers of addresses take the letters as they are, others like this
        for found in _ACTIVE.finditer(text):
            yield Problem(code="link_scheme", place=field.place, params={"scheme": found[1]})
        for host in dict.fromkeys((*hosts(field.text), *hosts(text))):
            if not _is_allowed(host, allowed):
                yield _foreign(host, field.place, allowed)


def _plain(text: str) -> str:
    """Return the text with dots and letters as an address reader takes them (RFC 3490, 3.1; UTS 46)."""
    return _FULL_STOP.sub(".", unicodedata.normalize("NFKC", text))


def hosts(text: str) -> Iterator[str]:
    """Yield every host that a reader, a phone or a network may make a link of, also without a scheme, or after an @."""
    text = _GOES_ON.sub(" ", text).casefold()
    for found in _ADDRESS.finditer(text):
        yield _PORT.sub("", found[2]).rstrip(_ENDING)
    yield from _without_scheme(_MAILBOX.sub("@", _ADDRESS.sub(r"\1 ", text)))


def _without_scheme(text: str) -> Iterator[str]:
    """Yield the hosts that stand bare. What follows one as its path is no host; what follows `3.11/` may be one."""
    while found := _BARE.search(text):
        at = found.end()
        if host := _bare(found[0].split(".")):
            yield host
            at = found.end("path") if found[0].endswith(host) else at
        text = text[at:]


def _bare(labels: list[str]) -> str:
    """Return the longest run of labels that ends like a host, else nothing. Letters of a word may follow its end."""
    for last in range(len(labels) - 1, 0, -1):
        for end in (_BEHIND.sub("", labels[last]), labels[last]):
            if _is_end(end):
                return _named([*labels[:last], end])
    return ""


def _is_end(label: str) -> bool:
    seen = label.translate(SEEN_AS)
    return seen in COUNTRY or seen in GENERIC or label in CYRILLIC_OR_GREEK or seen.startswith("xn--")


def _named(labels: list[str]) -> str:
    """Return the host, without the words that stand before it; nothing if what is named is a number (`10.am`)."""
    before, *rest = labels
    first = re.split(_WORDS, before)[-1] or before
    named = [first, *rest]
    return ".".join(named) if any(char.isalpha() for char in named[-2]) else ""


def _is_allowed(host: str, allowed: frozenset[str]) -> bool:
    return bool(_HOST.fullmatch(host)) and not _within(host, SHORTENERS) and _within(host, allowed)


def _within(host: str, domains: Iterable[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _foreign(host: str, place: str, allowed: frozenset[str]) -> Problem:
    params = {"host": shown(host)[:_SHOWN], "allowed": ", ".join(sorted(allowed))}
    return Problem(code="link_shortener" if _within(host, SHORTENERS) else "link_foreign", place=place, params=params)


def shown(host: str) -> str:
    """Return the host so that two that look alike are told apart: what passes for Latin as its code points."""
    return _GREEK_OR_CYRILLIC.sub(lambda found: f"[U+{ord(found[0]):04X}]", host)
