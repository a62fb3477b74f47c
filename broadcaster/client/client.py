"""The desk over its socket, one method per thing it does."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from broadcaster.client.persons import Persons
from broadcaster.client.wire import quoted

VERIFY_S = 600.0
"""A chain of ten years is long, and an answer half way would be none."""


class Client(Persons):
    """One method per thing the desk does. Every method may raise `ServiceUnreachable` and what the desk raises.

    `session` is the secret of a session or machine token; without one the desk sees the Unix user only.
    """

    # ------------------------------------------------------------ the desk

    def health(self) -> Any:
        """Return mode, city and version."""
        return self._call("GET", "/health")

    def board(self, limit: int = 50) -> Any:
        """Return the board."""
        return self._call("GET", f"/board?limit={limit}")

    def boards(self) -> Generator[Any, None, None]:
        """Yield the board now and at each change, until the caller stops."""
        for line in self._lines("/events"):
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))

    def preview(self, draft: Any) -> Any:
        """Show what would go out."""
        return self._call("POST", "/preview", {"draft": draft})

    def submit(self, draft: Any, key: str, digest: str = "", **more: Any) -> Any:
        """Hand in a draft; `more` may hold source and draft_id."""
        body = {"draft": draft, "key": key, "digest": digest, **more}
        return self._keyed("/alerts", body)

    def update(self, alert: str, draft: Any, key: str, digest: str = "", **more: Any) -> Any:
        """Hand in the next version; `more` as for `submit`."""
        body = {"draft": draft, "key": key, "digest": digest, **more}
        return self._keyed(f"/alerts/{quoted(alert)}/update", body)

    def follow_up(self, alert: str, kind: str, key: str, **wish: Any) -> Any:
        """Correct, cancel or clear; `wish` may hold draft, silent, digest, source and draft_id."""
        return self._keyed(f"/alerts/{quoted(alert)}/follow-up", {"kind": kind, "key": key, **wish})

    def hand_in(self, draft: Any, key: str, *, of: str = "", **more: Any) -> Any:
        """Hand in a draft as its kind asks: a new alert, or the next version or follow-up of the alert `of`. `more` may
        hold digest, source and draft_id.
        """
        if not of:
            return self.submit(draft, key, **more)
        if draft["kind"] == "update":
            return self.update(of, draft, key, **more)
        return self.follow_up(of, draft["kind"], key, draft=draft, **more)

    def report(self, alert: str) -> Any:
        """Return one alert with every attempt."""
        return self._call("GET", f"/alerts/{quoted(alert)}")

    def prepared(self, alert: str) -> Any:
        """Return the drafts that are ready to follow it."""
        return self._call("GET", f"/alerts/{quoted(alert)}/prepared")

    def submission(self, number: int) -> Any:
        """Return what waits for a second person."""
        return self._call("GET", f"/submissions/{number}")

    def approve(self, number: int, digest: str) -> Any:
        """Send a submission as it was seen."""
        return self._call("POST", f"/submissions/{number}/approve", {"digest": digest})

    def break_glass(self, number: int, digest: str, reason: str, code: str = "") -> Any:
        """Start the countdown after which it goes out without a second person."""
        body = {"digest": digest, "reason": reason, "code": code}
        return self._call("POST", f"/submissions/{number}/break-glass", body)

    def stop_breaking(self, number: int, reason: str) -> None:
        """Stop that countdown."""
        self._call("POST", f"/submissions/{number}/break-glass/stop", {"reason": reason})

    def review(self, alert: str, note: str) -> None:
        """Say what you found when looking at an alert that went out without a second person."""
        self._call("POST", f"/alerts/{quoted(alert)}/review", {"note": note})

    def hand_back(self, number: int, reason: str) -> None:
        """Close a submission without sending."""
        self._call("POST", f"/submissions/{number}/return", {"reason": reason})

    def decide(self, delivery: int, verb: str, why: str) -> Any:
        """Resend, hold, release or drop one delivery."""
        return self._call("POST", f"/deliveries/{delivery}/decision", {"verb": verb, "why": why})

    def reopen(self, channel: str) -> None:
        """Try a channel again."""
        self._call("POST", f"/channels/{quoted(channel)}/reopen")

    def reload(self) -> Any:
        """Have plan files and rules read again."""
        return self._call("POST", "/reload")

    # ------------------------------------------------------------ records

    def history(self, before: int | None = None, limit: int = 50) -> Any:
        """Return alerts newest first: `rows`, and the `before` of the next page."""
        return self._call("GET", f"/alerts?limit={limit}" + ("" if before is None else f"&before={before}"))

    def chronology(self, incident: int) -> Any:
        """Return all that happened to one incident."""
        return self._call("GET", f"/incidents/{incident}/chronology")

    def audit(self, after: int | None = None, limit: int = 50) -> Any:
        """Return a page of the audit chain; without `after` its end."""
        return self._call("GET", f"/audit?limit={limit}" + ("" if after is None else f"&after={after}"))

    def verify(self) -> Any:
        """Have the whole audit chain verified: some 20,000 entries a second."""
        return self._call("GET", "/audit/verify", timeout=VERIFY_S)

    def handover(self) -> Any:
        """Return what the next shift must know."""
        return self._call("GET", "/handover")

    # ------------------------------------------------------------ drafts

    def setting(self) -> Any:
        """Return what sheets are filled and checked by: mode, city, rules, channels."""
        return self._call("GET", "/setting")

    def drafts(self) -> Any:
        """Return the open drafts."""
        return self._call("GET", "/drafts")

    def draft(self, number: int) -> Any:
        """Return one draft, whatever its state."""
        return self._call("GET", f"/drafts/{number}")

    def open_draft(self, body: Any, key: str = "") -> Any:
        """Keep a new sheet; return what is kept under this key already, which may be older."""
        return self._call("POST", "/drafts", {"body": body, "key": key})

    def save_draft(self, number: int, version: int, body: Any) -> Any:
        """Change the version of a draft that was seen."""
        return self._call("POST", f"/drafts/{number}", {"version": version, "body": body})

    def drop_draft(self, number: int) -> Any:
        """Give a draft up."""
        return self._call("POST", f"/drafts/{number}/drop")

    def sheet(self, alert: str, kind: str = "update") -> Any:
        """Return a sheet to follow an alert, filled in."""
        return self._call("GET", f"/alerts/{quoted(alert)}/sheet?kind={quoted(kind)}")

    def reach(self, areas: Sequence[str], categories: Sequence[str], severity: str) -> int:
        """Count the subscribers a new alert would be mailed to."""
        wanted = {"areas": list(areas), "categories": list(categories), "severity": severity}
        return int(self._call("POST", "/reach", wanted)["subscribers"])

    # ------------------------------------------------------------ announcements by the calendar

    def routine(self) -> Any:
        """Return all plans, and the occurrences that wait for a person."""
        return self._call("GET", "/routine")

    def routine_next(self, days: int = 30, plan: str = "") -> Any:
        """Return what comes within so many days, with why it is left out."""
        return self._call("GET", f"/routine/next?days={days}&plan={quoted(plan)}")

    def plan(self, plan: str) -> Any:
        """Return one plan, what it would say now, and when it comes next."""
        return self._call("GET", f"/routine/{quoted(plan)}")

    def put_plan(self, name: str, table: Any) -> Any:
        """Add or replace a plan by the table of its file."""
        return self._call("POST", "/routine", {"id": name, "table": table})

    def look_at_plan(self, name: str, table: Any) -> Any:
        """Return what a plan would say, and when; it is not put in."""
        return self._call("POST", "/routine/look", {"id": name, "table": table})

    def approve_plan(self, plan: str, digest: str) -> Any:
        """Let a series speak in the words that were seen."""
        return self._call("POST", f"/routine/{quoted(plan)}/approve", {"digest": digest})

    def retire_plan(self, plan: str, why: str) -> None:
        """Silence a series."""
        self._call("POST", f"/routine/{quoted(plan)}/retire", {"why": why})

    def decide_occurrence(self, plan: str, due: str, verb: str, part: str = "announce", why: str = "") -> Any:
        """Leave out one occurrence, or let it go; `due` as the desk tells it."""
        body = {"due": due, "verb": verb, "part": part, "why": why}
        return self._call("POST", f"/routine/{quoted(plan)}/decision", body)

    # ------------------------------------------------------------ test messages

    def canary(self) -> Any:
        """Return what is watched, how it is, and when it is tested next."""
        return self._call("GET", "/canary")

    def test_now(self) -> Any:
        """Say a test message at once."""
        return self._call("POST", "/canary/test")

    # ------------------------------------------------------------ what is said without a person

    def automatic(self) -> Any:
        """Return the rules that may speak by themselves, how they stand, and whether they are stopped."""
        return self._call("GET", "/automatic")

    def approve_automatic(self, rule: str, digest: str) -> Any:
        """Give one's word for a rule as it was seen."""
        return self._call("POST", "/automatic/approve", {"rule": rule, "digest": digest})

    def hold_automatic(self, why: str = "") -> Any:
        """Stop all automatic sending at once."""
        return self._call("POST", "/automatic/hold", {"why": why})

    def release_automatic(self) -> None:
        """Let it go on."""
        self._call("POST", "/automatic/release")

    # ------------------------------------------------------------ subscribers

    def subscribers(self) -> Iterator[Any]:
        """Yield every subscriber."""
        for line in self._lines("/subscribers"):
            yield json.loads(line)

    def subscriber_stats(self) -> Any:
        """Return the counts."""
        return self._call("GET", "/subscribers/stats")

    def put_subscribers(self, subscribers: Sequence[Any]) -> Any:
        """Add or replace; at most a thousand at a time."""
        return self._call("POST", "/subscribers", {"subscribers": list(subscribers)})

    def remove_subscribers(self, addresses: Sequence[str]) -> Any:
        """Delete."""
        return self._call("POST", "/subscribers/remove", {"addresses": list(addresses)})
