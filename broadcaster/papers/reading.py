"""Who reads: in which language, and by which names people are known. What is said in several languages is shown in the
reader's own, what is not in the authoritative one, which stands beside it where there is room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from broadcaster import catalog
from broadcaster.model import UPSTREAM
from broadcaster.papers.names import template_name

PEOPLE = frozenset({"actor", "by"})
"""Parameters of errors that name a person by id."""


class Say(Protocol):
    """The catalogue in the reader's language, for what names neither alerts nor people."""

    def __call__(self, code: str, /, **params: object) -> str:
        """Return the sentence for this code."""
        ...


class Reader:
    """The catalogue in the reader's language, `reader("board_empty")`, and what else depends on who reads."""

    def __init__(self, language: str, names: Mapping[str, str] | None = None) -> None:
        self.language = language
        self.names = dict(names or {})
        """How officers are shown, by id."""

    def __call__(self, code: str, /, **params: object) -> str:
        """Return the sentence for this code."""
        return catalog.say(code, self.language, **params)

    def knows(self, code: str) -> bool:
        """Return whether the catalogue has a sentence for a code."""
        return code in catalog.sentences(catalog.LANGUAGES[0])

    def who(self, name: str) -> str:
        """Return how a person is shown: by the display name, with the id beside it where two are shown alike; whoever
        has no account by the Unix user's name. Those who approved something together (`a, b`) are each shown so.
        """
        return self.listed(self._one(each) for each in name.split(", "))

    def _one(self, name: str) -> str:
        if name == UPSTREAM.name and name not in self.names:
            return self("who_upstream")
        shown = self.names.get(name, name)
        alike = sum(1 for each in self.names.values() if each == shown) > 1
        return f"{shown} ({name})" if alike else shown

    def tongue(self, tag: str) -> str:
        """Return a language's name, its tag where the catalogue knows none."""
        return self(f"language_{tag}") if self.knows(f"language_{tag}") else tag

    def city(self, board: Any) -> str:
        """Return whose board it is."""
        return str(board["city"] if self.language == "ja" else board["city_en"] or board["city"])

    def listed(self, parts: Iterable[str]) -> str:
        """Return several things as one."""
        return self("list_comma").join(parts)

    def info(self, alert: Any) -> Any:
        """Return what an alert (as JSON) says in the reader's language, else in the authoritative one."""
        infos = alert["infos"]
        return next((each for each in infos if each["language"] == self.language), infos[0])

    def headline(self, alert: Any) -> str:
        """Return the headline to be read."""
        return str(self.info(alert)["headline"])

    def beside(self, alert: Any) -> str:
        """Return the authoritative headline where the one to be read is another, empty where it is the same."""
        authoritative = str(alert["infos"][0]["headline"])
        return "" if authoritative == self.headline(alert) else authoritative

    def draft(self, row: Any) -> str:
        """Return what a draft (as JSON) is about: its own headline in the reader's language, else the title it is kept
        under, the template called by its name.
        """
        body, title = row["body"], str(row["title"])
        if own := body.get("texts", {}).get(self.language, {}).get("headline", "").strip():
            return str(own)
        template = str(body.get("template", ""))
        if not template or title.partition(" ")[0] != template:
            return title
        return " ".join((template_name(template, self.language), self.listed(body.get("areas", ())))).strip()

    def refusal(self, code: str, params: Mapping[str, object]) -> str:
        """Return an error's sentence, people by how they are shown."""
        named = {name: self.who(str(params[name])) for name in PEOPLE.intersection(params)}
        return self(code, **{**params, **named})

    def areas(self, alert: Any) -> str:
        """Return whom it concerns, by the names of its areas."""
        return self.listed(str(area["area_desc"]) for area in self.info(alert)["areas"])
