"""A local directory as a publishing target: a whole edition appears at once, or nothing changes.

`public` is a symbolic link. Beside it stands `public.editions/` with one directory per edition (the last few
are kept, so that whoever is still reading one can finish). Publishing writes a new directory, syncs every file
that is new and the directories, and then renames a new link over the old one (docs/delivery.md: write temp, fsync,
rename, fsync directory).
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
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
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
    audit: str = ""
    """Where the audit chain stood, as `number:hash`: kept by whoever has a copy, it shows a chain written anew."""
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
            fresh = self._fill(new, {**files, MANIFEST: manifest.dump()})
            hit("p1")
            _sync_all(new, fresh)
            shutil.rmtree(place, ignore_errors=True)
            new.rename(place)
            _sync(self._editions)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)  # gives back the space it took
            raise
        return place

    def _fill(self, new: Path, files: Mapping[str, bytes]) -> list[Path]:
        """Put every file there; return those that are new. What is as in the last edition is only linked."""
        written: dict[str, _Written] = {}
        fresh: list[Path] = []
        for folder in {(new / name).parent for name in files}:
            _mkdir(folder)
        for name, data in files.items():
            if known := self._linked(name, f"{new}/{name}", data):
                written[name] = known
            else:
                fresh.append(new / name)
                written[name] = _Written(data, _write(new / name, data))
        self._written = written
        return fresh

    def _linked(self, name: str, new: str, data: bytes) -> _Written | None:
        """Take over a file of the last edition that is the same to the byte: most of them are, and it saves a sync."""
        old, known = f"{self.path}/{name}", self._written.get(name)
        try:
            if known is None:
                known = _found(old)
            elif _mark(os.stat(old)) != known.mark:  # noqa: PTH116 (a hundred of them, and a Path costs more than the call)
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


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _mark(told: os.stat_result) -> tuple[int, int, int]:
    return told.st_ino, told.st_size, told.st_mtime_ns


def _found(path: str) -> _Written:
    """Read a file of an edition that this process did not write."""
    with open(path, "rb") as file:  # noqa: PTH123 (see above)
        return _Written(file.read(), _mark(os.fstat(file.fileno())))


def _write(path: Path, data: bytes) -> tuple[int, int, int]:
    with path.open("wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), 0o644)  # for everybody, whatever umask the service runs under
        file.flush()
        return _mark(os.fstat(file.fileno()))


def _mkdir(path: Path) -> None:
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)


def _sync_all(root: Path, files: Sequence[Path]) -> None:
    """Sync files, then all directories. The kernel is told to begin writing each before the first is waited for: then
    one commit of the journal takes them all, in a third of the time. DONTNEED starts that; what is not on disk yet is
    not dropped from memory by it.
    """
    for start in range(0, len(files), _SYNCING):
        with ExitStack() as opened:
            handles = [_opened(opened, path) for path in files[start : start + _SYNCING]]
            for handle in handles:
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            for handle in handles:
                os.fsync(handle)
    for folder, _, _ in os.walk(root, topdown=False):
        _sync(Path(folder))


def _opened(opened: ExitStack, path: Path) -> int:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    opened.callback(os.close, handle)
    return handle


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(error: OSError) -> DeliveryError:
    name = errno.errorcode.get(error.errno or 0, "OSError")
    return DeliveryError(Reason.TARGET, maybe_sent=False, detail=f"{name}: {error.strerror} ({error.filename})")
