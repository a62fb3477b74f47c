"""An alert as one post on X: the ladder of forms, from everything with a link down to the headline.

A post stands alone, carries its serial and time, is never cut and never continued in a second one (replies by API need
an invitation since February 2026, and a reader may see only one part). The words are in templates/messages/twitter/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from broadcaster.model import (
    JAPANESE,
    Alert,
    Cost,
    Grade,
    Info,
    Length,
    Message,
    Mode,
    Problem,
    Text,
)
from broadcaster.ports.channel import Composition, Situation
from broadcaster.ports.world import City, Renderer
from channels._weighted import LIMIT, count_links, normalise, valid, weigh
from channels._x_rules import MONEY

FOLDER = "messages/twitter"
DRILL_MARK = "【訓練】"
_ALIKE = 0.9
_PLACE = "channels.twitter"
_REFERENCE = re.compile(r"第[0-9]+-[0-9]+報\s*(?:[0-9]{2}:[0-9]{2}|（[0-9]{2}:[0-9]{2}）)?|https?://\S+|【[^】]*】")
_INSIGNIFICANT = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Form:
    """One rung: its template, and whether it carries the link."""

    template: str
    link: bool

    @property
    def name(self) -> str:
        """`full-url`, `full` and so on, as previews and records call it."""
        return f"{self.template}-url" if self.link else self.template


LADDER = tuple(Form(template, link) for template in ("full", "brief", "headline") for link in (True, False))
"""Everything; the headline with the first thing to do; the headline. Each with the link, then without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What posts cost, in millionths of a US dollar."""

    post: int
    post_with_link: int

    def of(self, text: str) -> int:
        """Return the price of this text: X bills by whether it sees a link."""
        return self.post_with_link if count_links(text) else self.post


@dataclass(frozen=True, slots=True)
class _Rung:
    form: Form
    body: str
    length: Length
    sound: bool


@dataclass(frozen=True, slots=True)
class Composer:
    """Chooses the form. Pure."""

    city: City
    mode: Mode
    renderer: Renderer
    prices: Prices

    def compose(self, alert: Alert, situation: Situation) -> Composition:
        """Return the alert in the highest form that fits, that is sound, and that the budget allows."""
        values = self._values(alert)
        rungs, chosen = self._climb_down(values, situation.left)
        if chosen is None:
            return Composition(message=None, length=rungs[-1].length, problems=(_unfit(rungs),))
        problems = (*_near_duplicates(alert, situation, chosen.body), *self._budget(chosen, situation.left))
        length = chosen.length
        if any(problem.blocking for problem in problems):
            return Composition(message=None, length=length, problems=problems)
        message = self._message(alert, values, chosen, self._late(values, chosen.form))
        return Composition(message=message, length=length, problems=problems)

    def _climb_down(self, values: Mapping[str, object], left: Mapping[str, int]) -> tuple[list[_Rung], _Rung | None]:
        """Return the rungs tried, and the first that holds, if one does: those below it are not even rendered."""
        rungs: list[_Rung] = []
        for form in self._forms(values, left):
            rungs.append(self._rung(form, values, late=False))
            if rungs[-1].sound and rungs[-1].length.fits:
                return rungs, rungs[-1]
        return rungs, None

    def _message(self, alert: Alert, values: Mapping[str, object], chosen: _Rung, late: str) -> Message:
        language = _spoken(alert).language
        return Message(
            alert=alert.identifier,
            channel="twitter",
            texts=(Text(language=language, body=chosen.body),),
            late_texts=(Text(language=language, body=late),) if late else (),
            form=chosen.form.name,
            reference=str(values["reference"]),
            cost=Cost(posts=1, microusd=self.prices.of(chosen.body)),
        )

    def _forms(self, values: Mapping[str, object], left: Mapping[str, int]) -> tuple[Form, ...]:
        money = left.get(MONEY)
        linked = bool(values["url"]) and (money is None or money >= self.prices.post_with_link)
        return tuple(form for form in LADDER if linked or not form.link)

    def _rung(self, form: Form, values: Mapping[str, object], *, late: bool) -> _Rung:
        text = self.renderer.render(f"{FOLDER}/{form.template}.txt", {**values, "link": form.link, "late": late})
        body = normalise("\n".join(line.strip() for line in text.splitlines() if line.strip()))
        return _Rung(form, body, Length(length=weigh(body), limit=LIMIT), self._sound(body, form, values))

    def _sound(self, body: str, form: Form, values: Mapping[str, object]) -> bool:
        """Whether the words kept what every post must have, whatever a city made of the templates."""
        marked = self.mode is not Mode.DRILL or (body.startswith(DRILL_MARK) and body.endswith(DRILL_MARK))
        linked = not form.link or str(values["url"]) in body
        return valid(body) and marked and linked and str(values["reference"]) in body

    def _late(self, values: Mapping[str, object], form: Form) -> str:
        """Return the words under the late mark: the same form, or the next lower one that has room for the mark."""
        for lower in LADDER[LADDER.index(form) :]:
            if lower.link and not form.link:
                continue
            rung = self._rung(lower, values, late=True)
            if rung.sound and rung.length.fits:
                return rung.body
        return ""

    def _budget(self, chosen: _Rung, left: Mapping[str, int]) -> tuple[Problem, ...]:
        """A budget used up is a warning: the delivery waits for it, and the other channels go on."""
        price = self.prices.of(chosen.body)
        short = [name for name, amount in left.items() if amount < (price if name == MONEY else 1)]
        return tuple(
            Problem(code="x_budget_used_up", place=_PLACE, params={"limit": name, "left": left[name]}, blocking=False)
            for name in short
        )

    def _values(self, alert: Alert) -> dict[str, object]:
        info = _spoken(alert)
        areas = [area.area_desc for area in info.areas]
        values: dict[str, object] = {
            "kind": alert.kind.value,
            "grade": Grade.of(alert.severity, Mode.LIVE).name.lower(),
            "drill": self.mode is Mode.DRILL,
            "city": self.city.name,
            "hashtag": self.city.hashtag.lstrip("#＃"),
            "level": alert.level or 0,
            "event": info.event,
            "headline": info.headline.strip(),
            "areas": areas,
            "place_in_headline": all(area in info.headline for area in areas),
            "place_in_description": all(area in info.description for area in areas),
            "description": info.description.strip(),
            "instruction": info.instruction.strip(),
            "action": _first_step(info.instruction),
            "url": info.web or self.city.public_url,
            "serial": alert.serial,
            "time": self._clock_time(alert),
            **self._previous(alert),
        }
        values["reference"] = self.renderer.render(f"{FOLDER}/reference.txt", values).strip()
        return values

    def _clock_time(self, alert: Alert) -> str:
        return alert.sent.astimezone(self.city.zone).strftime("%H:%M")

    def _previous(self, alert: Alert) -> dict[str, object]:
        """Serial and time of the version this one is about; empty for the first."""
        if not alert.references or alert.version < 2:  # noqa: PLR2004
            return {"previous": "", "previous_time": ""}
        sent = max(reference.sent for reference in alert.references)
        earlier = replace(alert, version=alert.version - 1, sent=sent)
        return {"previous": earlier.serial, "previous_time": self._clock_time(earlier)}


def _spoken(alert: Alert) -> Info:
    return alert.info(JAPANESE) or alert.primary


def _first_step(instruction: str) -> str:
    """Return the first thing to do: the first line, without its bullet."""
    lines = [line.strip().lstrip("・-*● ") for line in instruction.splitlines() if line.strip()]
    return lines[0] if lines else ""


def _unfit(rungs: list[_Rung]) -> Problem:
    shortest = min((rung for rung in rungs if rung.sound), key=lambda rung: rung.length.length, default=None)
    if shortest is None:
        return Problem(code="x_template_unsound", place=_PLACE, params={"form": rungs[-1].form.template})
    over = shortest.length.length - LIMIT
    params = {"length": shortest.length.length, "limit": LIMIT, "over": (over + 1) // 2}
    return Problem(code="x_too_long", place=_PLACE, params=params)


# ---------------------------------------------------------------- near duplicates


def _near_duplicates(alert: Alert, situation: Situation, body: str) -> tuple[Problem, ...]:
    """Twelve posts of one sentence froze a city's account for four days in a flood (Hanamaki, July 2023).

    The same words under a new serial and time are held back below WARNING, above it is only said; likewise for words
    that are merely alike, since another area or hour is new content. What ends or corrects is never held back. In a
    drill the guard acts as it would in earnest.
    """
    own, earlier = _core(body), [_core(text) for text in situation.recent]
    pairs = _pairs(own)
    alike = sum(1 for text in earlier if _alike(pairs, _pairs(text)))
    if not alike:
        return ()
    grade = max(Grade.of(alert.severity, Mode.LIVE), situation.grade)
    blocking = own in earlier and grade < Grade.WARNING and not alert.kind.reserved
    return (Problem(code="x_near_duplicate", place=_PLACE, params={"count": alike}, blocking=blocking),)


@lru_cache(maxsize=1024)
def _core(body: str) -> str:
    """Return the words without marks, serial and its time, links, punctuation and spaces."""
    return _INSIGNIFICANT.sub("", _REFERENCE.sub("", normalise(body)))


@lru_cache(maxsize=1024)
def _pairs(words: str) -> frozenset[str]:
    """Return the pairs of neighbouring characters."""
    return frozenset(words[at : at + 2] for at in range(max(1, len(words) - 1)))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether they share nine tenths of their pairs (Sørensen and Dice)."""
    return 2 * len(one & other) >= _ALIKE * (len(one) + len(other))
