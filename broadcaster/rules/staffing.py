"""Who may make officers. Nobody makes, alone, two who could send together: that would be one person under two names.

What an admin asks for takes effect when a second admin, or the owner of the service on the machine itself, agrees.
What the owner asks for takes effect when an admin agrees; only where there is no other admin the owner is alone, as on
the first day, and that is on record. The owner of the service can change its files anyway: what this keeps is that
nobody else can, and that it is seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from broadcaster.model import Actor, Role
from broadcaster.ports.store import Account, Change

_SENDING = frozenset({Role.COMPOSER, Role.APPROVER, Role.ADMIN})
_TRUSTED = frozenset({Role.APPROVER, Role.ADMIN})


def admins(accounts: Iterable[Account]) -> tuple[str, ...]:
    """Return who can act as an admin now: not disabled, and enrolled."""
    return tuple(
        each.officer.name
        for each in accounts
        if Role.ADMIN in each.officer.roles and not each.officer.disabled and each.passphrase
    )


def waits(
    accounts: Iterable[Account], asking: Actor, own: frozenset[Role], officer: str, touched: frozenset[Role]
) -> bool:
    """Return whether a change has to be agreed to. `own` are the roles of who asks, empty for the owner of the service;
    `touched` those the officer had or would have.
    """
    if asking.uid is not None:
        return bool(touched & _SENDING) and any(name != officer for name in admins(accounts))
    return bool(touched & (_SENDING if Role.APPROVER in own else _TRUSTED))


def may_confirm(change: Change, actor: Actor, accounts: Iterable[Account], *, owner: bool) -> bool:
    """Return whether this is a second one: an admin who neither asked for it nor is its object; or the owner of the
    service, where an admin has asked.
    """
    if actor.uid is not None:
        return owner and change.by.uid is None
    return actor.name in admins(accounts) and actor.name not in (change.by.name, change.wish.name)
