"""Times as residents read them: in the city's zone, in the words of templates/times.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

OTHER = "other"
"""The table of times.toml for languages it does not name: figures only."""


class Times:
    """The filters `hm`, `moment`, `day` and `iso` in one zone."""

    def __init__(self, zone: ZoneInfo, patterns: Mapping[str, Mapping[str, Any]]) -> None:
        self._zone, self._patterns = zone, patterns

    @classmethod
    def read(cls, zone: ZoneInfo, path: Path) -> Times:
        """Read the patterns."""
        return cls(zone, tomllib.loads(path.read_text(encoding="utf-8")))

    def filters(self) -> Mapping[str, Callable[..., str]]:
        """Return the filters by the name templates call them."""
        return {"hm": self.hm, "moment": self.moment, "day": self.day, "iso": self.iso}

    def hm(self, at: datetime) -> str:
        """Return `14:05`."""
        return f"{at.astimezone(self._zone):%H:%M}"

    def moment(self, at: datetime, language: str = "ja") -> str:
        """Return day and time, e.g. `11月23日14時05分`."""
        return self._fill(at, language, "moment")

    def day(self, at: datetime, language: str = "ja") -> str:
        """Return the day, e.g. `11月23日`."""
        return self._fill(at, language, "day")

    def iso(self, at: datetime) -> str:
        """Return `2026-11-23T14:05:00+09:00`, as CAP and `<time datetime>` want it."""
        return at.astimezone(self._zone).isoformat(timespec="seconds")

    def _fill(self, at: datetime, language: str, which: str) -> str:
        local = at.astimezone(self._zone)
        words = self._of(language)
        month_name = words["months"][local.month - 1] if "months" in words else local.month
        pattern: str = words[which]
        return pattern.format(
            year=local.year,
            month=local.month,
            month_name=month_name,
            day=local.day,
            hour=local.hour,
            minute=local.minute,
        )

    def _of(self, language: str) -> Mapping[str, Any]:
        """Return the patterns of the language, else of what it is a variety of (`zh-Hans` of `zh`), else figures."""
        primary = language.partition("-")[0]
        return self._patterns.get(language) or self._patterns.get(primary) or self._patterns[OTHER]
