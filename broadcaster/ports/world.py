"""Clock, chance, egress and words: handed in everywhere, so that tests own them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from broadcaster.model import Geocode, Mode


class Clock(Protocol):
    """Wall time for people and expiry, monotonic time for durations."""

    def now(self) -> datetime:
        """Return the wall clock as an aware datetime in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never jump, those of a suspended machine included."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; cancellable."""
        ...


class Entropy(Protocol):
    """Chance."""

    def token(self) -> str:
        """Return 128 unguessable bits as lower-case hexadecimal."""
        ...

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        ...


class Egress(Protocol):
    """The list of endpoints this instance may reach."""

    def check(self, host: str, port: int) -> None:
        """Return if allowed, else raise `EgressRefused`. Called right before each connection."""
        ...


class Renderer(Protocol):
    """Templates by name, relative to templates/. HTML and XML names escape by themselves."""

    def render(self, template: str, values: Mapping[str, object]) -> str:
        """Return the text, or raise `RenderingError` (unknown variable, time over 100 ms, result over 64 KB)."""
        ...


class TextRenderer(Protocol):
    """The same renderer for a template that stands inside a file: the alert templates are TOML."""

    def render_text(self, source: str, values: Mapping[str, object]) -> str:
        """Return the plain text (nothing escaped), within the same limits, or raise `RenderingError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """Who speaks. `domains` are the only hosts a text may link to; `public_url` ends with a slash."""

    name: str
    name_en: str
    sender: str
    """CAP `sender`: an address or domain that is the city's own."""
    zone: ZoneInfo
    public_url: str
    domains: tuple[str, ...]
    contact: str = ""
    contact_en: str = ""
    """Who to ask, for texts that are not Japanese; empty: as in Japanese."""
    hashtag: str = ""
    fallback: str = ""
    """Where to look when the page is too old: words and an address or frequency, e.g. FM or the prefecture's page."""
    areas: tuple[str, ...] = ()
    """The town names an alert may name; empty leaves them free."""
    area_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Areas, or blocks of them, that are chosen together, by the group's name: a zone expected to be flooded."""
    areas_en: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names of the areas above in Latin letters, for texts that are not Japanese."""
    geocodes: Mapping[str, tuple[Geocode, ...]] = field(default_factory=dict[str, tuple[Geocode, ...]])
    """Codes of the areas above, by name. The city's own code is never put on a part of it: readers would widen it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All a channel gets besides its own settings."""

    mode: Mode
    city: City
    clock: Clock
    entropy: Entropy
    egress: Egress
    renderer: Renderer
    state_dir: Path
