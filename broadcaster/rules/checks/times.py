"""When it holds: each alert says a time, is not out of date, and ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from broadcaster.model import Alert, Draft, Info, Problem
from broadcaster.rules.policy import Policy

_TIME = re.compile(
    r"[0-9０-９]\s*時|[0-9０-９]{1,2}\s*[:：]\s*[0-9０-９]{2}|現在|正午|시|\b[0-9]{1,2}\s*[ap]\.?m\b", re.IGNORECASE
)


def problems(draft: Draft, *, now: datetime, live: Sequence[Alert], policy: Policy) -> Iterator[Problem]:
    """Yield what is wrong with the times of each language."""
    begin = min((old.sent for old in live), default=now)
    for index, info in enumerate(draft.infos):
        place = f"infos[{index}]"
        yield from _expiry(place, info, now, policy)
        yield from _effective(place, info, oldest=begin - policy.approval_within)


def _expiry(place: str, info: Info, now: datetime, policy: Policy) -> Iterator[Problem]:
    here = f"{place}.expires"
    if info.expires.utcoffset() is None:
        yield Problem(code="time_naive", place=here)
    elif info.expires <= now:
        yield Problem(code="expiry_past", place=here, params={"expires": info.expires.isoformat()})
    elif info.expires - now > policy.max_validity:
        hours = int(policy.max_validity / timedelta(hours=1))
        yield Problem(code="expiry_far", place=here, params={"expires": info.expires.isoformat(), "hours": hours})


def _effective(place: str, info: Info, oldest: datetime) -> Iterator[Problem]:
    """A new alert with an old time is a leftover of another one (Minato 2024); an update may keep its order's time."""
    here, effective = f"{place}.effective", info.effective
    if effective is None:
        if not _TIME.search(f"{info.headline[:200]} {info.description[:10_000]}"):
            yield Problem(code="time_missing", place=here)
    elif effective.utcoffset() is None:
        yield Problem(code="time_naive", place=here)
    elif effective < oldest:
        yield Problem(code="effective_stale", place=here, params={"effective": effective.isoformat()})
    elif info.expires.utcoffset() is not None and info.expires <= effective:
        yield Problem(code="expiry_before_effective", place=f"{place}.expires")
