"""A loopback X: the endpoints the channel uses, honest to their documented wire behaviour, on 127.0.0.1 only.

For the demonstration and for tests. Signatures are checked, lengths weighed, duplicates refused, limits counted and
told in headers; `script` puts a fault in place of the next answers. `posts` holds exactly what was received. A person
sees the timeline at `base_url`/.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self, cast

from aiohttp import web

from broadcaster.demo.x_account import Account, Post
from broadcaster.demo.x_errors import Trouble, trouble
from broadcaster.demo.x_oauth import Verifier
from broadcaster.demo.x_page import render
from broadcaster.demo.x_script import Act, Scene

POST, TIMELINE, ME, DELETE = "post", "timeline", "me", "delete"
_MOST, _FEWEST, _USUAL = 100, 5, 10
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Work = Callable[[web.Request, Account], Awaitable[web.StreamResponse]]


class XProvider:
    """The server. `async with XProvider() as x:` listens on a free port; `x.settings()` is what a channel needs.

    `credits` in millionths of a US dollar (None: posts are free); `now` gives seconds since the epoch. With `tls` it
    is reached as https://localhost.
    """

    def __init__(
        self,
        *,
        limit_15min: int = 100,
        limit_24h: int = 10_000,
        credits: int | None = None,  # noqa: A002 (the provider's own word)
        now: Callable[[], float] = time.time,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.account = Account(now=now, limit_15min=limit_15min, limit_24h=limit_24h, credits=credits)
        self.tester = Account(
            now=now, limit_15min=limit_15min, limit_24h=limit_24h, credits=None, id="1500000000000000002"
        )
        """The city's test account, which nobody follows."""
        self.keys = {
            "consumer_key": "demo-consumer-key",
            "consumer_secret": "demo-consumer-secret",
            "access_token": "1500000000000000001-demo-access-token",
            "access_token_secret": "demo-access-token-secret",
        }
        self.test_keys = {
            "access_token": "1500000000000000002-demo-test-token",
            "access_token_secret": "demo-test-token-secret",
        }
        self.requests: list[tuple[str, str]] = []
        """Method and path of every request, in order."""
        self.arrived = asyncio.Event()
        """Set whenever a request has come in whole; a test may clear it."""
        self._verifiers = self._known()
        self._acts: defaultdict[str, deque[Act]] = defaultdict(deque)
        self._always: dict[str, Act] = {}
        self._over = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = port
        self._tls = tls

    @property
    def base_url(self) -> str:
        """The address to configure instead of https://api.x.com."""
        return f"https://localhost:{self._port}" if self._tls else f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def posts(self) -> list[Post]:
        """What is up now, oldest first."""
        return self.account.posts

    def settings(self) -> dict[str, str]:
        """Return the channel settings that reach this server."""
        return {**self.keys, "base_url": self.base_url, "post_url": f"{self.base_url}/status/{{id}}"}

    def renew(self, **keys: str) -> None:
        """Take these keys instead of the old ones, as if the account's owner had revoked them."""
        self.keys |= keys
        self._verifiers = self._known()

    def renew_tests(self, **keys: str) -> None:
        """The same for the test account."""
        self.test_keys |= keys
        self._verifiers = self._known()

    def _known(self) -> tuple[tuple[Verifier, Account], ...]:
        """Return who may speak, and for which account."""
        tests = Verifier(**{**self.keys, **self.test_keys})
        return (Verifier(**self.keys), self.account), (tests, self.tester)

    def script(self, *acts: Act, on: str = POST) -> None:
        """Do these in place of the next answers of an endpoint (`POST`, `TIMELINE`, `ME`, `DELETE`)."""
        self._acts[on].extend(acts)

    def always(self, act: Act, on: str = POST) -> None:
        """Do this from now on, whenever nothing else is scripted."""
        self._always[on] = act

    def honest(self) -> None:
        """Forget what was scripted and not yet done."""
        self._acts.clear()
        self._always.clear()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=65536)
        app.add_routes(self._routes())
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def _routes(self) -> list[web.RouteDef]:
        return [
            web.post("/2/tweets", self._endpoint(POST, self._create)),
            web.delete("/2/tweets/{id}", self._endpoint(DELETE, self._delete)),
            web.get("/2/users/me", self._endpoint(ME, self._me)),
            web.get("/2/users/{id}/tweets", self._endpoint(TIMELINE, self._timeline)),
            web.get("/", self._index),
            web.get("/status/{id}", self._status),
        ]

    def _endpoint(self, name: str, work: _Work) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests.append((request.method, request.path))
            await request.read()
            self.arrived.set()
            act = self._acts[name].popleft() if self._acts[name] else self._always.get(name)
            if act is None:
                return await self._honest(request, work)
            return await act(Scene(request, lambda: self._honest(request, work), self._over))

        return handle

    async def _honest(self, request: web.Request, work: _Work) -> web.StreamResponse:
        query = [(name, value) for name, value in request.query.items()]
        url = f"{request.scheme}://{request.host}{request.path}"
        header = request.headers.get("Authorization", "")
        for verifier, account in self._verifiers:
            if verifier.accepts(header, request.method, url, query, account.now()):
                return await work(request, account)
        return _refuse(trouble("unauthorized"))

    # ------------------------------------------------------------ endpoints

    async def _create(self, request: web.Request, account: Account) -> web.StreamResponse:
        text = await _text(request)
        result = trouble("invalid-request") if text is None else account.create(text)
        if isinstance(result, Trouble):
            return _refuse(result, account.headers())
        shown, _ = result.shown()
        data = {"id": result.id, "text": shown, "edit_history_tweet_ids": [result.id]}
        return web.json_response({"data": data}, status=201, headers=account.headers())

    async def _delete(self, request: web.Request, account: Account) -> web.StreamResponse:
        if not account.remove(request.match_info["id"]):
            return _refuse(trouble("not-found"))
        return web.json_response({"data": {"deleted": True}})

    async def _me(self, _request: web.Request, account: Account) -> web.StreamResponse:
        return web.json_response({"data": {"id": account.id, "name": account.name, "username": account.username}})

    async def _timeline(self, request: web.Request, account: Account) -> web.StreamResponse:
        size = request.query.get("max_results", str(_USUAL))
        token = request.query.get("pagination_token", "p0")
        skip = token.removeprefix("p")
        if not (size.isdecimal() and _FEWEST <= int(size) <= _MOST and skip.isdecimal()):
            return _refuse(trouble("invalid-request"))
        if request.match_info["id"] != account.id:
            return _refuse(trouble("not-found"))
        fields = frozenset(request.query.get("tweet.fields", "").split(","))
        return web.json_response(account.timeline(int(size), int(skip), fields))

    # ------------------------------------------------------------ for people

    async def _index(self, _request: web.Request) -> web.Response:
        return _page(render(reversed(self.posts)))

    async def _status(self, request: web.Request) -> web.Response:
        found = [post for post in self.posts if post.id == request.match_info["id"]]
        return _page(render(found), 200 if found else 404)


async def _text(request: web.Request) -> str | None:
    """Return the text of a well-formed request to post, else None."""
    try:
        body: Any = json.loads(await request.read())
    except ValueError:
        return None
    if request.content_type != "application/json" or not isinstance(body, dict):
        return None
    fields = cast("Mapping[str, Any]", body)
    text = fields.get("text")
    return text if isinstance(text, str) and set(fields) == {"text"} else None


def _refuse(found: Trouble, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(found.body, status=found.status, headers=headers, content_type="application/problem+json")


def _page(content: str, status: int = 200) -> web.Response:
    policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return web.Response(status=status, text=content, content_type="text/html", headers=policy)
