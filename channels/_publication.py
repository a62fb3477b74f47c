"""What page and feeds share: publishing an edition into its directory, and reading it back where residents read it.

Only `render` differs; it is handed in. Writing happens in a thread, since a slow disk must not hold up other channels.
A thread that was given up (timeout) harms nothing: the directory lets in one writer at a time and never goes back.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import brotli  # pyright: ignore[reportMissingTypeStubs]

from broadcaster.errors import BroadcasterError, DeliveryError
from broadcaster.model import Edition, Receipt
from broadcaster.ports.channel import Finding
from broadcaster.ports.world import Context
from channels._readback import Reader
from channels.targets.directory import MANIFEST, Directory, Manifest

TARGET = "local"
Render = Callable[[Edition], Mapping[str, bytes]]
_BROTLI_QUALITY, _BROTLI_WINDOW = 9, 16
"""Quality 11 makes it 4 % smaller and takes fifteen times as long: an emergency should not wait for that. A window of
64 KB holds a whole page; with the usual 4 MB each file would take 30 ms, whatever its size, and be no smaller.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Where a publication goes: `url` is the residents' address of `directory`, `main` what they come for."""

    name: str
    directory: Path
    url: str
    main: str
    style: str = ""


class Publication:
    """A publisher (`broadcaster.ports.channel.Publisher`), a `Verifier` and a `Checker`."""

    def __init__(self, outlet: Outlet, render: Render, context: Context) -> None:
        self._outlet, self._render, self._context = outlet, render, context
        self._directory = Directory(outlet.directory)
        self._reader = Reader(context.egress)
        self._copies: Mapping[str, tuple[bytes, bytes]] = {}

    @property
    def name(self) -> str:
        """The name of its configuration table."""
        return self._outlet.name

    def targets(self) -> tuple[str, ...]:
        """Return the one local directory."""
        return (TARGET,)

    def render(self, edition: Edition) -> Mapping[str, bytes]:
        """Return path -> content, without compressed copies. Raise `RenderingError`."""
        return self._render(edition)

    async def publish(self, edition: Edition, target: str, key: str) -> Receipt:  # noqa: ARG002 - one target, and any
        # later edition fulfils an earlier delivery, whatever its key
        """Render and put into the directory. A higher edition there already wins, with a receipt that says so.

        Raise `RenderingError` or `DeliveryError` (target, not sent); the last good edition stays in both cases.
        """
        held = await asyncio.to_thread(self._put, edition)
        detail = "" if held.number <= edition.number else f"holds edition {held.number} already"
        return Receipt(ref=held.ref, url=self._outlet.url, detail=detail)

    async def verify(self, receipt: Receipt) -> bool:
        """Return whether residents get this edition or a later one, whole: the main file matches its manifest.

        Raise `DeliveryError` where their address does not answer.
        """
        manifest = await self._reader.manifest(self._outlet.url + MANIFEST)
        if manifest is None or not _fulfils(manifest, receipt.ref) or manifest.mode != self._context.mode:
            return False
        data = await self._reader.fetch(self._outlet.url + self._outlet.main)
        return data is not None and sha256(data).hexdigest() == manifest.files.get(self._outlet.main)

    async def check(self) -> Sequence[Finding]:
        """Tell whether the directory can be written and the residents' address answers."""
        return (await self._check_target(), await self._check_public())

    async def close(self) -> None:
        """Let go of connections."""
        await self._reader.close()

    def _put(self, edition: Edition) -> Manifest:
        files = self._with_copies(self._render(edition))
        manifest = Manifest(
            channel=self._outlet.name,
            mode=edition.mode.value,
            number=edition.number,
            issued_at=edition.issued_at.isoformat(timespec="seconds"),
            main=self._outlet.main,
            files={name: sha256(data).hexdigest() for name, data in files.items()},
            style=self._outlet.style,
        )
        return self._directory.put(manifest, files)

    def _with_copies(self, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """Add `.gz` and `.br`; those of files that did not change are remembered."""
        copies = {name: self._copies.get(_digest(data)) or _compressed(data) for name, data in files.items()}
        self._copies = {_digest(data): copies[name] for name, data in files.items()}
        packed = dict(files)
        for name, (zipped, brotlied) in copies.items():
            packed |= {f"{name}.gz": zipped, f"{name}.br": brotlied}
        return packed

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


def _compressed(data: bytes) -> tuple[bytes, bytes]:
    return gzip.compress(data, 9, mtime=0), brotli.compress(data, quality=_BROTLI_QUALITY, lgwin=_BROTLI_WINDOW)


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
