"""The loopback X refuses what X refuses, seen by a client that is not ours."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from oauthlib.oauth1 import Client as Signer

from broadcaster.demo.x import XProvider
from broadcaster.demo.x_account import Post
from broadcaster.demo.x_errors import HOSTS, NAMES, trouble
from broadcaster.demo.x_oauth import base_string, parameters
from tests.channels.kit import NOW

STAMP = str(int(NOW.timestamp()))


@pytest.fixture
async def x() -> AsyncIterator[XProvider]:
    async with XProvider(now=NOW.timestamp, limit_15min=4, limit_24h=50, credits=1_000_000) as provider:
        yield provider


async def call(
    x: XProvider,
    method: str,
    path: str,
    text: str | None = None,
    *,
    body: bytes | None = None,
    oauth: Mapping[str, str] | None = None,
) -> tuple[int, Any, Mapping[str, str]]:
    """One signed request; `oauth` changes what it is signed with."""
    keys = {**x.keys, "nonce": f"n{len(x.requests)}", "timestamp": STAMP, **(oauth or {})}
    signer = Signer(
        keys["consumer_key"],
        client_secret=keys["consumer_secret"],
        resource_owner_key=keys["access_token"],
        resource_owner_secret=keys["access_token_secret"],
        nonce=keys["nonce"],
        timestamp=keys["timestamp"],
    )
    url, headers, _ = signer.sign(x.base_url + path, http_method=method)
    data = body if body is not None else None if text is None else json.dumps({"text": text}).encode()
    headers = {**headers, "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session, session.request(method, url, data=data, headers=headers) as reply:
        return reply.status, json.loads(await reply.read()), dict(reply.headers)


async def test_the_signature_is_checked(x: XProvider) -> None:
    assert (await call(x, "POST", "/2/tweets", "一"))[0] == 201
    for wrong in ("consumer_key", "consumer_secret", "access_token", "access_token_secret"):
        assert (await call(x, "POST", "/2/tweets", "二", oauth={wrong: "wrong"}))[0] == 401
    assert (await call(x, "POST", "/2/tweets", "二", oauth={"timestamp": str(int(STAMP) - 301)}))[0] == 401
    assert (await call(x, "POST", "/2/tweets", "二", oauth={"nonce": "n0"}))[0] == 401, "a nonce is used once"
    assert [post.text for post in x.posts] == ["一"]


def test_the_base_string_is_that_of_the_rfc() -> None:
    """The example of RFC 5849, section 3.4.1.1."""
    pairs = [
        ("b5", "=%3D"), ("a3", "a"), ("c@", ""), ("a2", "r b"), ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"), ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"), ("oauth_nonce", "7d8f3e4a"), ("c2", ""), ("a3", "2 q"),
    ]  # fmt: skip
    assert base_string("post", "http://example.com/request", pairs) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26"
        "c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26"
        "oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )
    assert parameters("Bearer abc") == {}


async def test_duplicates_lengths_and_nonsense_are_refused(x: XProvider) -> None:
    assert (await call(x, "POST", "/2/tweets", "避" * 140))[0] == 201
    status, body, _ = await call(x, "POST", "/2/tweets", " " + "避" * 140 + "\n")
    assert (status, "duplicate content" in body["detail"]) == (403, True)
    assert (await call(x, "POST", "/2/tweets", "避" * 141))[0] == 403
    for nonsense in (b"", b"[]", b"{", b'{"text": 5}', b'{"text": "a", "reply": {}}', b'{"text": ""}'):
        assert (await call(x, "POST", "/2/tweets", body=nonsense))[0] == 400
    assert len(x.posts) == 1


async def test_limits_and_credits_run_out(x: XProvider) -> None:
    for number in range(4):
        status, _, headers = await call(x, "POST", "/2/tweets", f"第{number}報 https://city.example.jp/")
        assert (status, headers["x-rate-limit-remaining"]) == (201, str(3 - number))
    status, body, headers = await call(x, "POST", "/2/tweets", "もう一件")
    assert (status, body["title"], headers["x-rate-limit-remaining"]) == (429, "Too Many Requests", "0")
    assert int(headers["x-rate-limit-reset"]) == int(STAMP) + 900
    assert x.account.credits == 200_000
    x.account.credits = 14_999
    x.account.now = lambda: NOW.timestamp() + 901
    late = str(int(STAMP) + 901)
    assert (await call(x, "POST", "/2/tweets", "あとで", oauth={"timestamp": late}))[0] == 402


async def test_the_timeline_is_paged_newest_first_with_shortened_links(x: XProvider) -> None:
    for number in range(4):
        await call(x, "POST", "/2/tweets", f"{number} <a> & https://city.example.jp/{number}")
    path = f"/2/users/{x.account.id}/tweets?max_results=5&tweet.fields=created_at%2Centities"
    status, body, _ = await call(x, "GET", path)
    assert status == 200
    assert [post["text"][0] for post in body["data"]] == ["3", "2", "1", "0"]
    first = body["data"][0]
    link = first["entities"]["urls"][0]
    assert first["text"][link["start"] : link["end"]] == link["url"]
    assert link["expanded_url"] == "https://city.example.jp/3"
    assert "&lt;a&gt; &amp; https://t.co/" in first["text"]
    assert first["created_at"] == "2026-11-23T05:05:00.000Z"
    assert body["meta"]["result_count"] == 4
    assert (await call(x, "GET", f"/2/users/{x.account.id}/tweets?max_results=4"))[0] == 400
    assert (await call(x, "GET", "/2/users/7/tweets?max_results=5"))[0] == 404


async def test_pages_follow_one_another(x: XProvider) -> None:
    x.account.posts += [Post(str(number), f"post {number}", 0.0) for number in range(12)]
    path = f"/2/users/{x.account.id}/tweets?max_results=5"
    seen: list[str] = []
    token = ""
    for _ in range(3):
        _, body, _ = await call(x, "GET", path + token)
        seen += [post["id"] for post in body["data"]]
        token = f"&pagination_token={body['meta'].get('next_token')}"
    assert seen == [str(number) for number in range(11, -1, -1)]
    assert token == "&pagination_token=None"


async def test_a_person_sees_the_timeline_plainly_named_as_a_demonstration(x: XProvider) -> None:
    await call(x, "POST", "/2/tweets", "<script>alert(1)</script> 避難指示")
    async with aiohttp.ClientSession() as session:
        async with session.get(x.base_url + "/") as reply:
            page = await reply.text()
            assert reply.content_type == "text/html"
        async with session.get(f"{x.base_url}/status/{x.posts[0].id}") as one:
            assert one.status == 200
        async with session.get(f"{x.base_url}/status/1") as none:
            assert none.status == 404
    assert "本物のXではありません" in page
    assert "This is not X" in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("name", NAMES)
def test_every_error_body_has_its_shape(name: str, host: str) -> None:
    found = trouble(name, host)
    assert 400 <= found.status <= 503
    body = dict(found.body)
    if "type" in body:
        assert body["status"] == found.status
        assert str(body["type"]).startswith((f"{host}/2/problems/", "about:blank"))
    else:
        assert {"code", "message"} == set(body["errors"][0])
