"""The monitoring mailbox: whether one mail of a delivery really arrived somewhere (docs/delivery.md, `confirmed`).

POP3 (RFC 1939) because it needs no state and every provider has it; the standard library's client, in a thread.
"""

from __future__ import annotations

import asyncio
import poplib
import re
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from broadcaster.errors import DeliveryError, EgressRefused, Reason
from broadcaster.ports.world import Egress

LOOK_AT = 200
"""The newest mails that are looked at; a mailbox for monitoring alone holds few."""
OPENINGS = 5
"""How many mails with lines longer than POP3 allows one look bears; each costs the session."""
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_UIDL = re.compile(rb"([0-9]{1,9}) ([\x21-\x7e]{1,200})\s*")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^>\s]+)>", re.IGNORECASE | re.MULTILINE)


class _Broken(poplib.error_proto):
    """One mail cannot be fetched, and the session is of no use after it."""


class _Closing(poplib.POP3):
    """Lets go of the connection where the greeting is none; the library forgets it."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        try:
            super().__init__(*arguments, **more)
        except BaseException:
            if hasattr(self, "sock"):
                self.close()
            raise


class _Plain(_Closing):
    """On loopback."""


class _Encrypted(_Closing, poplib.POP3_SSL):
    """Everywhere else."""


@dataclass(slots=True, kw_only=True)
class Mailbox:
    """Where to look. `tls` None only on loopback."""

    host: str
    port: int
    username: str
    password: SecretStr
    tls: ssl.SSLContext | None
    timeout: float
    egress: Egress
    _seen: dict[bytes, str] = field(default_factory=dict[bytes, str])
    """Message-IDs by the provider's unique id, so that each mail is fetched once."""

    async def find(self, beginning: str) -> str | None:
        """Return the first Message-ID that begins so, None if none does. Raise `DeliveryError` if nobody can tell."""
        place = f"{self.host}:{self.port}"
        try:
            self.egress.check(self.host, self.port)
            found = await asyncio.to_thread(self._message_ids)
        except EgressRefused as refused:
            raise DeliveryError(Reason.EGRESS, maybe_sent=True, detail=place) from refused
        except poplib.error_proto as error:
            refusal = b"AUTH" in error.args[0] if error.args and isinstance(error.args[0], bytes) else False
            reason = Reason.CREDENTIALS if refusal else Reason.UNREADABLE
            raise DeliveryError(reason, maybe_sent=True, detail=f"{place}: POP3") from error
        except OSError as error:
            raise DeliveryError(_reason(error), maybe_sent=True, detail=f"{place}: {type(error).__name__}") from error
        return next((each for each in found if each.startswith(beginning)), None)

    def _message_ids(self) -> tuple[str, ...]:
        """Return the Message-IDs, newest first. A mail that breaks the session is passed over the next time."""
        for _ in range(OPENINGS - 1):
            try:
                return self._look()
            except _Broken:
                continue
        return self._look()

    def _look(self) -> tuple[str, ...]:
        client = self._open()
        try:
            client.user(self.username)
            client.pass_(self.password.get_secret_value())
            listed = [_listed(line) for line in client.uidl()[1][-LOOK_AT:]]
            self._seen = {uid: self._seen[uid] for _, uid in listed if uid in self._seen}
            for number, uid in listed:
                if uid not in self._seen:
                    self._learn(uid, client, number)
            client.quit()
        finally:
            client.close()
        return tuple(self._seen[uid] for _, uid in reversed(listed))

    def _learn(self, uid: bytes, client: poplib.POP3, number: int) -> None:
        try:
            self._seen[uid] = _fetch(client, number)
        except _Broken:
            self._seen[uid] = ""
            raise

    def _open(self) -> poplib.POP3:
        if self.tls is None:
            return _Plain(self.host, self.port, timeout=self.timeout)
        return _Encrypted(self.host, self.port, timeout=self.timeout, context=self.tls)


def _listed(line: bytes) -> tuple[int, bytes]:
    """Return number and unique id of a mail, from a line of UIDL (RFC 1939, 7)."""
    found = _UIDL.fullmatch(line)
    if found is None:
        raise poplib.error_proto(b"-ERR no unique id")
    return int(found[1]), found[2]


def _fetch(client: poplib.POP3, number: int) -> str:
    """Return the Message-ID in the mail's own header; what it quotes of ours does not count."""
    try:
        header = b"\r\n".join(client.top(number, 0)[1])
    except poplib.error_proto as error:
        raise _Broken(*error.args) from error
    found = _MESSAGE_ID.search(_FOLD.sub(b"", header).partition(b"\r\n\r\n")[0])
    return found.group(1).decode("ascii", "replace") if found else ""


def _reason(error: OSError) -> Reason:
    table: tuple[tuple[type[OSError], Reason], ...] = (
        (ssl.SSLError, Reason.TLS),
        (socket.gaierror, Reason.RESOLVE),
        (TimeoutError, Reason.TIMEOUT),
    )
    return next((reason for kind, reason in table if isinstance(error, kind)), Reason.CONNECT)
