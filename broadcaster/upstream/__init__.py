"""What others say: watched feeds, read strictly, from which drafts arise at the desk.

`xml` takes bytes from outside and gives elements or a reason; `jma` and `cap` make of them a `model.Notice`, the one
form in which the rest of the house knows what was said; `index` reads the list a feed gives of its documents. What a
notice means is decided in `rules.watching`. The very few things that may be said without a person are decided in
`rules.automatic`, and made ready in `automatic`.
"""

from broadcaster.upstream.automatic import Automatic, AutomaticView, RuleView
from broadcaster.upstream.fetching import Fetcher, HttpFetcher, Reply
from broadcaster.upstream.rulebook import Rulebook
from broadcaster.upstream.watcher import Feed, Watcher

__all__ = [
    "Automatic",
    "AutomaticView",
    "Feed",
    "Fetcher",
    "HttpFetcher",
    "Reply",
    "RuleView",
    "Rulebook",
    "Watcher",
]
