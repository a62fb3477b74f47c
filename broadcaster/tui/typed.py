"""What an officer types before something goes out: never the same for live and drill.

"Are you sure?" was the same for both in Hawaii in 2018. A drill asks for its own word; live asks for the level and the
first area of what is about to be said, so that whoever types it has read it.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from broadcaster.tui.words import Words


def asked(mode: str, alert: Any, words: Words) -> str:
    """Return what has to be typed: `訓練`, or `4 芋窪`, the area as the screen's language calls it; without a level the
    kind stands for it.
    """
    if mode == "drill":
        return words("confirm_word_drill")
    level = str(alert["level"]) if alert["level"] else words(f"kind_{alert['kind']}")
    infos = alert["infos"]
    places = next((info for info in infos if info["language"] == words.language), infos[0])["areas"]
    return f"{level} {places[0]['area_desc']}" if places else level


def matches(typed: str, wanted: str) -> bool:
    """Return whether it was typed. Width, case and blanks do not matter: an input method at night is enough trouble."""
    return _folded(typed) == _folded(wanted)


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
