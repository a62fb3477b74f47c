"""What an officer types before anything goes out: something that is read off the alert itself, never "yes".

Live and drill ask for different things, since in Hawaii 2018 the same "are you sure?" stood before both. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from unicodedata import normalize

DRILL = ("訓練", "drill")
"""What a drill asks for, in either language whatever the screen speaks."""
_NOISE = re.compile(r"[\s、。,.・:：/／-]+|警戒レベル|レベル|level", re.IGNORECASE)


def wanted(alert: Any, mode: str, language: str) -> str:
    """Return what is to be typed, as the prompt shows it: `4 芋窪` live, 訓練 in a drill."""
    if mode == "drill":
        return DRILL[0] if language == "ja" else DRILL[1]
    level = f"{alert['level']} " if alert["level"] else ""
    return f"{level}{_area(alert, language)}"


def right(typed: str, alert: Any, mode: str) -> bool:
    """Return whether that was typed: live, the level (where it has one) and any of its areas, in any of its languages;
    full-width figures, spaces and the word "level" make no difference.
    """
    said = _plain(typed)
    if mode == "drill":
        return said in DRILL
    level = str(alert["level"] or "")
    return said in {_plain(f"{level}{name}") for name in _areas(alert)}


def _plain(text: str) -> str:
    return _NOISE.sub("", normalize("NFKC", text)).casefold()


def _area(alert: Any, language: str) -> str:
    """Return the first area as it is called in the screen's language, else in that of the alert."""
    infos = alert["infos"]
    spoken = next((info for info in infos if info["language"] == language), infos[0])
    return str(spoken["areas"][0]["area_desc"]) if spoken["areas"] else str(spoken["event"])


def _areas(alert: Any) -> Iterator[str]:
    for info in alert["infos"]:
        names = [str(area["area_desc"]) for area in info["areas"]]
        yield from names or [str(info["event"])]
