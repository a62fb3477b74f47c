"""Persons: logging in, enrolling, who there is, and the programs that act for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from broadcaster.client.wire import Wire, quoted


class Persons(Wire):
    """See the module."""

    def login(self, name: str, passphrase: str, code: str = "") -> Any:
        """Begin a session; the answer holds its secret, with which the caller makes a new client."""
        return self._call("POST", "/sessions", {"name": name, "passphrase": passphrase, "code": code})

    def logout(self) -> None:
        """End this session."""
        self._call("POST", "/sessions/end")

    def me(self) -> Any:
        """Return who asks, and as what."""
        return self._call("GET", "/me")

    def names(self) -> dict[str, str]:
        """Return how each officer is shown, by id."""
        found: dict[str, str] = self._call("GET", "/names")
        return found

    def change_passphrase(self, passphrase: str, new: str, code: str = "") -> None:
        """Take another passphrase; other sessions of this person end."""
        self._call("POST", "/me/passphrase", {"passphrase": passphrase, "new": new, "code": code})

    def ticket(self, name: str, ticket: str) -> Any:
        """Return whom a ticket is for, and the secret of the second factor."""
        return self._call("POST", "/enrolments/look", {"name": name, "ticket": ticket})

    def enrol(self, name: str, ticket: str, passphrase: str, code: str = "") -> None:
        """Set passphrase and second factor."""
        body = {"name": name, "ticket": ticket, "passphrase": passphrase, "code": code}
        self._call("POST", "/enrolments", body)

    def officers(self) -> Any:
        """Return everybody, and the changes that wait."""
        return self._call("GET", "/officers")

    def add_officer(self, name: str, display: str, roles: Sequence[str], *, second_factor: bool = True) -> Any:
        """Ask for a new officer; the answer holds the ticket."""
        body = {"name": name, "display": display, "roles": list(roles), "second_factor": second_factor}
        return self._call("POST", "/officers", body)

    def officer(self, name: str, verb: str, body: Any = None) -> Any:
        """Ask for `reset`, `roles`, `enable`, `disable` or `unlock`."""
        return self._call("POST", f"/officers/{quoted(name)}/{verb}", body)

    def close_change(self, number: int, *, confirmed: bool) -> None:
        """Agree to what another has asked for, or drop it."""
        self._call("POST", f"/changes/{number}/{'confirm' if confirmed else 'refuse'}")

    def tokens(self) -> Any:
        """Return the machine tokens."""
        return self._call("GET", "/tokens")

    def add_token(self, name: str, scopes: Sequence[str], days: int, unix_user: str = "") -> Any:
        """Let a program act for this person; the answer holds the secret."""
        body = {"name": name, "scopes": list(scopes), "days": days, "unix_user": unix_user}
        return self._call("POST", "/tokens", body)

    def revoke_token(self, name: str) -> None:
        """Let it act no more."""
        self._call("POST", f"/tokens/{quoted(name)}/revoke")
