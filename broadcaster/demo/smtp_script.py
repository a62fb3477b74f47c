"""What a scripted mail server is told to do wrong, and what it counted.

The faults are those a relay really shows: greylisting, refusal, 421, a connection cut at any phase, silence, noise.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    """Where in a session a step is taken."""

    CONNECT = "connect"
    """Instead of the greeting."""
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    """Before the 354."""
    BODY = "body"
    """354 was sent, the first octets of the text have come."""
    DOT = "dot"
    """The final dot has come; the step stands instead of the 250."""
    AFTER = "after"
    """The 250 has been written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do instead of the honest answer. Empty `raw` without `close` and `hang` is the honest answer, late.

    `delay` in seconds comes first. `stored` says, at DOT, that the mail counts as received whatever is answered.
    """

    raw: bytes = b""
    close: bool = False
    hang: bool = False
    delay: float = 0.0
    stored: bool = False


def reply(text: str, *, close: bool = False, delay: float = 0.0) -> Step:
    """Answer with this line, e.g. `450 4.2.0 Greylisted`."""
    return Step(raw=text.encode("ascii") + b"\r\n", close=close, delay=delay)


def drop(*, stored: bool = False) -> Step:
    """Cut the connection without a word."""
    return Step(close=True, stored=stored)


def hang(*, stored: bool = False) -> Step:
    """Say nothing, and keep the connection."""
    return Step(hang=True, stored=stored)


def noise(raw: bytes, *, stored: bool = False) -> Step:
    """Answer with exactly these octets."""
    return Step(raw=raw, stored=stored)


def late(seconds: float) -> Step:
    """Answer honestly, but only after a while."""
    return Step(delay=seconds)


class Script:
    """Steps waiting for their phase, for one recipient or for anybody."""

    def __init__(self) -> None:
        self._steps: dict[tuple[Phase, str], deque[Step]] = {}
        self._always: dict[tuple[Phase, str], Step] = {}
        self._first: dict[Phase, Step] = {}
        self._met: set[tuple[Phase, str]] = set()

    @property
    def empty(self) -> bool:
        """Whether every answer is honest."""
        return not self._steps and not self._always and not self._first

    def add(self, phase: Phase, *steps: Step, to: str = "", always: bool = False) -> None:
        """Queue steps for a phase, each used once, in order; with `always` the last is used from then on."""
        if always:
            self._always[phase, to] = steps[-1]
        else:
            self._steps.setdefault((phase, to), deque()).extend(steps)

    def first(self, phase: Phase, step: Step) -> None:
        """Take this step at a phase once with every recipient, whoever it is."""
        self._first[phase] = step

    def take(self, phase: Phase, recipient: str = "") -> Step | None:
        """Return what to do now, or None for the honest answer."""
        for key in ((phase, recipient), (phase, "")):
            if waiting := self._steps.get(key):
                step = waiting.popleft()
                if not waiting:
                    del self._steps[key]
                return step
            if key in self._always:
                return self._always[key]
        if phase in self._first and (phase, recipient) not in self._met:
            self._met.add((phase, recipient))
            return self._first[phase]
        return None


@dataclass(slots=True)
class Collector:
    """What was taken in, counted exactly: a mail counts when the server has it, whatever the client heard."""

    by_recipient: Counter[str] = field(default_factory=Counter[str])
    by_message_id: Counter[str] = field(default_factory=Counter[str])
    arrivals: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Recipient and Message-ID of every mail, copies included, in the order they came."""

    @property
    def total(self) -> int:
        """All mails, copies included."""
        return self.by_recipient.total()

    @property
    def copies(self) -> int:
        """How many mails had a Message-ID seen before."""
        return self.by_message_id.total() - len(self.by_message_id)

    def count(self, recipient: str, message_id: str) -> None:
        """Take one in."""
        self.by_recipient[recipient] += 1
        self.by_message_id[message_id] += 1
        self.arrivals.append((recipient, message_id))
