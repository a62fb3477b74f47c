"""What can be made to go wrong in a demonstration or a drill, so that officers know what it looks like.

Names only, no weight: the command line offers them. What each does at the wire stands in `demo.providers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class XTrouble(StrEnum):
    """What X does with every post, as long as the drill lasts."""

    RATE_LIMITED = "429"
    """Refuses it: too many requests, try again in a minute."""
    OVERLOADED = "503"
    """Says it is over capacity, and has not taken it: in doubt until it is looked for."""
    TIMEOUT = "timeout"
    """Takes it and never answers: in doubt, then found on the timeline."""
    SUSPENDED = "suspended"
    """The account is frozen, as in the flood of Hanamaki: the channel goes down until a person has seen to it."""
    DUPLICATE = "duplicate"
    """Refuses it as the text of an older post: the delivery fails, and a person must look."""


class SmtpTrouble(StrEnum):
    """What the mail relay does."""

    DOWN = "down"
    """Cuts every connection before its greeting."""
    GREYLIST = "greylist"
    """Puts each recipient off once with 450 (RFC 6647)."""
    SLOW = "slow"
    """Takes eight seconds over each mail."""


class PageTrouble(StrEnum):
    """What the residents' page does to whoever asks for it."""

    SLOW = "slow"
    """Takes three seconds over each answer."""
    FULL = "full"
    """Has no connection free: 503."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What goes wrong at each end; None is honest."""

    x: XTrouble | None = None
    smtp: SmtpTrouble | None = None
    page: PageTrouble | None = None

    @classmethod
    def of(cls, *, x: str | None = None, smtp: str | None = None, page: str | None = None) -> Trouble:
        """Return it from the words of the command line. Raise `ValueError` for an unknown one."""
        return cls(
            x=XTrouble(x) if x else None,
            smtp=SmtpTrouble(smtp) if smtp else None,
            page=PageTrouble(page) if page else None,
        )

    @property
    def options(self) -> tuple[str, ...]:
        """Return it as the command line's options again."""
        said = {"x": self.x, "smtp": self.smtp, "page": self.page}
        return tuple(f"--{name}={value}" for name, value in said.items() if value)

    def __bool__(self) -> bool:
        """Whether anything goes wrong at all."""
        return bool(self.options)
