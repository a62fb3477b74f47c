"""The composition root: the only room that knows concrete classes. Import names from here."""

from broadcaster.bootstrap.beside import (
    Glance,
    announcements_ahead,
    debriefed,
    glanced,
    inspected,
    looked,
    looking,
    previewed,
    samples,
    tests_ahead,
)
from broadcaster.bootstrap.instance import (
    channels_of,
    children,
    context_of,
    filled,
    filled_for,
    published,
    refuse_other_mode,
    store_path,
    stored,
)
from broadcaster.bootstrap.service import announcing_of, core, officers_of, watcher_of, watching
from broadcaster.bootstrap.watch import canary_room, canarying, voices_of

__all__ = [
    "Glance",
    "announcements_ahead",
    "announcing_of",
    "canary_room",
    "canarying",
    "channels_of",
    "children",
    "context_of",
    "core",
    "debriefed",
    "filled",
    "filled_for",
    "glanced",
    "inspected",
    "looked",
    "looking",
    "officers_of",
    "previewed",
    "published",
    "refuse_other_mode",
    "samples",
    "store_path",
    "stored",
    "tests_ahead",
    "voices_of",
    "watcher_of",
    "watching",
]
