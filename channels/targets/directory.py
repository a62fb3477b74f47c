"""A local directory as a publishing target: a whole edition appears at once, or nothing changes.

`public` is a symbolic link. Beside it stands `public.editions/` with one directory per edition (the last few
are kept, so that whoever is still reading one can finish). Publishing writes a new directory, syncs every file and the
directories, and then renames a new link over the old one (docs/delivery.md: write temp, fsync, rename, fsync
directory).
Any web server can hand out `public/`; it never sees half an edition, and never one edition's page with another's
manifest.

What an edition says of itself stands in its `edition.json`: see `Manifest`.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from broadcaster.errors import DeliveryError, Reason
from broadcaster.failpoints import hit

MANIFEST = "edition.json"
_KEPT = 3
_SYNCING = 8
"""Files synced at once."""
_NEW = "new"


class Manifest(BaseModel):
    """What `edition.json` says. `files` maps each path to the SHA-256 of its bytes, compressed copies included;
    `main` is the file that residents come for; `style` the hash for a Content-Security-Policy, if pages have a style.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    format: Literal[1] = 1
    channel: str
    mode: str
    number: int
    issued_at: str
    main: str
    style: str = ""
    files: Mapping[str, str]

    @property
    def ref(self) -> str:
        """Number and fingerprint, e.g. `42-9f86d081884c7d65`: the receipt's reference."""
        listing = json.dumps(dict(sorted(self.files.items()))).encode()
        return f"{self.number}-{sha256(listing).hexdigest()[:16]}"

    def dump(self) -> bytes:
        """Return the bytes of `edition.json`."""
        return self.model_dump_json(indent=1).encode() + b"\n"

    @classmethod
    def load(cls, data: bytes) -> Manifest:
        """Read `edition.json`. Raise `ValueError` if it is not one that we understand."""
        return cls.model_validate_json(data)


class Directory:
    """One local directory that holds the newest edition of one channel."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._editions = self.path.with_name(self.path.name + ".editions")

    def held(self) -> Manifest | None:
        """Return what residents get now, or None where nothing readable is."""
        with suppress(OSError, ValueError):
            return Manifest.load((self.path / MANIFEST).read_bytes())
        return None

    def put(self, manifest: Manifest, files: Mapping[str, bytes]) -> Manifest:
        """Publish, and return what the directory holds afterwards: a higher edition that is there already wins.

        Raise `DeliveryError` (target, not sent) where it cannot be written; the last edition stays.
        """
        hit("p0")
        try:
            with self._locked():
                held = self._allowed(manifest)
                if held and (held.number > manifest.number or held.ref == manifest.ref):
                    return held
                self._switch(self._write(manifest, files), manifest)
                self._tidy()
                return manifest
        except OSError as error:
            raise _unwritable(error) from error

    def check(self) -> None:
        """Raise `DeliveryError` if an edition could not be written here."""
        try:
            with self._locked():
                probe = self._editions / "probe"
                _write(probe, b"probe")
                probe.unlink()
                self._make_way()
        except OSError as error:
            raise _unwritable(error) from error

    @contextmanager
    def _locked(self) -> Generator[None]:
        """Hold off every other writer, in this process (a thread that was given up) or another."""
        _mkdir(self._editions)
        handle = os.open(self._editions / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _allowed(self, manifest: Manifest) -> Manifest | None:
        held = self.held()
        if held and (held.mode, held.channel) != (manifest.mode, manifest.channel):
            detail = f"{self.path} holds {held.channel} of a {held.mode} instance"
            raise DeliveryError(Reason.TARGET, maybe_sent=False, detail=detail)
        return held

    def _write(self, manifest: Manifest, files: Mapping[str, bytes]) -> Path:
        """Write a whole edition aside, synced, and return its place."""
        new, place = self._editions / _NEW, self._editions / manifest.ref
        shutil.rmtree(new, ignore_errors=True)
        try:
            self._fill(new, {**files, MANIFEST: manifest.dump()})
            hit("p1")
            _sync_tree(new)
            shutil.rmtree(place, ignore_errors=True)
            new.rename(place)
            _sync(self._editions)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)  # gives back the space it took
            raise
        return place

    def _fill(self, new: Path, files: Mapping[str, bytes]) -> None:
        _mkdir(new)
        for name, data in files.items():
            place = new / name
            _mkdir(place.parent)
            if not _linked(self.path / name, place, data):
                _write(place, data)

    def _switch(self, place: Path, manifest: Manifest) -> None:
        """Let the public name point to the new edition, in one step."""
        link = self._editions / f"link-{manifest.ref}"
        with suppress(FileNotFoundError):
            link.unlink()
        link.symlink_to(os.path.relpath(place, self.path.parent))
        self._make_way()
        hit("p2")
        link.replace(self.path)
        hit("p3")
        _sync(self.path.parent)

    def _make_way(self) -> None:
        """Remove an empty directory made by hand. Anything else in the way is somebody's, and refused."""
        if self.path.exists() and not self.path.is_symlink():
            self.path.rmdir()

    def _tidy(self) -> None:
        """Remove all but the last few editions; failing at that harms nobody."""
        with suppress(OSError):
            editions = sorted((path for path in self._editions.iterdir() if path.is_dir()), key=_age, reverse=True)
            current = self.path.resolve()
            for path in [path for path in editions if path != current][_KEPT - 1 :]:
                shutil.rmtree(path, ignore_errors=True)


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _linked(old: Path, new: Path, data: bytes) -> bool:
    """Take over a file of the last edition that is the same to the byte: most of them are, and it saves a sync."""
    try:
        if old.stat().st_size != len(data) or old.read_bytes() != data:
            return False
        os.link(old, new)
    except OSError:
        return False
    return True


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), 0o644)  # for everybody, whatever umask the service runs under


def _mkdir(path: Path) -> None:
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)


def _sync_tree(root: Path) -> None:
    """Files first, many at once: a journal takes those that wait together in one go. Then the directories."""
    files = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
    with ThreadPoolExecutor(_SYNCING) as threads:
        for _ in threads.map(_sync, files):
            pass  # raises what a sync raised
    for folder, _, _ in os.walk(root, topdown=False):
        _sync(Path(folder))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(error: OSError) -> DeliveryError:
    name = errno.errorcode.get(error.errno or 0, "OSError")
    return DeliveryError(Reason.TARGET, maybe_sent=False, detail=f"{name}: {error.strerror} ({error.filename})")
