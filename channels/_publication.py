"""What page and feeds share: publishing an edition into its directory, and reading it back where residents read it.

Only the renderer differs; it is handed in. Writing happens in a thread, since a slow disk must not hold up others. A
thread that was given up (timeout) harms nothing: the directory lets in one writer at a time and never goes back.
"""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import brotli  # pyright: ignore[reportMissingTypeStubs]

from broadcaster.errors import BroadcasterError, DeliveryError
from broadcaster.model import Edition, Mode, Receipt
from broadcaster.ports.channel import Finding, Holding
from broadcaster.ports.world import Context
from channels._kept import keeping
from channels._readback import Reader
from channels.targets.directory import MANIFEST, Directory, Manifest

TARGET = "local"
_RENDERING = threading.Lock()
"""Page and feeds render one after the other: both at once would take turns at the interpreter's own lock, a thousand
times, and both be done later. Writing waits for the disk, and goes on beside it.
"""


class Renderer(Protocol):
    """What differs between page and feeds."""

    def render(self, edition: Edition) -> Mapping[str, bytes]:
        """Return path -> content. Raise `RenderingError`."""
        ...

    def turn(self) -> None:
        """An edition is published: what was not needed for it may be forgotten (see `Kept`)."""
        ...


_BROTLI_QUALITY, _BROTLI_WINDOW = 7, 16
"""A page of 50 KB takes 0.4 ms at quality 7; 9 takes ten times as long and saves five octets, 11 a hundred times as
long and saves 4 %: an emergency should not wait for that. A window of 64 KB holds a whole page; with the usual 4 MB
each file would take 30 ms, whatever its size, and be no smaller.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Where a publication goes: `url` is the residents' address of `directory`, `main` what they come for."""

    name: str
    directory: Path
    url: str
    main: str
    style: str = ""
    unlisted: str = ""
    """The file of the newest test message, to which no link leads."""


@dataclass(frozen=True, slots=True)
class _Packed:
    """A file compressed."""

    zipped: bytes
    brotlied: bytes

    @classmethod
    def of(cls, data: bytes) -> _Packed:
        brotlied = brotli.compress(data, quality=_BROTLI_QUALITY, lgwin=_BROTLI_WINDOW)
        return cls(gzip.compress(data, 9, mtime=0), brotlied)

    def beside(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield the copies of a file of this name."""
        yield f"{name}.gz", self.zipped
        yield f"{name}.br", self.brotlied


class Publication:
    """A publisher (`broadcaster.ports.channel.Publisher`), a `Verifier` and a `Checker`."""

    def __init__(self, outlet: Outlet, renderer: Renderer, context: Context) -> None:
        self._outlet, self._renderer, self._context = outlet, renderer, context
        self._directory = Directory(outlet.directory)
        self._reader = Reader(context.egress)
        self._digests: Mapping[bytes, str] = {}
        self._packed: Mapping[bytes, _Packed] = {}
        self._tidying: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """The name of its configuration table."""
        return self._outlet.name

    def targets(self) -> tuple[str, ...]:
        """Return the one local directory."""
        return (TARGET,)

    def render(self, edition: Edition) -> Mapping[str, bytes]:
        """Return path -> content, without compressed copies. Raise `RenderingError`."""
        return self._renderer.render(edition)

    async def publish(self, edition: Edition, target: str, key: str) -> Receipt:  # noqa: ARG002 - one target, and any
        # later edition fulfils an earlier delivery, whatever its key
        """Render and put into the directory. A higher edition there already wins, with a receipt that says so. What is
        new in it has its compressed copies a moment later: nobody waits for them, since every web server has the files.

        Raise `RenderingError` or `DeliveryError` (target, not sent); the last good edition stays in both cases.
        """
        held, finish = await asyncio.to_thread(self._put, edition)
        self._afterwards(finish)
        detail = "" if held.number <= edition.number else f"holds edition {held.number} already"
        return Receipt(ref=held.ref, url=self._outlet.url, detail=detail)

    async def verify(self, receipt: Receipt) -> bool:
        """Return whether residents get this edition or a later one, whole: the main file matches its manifest.

        Raise `DeliveryError` where their address does not answer.
        """
        manifest = await self._reader.manifest(self._outlet.url + MANIFEST)
        if manifest is None or not _fulfils(manifest, receipt.ref) or manifest.mode != self._context.mode:
            return False
        shown = [name for name in (self._outlet.main, self._outlet.unlisted) if name in manifest.files]
        return self._outlet.main in shown and all([await self._matches(manifest, name) for name in shown])

    async def _matches(self, manifest: Manifest, name: str) -> bool:
        data = await self._reader.fetch(self._outlet.url + name)
        return data is not None and sha256(data).hexdigest() == manifest.files[name]

    @property
    def address(self) -> str:
        """Where the public finds it."""
        return self._outlet.url

    async def held(self) -> Holding | None:
        """Return what the directory holds."""
        manifest = await asyncio.to_thread(self._directory.held)
        if manifest is None:
            return None
        return Holding(
            number=manifest.number,
            issued_at=datetime.fromisoformat(manifest.issued_at),
            mode=Mode(manifest.mode),
            digest=manifest.files.get(manifest.main, ""),
        )

    async def check(self) -> Sequence[Finding]:
        """Tell whether the directory can be written and the residents' address answers."""
        return (await self._check_target(), await self._check_public())

    async def close(self) -> None:
        """Finish what follows a publication, and let go of connections."""
        await asyncio.gather(*self._tidying)
        await self._reader.close()

    def _afterwards(self, finish: Callable[[], None]) -> None:
        """Do what the receipt does not wait for."""
        task = asyncio.create_task(asyncio.to_thread(finish))
        self._tidying.add(task)
        task.add_done_callback(self._tidying.discard)

    def _put(self, edition: Edition) -> tuple[Manifest, Callable[[], None]]:
        """Publish; return what is held then, and what is to follow. Compressed copies that are known come along."""
        with _RENDERING, keeping():
            files = self._renderer.render(edition)
            self._renderer.turn()
        self._digests = {data: self._digests.get(data) or sha256(data).hexdigest() for data in files.values()}
        manifest = Manifest(
            channel=self._outlet.name,
            mode=edition.mode.value,
            number=edition.number,
            issued_at=edition.issued_at.isoformat(timespec="seconds"),
            main=self._outlet.main,
            files={name: self._digests[data] for name, data in files.items()},
            style=self._outlet.style,
            audit=edition.chain,
        )
        copies = dict(_copies(files, self._packed))
        held = self._directory.put(manifest, {**files, **copies})
        return held, partial(self._finish, manifest, files, copies.keys())

    def _finish(self, manifest: Manifest, files: Mapping[str, bytes], there: Collection[str]) -> None:
        """Compress what is new, put it beside, and remove old editions."""
        self._packed = {data: self._packed.get(data) or _Packed.of(data) for data in files.values()}
        missing = {name: data for name, data in _copies(files, self._packed) if name not in there}
        self._directory.add(manifest, missing)
        self._directory.tidy()

    async def _check_target(self) -> Finding:
        where = str(self._outlet.directory)
        try:
            await asyncio.to_thread(self._directory.check)
        except DeliveryError as error:
            return Finding(code="target_unwritable", ok=False, params={"directory": where, "detail": error.detail})
        return Finding(code="target_writable", ok=True, params={"directory": where})

    async def _check_public(self) -> Finding:
        url = self._outlet.url
        try:
            manifest = await self._reader.manifest(url + MANIFEST)
        except BroadcasterError as error:
            detail = error.detail if isinstance(error, DeliveryError) else error.code
            return Finding(code="public_unreachable", ok=False, params={"url": url, "detail": detail})
        if manifest is None:
            return Finding(code="public_empty", ok=False, params={"url": url})
        return Finding(code="public_edition", ok=True, params={"url": url, "number": manifest.number})


def _fulfils(manifest: Manifest, ref: str) -> bool:
    """Whether a manifest is the edition of a receipt, or a later one."""
    number = ref.partition("-")[0]
    return number.isdecimal() and (manifest.number > int(number) or manifest.ref == ref)


def _copies(files: Mapping[str, bytes], packed: Mapping[bytes, _Packed]) -> Iterator[tuple[str, bytes]]:
    """Yield the compressed copies that are there."""
    for name, data in files.items():
        if each := packed.get(data):
            yield from each.beside(name)
