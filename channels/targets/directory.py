"""A local directory as a publishing target: a whole edition appears at once, or nothing changes.

`public` is a symbolic link. Beside it stands `public.editions/` with one directory per edition (the last few
are kept, so that whoever is still reading one can finish). Publishing writes a new directory, syncs every file
that is new and the directories, and then renames a new link over the old one (docs/delivery.md: write temp, fsync,
rename, fsync directory). The new directory is made of the oldest one that is kept: of hundreds of files in it a few
differ, and to link all and remove all again for each edition would take longer than everything else.
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
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from broadcaster.errors import DeliveryError, Reason
from broadcaster.failpoints import hit

MANIFEST = "edition.json"
_KEPT = 3
_SYNCING = 64
"""Files synced together: each is open meanwhile."""
_NEW = "new"


class Manifest(BaseModel):
    """What `edition.json` says. `files` maps each path to the SHA-256 of its bytes; compressed copies may lie beside;
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
    audit: str = ""
    """Where the audit chain stood, as `number:hash`: kept by whoever has a copy, it shows a chain written anew."""
    files: Mapping[str, str]

    @cached_property
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


@dataclass(frozen=True, slots=True)
class _Written:
    """A file as this process wrote it: whoever changes it leaves another `mark`."""

    data: bytes
    mark: tuple[int, int, int]


class Directory:
    """One local directory that holds the newest edition of one channel."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._editions = self.path.with_name(self.path.name + ".editions")
        self._written: dict[str, _Written] = {}
        self._kept: dict[str, dict[str, _Written]] = {}
        """Editions that this process wrote and that should still be there, by `ref`, the oldest first."""

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
                return manifest
        except OSError as error:
            raise _unwritable(error) from error

    def add(self, manifest: Manifest, files: Mapping[str, bytes]) -> None:
        """Put files beside an edition that it is whole without, such as compressed copies. Each appears whole. Nothing
        is done where residents get another edition by now; failing at it harms nobody.
        """
        with suppress(OSError), self._locked():
            held = self.held() if files else None
            if held and held.ref == manifest.ref:
                self._add(self.path.resolve(), files)

    def _add(self, place: Path, files: Mapping[str, bytes]) -> None:
        new, fresh = self._editions / _NEW, _Fresh()
        shutil.rmtree(new, ignore_errors=True)
        _mkdir(new)
        try:
            written = {name: _Written(data, fresh.write(f"{new}/{_flat(name)}", data)) for name, data in files.items()}
            fresh.sync()
            hit("p4")
            for name in files:
                os.rename(f"{new}/{_flat(name)}", f"{place}/{name}")  # noqa: PTH104 (see _has)
            for folder in {name.rpartition("/")[0] for name in files}:
                _sync(place / folder)
        finally:
            fresh.close()
            shutil.rmtree(new, ignore_errors=True)
        self._kept.get(place.name, {}).update(written)

    def tidy(self) -> None:
        """Remove all but the last few editions; failing at that harms nobody. Nobody waits for it either."""
        with suppress(OSError), self._locked():
            editions = sorted((path for path in self._editions.iterdir() if path.is_dir()), key=_age, reverse=True)
            current = self.path.resolve()
            for path in [path for path in editions if path != current][_KEPT - 1 :]:
                shutil.rmtree(path, ignore_errors=True)

    def check(self) -> None:
        """Raise `DeliveryError` if an edition could not be written here."""
        try:
            with self._locked():
                probe = self._editions / "probe"
                probe.write_bytes(b"probe")
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
        folders = {name.rpartition("/")[0] for name in files} | {""}
        fresh = _Fresh()
        try:
            there = self._take_up(new, folders)
            self._fill(f"{new}/", {**files, MANIFEST: manifest.dump()}, there, fresh)
            hit("p1")
            fresh.sync()
            for folder in sorted(folders, reverse=True):
                _sync(new / folder)
            shutil.rmtree(place, ignore_errors=True)
            new.rename(place)
            _sync(self._editions)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)  # gives back the space it took
            raise
        finally:
            fresh.close()
        self._kept.pop(place.name, None)
        self._kept[place.name] = self._written
        for forgotten in tuple(self._kept)[:-_KEPT]:
            del self._kept[forgotten]
        return place

    def _take_up(self, new: Path, folders: Iterable[str]) -> dict[str, _Written]:
        """Make a directory, of an edition that need not be kept if there is one, and return what lies there already.
        One that somebody has changed, or put something into, is of no use.
        """
        there: dict[str, _Written] = {}
        oldest = next(iter(self._kept), "")
        if len(self._kept) >= _KEPT and oldest != self.path.resolve().name:
            there = self._kept.pop(oldest)
            with suppress(FileNotFoundError):
                (self._editions / oldest).rename(new)
        if not _holds(str(new), there):
            shutil.rmtree(new, ignore_errors=True)
            there = {}
        for folder in sorted(folders):
            _mkdir(new / folder)
        return there

    def _fill(self, new: str, files: Mapping[str, bytes], there: Mapping[str, _Written], fresh: _Fresh) -> None:
        """Put every file there. What is as in the edition before is only linked, what is as it lies there stays."""
        written: dict[str, _Written] = {}
        for name in there.keys() - files.keys():
            os.unlink(new + name)  # noqa: PTH108 (see _has)
        for name, data in files.items():
            known = there.get(name)
            if known is None or known.data != data:
                if known is not None:
                    os.unlink(new + name)  # noqa: PTH108 (see _has)
                known = self._linked(name, new + name, data) or _Written(data, fresh.write(new + name, data))
            written[name] = known
        self._written = written

    def _linked(self, name: str, new: str, data: bytes) -> _Written | None:
        """Take over a file of the last edition that is the same to the byte: most of them are, and it saves a sync."""
        old, known = f"{self.path}/{name}", self._written.get(name)
        try:
            if known is None:
                known = _found(old)
            elif known.data != data or not _has(old, known):
                return None
            if known.data != data:
                return None
            os.link(old, new)
        except OSError:
            return None
        return known

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


def _flat(name: str) -> str:
    return name.replace("/", "\n")  # in no name of ours


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _mark(told: os.stat_result) -> tuple[int, int, int]:
    return told.st_ino, told.st_size, told.st_mtime_ns


def _has(path: str, known: _Written) -> bool:
    """Whether a file is there as this process wrote it."""
    try:
        return _mark(os.stat(path)) == known.mark  # noqa: PTH116 (hundreds of them, and a Path costs more than the call)
    except OSError:
        return False


def _holds(place: str, files: Mapping[str, _Written]) -> bool:
    """Whether a directory holds these files as this process wrote them, and nothing else."""
    found: set[str] = set()
    for folder, folders, names in os.walk(place):
        inside = folder[len(place) + 1 :]
        found.update(f"{inside}/{name}".lstrip("/") for name in (*folders, *names))
    expected = files.keys() | {name.rpartition("/")[0] for name in files} - {""}
    return found == expected and all(_has(f"{place}/{name}", known) for name, known in files.items())


def _found(path: str) -> _Written:
    """Read a file of an edition that this process did not write."""
    with open(path, "rb") as file:  # noqa: PTH123 (see above)
        return _Written(file.read(), _mark(os.fstat(file.fileno())))


class _Fresh:
    """New files on their way to the disk. The kernel is told to begin writing each as soon as it is there, and all are
    waited for together: then one commit of the journal takes them all, in a third of the time. DONTNEED starts that;
    what is not on disk yet is not dropped from memory by it.
    """

    def __init__(self) -> None:
        self._open: list[int] = []

    def write(self, path: str, data: bytes) -> tuple[int, int, int]:
        """Write a file that is not there yet, and return its mark."""
        if len(self._open) >= _SYNCING:
            self.sync()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._open.append(handle)
        os.fchmod(handle, 0o644)  # for everybody, whatever umask the service runs under
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        return _mark(os.fstat(handle))

    def sync(self) -> None:
        """Wait until all of them are on the disk."""
        for handle in self._open:
            os.fsync(handle)
        self.close()

    def close(self) -> None:
        """Let go of them."""
        while self._open:
            os.close(self._open.pop())


def _mkdir(path: Path) -> None:
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(error: OSError) -> DeliveryError:
    name = errno.errorcode.get(error.errno or 0, "OSError")
    return DeliveryError(Reason.TARGET, maybe_sent=False, detail=f"{name}: {error.strerror} ({error.filename})")
