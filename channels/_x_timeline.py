"""Recognising one's own post in a timeline as X returns it: links shortened to t.co, `&`, `<` and `>` escaped."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from broadcaster.model import Message
from channels._links import links
from channels._weighted import normalise


def posts(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the posts of one page that have an identifier and a text, newest first."""
    data = document.get("data")
    for post in cast("Sequence[Any]", data) if isinstance(data, list) else ():
        if isinstance(post, dict) and isinstance(post.get("id"), str) and isinstance(post.get("text"), str):
            yield cast("Mapping[str, Any]", post)


def is_it(post: Mapping[str, Any], message: Message) -> bool:
    """Return whether the post is this message, in time or under its late mark: by its reference and its whole text."""
    shown = _plain(_expanded(post))
    bodies = [text.body for text in (*message.texts, *message.late_texts)]
    return message.reference in shown and any(shown == _plain(body) for body in bodies)


def _expanded(post: Mapping[str, Any]) -> str:
    """Return the text with each t.co link as the address it stands for."""
    text = str(post["text"])
    entities = post.get("entities")
    urls = entities.get("urls") if isinstance(entities, dict) else None
    for entity in cast("Sequence[Any]", urls) if isinstance(urls, list) else ():
        if isinstance(entity, dict) and isinstance(entity.get("url"), str) and entity["url"]:
            whole = entity.get("expanded_url") or entity.get("unwound_url") or entity["url"]
            text = text.replace(entity["url"], str(whole))
    return text


def _plain(text: str) -> str:
    """Return the text without what X may change: escapes, spaces, and how a link is spelt at its ends."""
    normal = normalise(html.unescape(text))
    parts: list[str] = []
    position = 0
    for link in links(normal):
        parts += [normal[position : link.start], _bare(normal[link.start : link.end])]
        position = max(position, link.end)
    return " ".join("".join([*parts, normal[position:]]).split())


def _bare(link: str) -> str:
    return link.split("://", 1)[-1].rstrip("/").lower()
