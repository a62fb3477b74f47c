"""The account behind the loopback X: its posts, its limits, its purse."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from broadcaster.demo.x_errors import Trouble, trouble
from channels._links import links
from channels._weighted import LIMIT, normalise, valid, weigh

_FIRST_ID = 1_990_000_000_000_000_000
_DAY, _QUARTER = 86_400.0, 900.0


@dataclass(frozen=True, slots=True)
class Post:
    """A post as it was received; `at` in seconds since the epoch."""

    id: str
    text: str
    at: float

    def shown(self) -> tuple[str, list[dict[str, Any]]]:
        """Return text and link entities as the API returns them: links shortened, `&`, `<` and `>` escaped."""
        text, entities, position = "", list[dict[str, Any]](), 0
        for link in links(self.text):
            whole = self.text[link.start : link.end]
            short = "https://t.co/" + hashlib.sha256(whole.encode()).hexdigest()[:10]
            text += html.escape(self.text[position : link.start], quote=False)
            expanded = whole if "://" in whole else f"http://{whole}"
            place = {"start": len(text), "end": len(text) + len(short)}
            entities.append({**place, "url": short, "expanded_url": expanded, "display_url": whole.split("://")[-1]})
            text, position = text + short, link.end
        return text + html.escape(self.text[position:], quote=False), entities


@dataclass(slots=True)
class _Window:
    """A fixed window that counts."""

    limit: int
    length: float
    used: int = 0
    ends: float = 0.0

    def roll(self, now: float) -> None:
        if now >= self.ends:
            self.used, self.ends = 0, now + self.length

    def headers(self, prefix: str) -> dict[str, str]:
        told = {"limit": self.limit, "remaining": max(0, self.limit - self.used), "reset": round(self.ends)}
        return {f"{prefix}-{name}": str(value) for name, value in told.items()}


@dataclass(slots=True)
class Account:
    """`credits` in millionths of a US dollar, None for a public utility app; `lag` hides fresh posts for so many
    seconds from the timeline; `forgetful` takes the same text again, as X does once some time has passed.
    """

    now: Callable[[], float]
    limit_15min: int
    limit_24h: int
    credits: int | None
    id: str = "1500000000000000001"
    username: str = "demo_city_bousai"
    name: str = "デモ市防災（疑似）"
    lag: float = 0.0
    forgetful: bool = False
    posts: list[Post] = field(default_factory=list[Post])
    deleted: list[Post] = field(default_factory=list[Post])
    _quarter: _Window = field(init=False)
    _day: _Window = field(init=False)

    def __post_init__(self) -> None:
        """Open the windows."""
        self._quarter = _Window(self.limit_15min, _QUARTER)
        self._day = _Window(self.limit_24h, _DAY)

    def headers(self) -> dict[str, str]:
        """Return the limit headers of a reply to a post."""
        day = self._day.headers("x-user-limit-24hour") | self._day.headers("x-app-limit-24hour")
        return self._quarter.headers("x-rate-limit") | day

    def create(self, text: str) -> Post | Trouble:
        """Take a post, or say why not."""
        now = self.now()
        for window in (self._quarter, self._day):
            window.roll(now)
            if window.used >= window.limit:
                return trouble("rate-limited")
        body = normalise(text).strip()
        price = 200_000 if any(links(body)) else 15_000
        refused = self._refusal(body, price)
        if refused is not None:
            return refused
        self._quarter.used += 1
        self._day.used += 1
        self.credits = None if self.credits is None else self.credits - price
        post = Post(str(_FIRST_ID + len(self.posts) + len(self.deleted)), body, now)
        self.posts.append(post)
        return post

    def _refusal(self, body: str, price: int) -> Trouble | None:
        if self.credits is not None and self.credits < price:
            return trouble("credits-depleted")
        if not valid(body):
            return trouble("invalid-request")
        if weigh(body) > LIMIT:
            return trouble("too-long")
        known = not self.forgetful and any(post.text == body for post in self.posts)
        return trouble("duplicate") if known else None

    def remove(self, number: str) -> bool:
        """Delete a post; return whether it was there."""
        gone = [post for post in self.posts if post.id == number]
        self.posts = [post for post in self.posts if post.id != number]
        self.deleted += gone
        return bool(gone)

    def timeline(self, size: int, skip: int, fields: frozenset[str]) -> dict[str, Any]:
        """Return one page, newest first, as the API does."""
        visible = [post for post in reversed(self.posts) if post.at <= self.now() - self.lag]
        page = visible[skip : skip + size]
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if skip + size < len(visible):
            meta["next_token"] = f"p{skip + size}"
        data = {"data": [_entry(post, fields) for post in page]} if page else {}
        return {**data, "meta": meta}


def _entry(post: Post, fields: frozenset[str]) -> Mapping[str, Any]:
    text, urls = post.shown()
    entry: dict[str, Any] = {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}
    if "created_at" in fields:
        entry["created_at"] = datetime.fromtimestamp(post.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if "entities" in fields and urls:
        entry["entities"] = {"urls": urls}
    return entry
