"""Who may do what: the persons at the desk, and the programs that act for one of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is trusted with. One person may have several; none includes another."""

    VIEWER = "viewer"
    """Looks."""
    COMPOSER = "composer"
    """Writes, hands in, follows up, decides about deliveries."""
    APPROVER = "approver"
    """Is the second person: sends what another has handed in, or returns it."""
    ADMIN = "admin"
    """Keeps the officers, the machine tokens and the residents' addresses."""

    @property
    def trusted(self) -> bool:
        """Whether one admin alone may not give it: who approves, or makes those who approve, must be known to two."""
        return self in (Role.APPROVER, Role.ADMIN)


class Scope(StrEnum):
    """What a machine token is good for. There is none for approving."""

    READ = "read"
    DRAFT = "draft"
    """Hands in what then waits for a person, and keeps drafts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """A person. `name` is the person's id, for ever, and what approvals are compared by; `display` is shown."""

    name: str
    display: str
    roles: frozenset[Role]
    second_factor: bool = True
    disabled: bool = False

    @property
    def trusted(self) -> bool:
        """Whether the person has a role that two have to agree to."""
        return any(role.trusted for role in self.roles)
