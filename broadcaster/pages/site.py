"""Responses prepared whole: everything that does not change from request to request is made when an edition arrives."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass

import brotli  # pyright: ignore[reportMissingTypeStubs]

from broadcaster.pages.edition import MANIFEST, Edition, File
from broadcaster.pages.headers import codings, content_type, http_date, matches, security

_SUFFIXES = {b"gzip": ".gz", b"br": ".br"}
_WORTH = 256
"""Smaller files are sent as they are: a packet is a packet."""
_STRONG_S = 60
"""Last-Modified can be trusted to tell versions apart only when it is that long ago (RFC 9110, 8.8.2.2)."""

OK = b"HTTP/1.1 200 OK\r\n"
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\n"
MOVED = b"HTTP/1.1 301 Moved Permanently\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\n"
UNACCEPTABLE = b"HTTP/1.1 406 Not Acceptable\r\n"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status line, the headers after Date (with the empty line), and the body."""

    status: bytes
    head: bytes
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Question:
    """What of a request matters for the answer."""

    accept_encoding: bytes | None = None
    if_none_match: bytes | None = None
    if_modified_since: bytes | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """One file in one coding: as a whole answer, and as `304`."""

    etag: bytes
    whole: Answer
    unchanged: Answer


@dataclass(frozen=True, slots=True)
class Resource:
    """One path. `key` tells whether the next edition can take it over as it is."""

    key: tuple[str, ...]
    modified: float
    variants: Mapping[bytes, Variant]

    def answer(self, question: Question, now: float) -> Answer:
        """Return the best coding the client takes, or that it has it already."""
        for coding in codings(question.accept_encoding):
            if variant := self.variants.get(coding):
                return variant.unchanged if self._known(variant, question, now) else variant.whole
        return plain(UNACCEPTABLE)

    def _known(self, variant: Variant, question: Question, now: float) -> bool:
        if question.if_none_match is not None:
            return matches(question.if_none_match, variant.etag)
        since = question.if_modified_since
        if since is None or now - self.modified <= _STRONG_S:
            return False
        return since == http_date(self.modified).encode()


@dataclass(frozen=True, slots=True)
class Site:
    """All that is served at one moment. Swapped as one reference: an answer is wholly of one site or of the other."""

    resources: Mapping[str, Resource]
    moved: Mapping[str, Answer]
    missing: Answer
    waiting: Answer
    roots: tuple[tuple[str, bool], ...]
    """Prefixes, the longest first, and whether an edition of it is there."""

    def answer(self, path: str, question: Question, now: float) -> Answer:
        """Return the answer to GET."""
        resource = self.resources.get(path)
        if resource is not None:
            return resource.answer(question, now)
        return self.moved.get(path) or self._nothing(path)

    def _nothing(self, path: str) -> Answer:
        """A path of a root that has no edition yet may well exist later: come again."""
        ready = next((ready for prefix, ready in self.roots if path.startswith(prefix)), True)
        return self.missing if ready else self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Makes sites of editions."""

    max_age_s: int
    stale_s: int

    def part(self, prefix: str, edition: Edition, old: Mapping[str, Resource]) -> dict[str, Resource]:
        """Return an edition's resources by path. Unchanged ones are taken over from `old`, the part before."""
        made = dict[str, Resource]()
        for name, file in edition.files.items():
            if not _is_copy(name, edition):
                path = prefix + name
                made[path] = self._resource(path, file, edition, name, old.get(path))
        for path in [path for path in made if path.endswith("/index.html")]:
            made[path.removesuffix("index.html")] = made[path]
        return made

    def _resource(self, path: str, file: File, edition: Edition, name: str, old: Resource | None) -> Resource:
        copies = {coding: edition.files.get(name + suffix) for coding, suffix in _SUFFIXES.items()}
        key = (file.digest, edition.style, *(copy.digest if copy else "" for copy in copies.values()))
        if old is not None and old.key == key:
            return old
        kind = content_type(path, file.data)
        files = {b"identity": file, **_copies(file, copies, kind)}
        head = self._head(kind, file, edition.style, fresh=name != MANIFEST)
        return Resource(key, file.modified, {coding: _variant(coding, each, head) for coding, each in files.items()})

    def _head(self, kind: bytes, file: File, style: str, *, fresh: bool) -> bytes:
        """Return the headers common to all codings. The manifest serves those who verify: never from a cache."""
        kept = f"public, max-age={self.max_age_s}, stale-if-error={self.stale_s}" if fresh else "no-cache"
        return (
            f"Last-Modified: {http_date(file.modified)}\r\nCache-Control: {kept}\r\nVary: Accept-Encoding\r\n".encode()
            + security(style)
            + b"Content-Type: "
            + kind
            + b"\r\n"
        )


def plain(status: bytes, body: bytes = b"", kind: bytes = b"text/html; charset=utf-8", extra: bytes = b"") -> Answer:
    """Return an answer that nobody may keep."""
    head = extra + b"Cache-Control: no-store\r\n" + security("")
    if body:
        head += b"Content-Type: " + kind + b"\r\n"
    return Answer(status, head + b"Content-Length: %d\r\n\r\n" % len(body), body)


def assemble(parts: Mapping[str, Mapping[str, Resource]], missing: bytes, waiting: Answer) -> Site:
    """Return the site of all roots' parts, by prefix. A published `404.html` is shown for unknown paths."""
    roots = sorted(parts, key=len, reverse=True)
    resources = dict[str, Resource]()
    for prefix in reversed(roots):
        resources.update(parts[prefix])
    folders = (path for path in resources if path.endswith("/") and path != "/")
    moved = {path[:-1]: plain(MOVED, extra=b"Location: " + path.encode() + b"\r\n") for path in folders}
    page = _missing(resources.get("/404.html"), missing)
    return Site(resources, moved, page, waiting, tuple((prefix, bool(parts[prefix])) for prefix in roots))


def _missing(page: Resource | None, words: bytes) -> Answer:
    if page is None:
        return plain(NOT_FOUND, words)
    whole = page.variants[b"identity"].whole
    kept = (
        line for line in whole.head.split(b"\r\n") if not line.startswith((b"ETag:", b"Cache-Control:", b"Last-Mod"))
    )
    return Answer(NOT_FOUND, b"Cache-Control: no-store\r\n" + b"\r\n".join(kept), whole.body)


def _is_copy(name: str, edition: Edition) -> bool:
    return name.endswith(tuple(_SUFFIXES.values())) and name[:-3] in edition.files


def _copies(file: File, given: Mapping[bytes, File | None], kind: bytes) -> dict[bytes, File]:
    """Return the compressed forms that are smaller; those the publisher did not bring are made here."""
    worth = len(file.data) >= _WORTH and (kind.startswith((b"text/", b"application/")) or b"+xml" in kind)
    found = dict[bytes, File]()
    for coding, copy in given.items():
        one = copy or (_compressed(file, coding) if worth else None)
        if one and len(one.data) < len(file.data):
            found[coding] = one
    return found


def _compressed(file: File, coding: bytes) -> File:
    data: bytes = gzip.compress(file.data, 9, mtime=0) if coding == b"gzip" else _brotlied(file.data)
    return File(data, f"{file.digest}-{coding.decode()}", file.modified)


def _brotlied(data: bytes) -> bytes:
    """A window of 64 KB holds a whole page; with the usual 4 MB each file would take 30 ms, whatever its size."""
    brotlied: bytes = brotli.compress(data, quality=7, lgwin=16)
    return brotlied


def _variant(coding: bytes, file: File, head: bytes) -> Variant:
    etag = (
        b'"%s"' % file.digest[:32].encode()
        if coding == b"identity"
        else b'"%s-%s"' % (file.digest[:32].encode(), coding)
    )
    head = b"ETag: " + etag + b"\r\n" + head
    encoded = b"" if coding == b"identity" else b"Content-Encoding: " + coding + b"\r\n"
    whole = Answer(OK, head + encoded + b"Content-Length: %d\r\n\r\n" % len(file.data), file.data)
    return Variant(etag, whole, Answer(NOT_MODIFIED, head + b"\r\n"))
