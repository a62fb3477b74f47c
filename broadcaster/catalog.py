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
CLI, TUI = "cli", "tui"
"""Where a sentence is read: by whoever types commands, or at the desk, where keys are pressed."""
NEXT = "next_"
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


def say(code: str, language: str | None = None, front: str = CLI, /, **params: object) -> str:
    """Return the sentence for `code`. `language` None means that of the environment.

    A parameter worded in each language is given as `meaning_ja` and `meaning_en`, and stands in both as `{meaning}`.
    What can be done next stands as `{next_...}` and is worded for the `front` end it is read on (docs/adr/0027). A
    parameter that is a code itself stands as `{state:state_}`: in the words of `state_failed`.
    """
    chosen = language or language_of(os.environ)
    own = {name.removesuffix(f"_{chosen}"): value for name, value in params.items() if name.endswith(f"_{chosen}")}
    try:
        return sentences(chosen)[code].format_map(_Places(chosen, front, {**params, **own}))
    except (KeyError, IndexError, ValueError):
        if os.environ.get("BROADCASTER_CATALOG") == "strict":
            raise
        return " ".join([code, *(f"{name}={value}" for name, value in params.items())])


class _Places(dict[str, object]):
    """What stands in the places of a sentence."""

    def __init__(self, language: str, front: str, params: Mapping[str, object]) -> None:
        super().__init__({name: _Code.of(value, language) for name, value in params.items()})
        self._language, self._front = language, front

    def __missing__(self, name: str) -> str:
        """Say what can be done next; it may have places too."""
        if not name.startswith(NEXT):
            raise KeyError(name)
        return sentences(self._language)[f"{name}_{self._front}"].format_map(self)


class _Code(str):
    """A text that may be a code of the catalogue, once its beginning is put before it."""

    __slots__ = ("language",)
    language: str

    @classmethod
    def of(cls, value: object, language: str) -> object:
        """Return the value; a text so that it can be said in words."""
        if not isinstance(value, str):
            return value
        made = cls(value)
        made.language = language
        return made

    def __format__(self, spec: str) -> str:
        """Say it in words where the place asks for them; a code without words stays as it is."""
        if spec.endswith("_"):
            return sentences(self.language).get(f"{spec}{self}", str(self))
        return super().__format__(spec)
