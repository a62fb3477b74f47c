"""The service's log: one JSON object a line on standard error, with an `event` for machines and a sentence for people.

`log.warning("...", extra={"event": "child_ended", "alert": ..., "delivery": ...})`: what stands in `extra` becomes a
field. No line holds a secret: values known from the configuration, fields named like one, and what looks like one are
blackened, in the text of exceptions too. Nothing that is logged can begin a second line.
"""

from __future__ import annotations

import json
import logging
import math
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TextIO

BLACK = "***"
_LONGEST, _DEEPEST, _LARGEST = 10_000, 5, 2**63
_QUIET = ("aiohttp", "asyncio", "oauthlib", "requests_oauthlib", "tweepy", "urllib3")
"""Libraries that are kept at warnings: at DEBUG some print the Authorization header."""
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|authorization|cookie|credential|api_?key|private", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]*@"  # user and password in an address
    r"|(?P<header>\b(?:proxy-)?authorization['\"]?\s*[:=]\s*)[^\r\n]+"
    r"|(?P<kind>\b(?:bearer|basic)\s+)[\w+/=.~-]{12,}"
    r"|(?P<auth>\bAUTH (?:PLAIN|LOGIN|CRAM-MD5)\s+)\S+"
    r"|(?P<name>\b\w*(?:password|passwd|secret|token|api_?key|signature)['\"]?\s*[:=]\s*['\"]?)[^\s'\",&]+",
    re.IGNORECASE,
)
_BREAKS = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What JSON leaves as it is, but some reader takes for the end of a line, or no encoder takes."""


def configure(level: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send all logging of this process to `stream` (standard error) as JSON lines. Called again, it replaces itself."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(secrets))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR if level == "error" else logging.WARNING)


class JsonLines(logging.Formatter):
    """Makes one line of a record. Never raises: a log that fails while something burns helps nobody."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(sorted({secret for secret in secrets if secret}, key=len, reverse=True))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "log"),
            "logger": record.name,
            "message": _message(record),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD and name != "event"},
        }
        if record.exc_info and record.exc_info[0]:
            fields["trace"] = self.formatException(record.exc_info)
        line = json.dumps(self._clean(fields), ensure_ascii=False)
        return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)

    def _clean(self, value: object, name: str = "", depth: int = 0) -> object:
        """Return the value as JSON can hold it, without secrets."""
        if _is_plain(value):
            return value
        if _SECRET_NAME.search(name):
            return BLACK
        if isinstance(value, Mapping) and depth < _DEEPEST:
            return {self.blacken(_text(key)): self._clean(item, _text(key), depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
            return [self._clean(item, name, depth + 1) for item in value]
        return self.blacken(_text(value))

    def blacken(self, text: str) -> str:
        """Return the text without any secret, cut to a length a log can hold."""
        for secret in self._secrets:
            text = text.replace(secret, BLACK)
        return _SECRET_TEXT.sub(_blackened, text)[:_LONGEST]


def _is_plain(value: object) -> bool:
    """Whether it is no text, and every reader of JSON takes it."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, int) and abs(value) < _LARGEST)


def _blackened(found: re.Match[str]) -> str:
    before = "".join(part for part in found.groups() if part)
    return before + BLACK + ("@" if found["scheme"] else "")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - whatever was handed in
        return str(record.msg)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - as above
        return type(value).__name__
