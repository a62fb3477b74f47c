"""What needs a person, of a board as JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

WANTING = ("failed", "needs_human", "in_doubt", "held")
"""States that a person should look at, most pressing first."""
ADVICES = (*WANTING, "possible_duplicate")
RECENT = timedelta(hours=24)


def attention(board: Any) -> list[dict[str, Any]]:
    """Return what needs a person, most pressing first: failures, doubts, holds, possible duplicates of the last day or
    of alerts in force.
    """
    since = datetime.fromisoformat(board["now"]) - RECENT
    found = [
        {"alert": row["alert"]["identifier"], "serial": _serial(row["alert"]), "delivery": each, "advice": why}
        for row in board["rows"]
        if row["in_force"] or datetime.fromisoformat(row["accepted_at"]) >= since
        for each in row["deliveries"]
        if (why := advice(each))
    ]
    return sorted(found, key=lambda entry: ADVICES.index(str(entry["advice"])))


def advice(delivery: Any) -> str:
    """Return which advice a delivery needs, empty for none."""
    if delivery["state"] in WANTING:
        return str(delivery["state"])
    return "possible_duplicate" if delivery["possible_duplicate"] else ""


def _serial(alert: Any) -> str:
    return f"{alert['incident']}-{alert['version']}"
