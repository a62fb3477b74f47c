"""Editions come and go: whole, verified, at once, and without the disk once they are in memory."""

from __future__ import annotations

import asyncio
import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from broadcaster.pages import Root
from broadcaster.pages.edition import BrokenEdition, read, stamp
from broadcaster.pages.server import Server
from tests.pages.kit import Client, files, get, page, publish, serving, until


async def test_a_new_edition_is_noticed(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page")) as server:
        tag = (await get(server.port)).headers["etag"]
        publish(tmp_path / "page", 2)
        await until(server.port, 2)
        reply = await get(server.port, If_None_Match=tag)
        assert (reply.status, reply.body) == (200, page(2))


async def test_unchanged_files_keep_their_tags_and_dates(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page")) as server:
        before = (await get(server.port, "/rss.xml")).headers
        publish(tmp_path / "page", 2)
        await until(server.port, 2)
        after = (await get(server.port, "/rss.xml")).headers
        assert (after["etag"], after["last-modified"]) == (before["etag"], before["last-modified"])


async def test_another_style_reaches_unchanged_pages_too(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page")) as server:
        manifest = tmp_path / "page" / "edition.json"
        new = json.loads(manifest.read_text()) | {"number": 2, "style": "sha256-AAAA"}
        manifest.write_text(json.dumps(new))
        await until(server.port, 2)
        assert "'sha256-AAAA'" in (await get(server.port)).headers["content-security-policy"]


async def test_a_style_that_is_no_hash_opens_nothing(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    manifest = tmp_path / "page" / "edition.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"style": "x'; script-src *\r\nX: y"}))
    async with serving(Root("/", tmp_path / "page")) as server:
        headers = (await get(server.port)).headers
        assert "script-src" not in headers["content-security-policy"]
        assert "x" not in headers


@pytest.mark.fault(29)
async def test_a_broken_edition_leaves_the_last_good_one(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page")) as server:
        publish(tmp_path / "page", 2, changed={"index.txt": "0" * 64})
        await looked_at(server)
        assert (await get(server.port)).body == page(1)
        assert (await get(server.port, "/index.txt")).body == b"edition 1\n"
        publish(tmp_path / "page", 3)
        await until(server.port, 3)
        assert (await get(server.port)).body == page(3)


async def test_an_edition_that_becomes_whole_is_taken(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    (tmp_path / "page" / "index.html").rename(tmp_path / "late")
    async with serving(Root("/", tmp_path / "page")) as server:
        await looked_at(server)
        assert (await get(server.port)).status == 503
        (tmp_path / "late").rename(tmp_path / "page" / "index.html")
        await until(server.port, 1)
        assert (await get(server.port)).body == page(1)


async def test_residents_need_no_disk(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page")) as server:
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        await looked_at(server)
        assert (await get(server.port)).body == page(1)


@pytest.mark.fault(115)
async def test_a_mirror_goes_on_with_the_last_edition_when_the_origin_is_dead(tmp_path: Path) -> None:
    """The mirror has a copy of the folder and nothing else, as docs/operations.md says; anybody can check it."""
    origin = tmp_path / "origin" / "page"
    origin.parent.mkdir()
    publish(origin, 7)
    async with serving(Root("/", origin)):
        shutil.copytree(origin, tmp_path / "mirror")
    shutil.rmtree(origin.parent)
    async with serving(Root("/", tmp_path / "mirror")) as mirror:
        said = {name: (await get(mirror.port, f"/{name}")).body for name in ("edition.json", "index.html", "rss.xml")}
        assert said["index.html"] == page(7)
        kept = json.loads(said.pop("edition.json"))
        assert kept["number"] == 7
        assert {name: sha256(body).hexdigest() for name, body in said.items()}.items() <= kept["files"].items()
        assert "stale-if-error" in (await get(mirror.port)).headers["cache-control"]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../secret", "a//b", "", ".", "a\\b"])
def test_a_manifest_may_not_name_what_lies_outside(tmp_path: Path, name: str) -> None:
    directory = tmp_path / "page"
    directory.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    manifest(directory, files={name: sha256(b"secret").hexdigest()})
    with pytest.raises(BrokenEdition):
        read(directory)


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": 2},
        {"number": "1"},
        {"files": {}},
        {"files": ["index.html"]},
        {"files": {"index.html": 7}},
        {"style": None},
    ],
)
def test_a_manifest_of_another_kind_is_not_taken(tmp_path: Path, wrong: dict[str, object]) -> None:
    (tmp_path / "index.html").write_bytes(b"x")
    manifest(tmp_path, **({"files": {"index.html": sha256(b"x").hexdigest()}} | wrong))
    with pytest.raises(BrokenEdition):
        read(tmp_path)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_no_manifest_is_not_taken(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "edition.json").write_bytes(data)
    with pytest.raises(BrokenEdition):
        read(tmp_path)


def test_no_directory_is_no_edition(tmp_path: Path) -> None:
    assert stamp(tmp_path / "none") is None
    with pytest.raises(BrokenEdition):
        read(tmp_path / "none")


async def test_every_answer_under_load_is_wholly_of_one_edition(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page")) as server:
        seen, done = set[int](), asyncio.Event()

        async def hammer() -> None:
            client = await Client.to(server.port)
            latest = 0
            while not done.is_set():
                reply = await client.ask()
                number = int(reply.body.partition(b"<title>")[2].partition(b"<")[0])
                assert reply.body == page(number)
                assert reply.headers["etag"] == f'"{sha256(page(number)).hexdigest()[:32]}"'
                assert number >= latest
                latest = number
                seen.add(number)
                if server.limits.requests and "connection" in reply.headers:
                    await client.close()
                    client = await Client.to(server.port)
            await client.close()

        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(hammer())
            for number in range(2, 12):
                await asyncio.to_thread(publish, tmp_path / "page", number, files(number))
                await until(server.port, number)
            done.set()
        assert len(seen) >= 5


async def looked_at(server: Server) -> None:
    """Wait until the server has looked at its directories after this moment."""
    await server.look()


def manifest(directory: Path, **values: object) -> None:
    whole = {"format": 1, "channel": "page", "mode": "drill", "number": 1, "main": "index.html", "style": ""} | values
    (directory / "edition.json").write_text(json.dumps(whole))


def test_what_is_in_memory_already_is_not_read_again(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    before = read(tmp_path)
    (tmp_path / "rss.xml").write_bytes(b"damaged since")
    again = read(tmp_path, before.files)
    assert again.files["rss.xml"] is before.files["rss.xml"]
    with pytest.raises(BrokenEdition):
        read(tmp_path)
