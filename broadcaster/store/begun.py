"""Whom the runs under way have begun to serve: notes beside the store that outlive the process, though not the power.

A claim marks hundreds of recipients as started in one commit. Only those a connection was really busy with can have
the message when the process is killed, and they stand in the run's own file `STORE-begun-DELIVERY`: one line for each,
written before anything can reach the recipient, never synced. A killed process leaves such a file whole in the kernel's
memory; a power cut does not. So its head names the kernel's boot and the run, and its writer holds a lock on it, which
ends with the process. It is believed only where all that fits and no line is torn (docs/adr/0011); otherwise everybody
who was claimed is in doubt.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from broadcaster.errors import StoreError

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_GIVEN_UP = -1


@dataclass(frozen=True, slots=True)
class Run:
    """One start of a bulk delivery."""

    delivery: int
    epoch: int
    attempt: int


class Begun:
    """The notes of a store's runs under way. To be used from one thread; but `read` may be called from any, and `open`
    from the writer's before the run is handed out.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._boot = _boot()
        self._runs: dict[int, tuple[Run, int]] = {}

    def open(self, run: Run) -> None:
        """Begin the notes of a run, unless it has some; to be called before anybody is claimed. Where they cannot be
        kept the run goes on without: everybody claimed will be in doubt.
        """
        if self._runs.get(run.delivery, (None,))[0] == run:
            return
        self.close(run.delivery)
        self._runs[run.delivery] = run, self._begin(run)

    def _begin(self, run: Run) -> int:
        if not self._boot:
            return _GIVEN_UP
        path = self._path(run.delivery)
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError:
            return _GIVEN_UP
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(file, self._head(run) + b"\n")
        except OSError:
            self._erase(path, file)
            return _GIVEN_UP
        return file

    def note(self, delivery: int, *recipients: int) -> None:
        """Note, in one write, that these recipients may have it from now on. On a full disk the notes are given up.
        Raise `StoreError` where even that cannot be: then nothing may be begun.
        """
        run = self._runs.get(delivery)
        if run is None or run[1] == _GIVEN_UP:
            return
        try:
            _write(run[1], b"%d\n" * len(recipients) % recipients)
        except OSError:
            self.give_up(delivery)

    def give_up(self, delivery: int) -> None:
        """Keep no notes of this run any more: everybody claimed will be in doubt. Raise `StoreError` if they remain."""
        run, file = self._runs.get(delivery, (None, _GIVEN_UP))
        if run is not None and file != _GIVEN_UP:
            self._erase(self._path(delivery), file)
            self._runs[delivery] = run, _GIVEN_UP

    def close(self, delivery: int) -> None:
        """Throw away the notes of a run that is over: everybody it claimed is answered for."""
        with suppress(StoreError):
            self.give_up(delivery)
        self._runs.pop(delivery, None)

    def leave(self) -> None:
        """Let go of all files and leave them as they are: their runs were cut off."""
        for _, file in self._runs.values():
            if file != _GIVEN_UP:
                os.close(file)
        self._runs.clear()

    def read(self, run: Run) -> frozenset[int] | None:
        """Return whom a run of a dead process had begun; None where that is not known for certain."""
        try:
            with self._path(run.delivery).open("rb+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused: its writer lives, and may go on
                head, *lines = file.read().split(b"\n")
        except OSError:
            return None
        torn = not lines or lines.pop() or not all(line.isdigit() for line in lines)
        return None if torn or not self._boot or head != self._head(run) else frozenset(map(int, lines))

    def sweep(self) -> None:
        """Remove what dead processes have left, once it is of no use any more."""
        for path in self._store.parent.glob(f"{self._store.name}-begun-*"):
            with suppress(OSError), path.open("rb+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()

    def _path(self, delivery: int) -> Path:
        return self._store.with_name(f"{self._store.name}-begun-{delivery}")

    def _head(self, run: Run) -> bytes:
        return f"begun 1 {self._boot} {run.epoch} {run.delivery} {run.attempt}".encode("ascii")

    def _erase(self, path: Path, file: int) -> None:
        """Empty it first: an empty file is torn, whatever becomes of its name."""
        emptied = gone = False
        with suppress(OSError):
            os.ftruncate(file, 0)
            emptied = True
        with suppress(OSError):
            path.unlink(missing_ok=True)
            gone = True
        if not (emptied or gone):
            raise StoreError("store_unopenable", path=str(path), cause="begun")
        os.close(file)


def _write(file: int, line: bytes) -> None:
    """Raise `OSError` also where the disk took only a part."""
    if os.write(file, line) != len(line):
        raise OSError("short write")


def _boot() -> str:
    """Return what this run of the kernel is called; empty where that is not told, and then no notes are believed."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
