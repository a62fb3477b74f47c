"""tweepy's asynchronous client with a request of our own.

tweepy keeps up with X's endpoints and parameters; its own `request` is replaced because its host is fixed, it prints
the Authorization header at DEBUG, fails on replies that are no JSON, and may sleep for a quarter of an hour. Imported
only when something is really sent: loading tweepy takes a third of a second.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import quote

import aiohttp
from oauthlib.oauth1 import Client as Signer
from tweepy.asynchronous import AsyncClient

from broadcaster.ports.world import Clock, Entropy
from channels._http import Reply, Wire

# It prints the parameters with the token, and the signature, at DEBUG.
logging.getLogger("oauthlib.oauth1.rfc5849").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Keys:
    """OAuth 1.0a user context (RFC 5849)."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)


class XClient(AsyncClient):  # type: ignore[misc] # tweepy has no types
    """Every call returns a `Reply` of any status, or raises `DeliveryError`."""

    def __init__(self, base_url: str, keys: Keys, wire: Wire, clock: Clock, entropy: Entropy) -> None:
        super().__init__(
            consumer_key=keys.consumer_key,
            consumer_secret=keys.consumer_secret,
            access_token=keys.access_token,
            access_token_secret=keys.access_token_secret,
            return_type=cast("Any", aiohttp.ClientResponse),  # "hand on what `request` returned"
            wait_on_rate_limit=False,
        )
        self._base_url, self._keys, self._wire = base_url.rstrip("/"), keys, wire
        self._clock, self._entropy = clock, entropy

    async def post(self, text: str) -> Reply:
        """POST /2/tweets."""
        return cast("Reply", await self.create_tweet(text=text))

    async def remove(self, number: str) -> Reply:
        """DELETE /2/tweets/:id."""
        return cast("Reply", await self.delete_tweet(number))

    async def me(self) -> Reply:
        """GET /2/users/me."""
        return cast("Reply", await self.get_me(user_auth=True))

    async def timeline(self, account: str, size: int, token: str | None) -> Reply:
        """GET /2/users/:id/tweets, newest first; `token` names a further page."""
        further = {} if token is None else {"pagination_token": token}
        fields = ["created_at", "entities"]
        reply = await self.get_users_tweets(account, max_results=size, tweet_fields=fields, user_auth=True, **further)
        return cast("Reply", reply)

    async def request(
        self,
        method: str,
        route: str,
        params: Mapping[str, object] | None = None,
        json: Mapping[str, object] | None = None,
        user_auth: bool = True,  # noqa: ARG002 (tweepy's signature; we know no other way)
    ) -> Reply:
        """Sign and send once."""
        url = self._base_url + route
        if params:
            url += "?" + "&".join(f"{_escape(name)}={_escape(value)}" for name, value in sorted(params.items()))
        headers = {"Authorization": self._sign(method, url), "Accept": "application/json", "User-Agent": "broadcaster"}
        if json is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return await self._wire.send(method, url, headers, json)

    def _sign(self, method: str, url: str) -> str:
        """Return the Authorization header. A JSON body is not part of the signature (RFC 5849, 3.4.1.3)."""
        signer = Signer(
            self._keys.consumer_key,
            client_secret=self._keys.consumer_secret,
            resource_owner_key=self._keys.access_token,
            resource_owner_secret=self._keys.access_token_secret,
            nonce=self._entropy.token(),
            timestamp=str(int(self._clock.now().timestamp())),
        )
        _, headers, _ = signer.sign(url, http_method=cast("Literal['GET', 'POST', 'DELETE']", method))
        return str(headers["Authorization"])


def _escape(value: object) -> str:
    return quote(str(value), safe="-._~")
