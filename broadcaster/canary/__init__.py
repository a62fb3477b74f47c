"""Whether we are heard: a test message end to end on each channel, and the public addresses looked at from outside.

`sounding` says a test, `ear` hears what came of it, `looking` looks at a public address, `telling` tells people of
silence by another way, `runner` puts these in order. What is decided stands in `rules.canary`; that a test is said once
is the store's doing: its row is written by the transaction that accepts its alert.
"""

from broadcaster.canary.asking import Canary, Overview, Place
from broadcaster.canary.looking import Looker
from broadcaster.canary.room import Address, CanaryStore, Room
from broadcaster.canary.runner import Runner, Voices
from broadcaster.canary.telling import Herald, Letters, News, Way, Webhook

__all__ = [
    "Address",
    "Canary",
    "CanaryStore",
    "Herald",
    "Letters",
    "Looker",
    "News",
    "Overview",
    "Place",
    "Room",
    "Runner",
    "Voices",
    "Way",
    "Webhook",
]
