"""One happening in words. What the chain holds are codes; the sentences are those of `locale/*/papers.toml`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from broadcaster.papers.reading import Reader

Turn = Callable[["Teller", Any], str]
"""How a parameter is said."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line in words: when, which version, where, what, who; and the number of the entry that proves it."""

    at: datetime
    serial: str
    where: str
    what: str
    who: str
    seq: int


class Teller:
    """Puts happenings into words, times in the city's zone (an IANA name). What happened to one of `alerts` is told by
    its words in the reader's language; the chain holds the authoritative ones.
    """

    def __init__(self, say: Reader, zone: str, alerts: Iterable[Any] = ()) -> None:
        self.say = say
        self._zone = ZoneInfo(zone)
        self._alerts = {f"{alert['incident']}-{alert['version']}": alert for alert in alerts}

    def tell(self, happening: Any) -> Told:
        """Return one happening (`desk.Happening` as JSON) in words."""
        return Told(
            at=self.local(happening["at"]),
            serial=happening["serial"],
            where=self.place(happening["channel"], happening["target"]),
            what=self._what(happening),
            who=self.say.who(happening["who"]) if happening["who"] else self.say("told_service"),
            seq=happening["seq"],
        )

    def local(self, text: str) -> datetime:
        """Return a time of a document in the city's zone."""
        return datetime.fromisoformat(text).astimezone(self._zone)

    def clock(self, text: str) -> str:
        """Return day and time in the city: `11/25 14:05`."""
        return f"{self.local(text):%m/%d %H:%M}"

    def clock_of(self, at: datetime) -> str:
        """Return the time of day in the city."""
        return f"{at.astimezone(self._zone):%H:%M:%S}"

    def channel(self, name: str) -> str:
        """Return a channel's name as people read it."""
        return self.known(f"channel_{name}", name)

    def place(self, channel: str, target: str) -> str:
        """Return channel and target; a channel with one target needs no second name."""
        shown = self.channel(channel) if channel else ""
        return shown if target in ("", channel, "x", "subscribers", "local") else f"{shown} {target}"

    def reason(self, code: str) -> str:
        """Return the words for a reason, `code` itself where it is somebody's own words."""
        return self.known(f"reason_{code}", self.known(f"routine_reason_{code}", code)) if code else ""

    def known(self, code: str, fallback: str) -> str:
        """Return the sentence for a code, or the fallback where the catalogue has none."""
        return self.say(code) if self.knows(code) else fallback

    def knows(self, code: str) -> bool:
        """Return whether the catalogue has a sentence for a code."""
        return self.say.knows(code)

    def _what(self, happening: Any) -> str:
        code = f"told_{happening['code']}"
        if not self.knows(code):
            return self._other(happening)
        values = {name: self._value(name, value) for name, value in happening["params"].items()}
        return self.say(code, **{**values, "headline": happening["headline"], **self._worded(happening)}).strip()

    def _worded(self, happening: Any) -> dict[str, str]:
        """Return what an alert says in the reader's language."""
        alert = self._alerts.get(happening["serial"])
        return {"headline": self.say.headline(alert), "areas": self.say.areas(alert)} if alert else {}

    def _other(self, happening: Any) -> str:
        """Tell an event that has no sentence by its own name: nothing in the chain may be left out."""
        values = (f"{name}={value}" for name, value in happening["params"].items() if name != "subject")
        return " ".join([f"{happening['code']} ({happening['params'].get('subject', '')})", *values])

    def _value(self, name: str, value: Any) -> Any:
        turn = _TURNS.get(name)
        return turn(self, value) if turn else value


def _named(prefix: str) -> Turn:
    """Return how a code is said that the catalogue has under a prefix."""

    def turn(teller: Teller, value: Any) -> str:
        return teller.known(f"{prefix}_{value}", str(value))

    return turn


def _clock(teller: Teller, value: Any) -> str:
    return teller.clock(value)


def _channels(teller: Teller, value: Any) -> str:
    return teller.say.listed(teller.channel(name) for name in str(value).split(", ") if name)


def _why(teller: Teller, value: Any) -> str:
    return teller.reason(str(value)) if value else "-"


def _level(teller: Teller, value: Any) -> str:
    return teller.say("told_level", level=value) if value else ""


def _flag(teller: Teller, value: Any) -> str:
    return teller.say("flag_possible_duplicate") if value else ""


def _subject(teller: Teller, value: Any) -> str:
    kind, _, name = str(value).partition(" ")
    if kind == "officer":
        return teller.say.who(name)
    shown = teller.clock(name) if kind == "test" else name
    return teller.say(f"subject_{kind}", name=shown) if teller.knows(f"subject_{kind}") else str(value)


_TURNS: Mapping[str, Turn] = {
    "kind": _named("kind"),
    "outcome": _named("outcome"),
    "verb": _named("told_verb"),
    "before": _named("state"),
    "after": _named("state"),
    "expires": _clock,
    "due": _clock,
    "state": _named("routine_state"),
    "channels": _channels,
    "reason": _why,
    "why": _why,
    "level": _level,
    "possible_duplicate": _flag,
    "subject": _subject,
}
"""How a value is said, by the name of its parameter; any other stands as it is."""
