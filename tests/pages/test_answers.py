"""What residents get: types, codings, caching, folders, what is missing."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import brotli
import pytest
from html5lib import HTMLParser

from broadcaster.pages import Root
from broadcaster.pages.headers import codings, matches
from broadcaster.pages.options import words_dir
from broadcaster.pages.server import Server
from tests.pages.kit import STYLE, connected, files, get, page, publish, serving, until


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    publish(tmp_path / "page", 1)
    async with serving(Root("/", tmp_path / "page")) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.txt", "text/plain; charset=utf-8"),
        ("/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/cap/1.xml", "application/cap+xml; charset=utf-8"),
        ("/other.xml", "application/xml; charset=utf-8"),
        ("/data.json", "application/json"),
        ("/strange.bin", "application/octet-stream"),
        ("/edition.json", "application/json"),
    ],
)
async def test_every_file_has_its_type(server: Server, path: str, kind: str) -> None:
    reply = await get(server.port, path)
    assert (reply.status, reply.headers["content-type"]) == (200, kind)
    assert reply.headers["last-modified"].endswith(" GMT")
    assert reply.headers["date"].endswith(" GMT")


async def test_bodies_are_the_files(server: Server) -> None:
    for name, data in files(1).items():
        if not name.endswith((".gz", ".br")):
            assert (await get(server.port, f"/{name}")).body == data


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("gzip;q=0, br;q=0", None),
        ("identity", None),
        ("", None),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("identity;q=0.5, gzip;q=0.4", None),
        ("deflate", None),
        ("gzip;q=nonsense", None),
    ],
)
async def test_codings_follow_the_clients_weights(server: Server, accept: str, coding: str | None) -> None:
    reply = await get(server.port, Accept_Encoding=accept)
    assert reply.headers.get("content-encoding") == coding
    assert reply.headers["vary"] == "Accept-Encoding"
    open_it = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert open_it(reply.body) == page(1)


async def test_the_publishers_own_copies_are_served_byte_for_byte(server: Server) -> None:
    assert (await get(server.port, Accept_Encoding="gzip")).body == files(1)["index.html.gz"]
    assert (await get(server.port, Accept_Encoding="br")).body == files(1)["index.html.br"]
    assert (await get(server.port, "/index.html.gz")).status == 404


async def test_nothing_acceptable_is_said_so(server: Server) -> None:
    assert (await get(server.port, Accept_Encoding="identity;q=0")).status == 406


async def test_small_files_are_not_compressed(server: Server) -> None:
    assert "content-encoding" not in (await get(server.port, "/index.txt", Accept_Encoding="br")).headers


def test_codings_without_a_header_or_with_an_endless_one() -> None:
    assert codings(None) == (b"identity",)
    assert codings(b"br," * 1000) == (b"identity",)


async def test_etags_are_strong_and_differ_by_coding(server: Server) -> None:
    tags = {(await get(server.port, Accept_Encoding=accept)).headers["etag"] for accept in ("identity", "gzip", "br")}
    assert len(tags) == 3
    assert all(re.fullmatch(r'"[0-9a-f]{32}(-\w+)?"', tag) for tag in tags)
    assert f'"{sha256(page(1)).hexdigest()[:32]}"' in tags


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_a_client_that_has_it_gets_304(server: Server, form: str) -> None:
    whole = await get(server.port, Accept_Encoding="gzip")
    again = await get(server.port, Accept_Encoding="gzip", If_None_Match=form.format(whole.headers["etag"]))
    assert (again.status, again.body) == (304, b"")
    for name in ("etag", "cache-control", "vary", "last-modified", "content-security-policy"):
        assert again.headers[name] == whole.headers[name]


async def test_a_client_that_has_another_gets_it_whole(server: Server) -> None:
    tag = (await get(server.port, Accept_Encoding="gzip")).headers["etag"]
    assert (await get(server.port, Accept_Encoding="br", If_None_Match=tag)).status == 200
    assert not matches(b'"a", "b"', b'"c"')


async def test_a_fresh_date_is_not_trusted_to_tell_editions_apart(server: Server) -> None:
    since = (await get(server.port)).headers["last-modified"]
    assert (await get(server.port, If_Modified_Since=since)).status == 200


async def test_an_old_date_is(tmp_path: Path) -> None:
    import os

    publish(tmp_path / "page", 1)
    os.utime(tmp_path / "page" / "index.txt", (1_700_000_000, 1_700_000_000))
    async with serving(Root("/", tmp_path / "page")) as server:
        since = (await get(server.port, "/index.txt")).headers["last-modified"]
        assert since == "Tue, 14 Nov 2023 22:13:20 GMT"
        assert (await get(server.port, "/index.txt", If_Modified_Since=since)).status == 304
        assert (await get(server.port, "/index.txt", If_Modified_Since=since, If_None_Match='"x"')).status == 200


async def test_head_is_get_without_the_body(server: Server) -> None:
    whole, head = await get(server.port), await get(server.port, method="HEAD")
    assert head.body == b""
    assert {**head.headers, "date": ""} == {**whole.headers, "date": ""}


@pytest.mark.parametrize("path", ["/", "/nothing", "/alerts", "/healthz"])
async def test_security_headers_stand_on_every_answer(server: Server, path: str) -> None:
    headers = (await get(server.port, path)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "geolocation=()" in headers["permissions-policy"]


async def test_the_pages_style_is_allowed_by_its_hash(server: Server) -> None:
    assert f"style-src '{STYLE}'" in (await get(server.port)).headers["content-security-policy"]


async def test_copies_are_fresh_briefly_and_may_outlive_us(server: Server) -> None:
    assert (await get(server.port)).headers["cache-control"] == "public, max-age=10, stale-if-error=86400"
    assert (await get(server.port, "/nothing")).headers["cache-control"] == "no-store"
    assert (await get(server.port, "/edition.json")).headers["cache-control"] == "no-cache"


async def test_folders_show_their_index(server: Server) -> None:
    assert (await get(server.port, "/alerts/")).body == b"<p>alerts of 1</p>"
    moved = await get(server.port, "/alerts")
    assert (moved.status, moved.headers["location"]) == (301, "/alerts/")
    assert (await get(server.port, "/cap/")).status == 404


@pytest.mark.parametrize(
    "target", ["/index.txt?x=1", "/%69ndex.txt", "http://city.example/index.txt", "HTTPS://city.example/index.txt?a#b"]
)
async def test_the_same_file_by_other_names(server: Server, target: str) -> None:
    assert (await get(server.port, target)).body == b"edition 1\n"


@pytest.mark.parametrize(
    "target", ["/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/index.txt/", "/%00", "/\xff", "/%ff"]
)
async def test_nothing_outside_the_edition_is_reached(server: Server, target: str) -> None:
    assert (await get(server.port, target)).status in (400, 404)


async def test_what_is_missing_is_404_with_our_page_or_the_citys(server: Server, tmp_path: Path) -> None:
    ours = await get(server.port, "/nothing")
    assert ours.status == 404
    assert "このページはありません" in ours.body.decode()
    publish(tmp_path / "page", 2, files(2) | {"404.html": b"<p>the city's own</p>"})
    await until(server.port, 2)
    city = await get(server.port, "/nothing")
    assert (city.status, city.body) == (404, b"<p>the city's own</p>")
    assert city.headers["cache-control"] == "no-store"
    assert (await get(server.port, "/nothing", method="HEAD")).body == b""


async def test_before_the_first_edition_it_asks_to_come_again(tmp_path: Path) -> None:
    async with serving(Root("/", tmp_path / "page"), Root("/feeds/", tmp_path / "feeds")) as server:
        early = await get(server.port)
        assert (early.status, early.headers["retry-after"]) == (503, "5")
        assert "準備しています" in early.body.decode()
        publish(tmp_path / "page", 1)
        await until(server.port, 1)
        assert (await get(server.port)).status == 200
        assert (await get(server.port, "/nothing")).status == 404
        assert (await get(server.port, "/feeds/rss.xml")).status == 503


async def test_several_roots_lie_under_their_prefixes(tmp_path: Path) -> None:
    publish(tmp_path / "page", 1)
    publish(tmp_path / "feeds", 7, {"rss.xml": b"<rss>7</rss>", "index.html": b"feeds"})
    async with serving(Root("/", tmp_path / "page"), Root("/feeds/", tmp_path / "feeds")) as server:
        assert (await get(server.port, "/feeds/rss.xml")).body == b"<rss>7</rss>"
        assert (await get(server.port, "/feeds/")).body == b"feeds"
        assert (await get(server.port, "/feeds")).headers["location"] == "/feeds/"
        assert (await get(server.port, "/rss.xml")).body == files(1)["rss.xml"]


async def test_health_is_for_this_machine_only(server: Server) -> None:
    here = await get(server.port, "/healthz")
    assert (here.status, here.headers["content-type"]) == (200, "application/json")
    assert b'"editions": {"/": 1}' in here.body
    async with connected(server.port, "127.0.0.2") as client:
        assert (await client.ask("/healthz")).status == 404


async def test_health_is_red_before_the_first_edition(tmp_path: Path) -> None:
    async with serving(Root("/", tmp_path / "page")) as server:
        assert (await get(server.port, "/healthz")).status == 503


@pytest.mark.parametrize("name", ["404.html", "503.html"])
def test_our_own_pages_are_valid_small_and_need_nothing_else(name: str) -> None:
    data = (words_dir() / name).read_bytes()
    HTMLParser(strict=True).parse(data, override_encoding="utf-8")
    assert len(data) < 2000
    assert not re.search(rb"<script|<style|style=|src=|https?:", data)


def test_a_root_needs_a_proper_prefix() -> None:
    with pytest.raises(ValueError, match="feeds"):
        Root("feeds", Path("x"))
