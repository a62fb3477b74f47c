"""The loopback X's timeline as a page a person can look at. Plainly not the real thing."""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import UTC, datetime

from broadcaster.demo.x_account import Post

_FRAME = """<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>デモ：疑似Xのタイムライン</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font-family: sans-serif; line-height: 1.6; max-width: 36rem; margin: 0 auto; padding: 0 1rem 2rem; }}
header {{ border: 3px dashed; padding: .5rem 1rem; margin: 1rem 0; }}
article {{ border-bottom: 1px solid; padding: 1rem 0; }}
article p {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }}
time {{ font-size: .9rem; }}
</style>
</head>
<body>
<header>
<h1>デモ用の疑似Xです。本物のXではありません。</h1>
<p lang="en">A demonstration on this machine. This is not X, and nothing here has left this machine.</p>
</header>
<main>
{posts}
</main>
</body>
</html>
"""


def render(posts: Iterable[Post]) -> str:
    """Return the page with these posts, in this order."""
    articles = "\n".join(_article(post) for post in posts)
    return _FRAME.format(posts=articles or "<p>まだ投稿はありません。</p>")


def _article(post: Post) -> str:
    at = datetime.fromtimestamp(post.at, UTC)
    stamp = f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at.astimezone():%Y-%m-%d %H:%M:%S}</time>'
    return f'<article id="post-{post.id}"><p>{html.escape(post.text)}</p>{stamp}</article>'
