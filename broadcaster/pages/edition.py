"""Editions as they lie on disk: read whole, verified against their manifest, or not taken at all.

A root is a directory whose `edition.json` lists every file with the SHA-256 of its bytes (`channels.targets.directory`
writes it). Channels are not for this room to import, so it reads the format by itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import cast

MANIFEST = "edition.json"
_FORMAT = 1
_LARGEST = 256 * 1024 * 1024
"""All files of one edition together. More is not an edition of ours, and would not fit into memory."""

Stamp = tuple[int, int, int, int]


class BrokenEdition(Exception):
    """What lies there is not a complete edition; the one in memory stays. Carries why, and which file."""

    def __init__(self, why: str, file: str = "") -> None:
        super().__init__(why, file)
        self.why, self.file = why, file


@dataclass(frozen=True, slots=True)
class File:
    """One file's bytes, their SHA-256 in hexadecimal, and when it was last changed (Unix seconds)."""

    data: bytes
    digest: str
    modified: float


@dataclass(frozen=True, slots=True)
class Edition:
    """One complete, verified edition. `style` is the hash its pages' only style sheet is allowed by, or empty."""

    number: int
    style: str
    files: Mapping[str, File]


_NOTHING: Mapping[str, File] = MappingProxyType({})


def stamp(directory: Path) -> Stamp | None:
    """Return what changes whenever a new edition arrives, or None where there is none (yet)."""
    try:
        found = (directory / MANIFEST).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def read(directory: Path, known: Mapping[str, File] = _NOTHING) -> Edition:
    """Return the edition in `directory`. Raise `BrokenEdition` unless every file is there and is what it should be.

    The link is resolved once, so that a switch in the middle cannot mix two editions. `known` are the files of the
    edition before, verified then: what the manifest says to be the same to the byte is not read again.
    """
    try:
        place = directory.resolve(strict=True)
        manifest = _file(place / MANIFEST)
        number, style, digests = _parsed(manifest.data)
        files, total = {MANIFEST: manifest}, 0
        for name, digest in digests.items():
            held = known.get(name)
            files[name] = held if held and held.digest == digest else _verified(place, name, digest)
            total += len(files[name].data)
            if total > _LARGEST:
                raise BrokenEdition("too large")
    except OSError as error:
        raise BrokenEdition(error.strerror or "unreadable", str(error.filename)) from error
    return Edition(number, style, files)


def _file(path: Path) -> File:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if status.st_size > _LARGEST:
            raise BrokenEdition("too large", path.name)
        data = file.read()
    return File(data, sha256(data).hexdigest(), status.st_mtime)


def _verified(place: Path, name: str, digest: str) -> File:
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or any(part in ("", ".", "..") for part in parts):
        raise BrokenEdition("a path that leaves the edition", name)
    file = _file(place / name)
    if file.digest != digest:
        raise BrokenEdition("not what the manifest says", name)
    return file


def _parsed(data: bytes) -> tuple[int, str, Mapping[str, str]]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BrokenEdition("the manifest is not JSON", MANIFEST) from error
    values = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    number, style, files = values.get("number"), values.get("style", ""), values.get("files")
    if values.get("format") != _FORMAT or not isinstance(number, int) or not isinstance(style, str):
        raise BrokenEdition("the manifest is of another kind", MANIFEST)
    listed = cast("dict[str, object]", files) if isinstance(files, dict) else {}
    digests = {name: digest for name, digest in listed.items() if isinstance(digest, str)}
    if not digests or len(digests) != len(listed):
        raise BrokenEdition("the manifest lists no files", MANIFEST)
    return number, style, digests
