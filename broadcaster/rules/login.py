"""What a login must bring, how long a session lives, and how long wrong tries have to wait."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.model import Problem

FREE_TRIES = 5
"""Wrong tries in a row without any pause: tired fingers at three in the morning."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
"""Nobody is locked out for ever: the right passphrase is tried again after this at the latest."""
SHORTEST, LONGEST = 12, 200
"""Characters of a passphrase. Length is what counts, composition is not asked for (NIST SP 800-63B, 3.1.1.2)."""
DISTINCT = 5
"""Different characters it has at least: `aaaaaaaaaaaa` is no passphrase."""
TICKET_LIFE = timedelta(hours=72)
"""How long a new officer may take to enrol, and a change to be confirmed."""
CODE_DIGITS, STEP_S = 6, 30
"""RFC 6238 as every authenticator app has it: SHA-1, six digits, thirty seconds."""
WINDOW = 1
"""Steps before and after the present one that are taken too (RFC 6238, 5.2)."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long a session lives unused (`idle`), and at all (`absolute`)."""

    idle: timedelta = timedelta(hours=1)
    absolute: timedelta = timedelta(hours=12)


DEFAULT = Lifetimes()


def pause(failures: int) -> timedelta:
    """Return how long nothing is tried for a person after this many wrong tries in a row."""
    beyond = failures - FREE_TRIES
    if beyond < 0:
        return timedelta(0)
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(beyond, 10)))


def paused(until: datetime | None, now: datetime) -> timedelta:
    """Return how long a pause still lasts. One that would last longer than any is from before the clock was set back:
    nobody waits for it.
    """
    left = until - now if until else timedelta(0)
    return left if timedelta(0) < left <= LONGEST_PAUSE else timedelta(0)


def alive(seen_at: datetime, until: datetime, now: datetime, lifetimes: Lifetimes) -> bool:
    """Return whether a session last used at `seen_at` is still good. `until` is when it ends in any case."""
    return now < until and now - seen_at < lifetimes.idle


def steps(now: datetime, last: int) -> tuple[int, ...]:
    """Return the time steps whose code is taken now, the present one first: none at or before the last one taken."""
    present = int(now.timestamp()) // STEP_S
    near = sorted(range(present - WINDOW, present + WINDOW + 1), key=lambda step: abs(step - present))
    return tuple(step for step in near if step > last)


def spelled(passphrase: str) -> str:
    """Return the passphrase as it is hashed: every keyboard's spelling of the same characters is the same."""
    return unicodedata.normalize("NFKC", passphrase)


def passphrase_problems(passphrase: str, name: str) -> Iterator[Problem]:
    """Yield what keeps this from being the passphrase of this person."""
    given = spelled(passphrase)
    if len(given) < SHORTEST:
        yield Problem(code="passphrase_short", place="passphrase", params={"least": SHORTEST})
    if len(given) > LONGEST:
        yield Problem(code="passphrase_long", place="passphrase", params={"most": LONGEST})
    if len(given) >= SHORTEST and len(set(given.casefold().replace(name, ""))) < DISTINCT:
        yield Problem(code="passphrase_simple", place="passphrase", params={"least": DISTINCT})


def name_problems(name: str) -> Iterator[Problem]:
    """Yield what keeps this from being a person's id or a token's name."""
    if not _NAME.fullmatch(name):
        yield Problem(code="officer_name_wrong", place="name")
