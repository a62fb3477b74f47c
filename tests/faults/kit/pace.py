"""How long something takes, told apart from how fast the machine is: seconds of this thread's processor time, on a
machine that does `_piece` in `PIECE_S`. A slower machine, or one whose cores are shared, does both more slowly.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

PIECE_S = 0.02
"""What `_piece` takes on the machine whose seconds are meant: a small server of the year 2023."""
TRACED = 10
"""How much slower code is whose every line is counted (coverage). Only for judging a hang."""


def took(work: Callable[[], object], enough_s: float, tries: int = 3) -> float:
    """Return how long the work takes, in those seconds; measured again where it seems to take more than `enough_s`, for
    the shortest of several measurements is the one that nothing disturbed.
    """
    best = float("inf")
    for _ in range(tries):
        seconds = _measured(work)
        best = min(best, seconds if seconds <= enough_s else seconds / slowness())
        if best <= enough_s:
            break
    return best


def slowness() -> float:
    """Return how many times slower than that machine this one is now, at least 1."""
    piece = min(_measured(_piece) for _ in range(3)) / PIECE_S
    return max(1.0, piece) * (TRACED if sys.gettrace() else 1)


def _measured(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def _piece() -> int:
    """A piece of ordinary work: numbers, text, tables, calls."""
    seen: dict[str, int] = {}
    for number in range(60_000):
        word = f"{number % 997}.{number & 7}"
        seen[word] = seen.get(word, 0) + len(word.split("."))
    return sum(seen.values())
