"""How much room the disk must have, and what gives way when there is little, so that what cannot wait has it."""

from __future__ import annotations

from broadcaster.model import Draft, Kind, Problem, Severity

LITTLE = 1_000_000_000
"""Bytes that should be free: a day of the worst logging and a backup. With less people are told."""
SCARCE = 200_000_000
"""Bytes below which only what cannot wait is taken: one mail to everybody costs a row for each resident."""
_GRAVE = frozenset({Severity.EXTREME, Severity.SEVERE})
_NEW = frozenset({Kind.ALERT, Kind.ROUTINE})


def waits(draft: Draft) -> bool:
    """Return whether it can wait for room: something new that is neither an emergency nor a warning. What follows upon
    an earlier message never waits.
    """
    return draft.kind in _NEW and not any(info.severity in _GRAVE for info in draft.infos)


def refused(draft: Draft, free: int) -> list[Problem]:
    """Return why this draft is not taken now, with so many bytes free; nothing if it is."""
    return [_problem("space_scarce", free)] if free < SCARCE and waits(draft) else []


def told(free: int) -> tuple[Problem, ...]:
    """Return what every board says of the disk; nothing while it has room."""
    if free >= LITTLE:
        return ()
    return (_problem("space_little" if free >= SCARCE else "space_gone", free),)


def imports(free: int) -> tuple[Problem, ...]:
    """Return why no list of residents is taken now; nothing if it is."""
    return (_problem("space_scarce", free),) if free < SCARCE else ()


def _problem(code: str, free: int) -> Problem:
    return Problem(code=code, params={"free_mb": free // 1_000_000})
