"""How what may be said without a person is told, on the command line and at the desk alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from broadcaster.papers.names import template_name
from broadcaster.papers.reading import Reader

Clock = Callable[[str], str]
WAITING = ("unapproved", "proposed", "changed", "broken")
"""How a rule stands that does not speak."""


def rules(board: Any, *states: str) -> list[str]:
    """Return the names of the rules that stand so."""
    found = board["automatic"]["rules"] if board else {}
    return [name for name, state in found.items() if state in states]


def holds(board: Any) -> bool:
    """Return whether there is something to stop."""
    return bool(rules(board, "approved")) and board["automatic"]["stop"] is None


def standing(board: Any, say: Reader, clock: Clock) -> str:
    """Return how automatic sending stands, in a line; empty where no rule may ever speak by itself."""
    if not board or not board["automatic"]["rules"]:
        return ""
    if (stop := board["automatic"]["stop"]) is not None:
        return stopped(stop, say, clock(stop["at"]))
    on, waiting = rules(board, "approved"), rules(board, *WAITING)
    said = [say("automatic_on", rules=say.listed(on))] if on else []
    return "  ".join([*said, *([say("automatic_waits", rules=say.listed(waiting))] if waiting else [])])


def stopped(stop: Any, say: Reader, time: str) -> str:
    """Return by whom and why all of it is stopped."""
    return say("automatic_is_stopped", by=say.who(stop["by"]), time=time, why=stop["why"] or "-")


def rule_standing(rule: Any, say: Reader) -> str:
    """Return how one rule stands, and by whose word."""
    consent = rule["consent"]
    first = say.who(consent["first"]["name"]) if consent else ""
    second = say.who(consent["second"]["name"]) if consent and consent["second"] else ""
    return say(f"automatic_state_{rule['state']}", first=first, second=second)


def rule_bounds(rule: Any, say: Reader) -> Iterator[str]:
    """Yield what a rule is held to."""
    guards = rule["guards"]
    yield say(
        "automatic_listens",
        **{name: ", ".join(rule[name]) for name in ("types", "codes", "areas")},
        minutes=guards["max_age_minutes"],
    )
    yield say(
        "automatic_speaks",
        template=template_name(rule["template"], say.language),
        places=say.listed(rule["places"]),
        hour=guards["limits"]["per_hour"],
        day=guards["limits"]["per_day"],
    )
