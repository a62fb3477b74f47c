"""Sentences for people, by code: broadcaster/locale/{ja,en}/*.toml (docs/adr/0005).

`say(code, language, **params)`. With BROADCASTER_CATALOG=strict, as in the tests, a missing sentence or parameter is an
error; in production the code and its parameters are shown instead, since an ugly line is better than none.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("ja", "en")
_FOLDER = Path(__file__).parent / "locale"


def language_of(environ: Mapping[str, str]) -> str:
    """Return `ja` or `en` as POSIX reads the locale: the first that is set of LC_ALL, LC_MESSAGES, LANG.

    Japanese where nothing is said (unset, C, POSIX); English for every other language.
    """
    chosen = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    name = chosen.replace("-", "_").partition(".")[0].partition("_")[0].lower()
    return "ja" if name in ("", "c", "posix", "ja") else "en"


@cache
def sentences(language: str) -> Mapping[str, str]:
    """Return every sentence of one language by its code."""
    return {code: sentence for path in files(language) for code, sentence in read(path).items()}


def files(language: str) -> tuple[Path, ...]:
    """Return the files of one language."""
    return tuple(sorted((_FOLDER / language).glob("*.toml")))


def read(path: Path) -> Mapping[str, str]:
    """Return the sentences of one file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def say(code: str, language: str | None = None, /, **params: object) -> str:
    """Return the sentence for `code`. `language` None means that of the environment.

    A parameter worded in each language is given as `meaning_ja` and `meaning_en`, and stands in both as `{meaning}`.
    """
    chosen = language or language_of(os.environ)
    own = {name.removesuffix(f"_{chosen}"): value for name, value in params.items() if name.endswith(f"_{chosen}")}
    try:
        return sentences(chosen)[code].format(**params, **own)
    except (KeyError, IndexError):
        if os.environ.get("BROADCASTER_CATALOG") == "strict":
            raise
        return " ".join([code, *(f"{name}={value}" for name, value in params.items())])
