"""Who may ask what: one table from the name of each route of the desk API to the roles of which any suffices.

As soon as one officer has an account, nothing is done for anybody without a session or a token, but for the few that
are open and those the Unix users of the socket may look at. A machine token is good for what its scopes name, and for
nothing its person may not do; no scope approves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from broadcaster.model import Role, Scope

ANY = frozenset(Role)
WRITERS = frozenset({Role.COMPOSER})
APPROVERS = frozenset({Role.APPROVER})
DUTY = frozenset({Role.COMPOSER, Role.APPROVER})
"""Whoever is on duty: ends what is false, decides about deliveries."""
ADMINS = frozenset({Role.ADMIN})


class Door(StrEnum):
    """Who gets in without a session once there are accounts."""

    OPEN = "open"
    """Whoever reaches the socket."""
    LOOK = "look"
    """The Unix users of the socket, since looking needs nobody's name."""
    OWNER = "owner"
    """The Unix user the service runs as, on the machine itself: the way back when nobody can log in."""
    SHUT = "shut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one route asks for. `scope` None: no machine token at all."""

    roles: frozenset[Role] = ANY
    scope: Scope | None = None
    door: Door = Door.SHUT


_OPEN = Rule(scope=Scope.READ, door=Door.OPEN)
_LOOK = Rule(scope=Scope.READ, door=Door.LOOK)
_READ = Rule(scope=Scope.READ)
_WRITE = Rule(roles=WRITERS, scope=Scope.DRAFT)
_DUTY = Rule(roles=DUTY)
_APPROVE = Rule(roles=APPROVERS)
_ADMIN = Rule(roles=ADMINS)
_OWNER = Rule(roles=ADMINS, door=Door.OWNER)
_PERSON = Rule()

ROUTES: Mapping[str, Rule] = {
    "health": _OPEN,
    "openapi": _OPEN,
    "begin_session": Rule(door=Door.OPEN),
    "me": _OPEN,
    "board": _LOOK,
    "events": _LOOK,
    "report": _LOOK,
    "names": _LOOK,
    "prepared": _LOOK,
    "look": Rule(door=Door.OPEN),
    "enrol": Rule(door=Door.OPEN),
    "end_session": _PERSON,
    "change_passphrase": _PERSON,
    "officers": _OWNER,
    "add_officer": _OWNER,
    "reset_officer": _OWNER,
    "set_roles": _OWNER,
    "enable_officer": _OWNER,
    "disable_officer": _OWNER,
    "unlock_officer": _OWNER,
    "confirm_change": _OWNER,
    "refuse_change": _OWNER,
    "tokens": Rule(roles=WRITERS | ADMINS, door=Door.OWNER),
    "add_token": Rule(roles=WRITERS),
    "revoke_token": Rule(roles=WRITERS | ADMINS, door=Door.OWNER),
    "preview": Rule(roles=ANY, scope=Scope.DRAFT),
    "submit": _WRITE,
    "update": _WRITE,
    "follow_up": _DUTY,
    "setting": _READ,
    "sheet": _READ,
    "drafts": _READ,
    "draft": _READ,
    "open_draft": _WRITE,
    "save_draft": _WRITE,
    "drop_draft": _WRITE,
    "reach": _READ,
    "submission": _READ,
    "approve": _APPROVE,
    "hand_back": _DUTY,
    "break_glass": _DUTY,
    "stop_breaking": _PERSON,
    "review": _APPROVE,
    "decide": _DUTY,
    "reopen": Rule(roles=DUTY | ADMINS),
    "reload": Rule(roles=DUTY | ADMINS, door=Door.OWNER),
    "history": _READ,
    "chronology": _READ,
    "audit": _READ,
    "verify": _READ,
    "handover": _READ,
    "routine": _READ,
    "routine_next": _READ,
    "plan": _READ,
    "put_plan": Rule(roles=WRITERS),
    "look_at_plan": Rule(roles=WRITERS),
    "approve_plan": _APPROVE,
    "retire_plan": _DUTY,
    "decide_occurrence": _DUTY,
    "canary": _READ,
    "test": Rule(roles=DUTY | ADMINS),
    "automatic": _READ,
    "approve_automatic": _APPROVE,
    "hold_automatic": _PERSON,
    "release_automatic": _APPROVE,
    "stats": _READ,
    "subscribers": _ADMIN,
    "put": _ADMIN,
    "remove": _ADMIN,
}
"""Every route there is; a test compares it with the API."""


def allowed(route: str, roles: frozenset[Role], scopes: frozenset[Scope] | None = None) -> bool:
    """Return whether a person with these roles may ask it; `scopes` are those of the token, None for a session."""
    rule = ROUTES.get(route)
    if rule is None or not rule.roles & roles:
        return False
    return scopes is None or rule.scope in scopes


def unnamed(route: str, *, owner: bool) -> bool:
    """Return whether a Unix user of the socket may ask it without a session though officers have accounts."""
    door = ROUTES[route].door if route in ROUTES else Door.SHUT
    return door in (Door.OPEN, Door.LOOK) or (door is Door.OWNER and owner)
