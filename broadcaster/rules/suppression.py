"""When an address that is refused again and again is left alone for a while (docs/adr/0012).

A mailbox that does not exist costs the sender's good name with its relay, and that costs everybody. But a refusal is
often not about the mailbox: carriers answer a resident's own filter with 5.0.0 or 5.2.0, and a provider in trouble has
been seen to deny every address for a day. So only codes that name the address count, only over several deliveries and a
week, and never where much of a delivery was refused at once. An emergency is sent to everybody all the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

TIMES = 3
"""Deliveries in a row that must have been refused."""
OVER = timedelta(days=7)
"""The least time from the first to the last of them."""
LASTS = timedelta(days=90)
"""How long an address is left alone; then it gets one more try, and is left alone again if that is refused."""
FEW = 20
SHARE = 10
"""Refusals that are believed: so many, or one in so many recipients. More are the relay's fault."""
_NAMES_THE_ADDRESS = re.compile(r"5\d\d 5\.(?:1\.(?:1|2|3|6|10)|2\.1)")
"""RFC 3463: bad mailbox, bad system, bad syntax, moved; mailbox disabled. RFC 7505: a system that takes no mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How often in a row one address was refused, and since when. `suppressed_until` None: it is still served."""

    times: int
    first_at: datetime
    last_at: datetime
    code: str
    suppressed_until: datetime | None = None


def names_the_address(code: str) -> bool:
    """Whether a reply, e.g. `550 5.1.1`, says that there is no such mailbox."""
    return _NAMES_THE_ADDRESS.fullmatch(code) is not None


def believable(refused: int, total: int) -> bool:
    """Whether so many refusals of one delivery can be about the addresses."""
    return refused <= max(FEW, total // SHARE)


def refused_again(before: Refusals | None, code: str, at: datetime) -> Refusals:
    """Return what is known of an address after one more delivery was refused."""
    first, times = (at, 1) if before is None else (before.first_at, before.times + 1)
    enough = times >= TIMES and at - first >= OVER
    return Refusals(times=times, first_at=first, last_at=at, code=code, suppressed_until=at + LASTS if enough else None)
