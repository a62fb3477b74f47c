"""The desk over its socket, for programs on this machine: plain JSON in and out, the house's errors raised.

Only the standard library, since `broadcaster status` must answer in a quarter of a second.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from broadcaster.errors import (
    BroadcasterError,
    Busy,
    Conflict,
    Forbidden,
    NotFound,
    Refused,
    ServiceUnreachable,
    StoreError,
    Unauthenticated,
)
from broadcaster.model import Problem

TIMEOUT_S = 30.0
PATIENCE_S = 10.0
"""How long a lost hand-in is repeated under its key: a killed core is back within 2 s."""
_KINDS: Mapping[int, type[BroadcasterError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: Busy,
    503: StoreError,
}


class ServiceLost(ServiceUnreachable):
    """The connection broke after the request was sent: whether it was done is unknown until it is asked again."""


class Client:
    """One method per thing the desk does. Every method may raise `ServiceUnreachable` and what the desk raises.

    `session` is the secret of a session or machine token; without one the desk sees the Unix user only.
    """

    def __init__(self, path: Path, timeout: float = TIMEOUT_S, session: str = "") -> None:
        self._path = path
        self._timeout = timeout
        self._session = session

    # ------------------------------------------------------------ persons

    def login(self, name: str, passphrase: str, code: str = "") -> Any:
        """Begin a session; the answer holds its secret, with which the caller makes a new client."""
        return self._call("POST", "/sessions", {"name": name, "passphrase": passphrase, "code": code})

    def logout(self) -> None:
        """End this session."""
        self._call("POST", "/sessions/end")

    def me(self) -> Any:
        """Return who asks, and as what."""
        return self._call("GET", "/me")

    @property
    def path(self) -> Path:
        """The socket it speaks to."""
        return self._path

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

    def submit(self, draft: Any, key: str, digest: str = "", break_glass: str = "", **more: Any) -> Any:
        """Hand in a draft; `more` may hold source and draft_id."""
        body = {"draft": draft, "key": key, "digest": digest, "break_glass": break_glass, **more}
        return self._keyed("/alerts", body)

    def update(self, alert: str, draft: Any, key: str, digest: str = "", break_glass: str = "", **more: Any) -> Any:
        """Hand in the next version; `more` as for `submit`."""
        body = {"draft": draft, "key": key, "digest": digest, "break_glass": break_glass, **more}
        return self._keyed(f"/alerts/{_part(alert)}/update", body)

    def follow_up(self, alert: str, kind: str, key: str, **wish: Any) -> Any:
        """Correct, cancel or clear; `wish` may hold draft, silent, digest, break_glass, source and draft_id."""
        return self._keyed(f"/alerts/{_part(alert)}/follow-up", {"kind": kind, "key": key, **wish})

    def hand_in(self, draft: Any, key: str, *, of: str = "", **more: Any) -> Any:
        """Hand in a draft as its kind asks: a new alert, or the next version or follow-up of the alert `of`. `more` may
        hold digest, break_glass, source and draft_id.
        """
        if not of:
            return self.submit(draft, key, **more)
        if draft["kind"] == "update":
            return self.update(of, draft, key, **more)
        return self.follow_up(of, draft["kind"], key, draft=draft, **more)

    def report(self, alert: str) -> Any:
        """Return one alert with every attempt."""
        return self._call("GET", f"/alerts/{_part(alert)}")

    def prepared(self, alert: str) -> Any:
        """Return the drafts that are ready to follow it."""
        return self._call("GET", f"/alerts/{_part(alert)}/prepared")

    def submission(self, number: int) -> Any:
        """Return what waits for a second person."""
        return self._call("GET", f"/submissions/{number}")

    def approve(self, number: int, digest: str, break_glass: str = "") -> Any:
        """Send a submission as it was seen."""
        return self._call("POST", f"/submissions/{number}/approve", {"digest": digest, "break_glass": break_glass})

    def hand_back(self, number: int, reason: str) -> None:
        """Close a submission without sending."""
        self._call("POST", f"/submissions/{number}/return", {"reason": reason})

    def decide(self, delivery: int, verb: str, why: str) -> Any:
        """Resend, hold, release or drop one delivery."""
        return self._call("POST", f"/deliveries/{delivery}/decision", {"verb": verb, "why": why})

    def reopen(self, channel: str) -> None:
        """Try a channel again."""
        self._call("POST", f"/channels/{_part(channel)}/reopen")

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
        """Have the whole audit chain verified."""
        return self._call("GET", "/audit/verify")

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

    def open_draft(self, body: Any) -> Any:
        """Keep a new sheet."""
        return self._call("POST", "/drafts", {"body": body})

    def save_draft(self, number: int, version: int, body: Any) -> Any:
        """Change the version of a draft that was seen."""
        return self._call("POST", f"/drafts/{number}", {"version": version, "body": body})

    def drop_draft(self, number: int) -> Any:
        """Give a draft up."""
        return self._call("POST", f"/drafts/{number}/drop")

    def sheet(self, alert: str, kind: str = "update") -> Any:
        """Return a sheet to follow an alert, filled in."""
        return self._call("GET", f"/alerts/{_part(alert)}/sheet?kind={_part(kind)}")

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
        return self._call("GET", f"/routine/next?days={days}&plan={_part(plan)}")

    def put_plan(self, name: str, table: Any) -> Any:
        """Add or replace a plan by the table of its file."""
        return self._call("POST", "/routine", {"id": name, "table": table})

    def approve_plan(self, plan: str, digest: str) -> Any:
        """Let a series speak in the words that were seen."""
        return self._call("POST", f"/routine/{_part(plan)}/approve", {"digest": digest})

    def retire_plan(self, plan: str, why: str) -> None:
        """Silence a series."""
        self._call("POST", f"/routine/{_part(plan)}/retire", {"why": why})

    def decide_occurrence(self, plan: str, due: str, verb: str, part: str = "announce", why: str = "") -> Any:
        """Leave out one occurrence, or let it go; `due` as the desk tells it."""
        body = {"due": due, "verb": verb, "part": part, "why": why}
        return self._call("POST", f"/routine/{_part(plan)}/decision", body)

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

    # ------------------------------------------------------------ the wire

    def _keyed(self, path: str, body: Any) -> Any:
        """Ask again under the same key while the answer is lost: the desk gives the same alert."""
        give_up = time.monotonic() + PATIENCE_S
        lost = False
        while True:
            try:
                return self._call("POST", path, body)
            except ServiceUnreachable as error:
                lost = lost or isinstance(error, ServiceLost)
                if not lost:
                    raise
                if time.monotonic() > give_up:
                    raise ServiceLost("service_lost", key=str(body["key"])) from None
                time.sleep(0.2)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        response = self._send(method, path, body, self._timeout)
        try:
            text = response.read()
        except (OSError, http.client.HTTPException):
            raise ServiceLost("service_lost", key="-") from None
        finally:
            response.close()
        return _value(response.status, text)

    def _lines(self, path: str) -> Iterator[bytes]:
        response = self._send("GET", path, None, None)
        try:
            if response.status != http.client.OK:
                _value(response.status, response.read())
            for line in response:
                yield line.rstrip(b"\r\n")
        except (OSError, http.client.HTTPException):
            raise ServiceLost("service_lost", key="-") from None
        finally:
            response.close()

    def _send(self, method: str, path: str, body: Any, timeout: float | None) -> http.client.HTTPResponse:
        connection = _Connection(self._path, timeout)
        try:
            connection.connect()
        except PermissionError:
            raise ServiceUnreachable("service_forbidden", socket=str(self._path)) from None
        except OSError:
            raise ServiceUnreachable("service_unreachable", socket=str(self._path)) from None
        data = None if body is None else json.dumps(body).encode()
        headers = {"Connection": "close", "Content-Type": "application/json"}
        if self._session:
            headers["Authorization"] = f"Bearer {self._session}"
        try:
            connection.request(method, path, body=data, headers=headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise ServiceLost("service_lost", key="-") from None


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except OSError:
            self.sock.close()
            raise


def _part(text: str) -> str:
    return quote(text, safe="", errors="surrogateescape")


def _value(status: int, text: bytes) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        raise ServiceLost("service_lost", key="-") from None
    if status < http.client.BAD_REQUEST:
        return value
    raise error_of(status, value["error"])


def error_of(status: int, fault: Mapping[str, Any]) -> BroadcasterError:
    """Return the error the desk raised."""
    if fault["problems"]:
        return Refused([Problem(**problem) for problem in fault["problems"]], code=fault["code"])
    kind = _KINDS.get(status, BroadcasterError)
    error = kind(fault["code"], **fault["params"])
    if status == http.client.UNPROCESSABLE_ENTITY:
        error.exit_code = Refused.exit_code
    return error
