"""The pulses of one turn, and what is worth writing down of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.model import Organ, Pulse
from broadcaster.ports.store import Beat

NOTED_EVERY = timedelta(minutes=1)
"""How often it is written down that something still answers."""

Key = tuple[Organ, str]


@dataclass(slots=True)
class Book:
    """The pulses of one turn: as they were, and as they are now."""

    before: Mapping[Key, Pulse]
    now: dict[Key, Pulse]

    @classmethod
    def of(cls, watched: Iterable[Key], kept: Mapping[Key, Pulse], at: datetime) -> Book:
        """Open it: what is watched for the first time begins now."""
        before = {key: kept[key] for key in watched if key in kept}
        return cls(before, {key: before.get(key) or Pulse(organ=key[0], name=key[1], since=at) for key in watched})

    def put(self, pulse: Pulse) -> None:
        """Take down how one is now."""
        self.now[pulse.organ, pulse.name] = pulse

    @property
    def silent(self) -> tuple[Pulse, ...]:
        """Those that are silent."""
        return tuple(each for each in self.now.values() if each.silent)

    def changed(self) -> tuple[Pulse, ...]:
        """Return those worth writing down."""
        return tuple(each for key, each in self.now.items() if not _as_good_as(self.before.get(key), each))

    def beats(self) -> Iterator[Beat]:
        """Yield what the audit trail is to say: who fell silent, and who answers again."""
        for key, each in self.now.items():
            was = self.before.get(key)
            if each.silent and not (was and was.silent):
                yield beat("canary_silent", each, each.reason)
            elif was and was.silent and not each.silent:
                yield beat("canary_answers", each, f"{was.silent_since:%Y-%m-%dT%H:%M:%SZ}")


def _as_good_as(before: Pulse | None, after: Pulse) -> bool:
    """Return whether nothing has changed but the time of the last answer, and that not by much."""
    if before is None or before.answered_at is None or after.answered_at is None:
        return before == after
    same = replace(before, answered_at=after.answered_at) == after
    return same and timedelta() <= after.answered_at - before.answered_at < NOTED_EVERY


def beat(event: str, pulse: Pulse, detail: str) -> Beat:
    """Return an entry of the audit trail about one of them."""
    return Beat(event=event, subject=f"{pulse.organ.value} {pulse.name}", detail=detail)
