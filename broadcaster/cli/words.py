"""Sentences on the command line, in the language of the locale."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from broadcaster import catalog


def language() -> str:
    """Return `ja` or `en`, as the locale says."""
    return catalog.language_of(os.environ)


def words(code: str, /, **params: object) -> str:
    """Return the catalogue's sentence for this code."""
    return catalog.say(code, language(), **params)


def help_of(command: str) -> str:
    """Return the help text of a command."""
    return words(f"help_{command}")


def problem(entry: Mapping[str, Any]) -> str:
    """Return a problem as a line: its place, then the sentence."""
    sentence = words(str(entry["code"]), **entry["params"])
    return f"{entry['place']}: {sentence}" if entry["place"] else sentence
