"""Publishing into a directory: whole or not at all, never back, through crashes and full disks; and reading it back."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import gzip
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import brotli
import pytest
from aiohttp import web

from broadcaster.errors import DeliveryError, Reason, RenderingError
from broadcaster.model import Edition, Mode, Receipt
from broadcaster.ports.channel import Checker, Publisher, Verifier
from channels import feeds, page
from channels._http import LARGEST_REPLY
from channels._publication import TARGET, Outlet, Publication
from channels._readback import LARGEST_PAGE
from channels.targets.directory import MANIFEST, Directory, Manifest
from tests.channels.editions import CITY, alert, busy, edition
from tests.channels.kit import Gate, stays_cancelled, world
from tests.nursery import fate


def channel(
    tmp_path: Path, *, mode: Mode = Mode.LIVE, url: str = CITY.public_url, gate: Gate | None = None
) -> Publication:
    made = page.build(page.Settings(), world(tmp_path, mode=mode, city=replace(CITY, public_url=url), egress=gate))
    assert isinstance(made, Publication)
    return made


def publish_second(folder: Path) -> None:
    """What a process does that is killed."""

    async def second() -> None:
        one = channel(folder)
        await one.publish(edition(alert(), number=2), TARGET, "k")
        await one.close()

    asyncio.run(second())


def manifest(place: Path) -> Manifest:
    return Manifest.load((place / MANIFEST).read_bytes())


@dataclass(frozen=True)
class Rendering:
    """A renderer that does as a test says."""

    render: Callable[[Edition], Mapping[str, bytes]]

    def turn(self) -> None:
        """Nothing is remembered."""


def is_whole(place: Path) -> bool:
    """Return whether every file there is what the manifest says, and nothing else is there but true copies of them."""
    there = {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    files = manifest(place).files
    copies = there.keys() - files.keys() - {MANIFEST}
    return (
        all(sha256(there.get(name, b"")).hexdigest() == digest for name, digest in files.items())
        and all(name[:-3] in files for name in copies)
        and all(gzip.decompress(there[name]) == there[name[:-3]] for name in copies if name.endswith(".gz"))
        and all(brotli.decompress(there[name]) == there[name[:-3]] for name in copies if name.endswith(".br"))
        and all(name.endswith((".gz", ".br")) for name in copies)
    )


def copied(place: Path) -> bool:
    """Return whether each file has both compressed copies."""
    return all((place / f"{name}.{kind}").exists() for name in manifest(place).files for kind in ("gz", "br"))


class TestPublishing:
    def test_page_and_feeds_are_publishers_that_can_be_checked_and_read_back(self, tmp_path: Path) -> None:
        for made in (channel(tmp_path), feeds.build(feeds.Settings(), world(tmp_path))):
            assert isinstance(made, Publisher)
            assert isinstance(made, Verifier)
            assert isinstance(made, Checker)
            assert made.targets() == (TARGET,)

    async def test_an_edition_is_there_whole_with_its_compressed_copies(self, tmp_path: Path) -> None:
        one = channel(tmp_path)
        receipt = await one.publish(busy(), TARGET, "k")
        await one.close()
        place = tmp_path / "public"
        assert is_whole(place)
        assert copied(place)
        html = (place / "index.html").read_bytes()
        assert gzip.decompress((place / "index.html.gz").read_bytes()) == html
        assert brotli.decompress((place / "index.html.br").read_bytes()) == html
        assert receipt.ref == manifest(place).ref
        assert receipt.ref.startswith("42-")
        assert receipt.url == CITY.public_url

    async def test_the_manifest_tells_number_time_mode_and_style(self, tmp_path: Path) -> None:
        await channel(tmp_path).publish(busy(), TARGET, "k")
        data = json.loads((tmp_path / "public" / MANIFEST).read_bytes())
        assert data["format"] == 1
        assert (data["channel"], data["mode"], data["number"], data["main"]) == ("page", "live", 42, "index.html")
        assert data["issued_at"] == "2026-11-23T05:05:00+00:00"
        assert data["style"].startswith("sha256-")

    async def test_everybody_may_read_it_whatever_the_umask(self, tmp_path: Path) -> None:
        old = os.umask(0o077)
        try:
            await channel(tmp_path).publish(busy(), TARGET, "k")
        finally:
            os.umask(old)
        for path in (tmp_path / "public").resolve().rglob("*"):
            assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644)

    async def test_files_that_are_gone_from_the_edition_are_gone_for_residents(self, tmp_path: Path) -> None:
        one = channel(tmp_path)
        await one.publish(edition(alert(), number=1), TARGET, "k")
        await one.publish(edition(number=2), TARGET, "k")
        place = tmp_path / "public"
        assert not (place / "alerts/14-1.html").exists()
        assert is_whole(place)

    async def test_unchanged_files_are_taken_over_without_writing_them_again(self, tmp_path: Path) -> None:
        one = channel(tmp_path)
        await one.publish(edition(number=1), TARGET, "k")
        before = (tmp_path / "public/robots.txt").stat().st_ino
        await one.publish(edition(number=2), TARGET, "k")
        assert (tmp_path / "public/robots.txt").stat().st_ino == before

    async def test_only_the_last_few_editions_are_kept(self, tmp_path: Path) -> None:
        one = channel(tmp_path)
        for number in range(1, 8):
            await one.publish(edition(number=number), TARGET, "k")
        await one.close()
        kept = sorted(path.name.partition("-")[0] for path in (tmp_path / "public.editions").iterdir() if path.is_dir())
        assert kept == ["5", "6", "7"]

    async def test_an_empty_directory_made_beforehand_is_replaced_and_a_full_one_left_alone(
        self, tmp_path: Path
    ) -> None:
        place = tmp_path / "public"
        place.mkdir(parents=True)
        await channel(tmp_path).publish(edition(), TARGET, "k")
        assert place.is_symlink()
        place.unlink()
        place.mkdir()
        (place / "ours.html").write_text("precious")
        with pytest.raises(DeliveryError) as caught:
            await channel(tmp_path).publish(edition(number=43), TARGET, "k")
        assert caught.value.reason is Reason.TARGET
        assert (place / "ours.html").read_text() == "precious"


class TestNeverBack:
    async def test_a_higher_edition_that_is_there_wins_and_the_receipt_says_so(self, tmp_path: Path) -> None:
        one = channel(tmp_path)
        first = await one.publish(edition(number=50), TARGET, "k")
        receipt = await one.publish(edition(alert(), number=49), TARGET, "k")
        assert receipt.ref == first.ref
        assert "50" in receipt.detail
        assert manifest(tmp_path / "public").number == 50

    async def test_the_same_edition_again_changes_nothing(self, tmp_path: Path) -> None:
        first = await channel(tmp_path).publish(busy(), TARGET, "k")
        before = (tmp_path / "public").resolve()
        again = await channel(tmp_path).publish(busy(), TARGET, "other key")
        assert again == first
        assert (tmp_path / "public").resolve() == before

    async def test_a_drill_never_takes_the_place_of_a_live_page(self, tmp_path: Path) -> None:
        await channel(tmp_path).publish(edition(number=1), TARGET, "k")
        with pytest.raises(DeliveryError) as caught:
            await channel(tmp_path, mode=Mode.DRILL).publish(busy(Mode.DRILL), TARGET, "k")
        assert caught.value.reason is Reason.TARGET
        assert not caught.value.maybe_sent
        assert manifest(tmp_path / "public").mode == "live"

    async def test_a_damaged_manifest_is_replaced(self, tmp_path: Path) -> None:
        one = channel(tmp_path)
        await one.publish(edition(number=1), TARGET, "k")
        (tmp_path / "public" / MANIFEST).write_text("{")
        await one.publish(edition(number=2), TARGET, "k")
        assert is_whole(tmp_path / "public")


class TestFailures:
    async def test_the_last_good_edition_stays_if_rendering_fails(self, tmp_path: Path) -> None:
        await channel(tmp_path).publish(edition(number=1), TARGET, "k")

        def fail(_: Edition) -> dict[str, bytes]:
            raise RenderingError("template_failed", template="x", why="y")

        outlet = Outlet(name="page", directory=tmp_path / "public", url="http://x/", main="index.html")
        with pytest.raises(RenderingError):
            await Publication(outlet, Rendering(fail), world(tmp_path)).publish(edition(number=2), TARGET, "k")
        assert manifest(tmp_path / "public").number == 1
        assert is_whole(tmp_path / "public")

    @pytest.mark.fault(17)
    @pytest.mark.fault(18)
    @pytest.mark.fault(20)
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
    @pytest.mark.parametrize("call", ["fsync", "fchmod", "replace"])
    async def test_a_target_that_cannot_be_written_keeps_its_edition_and_heals(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str
    ) -> None:
        one = channel(tmp_path)
        await one.publish(edition(number=1), TARGET, "k")

        def fail(*_: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Path if call == "replace" else os, call, fail)
        with pytest.raises(DeliveryError) as caught:
            await one.publish(busy(), TARGET, "k")
        assert caught.value.reason is Reason.TARGET
        assert not caught.value.maybe_sent
        assert errno.errorcode[number] in caught.value.detail
        assert manifest(tmp_path / "public").number == 1
        assert is_whole(tmp_path / "public")
        monkeypatch.undo()
        await one.publish(busy(), TARGET, "k")
        assert manifest(tmp_path / "public").number == 42

    async def test_given_up_while_the_disk_hangs_it_ends_at_once_and_the_next_edition_waits_its_turn(
        self, tmp_path: Path
    ) -> None:
        underway, loop = asyncio.Event(), asyncio.get_running_loop()
        pages = channel(tmp_path)

        def render(one: Edition) -> Mapping[str, bytes]:
            loop.call_soon_threadsafe(underway.set)
            return pages.render(one)

        outlet = Outlet(name="page", directory=tmp_path / "public", url="http://x/", main="index.html")
        slow = Publication(outlet, Rendering(render), world(tmp_path))
        (tmp_path / "public.editions").mkdir()
        with (tmp_path / "public.editions/lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            await stays_cancelled(slow.publish(edition(number=1), TARGET, "k"), underway.wait())
        await slow.publish(edition(number=2), TARGET, "k")
        assert manifest(tmp_path / "public").number == 2
        assert is_whole(tmp_path / "public")

    @pytest.mark.parametrize("name", ["public", "public.editions"])
    async def test_a_file_in_the_way_is_never_replaced(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("precious")
        with pytest.raises(DeliveryError) as caught:
            await channel(tmp_path).publish(edition(), TARGET, "k")
        assert caught.value.reason is Reason.TARGET
        assert (tmp_path / name).read_text() == "precious"

    @pytest.mark.fault(29)
    @pytest.mark.parametrize("point", ["p0", "p1", "p2", "p3", "p4"])
    async def test_killed_at_any_step_residents_have_one_whole_edition(self, tmp_path: Path, point: str) -> None:
        place = tmp_path / "public"
        await channel(tmp_path).publish(edition(number=1), TARGET, "k")
        assert await fate(publish_second, tmp_path, failpoints=point) == -signal.SIGKILL
        assert is_whole(place)
        assert manifest(place).number == (2 if point in ("p3", "p4") else 1)
        one = channel(tmp_path)
        await one.publish(edition(alert(), number=3), TARGET, "k")
        await one.close()
        assert manifest(place).number == 3
        assert is_whole(place)
        assert copied(place)
        assert not list((tmp_path / "public.editions").glob("new*"))


@dataclass
class Residents:
    """A web server in front of the published directory, with a script for what it does instead."""

    directory: Path
    url: str = ""
    instead: dict[str, web.Response] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.path.removeprefix("/")
        self.asked.append(name)
        if name in self.instead:
            return self.instead[name]
        path = self.directory / name
        return web.Response(body=path.read_bytes()) if path.is_file() else web.Response(status=404)


@asynccontextmanager
async def residents(directory: Path) -> AsyncIterator[Residents]:
    made = Residents(directory)
    app = web.Application()
    app.router.add_get("/{name:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield made
    finally:
        await runner.cleanup()


@asynccontextmanager
async def published(tmp_path: Path, number: int = 42) -> AsyncIterator[tuple[Publication, Receipt, Residents]]:
    async with residents(tmp_path / "public") as server:
        one = channel(tmp_path, url=server.url)
        receipt = await one.publish(edition(alert(), number=number), TARGET, "k")
        try:
            yield one, receipt, server
        finally:
            await one.close()


class TestReadingBack:
    async def test_what_residents_get_is_this_edition(self, tmp_path: Path) -> None:
        async with published(tmp_path) as (one, receipt, server):
            assert await one.verify(receipt)
            assert server.asked == [MANIFEST, "index.html"]

    async def test_a_later_edition_will_do_and_an_earlier_one_not(self, tmp_path: Path) -> None:
        async with published(tmp_path) as (one, receipt, _):
            await one.publish(edition(number=43), TARGET, "k")
            assert await one.verify(receipt)
            assert not await one.verify(replace(receipt, ref="44-0123456789abcdef"))
            assert not await one.verify(replace(receipt, ref="43-0123456789abcdef"))

    async def test_a_page_that_is_not_what_the_manifest_says_is_not_confirmed(self, tmp_path: Path) -> None:
        async with published(tmp_path) as (one, receipt, server):
            server.instead["index.html"] = web.Response(text="<title>Welcome to our network</title>")
            assert not await one.verify(receipt)

    @pytest.mark.fault(46)
    async def test_a_login_page_instead_of_the_manifest(self, tmp_path: Path) -> None:
        async with published(tmp_path) as (one, receipt, server):
            server.instead[MANIFEST] = web.Response(text="<html>login</html>", content_type="text/html")
            assert not await one.verify(receipt)

    async def test_nothing_there(self, tmp_path: Path) -> None:
        async with published(tmp_path) as (one, receipt, server):
            server.instead[MANIFEST] = web.Response(status=404)
            assert not await one.verify(receipt)

    async def test_the_page_of_another_instance_is_not_ours(self, tmp_path: Path) -> None:
        async with published(tmp_path) as (one, receipt, server):
            found = json.loads((tmp_path / "public" / MANIFEST).read_bytes())
            server.instead[MANIFEST] = web.json_response(found | {"mode": "drill", "number": 99})
            assert not await one.verify(receipt)

    @pytest.mark.fault(45)
    @pytest.mark.fault(47)
    @pytest.mark.parametrize(
        ("status", "headers", "reason"),
        [
            (500, {}, Reason.SERVER_ERROR),
            (503, {}, Reason.SERVER_ERROR),
            (403, {}, Reason.REJECTED),
            (301, {"Location": "http://other.example/"}, Reason.UNREADABLE),
        ],
    )
    async def test_other_answers_tell_nothing(
        self, tmp_path: Path, status: int, headers: dict[str, str], reason: Reason
    ) -> None:
        async with published(tmp_path) as (one, receipt, server):
            server.instead[MANIFEST] = web.Response(status=status, headers=headers)
            with pytest.raises(DeliveryError) as caught:
                await one.verify(receipt)
            assert caught.value.reason is reason
            assert not caught.value.maybe_sent

    @pytest.mark.fault(45)
    async def test_no_more_than_8_mb_are_read(self, tmp_path: Path) -> None:
        async with published(tmp_path) as (one, receipt, server):
            server.instead["index.html"] = web.Response(body=b"x" * (LARGEST_PAGE + 1))
            with pytest.raises(DeliveryError) as caught:
                await one.verify(receipt)
            assert caught.value.reason is Reason.UNREADABLE

    async def test_a_page_with_very_many_alerts_in_force_is_confirmed(self, tmp_path: Path) -> None:
        async with published(tmp_path) as (one, _, _server):
            many = edition(*(alert(number) for number in range(1, 121)), number=43)
            receipt = await one.publish(many, TARGET, "k")
            assert (tmp_path / "public" / "index.html").stat().st_size < LARGEST_REPLY
            assert await one.verify(receipt)

    async def test_nobody_answers(self, tmp_path: Path) -> None:
        async with published(tmp_path) as (one, receipt, _):
            pass
        with pytest.raises(DeliveryError) as caught:
            await one.verify(receipt)
        assert caught.value.reason is Reason.CONNECT
        await one.close()

    @pytest.mark.fault(48)
    async def test_proxies_of_the_environment_are_not_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
        async with published(tmp_path) as (one, receipt, _):
            assert await one.verify(receipt)

    async def test_a_forbidden_address_is_never_connected_to(self, tmp_path: Path) -> None:
        gate = Gate(allowed=frozenset())
        async with residents(tmp_path / "public") as server:
            one = channel(tmp_path, url=server.url, gate=gate)
            receipt = await one.publish(edition(), TARGET, "k")
            with pytest.raises(DeliveryError) as caught:
                await one.verify(receipt)
            assert caught.value.reason is Reason.EGRESS
            assert server.asked == []
            assert gate.asked[0][0] == "127.0.0.1"
            await one.close()


class TestCheck:
    async def test_before_and_after_the_first_edition(self, tmp_path: Path) -> None:
        async with residents(tmp_path / "public") as server:
            one = channel(tmp_path, url=server.url)
            assert [(found.code, found.ok) for found in await one.check()] == [
                ("target_writable", True),
                ("public_empty", False),
            ]
            await one.publish(edition(), TARGET, "k")
            assert [(found.code, found.ok) for found in await one.check()] == [
                ("target_writable", True),
                ("public_edition", True),
            ]
            await one.close()

    async def test_it_never_raises(self, tmp_path: Path) -> None:
        (tmp_path / "public").write_text("a file")
        one = channel(tmp_path, url="http://127.0.0.1:9/")
        assert [(found.code, found.ok) for found in await one.check()] == [
            ("target_unwritable", False),
            ("public_unreachable", False),
        ]
        await one.close()


def test_a_directory_never_published_to_holds_nothing(tmp_path: Path) -> None:
    assert Directory(tmp_path / "none").held() is None


class TestCompressedCopies:
    async def test_those_of_unchanged_files_come_with_the_edition_and_those_of_new_ones_after_it(
        self, tmp_path: Path
    ) -> None:
        one, place = channel(tmp_path), tmp_path / "public"
        for number in range(1, 6):
            await one.publish(edition(alert(number), number=number), TARGET, "k")
            assert number == 1 or (place / "robots.txt.gz").exists()
            await one.close()
            assert is_whole(place)
            assert copied(place)

    async def test_they_are_not_put_beside_another_edition(self, tmp_path: Path) -> None:
        one = channel(tmp_path)
        await one.publish(edition(number=1), TARGET, "k")
        old = manifest(tmp_path / "public")
        await one.publish(edition(number=2), TARGET, "k")
        await one.close()
        Directory(tmp_path / "public").add(old, {"stranger.gz": b""})
        assert is_whole(tmp_path / "public")

    @pytest.mark.fault(17)
    async def test_a_full_disk_leaves_the_edition_without_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rename = os.rename

        def full(old: str | Path, new: str | Path) -> None:
            if str(new).endswith((".gz", ".br")):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            rename(old, new)

        one, place = channel(tmp_path), tmp_path / "public"
        await one.publish(edition(number=1), TARGET, "k")
        await one.close()
        monkeypatch.setattr(os, "rename", full)
        await one.publish(edition(alert(), number=2), TARGET, "k")
        await one.close()
        monkeypatch.undo()
        assert manifest(place).number == 2
        assert is_whole(place)
        assert not copied(place)
        await one.publish(edition(alert(), number=3), TARGET, "k")
        await one.close()
        assert copied(place)


class TestMakingAnEditionOfAnOldOne:
    async def test_each_is_whole_and_nothing_else_however_many_went_before(self, tmp_path: Path) -> None:
        one = channel(tmp_path)
        place = tmp_path / "public"
        for number in range(1, 9):
            said = tuple(alert(incident) for incident in range(number % 3))
            await one.publish(edition(*said, number=number), TARGET, "k")
            assert is_whole(place)
            assert manifest(place).number == number
        await one.close()

    async def test_what_somebody_changed_in_an_old_edition_or_put_there_does_not_come_back(
        self, tmp_path: Path
    ) -> None:
        one = channel(tmp_path)
        for number in range(1, 4):
            await one.publish(edition(alert(), number=number), TARGET, "k")
        for old in (tmp_path / "public.editions").glob("[12]-*"):
            (old / "404.html").unlink()
            (old / "404.html").write_text("ours")
            (old / "alerts/stranger.html").write_text("ours")
            (old / "elsewhere").symlink_to(tmp_path)
        for number in range(4, 7):
            await one.publish(edition(alert(), number=number), TARGET, "k")
            assert is_whole(tmp_path / "public")
            assert not (tmp_path / "public/elsewhere").exists()
        await one.close()

    async def test_the_public_one_is_never_taken_for_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to("real")
        one = channel(tmp_path / "link")
        await one.publish(edition(alert(), number=1), TARGET, "k")
        await one.close()
        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", fail)
            for number in range(2, 9):
                with pytest.raises(DeliveryError):
                    await one.publish(edition(number=number), TARGET, "k")
        assert manifest(tmp_path / "link/public").number == 1
        assert is_whole(tmp_path / "link/public")

    async def test_a_reader_of_the_edition_before_can_finish(self, tmp_path: Path) -> None:
        one = channel(tmp_path)
        for number in range(1, 7):
            before = (tmp_path / "public").resolve()
            await one.publish(edition(alert(number), number=number), TARGET, "k")
            assert number == 1 or is_whole(before)
        await one.close()

    async def test_old_editions_that_are_gone_are_not_missed(self, tmp_path: Path) -> None:
        one = channel(tmp_path)
        for number in range(1, 8):
            await one.publish(edition(alert(), number=number), TARGET, "k")
            for path in (tmp_path / "public.editions").iterdir():
                if path.is_dir() and path != (tmp_path / "public").resolve():
                    shutil.rmtree(path)
        assert is_whole(tmp_path / "public")
        await one.close()
