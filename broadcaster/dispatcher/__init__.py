"""Claim -> deliver -> settle -> record: one lane for each channel. `docs/delivery.md` is its specification.

`dispatcher` starts and stops the lanes, `worker` runs one, `gate` is its pace and breaker, and a handler serves each
kind of channel: `messenger`, `bulk`, `publishing`. `room` is what they share, `calls` the time limit around a call.
"""

from broadcaster.dispatcher.dispatcher import Dispatcher
from broadcaster.dispatcher.room import DispatchStore
from broadcaster.rules.lane import LaneSettings

__all__ = ["DispatchStore", "Dispatcher", "LaneSettings"]
