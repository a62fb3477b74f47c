"""The wire: JSON over HTTP over a unix socket, and the desk's errors raised here as they were there."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
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


class Wire:
    """What every part of the client speaks over."""

    def __init__(self, path: Path, timeout: float = TIMEOUT_S, session: str = "") -> None:
        self._path = path
        self._timeout = timeout
        self._session = session

    @property
    def path(self) -> Path:
        """The socket it speaks to."""
        return self._path

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

    def _call(self, method: str, path: str, body: Any = None, timeout: float = 0) -> Any:
        """Ask, and wait for the answer; `timeout` in seconds where it may take longer than others."""
        response = self._send(method, path, body, max(timeout, self._timeout))
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


def quoted(text: str) -> str:
    """Return the text as one part of a path."""
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
