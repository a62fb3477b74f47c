"""Where a text may lead: the city's own domains and nowhere else, however the address is disguised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from broadcaster.model import Problem
from broadcaster.ports.world import City
from broadcaster.rules.checks.domains import COUNTRY, GENERIC, SHORTENERS
from broadcaster.rules.checks.texts import Field

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]{0,20}):[/\\]+([^\s<>\"'「」『』（）【】、]*)", re.IGNORECASE)
_ACTIVE = re.compile(r"\b(javascript|data|vbscript|file|intent|blob):\S", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w.-])([\w-]+(?:\.[\w-]+)+)(?:[/?#][^\s<>「」『』（）【】、]*)?")
_HOST = re.compile(r"[a-z0-9.-]+")
_LATIN = "abcdefghijklmnopqrstuvwxyz0123456789-"
_FULL_STOP = re.compile(r"(?<=[a-z0-9-])[。｡](?=[a-z0-9])", re.IGNORECASE)
_JAPANESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_LOOKALIKE = re.compile(r"[a-z0-9\u0370-\u052f-]+")
"""Latin, Greek and Cyrillic: the scripts that pass for one another."""
_ENDING = "/.,;:!?)]}>*…・"
_SHOWN = 100


def problems(texts: Iterable[Field], city: City) -> Iterator[Problem]:
    """Yield each host, once a field, that is not the city's."""
    allowed = frozenset({*city.domains, (urlsplit(city.public_url).hostname or "")}) - {""}
    for field in texts:
        if field.name in ("language", "geocode", "channel") or not _may_hold(field.text):
            continue
        text = _plain(field.text)
        for found in _ACTIVE.finditer(text):
            yield Problem(code="link_scheme", place=field.place, params={"scheme": found[1]})
        for host in dict.fromkeys(hosts(text)):
            if not _is_allowed(host, allowed):
                yield _foreign(host, field.place, allowed)


def _may_hold(text: str) -> bool:
    return any(mark in text for mark in ".:。｡．：")


def _plain(text: str) -> str:
    """Return the text with dots and letters as an address reader takes them (RFC 3490, 3.1; UTS 46)."""
    return _FULL_STOP.sub(".", unicodedata.normalize("NFKC", text))


def hosts(text: str) -> Iterator[str]:
    """Yield every host that a reader, a phone or a network may make a link of, also without a scheme, or after an @."""
    rest = text
    for found in _ADDRESS.finditer(text):
        yield host_of(found[2])
        rest = rest.replace(found[0], " ", 1)
    for found in _BARE.finditer(rest):
        mailbox = rest[found.end(1) : found.end(1) + 1] == "@"
        if not mailbox and (host := _bare(found[1].casefold().split("."))):
            yield host


def host_of(address: str) -> str:
    """Return the host a browser goes to; what it may get wrong (user names, back-slashes) is kept in it."""
    authority = re.split(r"[/\\?#]", address, maxsplit=1)[0].casefold()
    host = re.sub(r":[0-9]*$", "", authority)
    if (cut := _JAPANESE.search(host)) and cut.start():
        host = host[: cut.start()]  # the sentence goes on: `https://city.example.jpをご覧ください`
    return host.strip(_ENDING)


def _bare(labels: list[str]) -> str:
    """Return the longest run of labels that ends like a host, else nothing. Sentences may stand around it unspaced."""
    for last in range(len(labels) - 1, 0, -1):
        rest = labels[last].lstrip(_LATIN)
        top, followed = labels[last].removesuffix(rest), rest[:1]
        if top in COUNTRY or top in GENERIC or top.startswith("xn--"):
            if followed == "" or _JAPANESE.match(followed):
                return _named([*labels[:last], top])
        elif followed and all(_LOOKALIKE.fullmatch(label) for label in labels[last - 1 : last + 1]):
            return _named(labels[: last + 1])
    return ""


def _named(labels: list[str]) -> str:
    """Return the host, without the words that stand before it; nothing if what is named is a number (`10.am`)."""
    before, *rest = labels
    first = re.split(_JAPANESE, before)[-1] or before
    named = ".".join([first, *rest])
    return named if any(char.isalpha() for char in [first, *rest][-2]) else ""


def _is_allowed(host: str, allowed: frozenset[str]) -> bool:
    return bool(_HOST.fullmatch(host)) and not _within(host, SHORTENERS) and _within(host, allowed)


def _within(host: str, domains: Iterable[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _foreign(host: str, place: str, allowed: frozenset[str]) -> Problem:
    params = {"host": shown(host)[:_SHOWN], "allowed": ", ".join(sorted(allowed))}
    return Problem(code="link_shortener" if _within(host, SHORTENERS) else "link_foreign", place=place, params=params)


def shown(host: str) -> str:
    """Return the host so that two that look alike are told apart: what passes for Latin as its code points."""
    return "".join(
        f"[U+{ord(char):04X}]" if _LOOKALIKE.fullmatch(char) and not char.isascii() else char for char in host
    )
